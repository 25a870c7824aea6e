"""Choices: values that a parameter of the function picks, decided by the constants of one call."""

from __future__ import annotations

from typing import Any

from mergegate.semantics.attributes import Attributes
from mergegate.syntax.summary import DEMANDS, Demand, Row

_MAX_DEPTH = 30
_OPPOSITE: dict[Demand, Demand] = {"truthy": "falsy", "falsy": "truthy", "none": "some", "some": "none"}
# where the nodes of a row stand, for rows whose fields are not all nodes
_FIELDS: dict[str, tuple[int, ...]] = {
    ".": (1,), "[": (1,), "e": (1,), "E": (1,), "w": (1,), "n": (1,), "N": (1,), "u": (1,), "&": (1,), "i": (1,),
    "L": (1,), "S": (1,), "G": (1,), "D": (1, 2), "/": (1, 2), "~": (4, 5),
}  # fmt: skip

Decisions = dict[tuple[int, int], bool]


class Choices(Attributes):
    """Rewrites nodes so that what a call's constants rule out is gone."""

    _chosen: dict[int, frozenset[tuple[int, int, int]]]
    _rewritten: dict[tuple[int, Row], int]

    def choices_of(self, function: int) -> list[tuple[int, int]]:
        """Return the (parameter, demand) pairs that pick values in a function."""
        module = self.function_module[function]
        known = self._chosen.get(module)
        if known is None:
            rows = self.modules[module].rows
            known = self._chosen[module] = frozenset((r[1], r[2], r[3]) for r in rows if r[0] == "~")
        own = function - self.function_base[module]
        return sorted((index, demand) for owner, index, demand in known if owner == own)

    def decided(self, module: int, node: int, function: int, decisions: Decisions) -> int:
        """Return the node that is left of `node` once some choices of a function are decided."""
        return self._rewrite(module, node, function - self.function_base[module], decisions, 0)

    def _rewrite(self, module: int, node: int, owner: int, decisions: Decisions, depth: int) -> int:
        row = self.row(module, node)
        kind = row[0]
        if depth > _MAX_DEPTH:
            return node
        if kind == "~" and row[1] == owner and (row[2], row[3]) in decisions:
            branch = row[4] if decisions[row[2], row[3]] else row[5]
            return self._rewrite(module, branch, owner, decisions, depth + 1)

        def again(part: int) -> int:
            return self._rewrite(module, part, owner, decisions, depth + 1)

        fresh: list[Any] = list(row)
        if kind == "(":
            fresh[1:] = [again(row[1]), tuple(map(again, row[2])), tuple((k, again(n)) for k, n in row[3])]
        elif kind in ("|", "T"):
            fresh[1:] = map(again, row[1:])
        else:
            for field in _FIELDS.get(kind, ()):
                fresh[field] = again(row[field])
        changed = tuple(fresh)
        return node if changed == row else self._added(module, changed)

    def _added(self, module: int, row: Row) -> int:
        """Return the node of a row that was not in the module's table."""
        node = self._rewritten.get((module, row))
        if node is None:
            rows, memo = self.modules[module].rows, self._memo[module]
            node = self._rewritten[module, row] = len(rows)
            rows.append(row)
            memo.append(None)
        return node

    def decisions(self, function: int, passed: dict[int, Row]) -> Decisions:
        """Return how the rows passed for parameters decide the choices of a function."""
        found: Decisions = {}
        for index, demand in self.choices_of(function):
            row = passed.get(index)
            if row is not None:
                wanted = DEMANDS[demand]
                if contradicts(row, wanted):
                    found[index, demand] = False
                elif contradicts(row, _OPPOSITE[wanted]):
                    found[index, demand] = True
        return found


def contradicts(row: Row, wanted: Demand) -> bool:
    """Tell whether a constant argument cannot be what a guard demands."""
    if row[0] == "k" and row[1] in ("True", "False", "None"):
        truth = row[1] == "True"
        absent = row[1] == "None"
    elif row[0] == "#":
        truth, absent = bool(row[1]), False
    elif row[0] in "(cl" and wanted in ("none", "some"):
        # an object made on the spot is there
        truth, absent = True, False
    else:
        return False
    return {"truthy": not truth, "falsy": truth, "none": not absent, "some": absent}[wanted]
