"""Shapes: what a module's summary says, free of positions and numbering, to tell which of its facts an edit changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mergegate.syntax.summary import FunctionFact, ModuleSummary, Row

Symbol = tuple[str, int]
"""A qualified name, and the how-manieth of that name in its module it is."""

# of each kind of row, what its fields are: n a node, N a tuple of nodes (of all that follow for | and T), K keywords,
# f a function, c a class, v a variable's slot, x anything that stands for itself
_FIELDS = {
    "?": "", "b": "", "g": "x", "k": "x", "#": "x", "m": "xxx", "l": "f", "c": "c", "^": "c", "p": "fx",
    ".": "nx", "(": "nNK", "[": "nn", "e": "n", "E": "n", "w": "n", "n": "n", "N": "n", "L": "n", "S": "n", "G": "n",
    "T*": "n", "*": "n", "@": "n", "r": "n", "u": "nx", "i": "nnx", "&": "nn", "D": "nn", "/": "nn", "~": "fxxnn",
    "v": "v",
}  # fmt: skip


class Shapes:
    """The facts of one module as structures that are equal where evaluation cannot tell two versions apart.

    Attributes
    ----------
    functions, classes
        The symbol of each function and class, by its number.
    """

    def __init__(self, summary: ModuleSummary) -> None:
        self.summary = summary
        self.functions = list(_symbols(fact.qualname for fact in summary.functions))
        self.classes = list(_symbols(fact.qualname for fact in summary.classes))
        self._choices: dict[int, dict[tuple[int, int], None]] = {}
        for row in summary.rows:
            if row[0] == "~":
                self._choices.setdefault(row[1], {})[row[2], row[3]] = None

    def facts(self) -> dict[tuple[str, str], list[Any]]:
        """Return all that is read of the module from outside the function at hand, by kind and name."""
        summary = self.summary
        found: dict[tuple[str, str], list[Any]] = {("*", ""): [summary.stars]}
        for name, node in summary.names.items():
            found["n", name] = [self._shape([node])]
        for number, fact in enumerate(summary.functions):
            found.setdefault(("f", fact.qualname), []).append(self._signature(number, fact))
        for fact in summary.classes:
            nodes = [*fact.bases, *(node for _, node in fact.keywords), *fact.decorators]
            names, attributes = list(fact.names), list(fact.attributes)
            shape = self._shape([*nodes, *fact.names.values(), *fact.attributes.values()])
            keywords = [name for name, _ in fact.keywords]
            row = (fact.name, fact.flags, len(fact.bases), len(fact.decorators), keywords, names, attributes, shape)
            found.setdefault(("c", fact.qualname), []).append(row)
        return found

    def bodies(self) -> dict[Symbol, Any]:
        """Return what each function executes, by symbol."""
        found: dict[Symbol, Any] = {}
        for symbol, fact in zip(self.functions, self.summary.functions, strict=True):
            operations = fact.operations
            shape = self._shape([operation.node for operation in operations])
            found[symbol] = ([(each.kind, each.flags, each.guard) for each in operations], shape)
        return found

    def _signature(self, number: int, fact: FunctionFact) -> Any:
        """Return what callers and decorators see of a function; of its operations, the calls of parameters."""
        nodes = [node for each in fact.parameters for node in (each.annotation, each.default)]
        nodes += [fact.returns, fact.yields, *(node for node, _ in fact.results), *fact.decorators]
        rows: list[Any] = self.summary.rows
        calls = [
            (self._row(rows[rows[each.node][1]], _no_node), each.flags)
            for each in fact.operations
            if each.kind == "call" and rows[each.node][0] == "(" and rows[rows[each.node][1]][0] == "p"
        ]
        return (
            fact.name,
            fact.flags,
            self.classes[fact.owner] if fact.owner >= 0 else None,
            [(each.name, each.kind) for each in fact.parameters],
            [guard for _, guard in fact.results],
            len(fact.decorators),
            fact.guards,
            sorted(self._choices.get(number, ())),
            calls,
            self._shape(nodes),
        )

    def _shape(self, roots: Iterable[int]) -> Any:
        """Return the rows that some nodes are made of, in an order and numbering that follow from them alone."""
        numbers: dict[int, int] = {}
        pending: list[int] = []

        def number(node: int) -> int:
            known = numbers.get(node)
            if known is None:
                known = numbers[node] = len(numbers)
                pending.append(node)
            return known

        found: list[Any] = [[number(node) for node in roots]]
        while pending:
            node = pending.pop()
            found.append((numbers[node], self._row(self.summary.rows[node], number)))
        return found

    def _row(self, row: Row, number: Callable[[int], int]) -> Any:
        kind: str = row[0]
        fields: list[Any] = list(row[1:])
        if not fields:
            return (kind,)
        if kind in ("|", "T"):
            return kind, *map(number, fields)
        if kind == "s":
            # with or without a fingerprint
            return row
        return kind, *[self._field(what, field, number) for what, field in zip(_FIELDS[kind], fields, strict=True)]

    def _field(self, what: str, field: Any, number: Callable[[int], int]) -> Any:
        if what == "n":
            return number(field)
        if what == "N":
            nodes: list[int] = field
            return [number(node) for node in nodes]
        if what == "K":
            keywords: list[tuple[str, int]] = field
            return [(name, number(node)) for name, node in keywords]
        if what == "f":
            return self.functions[int(field)]
        if what == "c":
            return self.classes[int(field)]
        if what == "v":
            return [number(node) for node in self.summary.variables[int(field)]]
        # 1, 1.0 and True are equal and yet not the same
        return repr(field)


def changed_facts(old: Shapes, new: Shapes) -> set[tuple[str, str]]:
    """Return the kinds and names of the facts that differ between two versions of a module."""
    before, after = old.facts(), new.facts()
    return {fact for fact in before.keys() | after.keys() if before.get(fact) != after.get(fact)}


def _symbols(names: Iterable[str]) -> Iterator[Symbol]:
    counts: dict[str, int] = {}
    for name in names:
        count = counts[name] = counts.get(name, -1) + 1
        yield name, count


def _no_node(node: int) -> int:
    raise ValueError(f"a parameter is made of no other node, not of {node}")
