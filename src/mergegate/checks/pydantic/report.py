"""Findings of the family: places of the summary joined with what a rule says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mergegate.finding import Finding
from mergegate.rules.model import Rule
from mergegate.semantics.callgraph import CallGraph
from mergegate.syntax.summary import Flag, FunctionFact, FunctionFlag, Operation, Place


class Where(NamedTuple):
    """A place in a module, with the dotted chain of classes and functions around it."""

    module: int
    place: Place
    scope: str


class Reporter:
    """Makes findings, of those rules that are asked for.

    Parameters
    ----------
    rules
        The rules by id.
    """

    def __init__(self, program: CallGraph, rules: Mapping[str, Rule]) -> None:
        self.program = program
        self.rules = rules

    def at(
        self, where: Where, rule: str, message: str, repair: str, *, lowered: bool = False, fix: tuple[str, ...] = ()
    ) -> Iterator[Finding]:
        """Yield a finding of a rule, of less confidence if `lowered`, unless nobody asked for the rule."""
        asked = self.rules.get(rule)
        if asked is None:
            return
        line, column, height, end = where.place
        yield Finding(
            rule=asked.id,
            family=asked.family,
            severity=asked.severity,
            confidence=asked.confidence.lowered() if lowered else asked.confidence,
            path=self.program.paths[where.module],
            line=line,
            column=column,
            end_line=line + height,
            end_column=end,
            message=message,
            help=repair,
            scope=where.scope,
            fix=fix,
        )


def place_of_operation(operation: Operation) -> Place:
    """Return where an operation stands."""
    return operation.line, operation.column, operation.height, operation.end_column


def place_of_head(line: int, column: int, keyword: str, name: str) -> Place:
    """Return where the head of a definition stands, without its body."""
    return line, column, 0, column + len(keyword) + 1 + len(name.encode())


def place_of_function(fact: FunctionFact) -> Place:
    """Return where the `def name` of a function stands."""
    keyword = "async def" if fact.flags & FunctionFlag.ASYNC else "def"
    return place_of_head(fact.line, fact.column, keyword, fact.name)


def operations_of(program: CallGraph, module: int) -> Iterator[tuple[FunctionFact, Operation]]:
    """Yield what a module executes, without what is one of several ways for several versions."""
    for fact in program.modules[module].functions:
        for operation in fact.operations:
            if not operation.flags & Flag.ALTERNATIVE:
                yield fact, operation
