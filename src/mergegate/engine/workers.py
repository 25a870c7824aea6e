"""Worker processes: each with a pipe of its own, so that the death of one is seen and holds up nobody.

`concurrent.futures` shares one result queue among its workers; one that is killed while it writes leaves half a message
there, for which the parent waits forever.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar, cast

_Task = TypeVar("_Task")
_Made = TypeVar("_Made")


def spread(
    work: Callable[[list[_Task]], list[_Made]], portions: Sequence[list[_Task]], workers: int
) -> list[list[_Made] | None]:
    """Do work in processes.

    Parameters
    ----------
    work
        A function of a module, to be imported by the workers.
    portions
        What to do, the longest first.
    workers
        How many processes.

    Returns
    -------
    list
        The result of each portion; None where no process could be had or the one that worked on it died.
    """
    results: list[list[_Made] | None] = [None] * len(portions)
    if multiprocessing.current_process().daemon:
        # such processes, like those of `pylint -j`, may have no children
        return results
    waiting = iter(range(len(portions)))
    busy: dict[Connection, int] = {}
    processes: list[Any] = []
    connections: list[Connection] = []
    try:
        for _ in range(workers):
            process, connection = _start(work)
            processes.append(process)
            connections.append(connection)
        # all are on their way before the first is waited for to take its work
        for connection in connections:
            _give(connection, waiting, portions, busy)
        while busy:
            for connection in cast("list[Connection]", wait(list(busy))):
                position = busy.pop(connection)
                try:
                    results[position] = connection.recv()
                except (EOFError, OSError):
                    connection.close()
                    continue
                _give(connection, waiting, portions, busy)
    except (OSError, RuntimeError):
        # no more processes, or this program may not start any while it is starting up itself
        pass
    finally:
        for connection in connections:
            connection.close()
        for process in processes:
            process.terminate()
            process.join()
    return results


def _start(work: Callable[[list[Any]], list[Any]]) -> tuple[Any, Connection]:
    # spawned: the caller may have threads, and forking them is not safe
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work), daemon=True)
    process.start()
    # with our copy closed, the end of the process is the end of the pipe
    theirs.close()
    return process, ours


def _give(
    connection: Connection, waiting: Iterator[int], portions: Sequence[list[Any]], busy: dict[Connection, int]
) -> None:
    position = next(waiting, None)
    if position is None:
        connection.close()
        return
    # if it cannot take the work any more, the pipe tells when its answer is read
    with contextlib.suppress(OSError):
        connection.send(portions[position])
    busy[connection] = position


def _serve(connection: Connection, work: Callable[[list[Any]], list[Any]]) -> None:
    """Answer portions until the parent hangs up; what a worker process runs."""
    import gc  # noqa: PLC0415
    import signal  # noqa: PLC0415

    # the parent hears of the interrupt and ends us
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # nothing in a worker is cyclic and lives long; collecting costs a third of its time
    gc.disable()
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(work(connection.recv()))
