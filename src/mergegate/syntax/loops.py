"""Reading loops: what they carry from one round to the next, and what holds behind them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from mergegate.syntax.flow import FlowReader
from mergegate.syntax.scope import Changes


class LoopReader(FlowReader):
    """Handlers for loops and jumps."""

    def read_while(self, statement: ast.While) -> None:
        carried = self.enter_loop(statement.body)
        self.read(statement.test)
        self.loop_body(statement, carried, statement.test)

    def read_for(self, statement: ast.For | ast.AsyncFor) -> None:
        element = self.element_of(statement.iter, asynchronous=isinstance(statement, ast.AsyncFor))
        carried = self.enter_loop(statement.body)
        self.assign(statement.target, element)
        self.loop_body(statement, carried, None)

    def enter_loop(self, body: list[ast.stmt]) -> dict[str, int]:
        """Replace what the loop rebinds by variables that will hold the values of both ends."""
        carried: dict[str, int] = {}
        scope = self.scope
        for name in _stored_names(body):
            known = scope.env.get(name)
            if known is not None and self.rows[known][0] not in _NOT_CARRIED:
                carried[name] = self.nodes.variable((known,))
                scope.set(name, carried[name])
        return carried

    def loop_body(
        self, statement: ast.While | ast.For | ast.AsyncFor, carried: dict[str, int], test: ast.expr | None
    ) -> None:
        """Read the body of a loop, and continue behind it."""
        scope = self.scope
        mark, guard = len(scope.log), scope.guard
        breaks: list[Changes] = []
        continues: list[Changes] = []
        scope.loops.append((mark, breaks, continues))
        if test is not None:
            self.restrict(test, True)
        self.block(statement.body)
        scope.loops.pop()
        scope.guard = guard
        endless = isinstance(test, ast.Constant) and bool(test.value)
        if not (breaks or continues or endless or scope.dead):
            self.carry(carried, {name: scope.env.get(name) for name in carried})
            for name, variable in carried.items():
                scope.set(name, variable)
            self.weaken(mark)
            self.block(statement.orelse)
            return
        ends = [] if scope.dead else [scope.changes(mark)]
        scope.rollback(mark)
        ends.extend(continues)
        for changes in (*ends, *breaks):
            self.carry(carried, {name: changes.pop(name, None) for name in carried})
        if endless:
            self.pass_over(statement.orelse)
            self.join(breaks)
        else:
            self.join([{}, *ends])
            self.block(statement.orelse)
            normal = None if scope.dead else scope.changes(mark)
            scope.rollback(mark)
            self.join([normal, *breaks])

    def carry(self, carried: dict[str, int], held: dict[str, int | None]) -> None:
        """Add to the variables of a loop what its names hold where it starts again or ends."""
        for name, variable in carried.items():
            node = held[name]
            if node is not None:
                self.nodes.hold(variable, node)

    def read_jump(self, statement: ast.Break | ast.Continue) -> None:
        scope = self.scope
        if scope.loops:
            mark, breaks, continues = scope.loops[-1]
            jumps = breaks if isinstance(statement, ast.Break) else continues
            if len(jumps) < _MAX_JUMPS:
                jumps.append(scope.changes(mark))
        scope.dead = True


def _stored_names(body: Sequence[ast.stmt]) -> list[str]:
    """Return the names that a loop body may rebind (walrus and patterns apart)."""
    found: dict[str, None] = {}
    pending: list[Any] = list(body)
    visited = 0
    while pending and visited < _MAX_VISITED:
        visited += 1
        statement = pending.pop()
        kind = statement.__class__
        targets: Sequence[Any] = ()
        if kind is ast.Assign:
            targets = statement.targets
        elif kind is ast.AnnAssign:
            targets = (statement.target,)
        elif kind in _COMPOUND:
            for field in ("body", "orelse", "finalbody", "handlers", "cases"):
                pending.extend(getattr(statement, field, ()))
            if kind is ast.For or kind is ast.AsyncFor:
                targets = (statement.target,)
            elif kind is ast.With or kind is ast.AsyncWith:
                targets = [item.optional_vars for item in statement.items]
        for target in targets:
            if isinstance(target, ast.Name):
                found[target.id] = None
            elif isinstance(target, ast.Tuple | ast.List):
                found.update((e.id, None) for e in target.elts if isinstance(e, ast.Name))
    return list(found)


# loops nested a hundred deep ask about the same statements again and again
_MAX_VISITED = 5_000
# each jump costs what changed since the loop began
_MAX_JUMPS = 200
_NOT_CARRIED = frozenset({"s", "b", "#", "p", "m", "l", "c"})
_COMPOUND = frozenset(
    {
        ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.ExceptHandler,
        ast.Match, ast.match_case,
    }
)  # fmt: skip
