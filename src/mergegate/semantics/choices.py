"""Choices: values that a parameter of the function picks, decided by the constants of one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NamedTuple

from mergegate.semantics.attributes import Attributes
from mergegate.syntax.demands import contradicts
from mergegate.syntax.summary import DEMANDS, Demand, Row

_OPPOSITE: dict[Demand, Demand] = {"truthy": "falsy", "falsy": "truthy", "none": "some", "some": "none"}
# where the nodes of a row stand, for rows whose fields are not all nodes
_FIELDS: dict[str, tuple[int, ...]] = {
    ".": (1,), "[": (1,), "e": (1,), "E": (1,), "w": (1,), "n": (1,), "N": (1,), "u": (1,), "&": (1,), "i": (1,),
    "L": (1,), "S": (1,), "G": (1,), "D": (1, 2), "/": (1, 2), "~": (4, 5),
}  # fmt: skip

# (parameter, demand) to whether the parameter meets it
Decisions = dict[tuple[int, int], bool]


class ModuleChoices(NamedTuple):
    """The choices of one module: which pairs pick values in which function, and the nodes below which they stand."""

    pairs: dict[int, tuple[tuple[int, int], ...]]
    above: frozenset[int]


class Choices(Attributes):
    """Rewrites nodes so that what a call's constants rule out is gone."""

    _choices: dict[int, ModuleChoices]
    _rewritten: dict[tuple[int, Row], int]

    def choices_of(self, function: int) -> tuple[tuple[int, int], ...]:
        """Return the (parameter, demand) pairs that pick values in a function."""
        module = self.function_module[function]
        return self._module_choices(module).pairs.get(function - self.function_base[module], ())

    def _module_choices(self, module: int) -> ModuleChoices:
        known = self._choices.get(module)
        if known is None:
            known = self._choices[module] = _find_choices(self.modules[module].rows)
        return known

    def decided(self, module: int, node: int, function: int, decisions: Decisions) -> int:
        """Return the node that is left of `node` once some choices of a function are decided."""
        owner = function - self.function_base[module]
        above = self._module_choices(module).above
        done: dict[int, int] = {}

        def rewrite(part: int) -> int:
            if part not in above:
                return part
            known = done.get(part)
            if known is None:
                row = self.row(module, part)
                taken = decisions.get((row[2], row[3])) if row[0] == "~" and row[1] == owner else None
                if taken is None:
                    known = self._added(module, part, _mapped(row, rewrite))
                else:
                    known = rewrite(row[4] if taken else row[5])
                done[part] = known
            return known

        return rewrite(node)

    def _added(self, module: int, node: int, row: Row) -> int:
        """Return the node of a row, which may be new to the module's table."""
        rows = self.modules[module].rows
        if rows[node] == row:
            return node
        known = self._rewritten.get((module, row))
        if known is None:
            known = self._rewritten[module, row] = len(rows)
            rows.append(row)
            self._memo[module].append(None)
        return known

    def decisions(self, function: int, passed: Callable[[int], Row]) -> Decisions:
        """Return how a call decides the choices of a function; `passed` gives the row passed for a parameter."""
        found: Decisions = {}
        for index, demand in self.choices_of(function):
            wanted = DEMANDS[demand]
            if contradicts(passed(index), wanted):
                found[index, demand] = False
            elif contradicts(passed(index), _OPPOSITE[wanted]):
                found[index, demand] = True
        return found


def _find_choices(rows: list[Row]) -> ModuleChoices:
    pairs: dict[int, dict[tuple[int, int], None]] = {}
    above: set[int] = set()
    first = next((node for node, row in enumerate(rows) if row[0] == "~"), -1)
    if first >= 0:
        # the parts of a row stand before it in the table
        for node, row in enumerate(islice(rows, first, None), first):
            if row[0] == "~":
                pairs.setdefault(row[1], {})[row[2], row[3]] = None
                above.add(node)
            elif not above.isdisjoint(parts_of(row)):
                above.add(node)
    return ModuleChoices({function: tuple(found) for function, found in pairs.items()}, frozenset(above))


def parts_of(row: Row) -> Iterable[int]:
    """Return the nodes that a row is made of."""
    kind = row[0]
    if kind == "(":
        return (row[1], *row[2], *(node for _, node in row[3]))
    if kind in ("|", "T"):
        return row[1:]
    return [row[field] for field in _FIELDS.get(kind, ())]


def _mapped(row: Row, change: Callable[[int], int]) -> Row:
    """Return a row with its parts changed."""
    kind = row[0]
    if kind == "(":
        return (kind, change(row[1]), tuple(map(change, row[2])), tuple((key, change(node)) for key, node in row[3]))
    if kind in ("|", "T"):
        return (kind, *map(change, row[1:]))
    fresh: list[Any] = list(row)
    for field in _FIELDS[kind]:
        fresh[field] = change(fresh[field])
    return tuple(fresh)
