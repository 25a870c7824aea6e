"""The examination: one look at each file for all stages that know nothing of it, in worker processes if they are many.

All stages of a file share one tree, for parsing it costs about as much as each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from mergegate.engine.inputs import Input
from mergegate.engine.per_file import FileStage, how_to_read
from mergegate.engine.portions import in_processes
from mergegate.engine.stack import on_fresh_stack

if TYPE_CHECKING:
    from mergegate.trees import Parsed

# what makes the entries of each stage; loaded when it is needed, for a run without changes needs none. The first of
# them parses, and says why where that fails
_MAKERS = {
    "summary": "mergegate.engine.extraction",
    "secrets": "mergegate.engine.credentials",
    "leaks": "mergegate.engine.log_leaks",
}


class Task(NamedTuple):
    """A file to look at.

    Attributes
    ----------
    data
        Its contents.
    kind
        How it is to be read.
    stages
        Which stages want it.
    """

    data: bytes
    kind: str
    stages: tuple[str, ...]


def examine(stages: Sequence[FileStage], jobs: int, contents: Callable[[Input], bytes]) -> None:
    """Look at the files that stages know nothing of, and give each stage what it wants.

    Parameters
    ----------
    jobs
        The most worker processes; 0: as many as there are processors.
    contents
        Returns the contents of a file.
    """
    by_name = {stage.entry: stage for stage in stages}
    wanted: dict[tuple[bytes, str], tuple[Input, dict[str, bytes]]] = {}
    for name in _MAKERS:
        for entry, input_ in by_name[name].stale.items() if name in by_name else ():
            kind = how_to_read(input_.path)
            wanted.setdefault((input_.digest, kind), (input_, {}))[1][name] = entry
    tasks = [Task(contents(each), kind, tuple(entries)) for (_, kind), (each, entries) in wanted.items()]
    made = in_processes(examine_all, tasks, [len(task.data) for task in tasks], jobs)
    if made is None and tasks:
        made = _examine(tasks)
    for (_, entries), results in zip(wanted.values(), made or (), strict=True):
        for (name, entry), result in zip(entries.items(), results, strict=True):
            by_name[name].take(entry, result)


def examine_all(tasks: list[Task]) -> list[list[bytes]]:
    """Return the entries that tasks ask for, each in the order of its stages; what a worker process runs."""
    from mergegate.engine.extraction import encoded  # noqa: PLC0415

    return [[encoded(each) for each in results] for results in _examine(tasks)]


def _examine(tasks: Sequence[Task]) -> list[list[Any]]:
    """Return what is made of files: nothing has to be encoded to be used in the process that made it."""
    from mergegate.trees import Parsed  # noqa: PLC0415

    wanted = {stage for task in tasks for stage in task.stages}
    makers: dict[str, Callable[[Parsed, str], Any]] = {
        name: import_module(_MAKERS[name]).maker() for name in _MAKERS if name in wanted
    }

    def examined(task: Task) -> list[Any]:
        parsed = Parsed(task.data)
        return [makers[stage](parsed, task.kind) for stage in task.stages]

    return on_fresh_stack(lambda: [examined(task) for task in tasks])
