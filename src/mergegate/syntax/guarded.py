"""Reading `try` and `with`: code whose end may come early."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from mergegate.syntax.alternatives import WARNING_CATCHERS, alternative_try, expects_warning
from mergegate.syntax.laziness import failing_look_up, fills
from mergegate.syntax.loops import LoopReader
from mergegate.syntax.scope import Changes, Key
from mergegate.syntax.summary import NONE, Flag


class GuardedReader(LoopReader):
    """Handlers for `try` and `with`."""

    def read_try(self, statement: Any) -> None:
        scope = self.scope
        mark, flags = len(scope.log), self.flags
        if any(_catches_runtime_error(handler) for handler in statement.handlers):
            self.flags |= Flag.LOOP_GUARDED
        other = alternative_try(statement)
        self.flags |= other
        self.block(statement.body)
        self.flags = flags | other
        partial = self.partly(scope.changes(mark), mark)
        if statement.orelse and not scope.dead:
            self.block(statement.orelse)
        end = None if scope.dead else scope.changes(mark)
        scope.rollback(mark)
        looked_up = failing_look_up(statement.body)
        missed = self.shared(looked_up)
        self.join([end, self.handlers_end(statement.handlers, partial, missed, looked_up)])
        self.flags = flags
        if statement.finalbody:
            self.use_partly(partial)
            dead = scope.dead
            if dead:
                scope.apply(partial)
            scope.dead = False
            self.block(statement.finalbody)
            scope.dead = scope.dead or dead

    def partly(self, changes: Changes, mark: int) -> Changes:
        """Return what may hold if an exception cut the changes since `mark` short."""
        before: dict[Key, int | None] = {}
        for key, old in self.scope.log[mark:]:
            before.setdefault(key, old)
        return {
            key: self.nodes.union((before[key] or 0, node or 0)) if isinstance(key, str) else None
            for key, node in changes.items()
        }

    def use_partly(self, partial: Changes) -> None:
        """Let names that may still hold None behind code that breaks off count as used: they are not followed here."""
        for key, node in partial.items():
            if isinstance(key, str) and node and NONE in self.rows[node][1:]:
                self.scope.bases.add(node)

    def handlers_end(
        self,
        handlers: Sequence[ast.ExceptHandler],
        partial: Changes,
        missed: Sequence[str],
        held: Sequence[str],
    ) -> Changes | None:
        """Read `except` clauses; return what any of them changes in the end, None if none is left.

        `missed` is what the `try` only looks something up in, `held` how it is called there: a clause that fills it
        runs on first use.
        """
        scope = self.scope
        start = len(scope.log)
        scope.dead = False
        scope.apply(partial)
        mark = len(scope.log)
        ends: list[Changes | None] = []
        for handler in handlers:
            flags = self.flags
            if missed and fills(handler.body, missed, held=held):
                self.flags |= Flag.FIRST_USE
            self.read_handler(handler)
            self.flags = flags
            ends.append(None if scope.dead else scope.changes(mark))
            scope.rollback(mark)
            scope.dead = False
        self.join(ends)
        end = None if scope.dead else scope.changes(start)
        scope.rollback(start)
        return end

    def read_handler(self, handler: ast.ExceptHandler) -> None:
        """Read one `except` clause."""
        kind = handler.type
        if kind is not None:
            self.read(kind)
        if handler.name:
            parts = kind.elts if isinstance(kind, ast.Tuple) else [kind]
            self.bind(handler.name, self.nodes["@", self.nodes.union([self.annotation(p) for p in parts])])
        self.block(handler.body)

    def read_with(self, statement: ast.With | ast.AsyncWith) -> None:
        scope = self.scope
        mark, awaits = len(scope.log), scope.awaits
        entered: list[tuple[int, ast.expr]] = []
        asynchronous = isinstance(statement, ast.AsyncWith)
        for item in statement.items:
            expression = item.context_expr
            if asynchronous:
                scope.awaits += 1
                manager = self.read_outcome(expression, Flag.AWAITED)
                self.used(manager)
                node = self.nodes["N", manager]
            else:
                manager = self.read(expression)
                self.used(manager)
                self.operation("enter", manager, expression)
                entered.append((manager, expression))
                node = self.nodes["n", manager]
            if item.optional_vars is not None:
                self.assign(item.optional_vars, node)
        flags = self.flags
        if any(expects_warning(item.context_expr) for item in statement.items) or any(
            self.expects_warning(manager) for manager, _ in entered
        ):
            self.flags |= Flag.ALTERNATIVE
        self.block(statement.body)
        self.flags = flags
        if scope.awaits > awaits:
            for manager, expression in entered:
                self.operation("lock", manager, expression)
        leaves = isinstance(statement.body[-1], ast.Return | ast.Continue | ast.Break)
        if scope.dead and entered and (not leaves or any(_suppresses(manager) for _, manager in entered)):
            # a context manager may swallow the exception that ends its body
            partial = self.partly(scope.changes(mark), mark)
            scope.dead = False
            scope.apply(partial)
        elif any(_suppresses(manager) for _, manager in entered):
            self.use_partly(self.partly(scope.changes(mark), mark))

    def expects_warning(self, manager: int) -> bool:
        """Tell a manager that was bound to a name before: `expected = pytest.warns(...) if V2 else nullcontext()`."""
        row = self.rows[manager]
        if row[0] == "|":
            return any(self.expects_warning(int(part)) for part in row[1:])
        return row[0] == "(" and self.rows[int(row[1])][-1] in WARNING_CATCHERS


def _catches_runtime_error(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(k, ast.Name) and k.id == "RuntimeError" for k in kinds)


def _suppresses(manager: ast.expr) -> bool:
    """Tell `suppress(...)`: where a body under it ends in `return`, what follows runs after an exception."""
    func = manager.func if isinstance(manager, ast.Call) else manager
    return (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")) == "suppress"
