"""One function, run: its unguarded uses, what it gives, and what holds of its parameters where it ends."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

from mergegate.nullness.expressions import TooDeepError
from mergegate.nullness.oracle import Oracle
from mergegate.nullness.reading import FunctionTree
from mergegate.nullness.statements import SCOPES, StatementRun
from mergegate.nullness.values import State, Value

_LOOPS = (ast.For, ast.AsyncFor, ast.While)


class FunctionRun(StatementRun):
    """A run over a function, or over the body of a module.

    Parameters
    ----------
    oracle
        The program around it.
    definition
        The function's tree.
    offset
        What to add to its lines.

    Attributes
    ----------
    end
        What holds at its end; None: it is not reached.
    failed
        Whether it was too long or too deep to be followed.
    """

    def __init__(self, oracle: Oracle, definition: FunctionTree | ast.Module, offset: int = 0) -> None:
        super().__init__(oracle)
        self.definition = definition
        self.offset = offset
        self.initial: dict[str, Value] = {}
        self.end: State | None = None
        self.failed = False
        self._scan: _Scan | None = None
        self.start()

    def run(self) -> None:
        """Run it."""
        try:
            if isinstance(self.definition, ast.Module):
                body = [each for each in self.definition.body if not isinstance(each, SCOPES[:2])]
                self.end = self.block(body, {})
            else:
                self.initial = self.oracle.parameters(self.definition)
                self.end = self.function(self.definition, dict(self.initial))
        except (TooDeepError, RecursionError):
            self.failed = True
            self.uses.clear()
            self.returns.clear()
            self.end = {}
            self.depth = self.quiet = 0

    def later(self, statement: ast.stmt) -> set[str]:
        """Return the names that are bound behind a nested function, or in a loop around it."""
        end = statement.end_lineno or statement.lineno
        scan = self._scanned()
        first = min(
            [line for line, last in scan.loops if line <= statement.lineno and last >= end], default=end
        )  # fmt: skip
        return {
            name for name, line in scan.stores if line >= first and not (statement.lineno <= line <= end)
        }  # fmt: skip

    def rebinds(self, statement: ast.stmt) -> set[str]:
        """Return the names of functions around it that a nested function binds."""
        end = statement.end_lineno or statement.lineno
        return {name for name, line in self._scanned().outer if statement.lineno <= line <= end}

    def captured(self, statement: ast.stmt) -> dict[str, Value]:
        """Return what parameters that are bound again hold in a nested function."""
        again = self.later(statement)
        return {name: held for name, held in self.initial.items() if name in again}

    def _scanned(self) -> _Scan:
        if self._scan is None:
            self._scan = _scan(self.definition)
        return self._scan


class _Scan(NamedTuple):
    """Names that are bound, and names declared nonlocal or global, each with its line; lines of loops."""

    stores: list[tuple[str, int]]
    outer: list[tuple[str, int]]
    loops: list[tuple[int, int]]


def _scan(definition: ast.AST) -> _Scan:
    stores: list[tuple[str, int]] = []
    outer: list[tuple[str, int]] = []
    loops: list[tuple[int, int]] = []
    pending: list[Any] = [definition]
    while pending:
        part: Any = pending.pop()
        kind = part.__class__
        if kind is ast.Name:
            if part.ctx.__class__ is not ast.Load:
                stores.append((part.id, part.lineno))
            continue
        if kind in _LOOPS:
            loops.append((part.lineno, part.end_lineno))
        elif kind is ast.Nonlocal or kind is ast.Global:
            outer.extend([(name, part.lineno) for name in part.names])
        for field in part._fields:
            value: Any = getattr(part, field, None)
            if isinstance(value, list):
                pending.extend([each for each in value if isinstance(each, ast.AST)])  # type: ignore[misc]
            elif isinstance(value, ast.AST) and value.__class__ is not ast.Constant:
                pending.append(value)
    return _Scan(stores, outer, loops)
