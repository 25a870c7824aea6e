"""What may have to do with None by its name and form alone: a sieve that leaves little to be followed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mergegate.rules.model import Knowledge
from mergegate.semantics.callgraph import CallGraph
from mergegate.syntax.summary import NONE, FunctionFact, FunctionFlag, ModuleSummary

_APART = FunctionFlag.GENERATOR | FunctionFlag.LAMBDA


class Likely:
    """The names of callables and attributes that may give None, and the functions that use them.

    Attributes
    ----------
    calls
        Last names of callables that may give None.
    attributes
        Names of attributes that may hold None.
    own
        Names of the functions of the program.
    clearing
        Names of methods that may set attributes of their object to None.
    cleared
        Names of attributes that methods set to None.
    never
        Last names of callables that may not come back.
    """

    def __init__(self, program: CallGraph, knowledge: Knowledge) -> None:
        self.program = program
        self.calls = {name.rpartition(".")[2] for name in knowledge.optional}
        self.attributes: set[str] = set()
        self.own: set[str] = set()
        self.never = {"exit", "_exit", "abort", "quit", "assert_never", "fail", "skip", "xfail"}
        self.clearing: set[str] = set()
        self.cleared: set[str] = set()
        self._own_calls: dict[int, dict[int, set[str]]] = {}
        self._admitting: dict[tuple[int, int], bool] = {}
        self._add_functions()
        self._add_attributes()
        self._add_clearing()

    def _add_functions(self) -> None:
        handed: list[tuple[str, list[str]]] = []
        for module, summary in enumerate(self.program.modules):
            for fact in summary.functions:
                self.own.add(fact.name)
                if not fact.results and not fact.flags & (FunctionFlag.ENDS | _APART):
                    self.never.add(fact.name)
                if fact.flags & _APART:
                    continue
                if may_give_none(summary, fact) or self.admits(module, fact.returns):
                    self.calls.add(fact.name)
                else:
                    names = list(_called(summary.rows, [node for node, _ in fact.results]))
                    if names:
                        handed.append((fact.name, names))
        grown = True
        while grown:
            grown = False
            for name, names in handed:
                if name not in self.calls and not self.calls.isdisjoint(names):
                    self.calls.add(name)
                    grown = True

    def own_calls(self, module: int) -> dict[int, set[str]]:
        """Return the names of the methods that functions of a module call on their own object, by number."""
        known = self._own_calls.get(module)
        if known is None:
            known = self._own_calls[module] = {}
            rows: Sequence[Any] = self.program.modules[module].rows
            for row in rows:
                if row[0] == "(" and rows[int(row[1])][0] == ".":
                    callee: Any = rows[int(row[1])]
                    base: Any = rows[int(callee[1])]
                    if base[0] == "p" and base[2] == 0:
                        known.setdefault(int(base[1]), set()).add(str(callee[2]))
        return known

    def holding(self, module: int) -> set[int]:
        """Return the functions of a module, by number, that use an attribute which a method of their object clears."""
        rows: Sequence[Any] = self.program.modules[module].rows
        found: set[int] = set()
        for row in rows:
            if row[0] == "." and rows[int(row[1])][0] == ".":
                held: Any = rows[int(row[1])]
                owner: Any = rows[int(held[1])]
                if held[2] in self.cleared and owner[0] == "p" and owner[2] == 0:
                    found.add(int(owner[1]))
        return found

    def _add_clearing(self) -> None:
        callers: list[tuple[str, set[str]]] = []
        for module, summary in enumerate(self.program.modules):
            self.clearing.update(fact.name for fact in summary.functions if fact.clears and fact.name != "__init__")
            functions = summary.functions
            for fact in functions:
                if fact.name != "__init__":
                    self.cleared.update(fact.clears)
            callers.extend((functions[n].name, names) for n, names in self.own_calls(module).items())
        grown = bool(self.clearing)
        while grown:
            grown = False
            for name, names in callers:
                if name not in self.clearing and name != "__init__" and not self.clearing.isdisjoint(names):
                    self.clearing.add(name)
                    grown = True

    def _add_attributes(self) -> None:
        for module, summary in enumerate(self.program.modules):
            rows: Sequence[Any] = summary.rows
            for fact in summary.classes:
                for names in (fact.names, fact.attributes):
                    for name, node in names.items():
                        if name not in self.attributes and self._may_hold(module, rows, node):
                            self.attributes.add(name)

    def _may_hold(self, module: int, rows: Sequence[Any], node: int) -> bool:
        row: Any = rows[node]
        if node == NONE:
            return True
        if row[0] == "|":
            return any(self._may_hold(module, rows, part) for part in row[1:])
        if row[0] in "&@":
            return self.admits(module, row[-1])
        if row[0] == "l":
            return self.program.modules[module].functions[int(row[1])].name in self.calls
        return False

    def admits(self, module: int, node: int) -> bool:
        """Tell whether an annotation may admit None, by its form."""
        if not node:
            return False
        key = (module, node)
        known = self._admitting.get(key)
        if known is None:
            known = self._admitting[key] = _admits(self.program.modules[module].rows, node, 0)
        return known


def may_give_none(summary: ModuleSummary, fact: FunctionFact) -> bool:
    """Tell whether a function gives None on one way, by its form, and something else on another."""
    if not fact.results or all(node == NONE for node, _ in fact.results):
        return False
    if fact.flags & FunctionFlag.ENDS:
        return True
    rows: Sequence[Any] = summary.rows
    return any(_holds_none(rows, node, 0) for node, _ in fact.results)


def _holds_none(rows: Sequence[Any], node: int, depth: int) -> bool:
    if node == NONE:
        return True
    row: Any = rows[node]
    if row[0] in ("|", "~") and depth < 4:
        parts = row[1:] if row[0] == "|" else row[4:6]
        return any(_holds_none(rows, part, depth + 1) for part in parts)
    return row[0] in "pv&"


def _called(rows: Sequence[Any], nodes: Iterable[int]) -> Iterable[str]:
    pending = list(nodes)
    count = 0
    while pending and count < 40:
        count += 1
        row: Any = rows[pending.pop()]
        if row[0] == "(":
            callee: Any = rows[int(row[1])]
            if callee[0] in ".gm":
                yield callee[-1]
        elif row[0] == "|":
            pending.extend(row[1:])
        elif row[0] in "w&":
            pending.append(row[1])
        elif row[0] == ".":
            yield row[2]


def _admits(rows: Sequence[Any], node: int, depth: int) -> bool:
    row: Any = rows[node]
    if node == NONE:
        return True
    if depth > 4:
        return False
    if row[0] == "|":
        return any(_admits(rows, part, depth + 1) for part in row[1:])
    if row[0] == "[":
        # inside, too: an element of `list[X | None]` may be None
        head: Any = rows[row[1]]
        if head[0] in ".gm" and head[-1] == "Optional":
            return True
        return _admits(rows, row[2], depth + 1)
    if row[0] == "T":
        return any(_admits(rows, part, depth + 1) for part in row[1:])
    return False
