"""Which functions to run: those that use, in any way, what may be None, guarded or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mergegate.syntax.summary import NONE, FunctionFact, ModuleSummary, Row

if TYPE_CHECKING:
    from mergegate.checks.optional.lookups import Lookups


class Sieve:
    """Finds the functions of a module that are worth a run.

    Parameters
    ----------
    lookups
        What is known of the whole program.
    """

    def __init__(self, lookups: Lookups) -> None:
        self.lookups = lookups
        self.program = lookups.program
        self.likely = lookups.likely

    def functions(self, module: int) -> list[int]:
        """Return the numbers, in their module, of the functions that may use None."""
        summary = self.program.modules[module]
        sources = self._sources(module, summary.rows)
        sources.update(self._parameters(module, summary))
        if not sources:
            return []
        real = {node for node in sources if self._confirmed(module, node)}
        held = self._held(summary, real)
        used = {
            node for node, row in enumerate(summary.rows) if row[0] in _USING and len(row) > 1 and row[1] in held
        }  # fmt: skip
        return [number for number, fact in enumerate(summary.functions) if self._uses(fact, summary.rows, held, used)]

    def _sources(self, module: int, rows: list[Row]) -> set[int]:
        calls, attributes = self.likely.calls, self.likely.attributes
        facts = self.program.modules[module].functions
        found: set[int] = set()
        for node, row in enumerate(rows):
            kind = row[0]
            if kind == "(":
                callee = rows[row[1]]
                head = callee[0]
                if head in ".gm":
                    name = callee[-1]
                    if (name in calls and (name != "get" or len(row[2]) + len(row[3]) == 1)) or (
                        name in _DEFAULTED and NONE in (*row[2][1:], *[n for key, n in row[3] if key == "default"])
                    ):
                        found.add(node)
                elif head == "l" and facts[callee[1]].name in calls:
                    found.add(node)
            elif kind == ".":
                if row[2] in attributes:
                    found.add(node)
            elif kind == "&" and self.likely.admits(module, row[2]):
                found.add(node)
        return found

    def _parameters(self, module: int, summary: ModuleSummary) -> set[int]:
        wanted = {
            (number, position)
            for number, fact in enumerate(summary.functions)
            for position, parameter in enumerate(fact.parameters)
            if parameter.default == NONE or self.likely.admits(module, parameter.annotation)
        }
        if not wanted:
            return set()
        return {n for n, row in enumerate(summary.rows) if row[0] == "p" and (row[1], row[2]) in wanted}

    def _confirmed(self, module: int, node: int) -> bool:
        """Tell whether a source gives None as far as types tell."""
        row = self.program.modules[module].rows[node]
        if row[0] == ".":
            for value in self.program.value(module, row[1]):
                if value[0] == "ins" and isinstance(value[1], int):
                    if self.lookups.attributes.reason(value[1], row[2]) is not None:
                        return True
                    hit = self.program.find_method(value[1], row[2])
                    if hit is not None and self.program.modules[self.program.class_module[hit[0]]].rows[hit[1]][0] == "l":
                        return True
            return False
        if row[0] != "(":
            return True
        callee = self.program.modules[module].rows[row[1]]
        if callee[-1] in _DEFAULTED:
            return True
        for value in self.program.value(module, row[1]):
            if value[0] == "fn":
                if self.lookups.may_give(value[1]):
                    return True
            elif value[0] in ("x", "xm"):
                name = str(value[1]) if value[0] == "x" else f"{value[1]}.{value[3]}"
                if self.lookups.listed(name) is not None:
                    return True
        return False

    @staticmethod
    def _held(summary: ModuleSummary, sources: set[int]) -> set[int]:
        """Return the rows of what may be a source: of several things one, a variable, the result of awaiting."""
        rows, variables = summary.rows, summary.variables
        held = set(sources)
        for _ in range(2):
            for node, row in enumerate(rows):
                kind = row[0]
                if kind not in _HANDING or node in held:
                    continue
                parts = (
                    row[1:] if kind == "|" else variables[row[1]] if kind == "v" else row[4:6] if kind == "~" else row[1:2]
                )
                if not held.isdisjoint(parts):
                    held.add(node)
        return held

    @staticmethod
    def _uses(fact: FunctionFact, rows: list[Row], sources: set[int], used: set[int]) -> bool:
        if not sources.isdisjoint(fact.operands):
            return True
        for operation in fact.operations:
            node = operation.node
            if node in used or (node in sources and operation.kind in _ENTERING):
                return True
            row = rows[node]
            if row[0] == "(" and row[1] in used:
                return True
        return False


_DEFAULTED = frozenset({"next", "getattr", "pop", "max", "min"})
_ENTERING = frozenset({"enter", "iterate", "__getitem__", "__setitem__", "__delitem__", "__contains__"})
_HANDING = frozenset("|v~w&i")
_USING = frozenset(".[(eEunN*")
