"""Imports late and yet from where this package would have been imported, in hosts that change `sys.path` afterwards."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager


class ImportPath:
    """`sys.path` as it was before the host put the folders of the linted files on it.

    A run that is answered from the cache needs few modules; to import all that any run may need would cost more than
    the run.
    """

    def __init__(self) -> None:
        self._path: list[str] | None = None

    def note(self) -> None:
        """Note what `sys.path` is, the first time: worker processes are told again once the host has changed it."""
        if self._path is None:
            self._path = list(sys.path)

    @contextmanager
    def restored(self) -> Generator[None]:
        """Import from there for a while."""
        self.note()
        changed = list(sys.path)
        sys.path[:] = self._path or ()
        try:
            yield
        finally:
            sys.path[:] = changed
