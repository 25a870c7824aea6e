"""The code of measured files, read and understood when it is first needed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from mergegate.coverage.model import Measurement
from mergegate.coverage.statements import FileCode, Key, code_of, spread


class Codes:
    """The code of measured files.

    Parameters
    ----------
    root
        The project's folder.
    measurement
        What was measured in it.
    """

    def __init__(self, root: Path, measurement: Measurement) -> None:
        self._root = root
        self._measurement = measurement
        self._known: dict[str, FileCode] = {}

    def __call__(self, path: str) -> FileCode:
        """Return the code of a file; of one that is gone, none."""
        known = self._known.get(path)
        if known is None:
            try:
                data = (self._root / path).read_bytes()
            except OSError:
                data = b""
            known = self._known[path] = code_of(path, data, self._measurement.files.get(path))
        return known

    def every(self, path: str) -> Counter[Key] | None:
        """Return all statements of a measured file, None if it was not measured."""
        return self(path).every if path in self._measurement.files else None

    def lines(self, path: str, missing: Counter[Key], partial: Counter[Key]) -> list[int]:
        """Return the lines of uncovered statements, and of those with ways that no test takes, sorted."""
        code, measured = self(path), self._measurement.files[path]
        found = set(spread(missing, code.by_key(measured.missing)))
        ways: dict[Key, list[int]] = {}
        for branch in sorted(measured.partial):
            ways.setdefault(code.way(branch), []).append(branch.source)
        return sorted(found | set(spread(partial, ways)))
