"""Stages that look at each file by itself, through the cache: what one gives depends on its bytes and tables alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from mergegate.cache.store import Store
from mergegate.engine.extraction import in_processes


def through_cache(  # noqa: PLR0917 - a stage has as many sides
    store: Store | None,
    kind: str,
    keys: Sequence[bytes],
    contents: Callable[[int], bytes],
    make: Callable[[list[bytes]], list[bytes]],
    read: Callable[[bytes], Any],
    *,
    jobs: int,
) -> list[Any]:
    """Return what files give, in order; what the cache lacks is made, in worker processes where that pays.

    Parameters
    ----------
    store
        The cache; None: everything is made.
    kind
        The kind of its entries.
    keys
        The key of each file; equal ones give the same.
    contents
        Returns what `make` is handed for a file by its number.
    make
        Turns contents into entries; a function of a module, for workers import it.
    read
        Reads an entry, and raises ValueError if it is none: whoever writes the cache is not trusted.
    jobs
        The most worker processes; 0: as many as there are processors.
    """
    stored = store.get_many(dict.fromkeys(keys)) if store is not None else {}
    known: dict[bytes, Any] = {}
    for entry, data in stored.items():
        with contextlib.suppress(ValueError):
            known[entry] = read(data)
    stale = {entry: number for number, entry in enumerate(keys) if entry not in known}
    work = [contents(number) for number in stale.values()]
    made = in_processes(make, work, jobs)
    for entry, data in zip(stale, make(work) if made is None else made, strict=True):
        known[entry] = read(data)
        if store is not None:
            store.put(kind, entry, data)
    return [known[entry] for entry in keys]
