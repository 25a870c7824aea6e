"""What the callers of a function pass for a parameter: None, something, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from mergegate.finding import Step
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.values import Arguments
from mergegate.syntax.summary import NONE

_MOST = 60


class Passed(NamedTuple):
    """How many callers are known, and one that passes None, or leaves it to a default of None."""

    calls: int
    none: Step | None


class Callers:
    """The calls of the program by the last name of what is called."""

    def __init__(self, program: CallGraph) -> None:
        self.program = program
        self._by_name: dict[str, list[tuple[int, int]]] | None = None
        self._known: dict[tuple[int, int], Passed] = {}

    def of(self, function: int, position: int) -> Passed:
        """Return what callers pass for a parameter."""
        key = (function, position)
        if key not in self._known:
            self._known[key] = self._find(function, position)
        return self._known[key]

    def _find(self, function: int, position: int) -> Passed:
        program = self.program
        fact = program.functions[function]
        name = fact.name
        if name == "__init__" and fact.owner >= 0:
            name = program.classes[program.owner(function)].name
        count = 0
        for module, node in self._calls().get(name, ())[:_MOST]:
            row: Any = program.modules[module].rows[node]
            for value in program.value(module, row[1]):
                receiver = None
                if value[0] == "fn" and value[1] == function:
                    receiver = value[2]
                elif not (value[0] == "cls" and name != fact.name and self._constructs(value, function)):
                    continue
                count += 1
                arguments = Arguments(module, row[2], row[3])
                passed = program.argument_node(function, receiver, arguments, position)
                rows: Any = program.modules[module].rows
                spreads = any(key == "**" for key, _ in row[3]) or any(rows[n][0] == "*" for n in row[2])
                if passed == NONE or (not passed and not spreads and fact.parameters[position].default == NONE):
                    line = self._line(module, node)
                    if line:
                        how = "passes None" if passed else "leaves it to its default"
                        return Passed(count, Step(program.paths[module], line, f"this call {how}"))
        return Passed(count, None)

    def _constructs(self, value: tuple[object, ...], function: int) -> bool:
        key = value[1]
        if not isinstance(key, int):
            return False
        hit = self.program.find_method(key, "__init__")
        return hit is not None and hit[0] == self.program.owner(function)

    def _line(self, module: int, node: int) -> int:
        for fact in self.program.modules[module].functions:
            for operation in fact.operations:
                if operation.node == node and operation.kind == "call":
                    return operation.line
        return 0

    def _calls(self) -> dict[str, list[tuple[int, int]]]:
        if self._by_name is None:
            found: dict[str, list[tuple[int, int]]] = {}
            for module, summary in enumerate(self.program.modules):
                rows: Sequence[Any] = summary.rows
                for node, row in enumerate(rows):
                    if row[0] == "(":
                        callee: Any = rows[int(row[1])]
                        if callee[0] in ".gm":
                            found.setdefault(callee[-1], []).append((module, node))
                        elif callee[0] == "l":
                            found.setdefault(summary.functions[int(callee[1])].name, []).append((module, node))
                        elif callee[0] == "c":
                            found.setdefault(summary.classes[int(callee[1])].name, []).append((module, node))
            self._by_name = found
        return self._by_name
