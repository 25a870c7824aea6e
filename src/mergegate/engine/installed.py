"""Installed packages with what tells one release from another, read only where the file system tells of a change."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any, NamedTuple

from mergegate.cache.keys import digest
from mergegate.cache.remembered import RACY_NANOSECONDS
from mergegate.cache.store import Store
from mergegate.engine.environment import Environment, Place, described

_MAX_HASHED = 2000


class Installed(NamedTuple):
    """A top-level package as it is installed.

    Attributes
    ----------
    place
        Where it lies.
    distribution
        What it belongs to, as `name==version`; its own name if nobody says.
    digest
        Changes when any of its modules does.
    """

    place: Place
    distribution: str
    digest: bytes


class Packages:
    """Looks packages up.

    Parameters
    ----------
    environment
        Where they are installed.
    store
        Where digests by the times of `RECORD` files are remembered; None: every `RECORD` is read.
    name
        Under which name they are remembered.
    now
        When the run started, in nanoseconds since the epoch.
    """

    def __init__(self, environment: Environment, store: Store | None, name: str, now: int) -> None:
        self._environment = environment
        self._store = store
        self._name = f"packages:{name}"
        self._now = now
        self._known: dict[str, Installed | None] = {}
        self._remembered = self._load()
        self._fresh: dict[str, list[Any]] = {}

    def find(self, name: str) -> Installed | None:
        """Return a top-level package, None if it is not installed."""
        if name not in self._known:
            place = self._environment.find(name)
            self._known[name] = None if place is None else self._look(name, place)
        return self._known[name]

    def remember(self) -> None:
        """Keep the digests that were found out for the next run."""
        kept = {**self._remembered, **self._fresh}
        if self._store is not None and kept != self._remembered:
            self._store.put_state(self._name, json.dumps(kept, separators=(",", ":")).encode())

    def _look(self, name: str, place: Place) -> Installed:
        row = self._remembered.get(name)
        if row is not None and row[:2] == [*place] and row[3] == _marks(_record(place, row[2])):
            return Installed(place, row[4], bytes.fromhex(row[5]))
        for dist_info in self._environment.distributions(place):
            marks = _marks(_record(place, dist_info))
            lines = _own_lines(_record(place, dist_info), place.path)
            if lines:
                found = Installed(place, described(place.folder, dist_info), digest(b"\n".join(lines)))
                if marks and self._now - max(marks[:2]) > RACY_NANOSECONDS:
                    self._fresh[name] = [*place, dist_info, marks, found.distribution, found.digest.hex()]
                return found
        return Installed(place, name, digest(b"".join(_contents(place))))

    def _load(self) -> dict[str, list[Any]]:
        value = self._store.state(self._name) if self._store is not None else None
        if value is None:
            return {}
        try:
            rows = json.loads(value)
            return {
                name: row
                for name, row in rows.items()
                if len(row) == 6 and len(bytes.fromhex(row[5])) == 16 and isinstance(row[2] + row[4], str)
            }
        except (ValueError, TypeError, AttributeError, KeyError):
            return {}


def _record(place: Place, dist_info: str) -> str:
    return os.path.join(place.folder, dist_info, "RECORD")


def _marks(path: str) -> list[int]:
    try:
        found = os.stat(path)
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino]


def _own_lines(record: str, path: str) -> list[bytes]:
    """Return the lines of a `RECORD` about modules of a package: their paths and digests."""
    try:
        with open(record, "rb") as stream:
            data = stream.read()
    except OSError:
        return []
    start = os.fsencode(path if path.endswith(".py") else f"{path}/")
    if start not in data:
        return []
    return sorted(line for line in data.splitlines() if line.startswith(start) and b".py,sha" in line)


def _contents(place: Place) -> Iterable[bytes]:
    """Return names and contents of the modules of a package that no `RECORD` lists."""
    top = os.path.join(place.folder, place.path)
    files = [top]
    if os.path.isdir(top):
        files = [os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names]
    for path in sorted(path for path in files if path.endswith(".py"))[:_MAX_HASHED]:
        yield os.fsencode(path)
        try:
            with open(path, "rb") as stream:
                yield digest(stream.read())
        except OSError:
            yield b"?"
