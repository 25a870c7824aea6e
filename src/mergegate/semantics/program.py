"""The linked program: summaries of all modules, joined into one call graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mergegate.rules.model import Knowledge
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.type_table import TypeTable
from mergegate.syntax.summary import ModuleSummary


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
    ordered = sorted(modules, key=lambda pair: pair[0])
    types = TypeTable(knowledge.types, knowledge.aliases)
    graph = CallGraph([path for path, _ in ordered], [each for _, each in ordered], knowledge, types, source_roots)
    graph.build()
    return graph
