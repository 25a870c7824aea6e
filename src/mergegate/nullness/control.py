"""None where ways part and meet: branches, loops to a fixpoint, `with`, and what breaks off."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import NamedTuple

from mergegate.nullness.patterns import PatternRun
from mergegate.nullness.values import SAFE, SOMETHING, State, Value, join, last_name, meet_into

_MAX_ROUNDS = 6


class Return(NamedTuple):
    """A `return`: its line (of a function's end without one: that of its last statement), what it gives, where."""

    line: int
    value: Value
    state: State
    expression: ast.expr | None
    explicit: bool


class ControlRun(PatternRun):
    """Runs statements that hold others."""

    def start(self) -> None:
        """Forget what an earlier run has noted."""
        self.returns: list[Return] = []
        self.loops: list[tuple[list[State | None], list[State | None]]] = []
        self.attempts: list[State] = []
        self.rebound: set[str] = set()

    # -- branches and loops --------------------------------------------------------------------------------------

    def branch(self, statement: ast.If, state: State) -> State | None:
        """Run an `if`."""
        self.value(statement.test, state)
        no = self.assume(statement.test, dict(state), truth=False)
        yes = self.assume(statement.test, dict(state), truth=True)
        ends = [self.block(statement.body, yes), self.block(statement.orelse, no)]
        out = join(ends)
        if out is not None and ends[0] is not None and ends[1] is not None:
            self._correlate(statement, ends[0], ends[1], out)
        return out

    def _correlate(self, statement: ast.If, yes: State, no: State, out: State) -> None:
        """Remember what names hold on which way, for a later test of the same condition."""
        differing = [
            key for key, held in out.items()
            if key[0] not in "?(~" and held.origins != SAFE and yes.get(key) != no.get(key)
        ]  # fmt: skip
        if not differing:
            return
        bound = {part.id for part in stores(statement.body + statement.orelse)}
        names = {part.id for part in ast.walk(statement.test) if isinstance(part, ast.Name)}
        if bound & names or any(isinstance(part, ast.NamedExpr | ast.Await) for part in ast.walk(statement.test)):
            return
        held = tuple({key: way[key] for key in differing if key in way} for way in (yes, no))
        self.correlations += 1
        out[f"~{self.text(statement.test)}"] = held
        if isinstance(statement.test, ast.UnaryOp) and isinstance(statement.test.op, ast.Not):
            out[f"~{self.text(statement.test.operand)}"] = held[::-1]

    def while_loop(self, statement: ast.While, state: State) -> State | None:
        """Run a `while` to a fixpoint."""

        def test(at: State, *, truth: bool) -> State | None:
            self.value(statement.test, at)
            return self.assume(statement.test, at, truth=truth)

        entry: State = state
        breaks: list[State | None] = []
        for _ in range(_MAX_ROUNDS):
            breaks, again = [], list[State | None]()
            self.loops.append((breaks, again))
            end = self.block(statement.body, test(dict(entry), truth=True))
            self.loops.pop()
            new = join([entry, end, *again])
            if new is None or new == entry:
                break
            entry = new
        return join([self.block(statement.orelse, test(dict(entry), truth=False)), *breaks])

    def for_loop(self, statement: ast.For | ast.AsyncFor, state: State) -> State | None:
        """Run a `for` to a fixpoint."""
        held = self.value(statement.iter, state)
        self.use(statement.iter, "iteration", held)
        element = SOMETHING if isinstance(statement, ast.AsyncFor) else self.element(held)
        if statement.type_comment and element == SOMETHING:
            element = self.oracle.annotation(statement.type_comment)
        entry: State = state
        breaks: list[State | None] = []
        never_empty = isinstance(statement.iter, ast.Tuple | ast.List) and bool(statement.iter.elts)
        ends: list[State | None] = []
        for _ in range(_MAX_ROUNDS):
            breaks, again = [], list[State | None]()
            self.loops.append((breaks, again))
            inside = dict(entry)
            self.bind(statement.target, element, inside)
            end = self.block(statement.body, inside)
            self.loops.pop()
            ends = [end, *again]
            new = join([entry, *ends])
            if new is None or new == entry:
                break
            entry = new
        behind = join(ends) if never_empty else dict(entry)
        return join([self.block(statement.orelse, behind), *breaks])

    def leave_loop(self, statement: ast.Break, state: State) -> None:
        """Run a `break`."""
        del statement
        if self.loops:
            self.loops[-1][0].append(state)

    def next_round(self, statement: ast.Continue, state: State) -> None:
        """Run a `continue`."""
        del statement
        if self.loops:
            self.loops[-1][1].append(state)

    # -- exceptions ----------------------------------------------------------------------------------------------

    def _attempt(self, body: Sequence[ast.stmt], state: State, caught: frozenset[str]) -> tuple[State | None, State]:
        """Run statements that may break off; return the state behind them, and that of all places in them."""
        inside: State = dict(state)
        self.attempts.append(inside)
        self.catching.append(caught)
        end = self.block(body, state)
        self.catching.pop()
        self.attempts.pop()
        if end is not None:
            meet_into(inside, end)
        return end, inside

    def enter(self, statement: ast.With | ast.AsyncWith, state: State) -> State | None:
        """Run a `with`, which may swallow what breaks off in it."""
        swallowed: set[str] = set()
        swallows = False
        for item in statement.items:
            held = self.value(item.context_expr, state)
            self.use(item.context_expr, "context", held)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, SOMETHING, state)
            manager = item.context_expr
            if isinstance(manager, ast.Call) and last_name(manager.func) in ("suppress", "raises", "assertRaises"):
                swallowed |= {last_name(argument) for argument in manager.args}
                swallows = True
            elif self.oracle.swallows(manager):
                swallows = True
        if not swallows:
            return self.block(statement.body, state)
        end, broken = self._attempt(statement.body, state, frozenset(swallowed))
        return join([end, broken])

    def guarded(self, statement: ast.Try, state: State) -> State | None:
        """Run a `try`."""
        caught = frozenset(name for handler in statement.handlers for name in _caught(handler))
        end, broken = self._attempt(statement.body, state, caught)
        ways = [self.block(statement.orelse, end)]
        returned = len(self.returns)
        for handler in statement.handlers:
            way = dict(broken)
            if handler.type is not None:
                self.value(handler.type, way)
            if handler.name:
                way[handler.name] = SOMETHING
            ways.append(self.block(handler.body, way))
        out = join(ways)
        if not statement.finalbody:
            return out
        last = self.block(statement.finalbody, join([out, broken]))
        if last is None:
            del self.returns[returned:]
            return None
        if out is None:
            return None
        # behind `finally` holds what the ways that get there say, and what it does itself
        with self.silence():
            return self.block(statement.finalbody, out)


def stores(body: Sequence[ast.AST]) -> list[ast.Name]:
    """Return the names that statements bind or delete, those of functions in them included."""
    return [
        part for statement in body for part in ast.walk(statement)
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
    ]  # fmt: skip


def _caught(handler: ast.ExceptHandler) -> set[str]:
    if handler.type is None:
        return {"BaseException"}
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {last_name(part) for part in parts}
