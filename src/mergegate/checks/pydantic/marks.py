"""Marks: where a summary mentions what the family looks for, found in one pass and remembered until it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from typing import NamedTuple

from mergegate.rules.migrations import PydanticNames
from mergegate.semantics.callgraph import CallGraph
from mergegate.syntax.summary import Flag, FunctionFact, ModuleSummary, Operation, Row

_VALIDATORS = frozenset({"validator", "root_validator"})
_CONFIGURATIONS = frozenset({"config", "__config__"})
# since 2.11
_OF_THE_CLASS = frozenset({"model_fields", "model_computed_fields"})
_READS = frozenset({"attribute", "annotate", "call"})


class Marks(NamedTuple):
    """What one module mentions, by its spelling alone.

    Attributes
    ----------
    names
        (function, position) of operations that import or read a name of pydantic that is not what it was.
    members
        Attributes that models have from pydantic 1.
    later
        Attributes to be read from the class of a model.
    calls
        Calls with keywords of `Field` and the like.
    configured
        (call, value) of arguments that pass a configuration.
    makers
        What may be a decorator of validators.
    roots
        Calls with `__root__=value`.
    configs
        Attributes called `Config`.
    """

    names: list[tuple[int, int]]
    members: list[int]
    later: list[int]
    calls: list[int]
    configured: list[tuple[int, int]]
    makers: list[int]
    roots: list[int]
    configs: list[int]


class Marked:
    """The marks of all modules of a program."""

    def __init__(self, program: CallGraph, names: PydanticNames) -> None:
        self.program = program
        self._of: dict[int, Marks] = {}
        changed = {*names.deprecated, *(name for home in (names.refused, names.warned) for name in _dotted(home))}
        self._changed = frozenset(name.rpartition(".")[2] for name in changed)
        self._members = frozenset({*names.methods, *names.attributes, *names.attributes_gone, "__root__"})
        self._fields = frozenset({name.rpartition(".")[2] for name in names.field_names} | set(names.constrained))

    def of(self, module: int) -> Marks:
        """Return the marks of a module."""
        known = self._of.get(module)
        if known is None:
            program = self.program
            find = partial(self._find, program.modules[module], program.own_rows[module])
            known = self._of[module] = Marks(*program.scanned("pydantic", module, find))
        return known

    def operations(self, module: int) -> Iterator[tuple[FunctionFact, Operation]]:
        """Yield the operations of a module that import or read names which are not what they were."""
        functions = self.program.modules[module].functions
        for function, position in self.of(module).names:
            yield functions[function], functions[function].operations[position]

    def _find(self, summary: ModuleSummary, own_rows: int) -> Marks:
        marks = Marks([], [], [], [], [], [], [], [])
        rows: list[Row] = summary.rows
        fields = self._fields | {n for n, node in summary.names.items() if _is_import(rows[node], self._fields)}
        makers = _VALIDATORS | {n for n, node in summary.names.items() if rows[node][-1] in _VALIDATORS}
        members = self._members
        for node, row in enumerate(islice(rows, own_rows)):
            kind = row[0]
            if kind == ".":
                name = row[2]
                if name in members:
                    marks.members.append(node)
                elif name in _OF_THE_CLASS:
                    marks.later.append(node)
                elif name in _VALIDATORS:
                    marks.makers.append(node)
                elif name == "Config":
                    marks.configs.append(node)
            elif kind == "(":
                if row[3]:
                    callee: Row = rows[int(row[1])]
                    if callee[0] in "gm." and callee[-1] in fields:
                        marks.calls.append(node)
                    for name, given in row[3]:
                        if name in _CONFIGURATIONS:
                            marks.configured.append((node, given))
                        elif name == "__root__":
                            marks.roots.append(node)
            elif (kind == "g" and row[1] in makers) or (kind == "m" and row[3] in _VALIDATORS):
                marks.makers.append(node)
        if any(name.partition(".")[0] == "pydantic" for name in summary.imports):
            marks.names.extend(self._names(summary))
        return marks

    def _names(self, summary: ModuleSummary) -> Iterator[tuple[int, int]]:
        rows: list[Row] = summary.rows
        for number, fact in enumerate(summary.functions):
            for position, operation in enumerate(fact.operations):
                row: Row = rows[operation.node]
                if operation.kind != "import":
                    row = rows[int(row[1])] if row[0] == "(" else row
                    if operation.kind not in _READS or row[0] != ".":
                        continue
                if row[-1] in self._changed and not operation.flags & Flag.ALTERNATIVE:
                    yield number, position


def _dotted(homes: Mapping[str, frozenset[str]]) -> Iterator[str]:
    return (name for names in homes.values() for name in names)


def _is_import(row: Row, names: frozenset[str]) -> bool:
    return row[0] == "m" and row[3] in names
