"""What a tool says that a call runs, in a form that the judge can compare."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from benchmarks.oracle.sampling import Call, Span
from mergegate.rules.loader import load_knowledge
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.program import link
from mergegate.semantics.values import Value
from mergegate.syntax.extract import summary_of


class Target(NamedTuple):
    """Something that a call may run: a definition of the project by place, or anything else by dotted name."""

    path: str = ""
    line: int = 0
    name: str = ""

    @property
    def exact(self) -> bool:
        """Whether the name leads to a definition, not through the unknown result of some call."""
        return "()" not in self.name

    def __str__(self) -> str:
        return self.name or f"{self.path}:{self.line}"


class OurAnswers:
    """The linked program of a project, asked for the targets of single calls."""

    def __init__(self, root: Path) -> None:
        self.root = root
        paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
        summaries = [(path, summary_of((root / path).read_bytes())) for path in paths]
        self.graph: CallGraph = link(summaries, load_knowledge())
        self._module = {path: index for index, path in enumerate(self.graph.paths)}
        self._nodes: dict[int, dict[Span, list[int]]] = {}

    def targets(self, call: Call) -> list[Target]:
        """Return what the linked program knows that the call may run."""
        place = self.callee(call)
        if place is None:
            return []
        found: dict[Target, None] = {}
        for node in place[1]:
            for value in self.graph.value(place[0], node):
                target = self._target(value)
                if target is not None:
                    found[target] = None
        return list(found)

    def callee(self, call: Call) -> tuple[int, list[int]] | None:
        """Return the module and the nodes of the callee, or None if extraction passed the call over."""
        module = self._module[call.path]
        if module not in self._nodes:
            self._nodes[module] = self._operations(module)
        nodes = self._nodes[module].get(call.span)
        return None if nodes is None else (module, nodes)

    def _operations(self, module: int) -> dict[Span, list[int]]:
        summary = self.graph.modules[module]
        found: dict[Span, list[int]] = {}
        for function in summary.functions:
            for operation in function.operations:
                row = summary.rows[operation.node]
                if operation.kind == "call" and row[0] == "(":
                    span = Span(operation.line, operation.column, operation.end_line, operation.end_column)
                    found.setdefault(span, []).append(row[1])
        return found

    def _target(self, value: Value) -> Target | None:
        kind, graph = value[0], self.graph
        if kind == "fn":
            function: int = value[1]
            return Target(self._path(graph.function_module[function]), graph.fact(function).line)
        if kind == "cls" and isinstance(value[1], int):
            return Target(self._path(graph.class_module[value[1]]), graph.classes[value[1]].line)
        if kind in ("cls", "x"):
            return Target(name=value[1])
        if kind == "xm":
            return Target(name=f"{value[1]}.{value[3]}")
        return None

    def _path(self, module: int) -> str:
        return str(self.root / self.graph.paths[module])
