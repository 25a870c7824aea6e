"""Stages that look at each file by itself, through the cache: what one gives depends on its bytes and tables alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from mergegate.cache.keys import key, sources_part
from mergegate.cache.store import Store
from mergegate.engine.extraction import in_processes
from mergegate.engine.inputs import Input


class FileStage:
    """Makes something of each file, or takes it out of the cache.

    Parameters
    ----------
    store
        The cache; None: everything is made.
    jobs
        The most worker processes; 0: as many as there are processors.
    contents
        Returns the contents of a file.
    rules_part
        Digest of the rules and of all tables behind them.

    Attributes
    ----------
    entry
        The kind of its entries in the cache.
    sources
        The folders of this package that decide what it makes.
    """

    entry: ClassVar[str]
    sources: ClassVar[tuple[str, ...]]

    def __init__(self, store: Store | None, jobs: int, contents: Callable[[Input], bytes], rules_part: bytes) -> None:
        self.store = store
        self.jobs = jobs
        self.contents = contents
        self._part = key(self.entry, sources_part(self.sources), rules_part)

    def kind(self, path: str) -> str:
        """Return how a file is to be read, where that depends on its path."""
        del path
        return ""

    def keys(self, inputs: Iterable[Input]) -> list[bytes]:
        """Return the keys of what is known of files."""
        return [key(self.entry, self._part, self.kind(each.path).encode(), each.digest) for each in inputs]

    def results(
        self, inputs: Sequence[Input], make: Callable[[list[bytes]], list[bytes]], read: Callable[[bytes], Any]
    ) -> list[Any]:
        """Return what files give, in order; what the cache lacks is made, in worker processes where that pays.

        Parameters
        ----------
        make
            Turns files, each its kind, a null byte and its contents, into entries; workers import it.
        read
            Reads an entry, and raises ValueError if it is none: whoever writes the cache is not trusted.
        """
        keys = self.keys(inputs)
        stored = self.store.get_many(dict.fromkeys(keys)) if self.store is not None else {}
        known: dict[bytes, Any] = {}
        for entry, data in stored.items():
            with contextlib.suppress(ValueError):
                known[entry] = read(data)
        stale = {entry: each for entry, each in zip(keys, inputs, strict=True) if entry not in known}
        work = [self.kind(each.path).encode() + b"\0" + self.contents(each) for each in stale.values()]
        made = in_processes(make, work, self.jobs)
        for entry, data in zip(stale, make(work) if made is None else made, strict=True):
            known[entry] = read(data)
            if self.store is not None:
                self.store.put(self.entry, entry, data)
        return [known[entry] for entry in keys]
