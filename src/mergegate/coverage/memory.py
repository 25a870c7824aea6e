"""What is remembered from run to run: the analysis of files that are the same and were executed in the same way."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mergegate.cache.keys import key, sources_part
from mergegate.cache.store import Store
from mergegate.coverage.baseline import Record, Remember, record_from_data, record_to_data
from mergegate.coverage.codec import to_data
from mergegate.coverage.model import FileCoverage

_KIND = "coverage"


class Memory:
    """Values by all that they depend on, in the cache of a project.

    Parameters
    ----------
    store
        The open cache.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        # what another version of this code has made is not used
        self._own = sources_part(
            ("coverage", "gate/serialisation.py", "gate/location.py", "gate/source.py", "trees.py")
        )

    def key(self, *parts: bytes) -> bytes:
        """Return the key of a value that depends on some parts."""
        return key(_KIND, self._own, *parts)

    def get(self, at: bytes) -> Any | None:
        """Return the value of a key, None if there is none."""
        data = self._store.get(at)
        try:
            return json.loads(data) if data is not None else None
        except ValueError:
            return None

    def put(self, at: bytes, value: Any) -> None:
        """Remember a value."""
        self._store.put(_KIND, at, json.dumps(value, separators=(",", ":")).encode("utf-8"))


@contextmanager
def memory(folder: Path) -> Generator[Memory]:
    """Open what is remembered in the folder of a cache, and write it at the end; if that fails, nothing is."""
    store = Store(folder)
    try:
        yield Memory(store)
    finally:
        store.close()


def records(root: Path, known: Memory) -> Remember:
    """Return what remembers the records of files with gaps, which take parsing.

    Parameters
    ----------
    root
        The project's folder.
    known
        Where they are remembered.
    """

    def give(path: str, found: FileCoverage, make: Callable[[], Record]) -> Record:
        try:
            text = (root / path).read_bytes()
        except OSError:
            return make()
        measured = json.dumps(to_data(found)).encode("ascii")
        at = known.key(b"record", path.encode("utf-8", "surrogateescape"), text, measured)
        data = known.get(at)
        record = record_from_data(data) if data is not None else None
        if record is None:
            record = make()
            known.put(at, record_to_data(record))
        return record

    return give
