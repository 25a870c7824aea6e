"""Stages that look at each file by itself, through the cache: what one gives depends on its bytes and tables alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from mergegate.cache.store import Store
from mergegate.engine.inputs import Input
from mergegate.files.ignore import SUFFIX
from mergegate.secrets.kinds import kind_of

PYTHON = "python"


def how_to_read(path: str) -> str:
    """Return how a file is to be read: as Python, as a kind of configuration, or not at all (empty)."""
    return PYTHON if path.endswith(SUFFIX) else kind_of(path)


class FileStage:
    """What is made of each file, or known of it from the cache. `examination.examine` makes what is not known.

    Parameters
    ----------
    store
        The cache; None: nothing is known.

    Attributes
    ----------
    entry
        The kind of its entries in the cache, and the name by which the examination knows it.
    stale
        The files of which nothing is known, by key.
    """

    entry: ClassVar[str]

    def __init__(self, store: Store | None) -> None:
        self.store = store
        self.stale: dict[bytes, Input] = {}
        self._keys: list[bytes] = []
        self._known: dict[bytes, Any] = {}

    def keys(self, inputs: Iterable[Input]) -> list[bytes]:
        """Return the keys of what is known of files; equal files, read in the same way, have equal keys."""
        raise NotImplementedError

    def read(self, data: bytes) -> Any:
        """Read an entry.

        Raises
        ------
        ValueError
            If it is none: whoever writes the cache is not trusted.
        """
        raise NotImplementedError

    def look_up(self, inputs: Sequence[Input]) -> None:
        """Find out what is known of files."""
        self._keys = self.keys(inputs)
        stored = self.store.get_many(dict.fromkeys(self._keys)) if self.store is not None else {}
        for entry, data in stored.items():
            with contextlib.suppress(ValueError):
                self._known[entry] = self.read(data)
        self.stale = {entry: each for entry, each in zip(self._keys, inputs, strict=True) if entry not in self._known}

    def take(self, entry: bytes, made: Any) -> None:
        """Take what was made of a file, as an entry of the cache or in the form that the examination has for it."""
        self._known[entry] = self.read(made)
        if self.store is not None:
            self.store.put(self.entry, entry, made)

    def results(self) -> list[Any]:
        """Return what the files give that were looked up, in their order."""
        return [self._known[entry] for entry in self._keys]
