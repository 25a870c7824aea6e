"""Inputs: the files of a run with the digests of their contents, read only where the file system tells of a change."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mergegate.cache.keys import digest
from mergegate.cache.remembered import RACY_NANOSECONDS
from mergegate.cache.store import Store
from mergegate.files.walk import File


class Input(NamedTuple):
    """A file of the program.

    Attributes
    ----------
    path
        POSIX path relative to the project's root.
    digest
        Digest of the contents, or of the reason why there are none.
    lines
        How many lines it has.
    problem
        Why it cannot be read, empty if it can.
    """

    path: str
    digest: bytes
    lines: int
    problem: str = ""


def look(path: str, data: bytes) -> Input:
    """Return a file with given contents as an input."""
    lines = data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
    return Input(path, digest(data), lines)


class ChangedUnderneath(Exception):  # noqa: N818  (a signal to start again)
    """A file was changed between two looks at it."""


class Reader:
    """Reads the files of a project.

    Parameters
    ----------
    root
        The project's folder.
    overlay
        Contents that an editor holds, by relative path; they count instead of the file's.
    store
        Where digests by size and times are remembered; None: every file is read.
    now
        When the run started, in nanoseconds since the epoch.
    """

    def __init__(self, root: Path, overlay: Mapping[str, bytes], store: Store | None, now: int) -> None:
        self.root = root
        self.overlay = overlay
        self._store = store
        self._now = now
        self._name = f"files:{root.as_posix()}"
        self._known = self._load()
        self._held: dict[str, bytes] = {}

    def read(self, files: Sequence[File]) -> list[Input]:
        """Return the inputs of files, in their order; a file that has vanished is left out."""
        inputs: list[Input] = []
        fresh: dict[str, list[int | str]] = {}
        known = self._known
        for file in files:
            path = file.path
            if path in self.overlay:
                inputs.append(self._look(path, self.overlay[path]))
                row = known.get(path)
                if row is not None:
                    fresh[path] = row
                continue
            row = known.get(path)
            if row is not None and row[:4] == [file.modified, file.changed, file.size, file.inode]:
                fresh[path] = row
                inputs.append(Input(path, bytes.fromhex(str(row[4])), int(row[5])))
                continue
            read = self._open(path)
            if read is None:
                continue
            inputs.append(read)
            if not read.problem and self._now - max(file.modified, file.changed) > RACY_NANOSECONDS:
                fresh[path] = [*file[1:], read.digest.hex(), read.lines]
        if self._store is not None and fresh != known:
            self._store.put_state(self._name, json.dumps(fresh, separators=(",", ":")).encode())
        return inputs

    def contents(self, input_: Input) -> bytes:
        """Return the contents of an input.

        Raises
        ------
        ChangedUnderneath
            If they are not what they were when the input was read.
        """
        data = self._held.get(input_.path)
        if data is None:
            again = self._open(input_.path)
            if again is None or again.digest != input_.digest:
                raise ChangedUnderneath(input_.path)
            data = self._held.pop(input_.path)
        return data

    def release(self) -> None:
        """Let go of the contents that were read."""
        self._held.clear()

    def _open(self, path: str) -> Input | None:
        if path in self.overlay:
            return self._look(path, self.overlay[path])
        try:
            with open(os.path.join(self.root, path), "rb") as stream:  # noqa: PTH118, PTH123  (the hot path)
                return self._look(path, stream.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            problem = f"the file cannot be read: {error.strerror}"
            self._held[path] = b""
            return Input(path, digest(problem.encode()), 0, problem)

    def _look(self, path: str, data: bytes) -> Input:
        self._held[path] = data
        return look(path, data)

    def _load(self) -> dict[str, list[int | str]]:
        value = self._store.state(self._name) if self._store is not None else None
        if value is None:
            return {}
        try:
            rows = json.loads(value)
            return {path: row for path, row in rows.items() if len(row) == 6 and len(bytes.fromhex(row[4])) == 16}
        except (ValueError, TypeError, AttributeError, KeyError):
            return {}
