"""Extraction through the cache: summaries that are known are read, the others are made, by worker processes if many."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from mergegate.cache.keys import EXTRACTOR, key, sources_part
from mergegate.cache.store import Store
from mergegate.engine.inputs import Input
from mergegate.engine.stack import on_fresh_stack

if TYPE_CHECKING:
    from mergegate.engine.workers import Work
    from mergegate.syntax.summary import ModuleSummary

# encoded where it comes out of the cache or from another process
Summary: TypeAlias = "bytes | ModuleSummary"

# below, starting a process costs more than it saves
_BYTES_PER_WORKER = 1_000_000
_CHUNK_BYTES = 250_000
_MAX_WORKERS = 16


class Summaries:
    """Makes the summaries of files.

    Parameters
    ----------
    store
        The cache; None: every summary is made.
    jobs
        The most worker processes; 0: as many as there are processors.
    contents
        Returns the contents of a file.

    Attributes
    ----------
    cached
        How many summaries came out of the cache.
    """

    def __init__(self, store: Store | None, jobs: int, contents: Callable[[Input], bytes]) -> None:
        self.store = store
        self.jobs = jobs
        self.contents = contents
        self.cached = 0

    def of(self, inputs: Sequence[Input]) -> list[Summary]:
        """Return the summaries of files, in their order."""
        # equal files have equal summaries, wherever they are
        keys = [summary_key(each) for each in inputs]
        found: dict[bytes, Summary] = {}
        if self.store is not None:
            found.update(self.store.get_many(dict.fromkeys(keys)))
        self.cached = sum(each in found for each in keys)
        stale = {each: input_ for each, input_ in zip(keys, inputs, strict=True) if each not in found}
        contents = [self.contents(input_) for input_ in stale.values()]
        made: Sequence[Summary] | None = in_processes(summarise_all, contents, self.jobs)
        for each, summary in zip(stale, _make_here(contents) if made is None else made, strict=True):
            found[each] = summary
            if self.store is not None:
                self.store.put("summary", each, summary if isinstance(summary, bytes) else _encoded(summary))
        return [found[each] for each in keys]


def summary_key(input_: Input) -> bytes:
    """Return the key of a file's summary."""
    return key("summary", sources_part(EXTRACTOR), input_.digest)


def summarise_all(files: list[bytes]) -> list[bytes]:
    """Return the summaries of contents; what a worker process runs."""
    from mergegate.syntax.extract import summarise  # noqa: PLC0415  (a run without changes needs none)

    return on_fresh_stack(lambda: [summarise(data) for data in files])


def _make_here(files: list[bytes]) -> list[ModuleSummary]:
    """Return the summaries as they are: nothing has to be encoded to be linked in the process that made it."""
    from mergegate.syntax.extract import summary_of  # noqa: PLC0415  (a run without changes needs none)

    return on_fresh_stack(lambda: [summary_of(data) for data in files])


def _encoded(summary: ModuleSummary) -> bytes:
    from mergegate.syntax.codec import encode  # noqa: PLC0415  (a run without changes needs none)

    return encode(summary)


def in_processes(work: Work, files: list[bytes], jobs: int) -> list[bytes] | None:
    """Return what a function makes of files, one for each, in worker processes; None if that is not worth it.

    Parameters
    ----------
    work
        A function of a module, to be imported by the workers.
    files
        What to give it.
    jobs
        The most worker processes; 0: as many as there are processors.
    """
    total = sum(map(len, files))
    workers = min(jobs or _processors(), total // _BYTES_PER_WORKER, _MAX_WORKERS)
    return _spread(work, files, workers) if workers > 1 else None


def _spread(work: Work, files: list[bytes], workers: int) -> list[bytes]:
    """Do work in worker processes; what was lost with one that died is done here."""
    from mergegate.engine.workers import spread  # noqa: PLC0415  (costs more than a run without changes)

    made: list[bytes] = [b""] * len(files)
    chunks = _chunks(files)
    portions = [[files[index] for index in chunk] for chunk in chunks]
    for chunk, portion, summaries in zip(chunks, portions, spread(work, portions, workers), strict=True):
        for index, summary in zip(chunk, summaries or work(portion), strict=True):
            made[index] = summary
    return made


def _chunks(files: list[bytes]) -> list[list[int]]:
    """Return the positions of files in portions of like size, the biggest files first so that no worker ends late."""
    chunks: list[list[int]] = []
    size = _CHUNK_BYTES
    for index in sorted(range(len(files)), key=lambda index: -len(files[index])):
        if size >= _CHUNK_BYTES:
            chunks.append([])
            size = 0
        chunks[-1].append(index)
        size += len(files[index])
    return chunks


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
