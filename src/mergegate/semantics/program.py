"""The linked program: summaries of all modules, joined into one call graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mergegate.rules.model import Knowledge
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.type_table import TypeTable
from mergegate.syntax.codec import decode


def link(modules: Iterable[tuple[str, bytes]], knowledge: Knowledge, source_roots: Sequence[str] = ()) -> CallGraph:
    """Link encoded summaries into a program.

    Parameters
    ----------
    modules
        (POSIX path relative to the project root, encoded summary) of every file.
    knowledge
        The knowledge tables.
    source_roots
        Folders that hold top-level packages, relative to the project root.
    """
    ordered = sorted(modules)
    types = TypeTable(knowledge.types, knowledge.aliases)
    graph = CallGraph([p for p, _ in ordered], [decode(d) for _, d in ordered], knowledge, types, source_roots)
    graph.build()
    return graph
