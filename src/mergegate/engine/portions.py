"""Work on many things in portions of like size, by worker processes where that pays."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

_Task = TypeVar("_Task")
_Made = TypeVar("_Made")

# below, starting a process costs more than it saves
_BYTES_PER_WORKER = 1_000_000
_CHUNK_BYTES = 250_000
_MAX_WORKERS = 16


def in_processes(
    work: Callable[[list[_Task]], list[_Made]], tasks: Sequence[_Task], sizes: Sequence[int], jobs: int
) -> list[_Made] | None:
    """Return what a function makes of tasks, one for each, in worker processes; None if that is not worth it.

    Parameters
    ----------
    work
        A function of a module, to be imported by the workers.
    tasks, sizes
        What to give it, and how many bytes each has to read.
    jobs
        The most worker processes; 0: as many as there are processors.
    """
    workers = min(jobs or _processors(), sum(sizes) // _BYTES_PER_WORKER, _MAX_WORKERS)
    if workers <= 1:
        return None
    from mergegate.engine.workers import spread  # noqa: PLC0415  (costs more than a run without changes)

    chunks = _chunks(sizes)
    portions = [[tasks[index] for index in chunk] for chunk in chunks]
    made: dict[int, _Made] = {}
    for chunk, portion, results in zip(chunks, portions, spread(work, portions, workers), strict=True):
        # what was lost with a process that died is done here
        made.update(zip(chunk, work(portion) if results is None else results, strict=True))
    return [made[index] for index in range(len(tasks))]


def _chunks(sizes: Sequence[int]) -> list[list[int]]:
    """Return the positions of tasks in portions of like size, the biggest tasks first so that no worker ends late."""
    chunks: list[list[int]] = []
    size = _CHUNK_BYTES
    for index in sorted(range(len(sizes)), key=lambda index: -sizes[index]):
        if size >= _CHUNK_BYTES:
            chunks.append([])
            size = 0
        chunks[-1].append(index)
        size += sizes[index]
    return chunks


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
