"""Which functions to run: those that use, in any way, what may be None, guarded or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mergegate.semantics.values import NONE as NONE_UNION
from mergegate.syntax.summary import NONE, ModuleSummary

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
        bases = {node for fact in summary.functions for node in fact.bases}
        if not bases:
            return []
        sources = self._sources(module, summary.rows, self._reached(summary, bases))
        sources.update(self._parameters(module, summary))
        held = self._held(summary, {NONE, *[node for node in sources if self._confirmed(module, node)]})
        found = {number for number, fact in enumerate(summary.functions) if not held.isdisjoint(fact.bases)}
        calls = self.likely.own_calls(module)
        found.update(
            number for number in self.likely.holding(module)
            if not self.likely.clearing.isdisjoint(calls.get(number, ()))
        )  # fmt: skip
        return sorted(found)

    @staticmethod
    def _reached(summary: ModuleSummary, bases: set[int]) -> set[int]:
        """Return the rows that bases may be: of several things one, a variable, the result of awaiting."""
        rows: Sequence[Any] = summary.rows
        variables = summary.variables
        found = set(bases)
        pending = [node for node in bases if rows[node][0] in _HANDING]
        while pending:
            row: Any = rows[pending.pop()]
            for part in _parts(row, variables):
                if part not in found:
                    found.add(part)
                    if rows[part][0] in _HANDING:
                        pending.append(part)
        return found

    def _sources(self, module: int, rows: Sequence[Any], reached: set[int]) -> set[int]:
        calls, attributes = self.likely.calls, self.likely.attributes
        facts = self.program.modules[module].functions
        found: set[int] = set()
        for node in reached:
            row: Any = rows[node]
            kind = row[0]
            if kind in "e[u":
                # an element, of what may be declared to hold None
                row: Any = rows[row[1]]
                if row[0] in "p&.(":
                    found.add(node)
            elif kind == "g":
                if self.lookups.variable(module, row[1], self.program.modules[module].names.get(row[1], 0)) is not None:
                    found.add(node)
            elif kind == "(":
                callee: Any = rows[int(row[1])]
                head = callee[0]
                if head in ".gm":
                    name = callee[-1]
                    if (name in calls and (name != "get" or len(row[2]) + len(row[3]) == 1)) or (
                        name in _DEFAULTED and NONE in (*row[2][1:], *[n for key, n in row[3] if key == "default"])
                    ):
                        found.add(node)
                elif head == "l" and facts[int(callee[1])].name in calls:
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
        row: Any = self.program.modules[module].rows[node]
        if row[0] in "e[u":
            base = self.program.value(module, row[1]) if row[0] == "[" else ()
            return _NONE in self.program.value(module, node) or any(
                value[0] == "ins" and isinstance(value[1], int) and _TYPED in self.program.mro(value[1])
                for value in base
            )
        if row[0] == ".":
            for value in self.program.value(module, row[1]):
                if value[0] == "ins" and isinstance(value[1], int):
                    if self.lookups.attributes.reason(value[1], row[2]) is not None:
                        return True
                    hit = self.program.find_method(value[1], row[2])
                    if (
                        hit is not None
                        and self.program.modules[self.program.class_module[hit[0]]].rows[hit[1]][0] == "l"
                    ):
                        return True
            return False
        if row[0] != "(":
            return True
        callee: Any = self.program.row(module, int(row[1]))
        if callee[0] in ".gm" and callee[-1] in _DEFAULTED:
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
        """Return the rows of what may be a source."""
        rows: Sequence[Any] = summary.rows
        variables = summary.variables
        held = set(sources)
        for _ in range(2):
            for node, row in enumerate(rows):
                if row[0] in _HANDING and node not in held and not held.isdisjoint(_parts(row, variables)):
                    held.add(node)
        return held


def _parts(row: Any, variables: list[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the rows of which a value may be one."""
    kind = str(row[0])
    if kind == "|":
        return tuple(row[1:])
    if kind == "v":
        return variables[int(row[1])]
    if kind == "~":
        return tuple(row[4:6])
    if kind == "i" and row[3]:
        return ()
    return tuple(row[1:2])


_NONE = NONE_UNION[0]
_TYPED = "typing.TypedDict"
_DEFAULTED = frozenset({"next", "getattr", "pop", "max", "min"})
_HANDING = frozenset("|v~w&i")
