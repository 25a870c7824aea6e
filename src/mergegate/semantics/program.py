"""The linked program: summaries of all modules, joined into one call graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mergegate.rules.model import Knowledge
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.earlier import After, State
from mergegate.semantics.recording import RecordingGraph
from mergegate.semantics.type_table import TypeTable
from mergegate.syntax.summary import ModuleSummary

# above this share of changed modules it costs more to find out what holds than to link anew
_MANY = 0.25


class Before(NamedTuple):
    """A program as it was: its state, and by path the earlier summaries of the modules that have changed since."""

    state: State
    old: Mapping[str, ModuleSummary]


def link(
    modules: Iterable[tuple[str, ModuleSummary]], knowledge: Knowledge, source_roots: Sequence[str] = ()
) -> CallGraph:
    """Link summaries into a program.

    Parameters
    ----------
    modules
        (POSIX path relative to the project root, summary) of every file.
    knowledge
        The knowledge tables.
    source_roots
        Folders that hold top-level packages, relative to the project root.
    """
    graph = CallGraph(*_parts(modules, knowledge), source_roots)
    graph.build()
    return graph


def link_after(
    before: Before | None,
    modules: Iterable[tuple[str, ModuleSummary]],
    knowledge: Knowledge,
    source_roots: Sequence[str] = (),
) -> RecordingGraph:
    """Link summaries into a program that is the same as that of `link`, and that the next one can take over from.

    Parameters
    ----------
    before
        The program before an edit, with the same paths, knowledge and source roots; None: there is none.
    modules, knowledge, source_roots
        Those of `link`.
    """
    graph = RecordingGraph(*_parts(modules, knowledge), source_roots)
    if before is not None and _can_be_taken_over(graph, before):
        old = {number: before.old[path] for number, path in enumerate(graph.paths) if path in before.old}
        graph.earlier = After(before.state, graph, old)
    graph.build()
    return graph


def _parts(
    modules: Iterable[tuple[str, ModuleSummary]], knowledge: Knowledge
) -> tuple[list[str], list[ModuleSummary], Knowledge, TypeTable]:
    ordered = sorted(modules, key=lambda pair: pair[0])
    types = TypeTable(knowledge.types, knowledge.aliases)
    return [path for path, _ in ordered], [each for _, each in ordered], knowledge, types


def _can_be_taken_over(graph: RecordingGraph, before: Before) -> bool:
    """Tell whether what counts for the whole program at once is as it was."""
    state = before.state
    if len(before.old) > max(2, _MANY * len(graph.paths)) or [path for path, _ in state.modules] != graph.paths:
        return False
    if sorted(graph.property_names) != state.properties or sorted(graph.operators) != state.operators:
        return False
    now = dict(zip(graph.paths, graph.modules, strict=True))
    return all(summary.exports == now[path].exports for path, summary in before.old.items())
