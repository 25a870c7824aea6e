"""Reading control flow: what holds in each branch, and what holds where branches meet again."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from mergegate.syntax.expressions import ExpressionReader
from mergegate.syntax.laziness import emptiness_test, fills, fullness_test
from mergegate.syntax.reader import MAX_HELD
from mergegate.syntax.scope import Changes, Key
from mergegate.syntax.summary import DEMANDS, Demand, Flag, FunctionFlag


class FlowReader(ExpressionReader):
    """Blocks, branches and loops."""

    statement_handlers: ClassVar[dict[type[ast.stmt], Callable[[Any, Any], None]]] = {}

    # -- blocks --------------------------------------------------------------------------------------------------

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Read statements in order; what follows a return or raise is not read."""
        scope = self.scope
        guard, flags = scope.guard, self.flags
        handlers = self.statement_handlers
        position = 0
        for statement in statements:
            position += 1  # noqa: SIM113
            handlers[statement.__class__](self, statement)
            if scope.dead:
                self.pass_over(statements[position:])
                break
            if isinstance(statement, ast.If):
                self.after_early_exit(statement, statements, position)
        scope.guard, self.flags = guard, flags

    def pass_over(self, statements: Sequence[ast.stmt]) -> None:
        """Note that statements are never reached: even there a `yield` makes the function a generator."""
        if statements and not self.scope.flags & FunctionFlag.GENERATOR and _has_yield(statements):
            self.scope.flags |= FunctionFlag.GENERATOR

    def after_early_exit(self, statement: ast.If, block: Sequence[ast.stmt], following: int) -> None:
        """Apply to the rest of a block what an `if ...: return` above it says."""
        last = statement.body[-1]
        if statement.orelse or last.__class__ not in _EXITS:
            return
        conditions = self.parameter_conditions(statement.test, False)
        if conditions:
            self.scope.guard = self.scope.guarded_by(conditions)
        if isinstance(last, ast.Return):
            paths = [p for p in fullness_test(statement.test) if self.is_shared(p)]
            if paths and fills(block, paths, following):
                self.flags |= Flag.FIRST_USE

    def is_shared(self, path: str) -> bool:
        """Tell whether a path names state that outlives the call: an attribute or a module variable."""
        return "." in path or path not in self.scope.env

    # -- branches ------------------------------------------------------------------------------------------------

    def branch(self, statements: Sequence[ast.stmt], test: ast.expr | None = None) -> Changes | None:
        """Read a branch, taken if `test` is true; return what it changes, or None if its end is not reached."""
        scope = self.scope
        mark, guard = len(scope.log), scope.guard
        if test is not None:
            self.restrict(test, True)
        self.block(statements)
        changes = None if scope.dead else scope.changes(mark)
        scope.rollback(mark)
        scope.guard, scope.dead = guard, False
        return changes

    def restrict(self, test: ast.expr, truth: bool) -> None:
        """Let what follows run only if `test` came out as `truth`."""
        kind = test.__class__
        if kind is ast.Attribute:
            return
        if kind is not ast.Call and self.scope.parent is not None:
            conditions = self.parameter_conditions(test, truth)
            if conditions:
                self.scope.guard = self.scope.guarded_by(conditions)
        if kind is not ast.Name:
            self.assume(test, truth)

    def join(self, ends: Sequence[Changes | None], choice: tuple[int, Demand] | None = None) -> None:
        """Continue with what holds after any of the branches whose changes are given; None is a branch without end.

        `choice` is what the first of two branches demands of a parameter of the function.
        """
        scope = self.scope
        alive = [changes for changes in ends if changes is not None]
        scope.dead = not alive
        if len(alive) < 2:
            if alive and alive[0]:
                scope.apply(alive[0])
            return
        if not any(alive):
            return
        if choice is not None and len(alive) == len(ends) == 2:
            self.choose(alive[0], alive[1], choice)
            return
        held: dict[Key, list[int | None]] = {}
        for changes in alive:
            for key, node in changes.items():
                nodes = held.get(key)
                if nodes is None:
                    held[key] = [node]
                else:
                    nodes.append(node)
        env = scope.env
        for key, nodes in held.items():
            if len(nodes) < len(alive):
                nodes.append(env.get(key))
            known = [node for node in nodes if node is not None]
            # an attribute known on one path only is no longer known
            if not known or (len(known) < len(nodes) and isinstance(key, int)):
                scope.forget(key)
            else:
                scope.set(key, known[0] if len(known) == 1 else self.meet(known))

    def choose(self, then: Changes, other: Changes, choice: tuple[int, Demand]) -> None:
        """Continue behind two branches of which a parameter picks one: a call that passes a constant knows which."""
        scope = self.scope
        index, demand = choice
        for key in {**then, **other}:
            left = then[key] if key in then else scope.env.get(key)
            right = other[key] if key in other else scope.env.get(key)
            if left is None or right is None:
                only = left or right
                if only is None or isinstance(key, int):
                    scope.forget(key)
                else:
                    scope.set(key, only)
            elif left != right:
                scope.set(key, self.nodes["~", scope.function, index, DEMANDS.index(demand), left, right])
            else:
                scope.set(key, left)

    def weaken(self, mark: int) -> None:
        """Continue with what holds here or held when the log was `mark` long, at less cost than undoing and joining."""
        scope = self.scope
        before: dict[Key, int | None] = {}
        for key, old in scope.log[mark:]:
            before.setdefault(key, old)
        for key, old in before.items():
            node = scope.env.get(key)
            if node is None or old is None:
                if isinstance(key, int):
                    scope.forget(key)
                elif old is not None:
                    scope.set(key, old)
            elif node != old:
                scope.set(key, self.meet([node, old]))

    def meet(self, nodes: list[int]) -> int:
        """Return the node for any of `nodes`; the two outcomes of one `isinstance` together say nothing."""
        if len(nodes) == 2:
            left, right = self.rows[nodes[0]], self.rows[nodes[1]]
            if left[0] == right[0] == "i" and left[1:3] == right[1:3] and left[3] != right[3]:
                return left[1]
        return self.nodes.union(nodes)

    def read_if(self, statement: ast.If) -> None:
        scope = self.scope
        mark, guard = len(scope.log), scope.guard
        ends: list[Changes | None] = []
        conditions = self.parameter_conditions(statement.test, True) if scope.parent is not None else []
        # the `elif`s of a chain are nested in the tree; thousands of them are walked, not recursed into
        while True:
            test = statement.test
            self.read(test)
            known = bool(test.value) if isinstance(test, ast.Constant) else None
            if known is False:
                self.pass_over(statement.body)
            else:
                flags = self.flags
                self.flags |= self.branch_flags(statement)
                ends.append(self.branch(statement.body, test))
                self.flags = flags
            rest = statement.orelse
            if known is True:
                self.pass_over(rest)
                break
            self.restrict(test, False)
            if len(rest) != 1 or not isinstance(rest[0], ast.If):
                self.block(rest)
                ends.append(None if scope.dead else scope.changes(mark))
                break
            statement = rest[0]
        scope.rollback(mark)
        scope.guard = guard
        self.join(ends, conditions[0] if len(conditions) == 1 else None)

    def branch_flags(self, statement: ast.If) -> int:
        """Return the flags of what runs if the test of an `if` is true."""
        test = statement.test
        if test.__class__ in _SAYING_NOTHING:
            return 0
        if self.scope.parent is None and isinstance(test, ast.Compare):
            left = test.left
            if isinstance(left, ast.Name) and left.id == "__name__":
                return Flag.MAIN
        paths = [p for p in emptiness_test(test) if self.is_shared(p)]
        return Flag.FIRST_USE if paths and fills(statement.body, paths) else 0

    # -- loops ---------------------------------------------------------------------------------------------------

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
            known = self.nodes.variables[self.rows[variable][1]]
            if node is not None and node != variable and len(known) < MAX_HELD:
                known.append(node)

    def read_jump(self, statement: ast.Break | ast.Continue) -> None:
        scope = self.scope
        if scope.loops:
            mark, breaks, continues = scope.loops[-1]
            jumps = breaks if isinstance(statement, ast.Break) else continues
            if len(jumps) < _MAX_JUMPS:
                jumps.append(scope.changes(mark))
        scope.dead = True

    # -- try, with -----------------------------------------------------------------------------------------------

    def read_try(self, statement: Any) -> None:
        scope = self.scope
        mark, flags = len(scope.log), self.flags
        if any(_catches_runtime_error(handler) for handler in statement.handlers):
            self.flags |= Flag.LOOP_GUARDED
        self.block(statement.body)
        self.flags = flags
        partial = self.partly(scope.changes(mark), mark)
        if statement.orelse and not scope.dead:
            self.block(statement.orelse)
        end = None if scope.dead else scope.changes(mark)
        scope.rollback(mark)
        self.join([end, self.handlers_end(statement.handlers, partial)])
        if statement.finalbody:
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

    def handlers_end(self, handlers: Sequence[ast.ExceptHandler], partial: Changes) -> Changes | None:
        """Read `except` clauses; return what any of them changes in the end, None if none is left."""
        scope = self.scope
        start = len(scope.log)
        scope.dead = False
        scope.apply(partial)
        mark = len(scope.log)
        ends: list[Changes | None] = []
        for handler in handlers:
            self.read_handler(handler)
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
                node = self.nodes["N", self.read_outcome(expression, Flag.AWAITED)]
            else:
                manager = self.read(expression)
                self.operation("enter", manager, expression)
                entered.append((manager, expression))
                node = self.nodes["n", manager]
            if item.optional_vars is not None:
                self.assign(item.optional_vars, node)
        self.block(statement.body)
        if scope.awaits > awaits:
            for manager, expression in entered:
                self.operation("lock", manager, expression)
        leaves = isinstance(statement.body[-1], ast.Return | ast.Continue | ast.Break)
        if scope.dead and entered and (not leaves or any(_suppresses(manager) for _, manager in entered)):
            # a context manager may swallow the exception that ends its body
            partial = self.partly(scope.changes(mark), mark)
            scope.dead = False
            scope.apply(partial)


def _catches_runtime_error(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(k, ast.Name) and k.id == "RuntimeError" for k in kinds)


def _suppresses(manager: ast.expr) -> bool:
    """Tell `suppress(...)`: where a body under it ends in `return`, what follows runs after an exception."""
    func = manager.func if isinstance(manager, ast.Call) else manager
    return (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")) == "suppress"


def _has_yield(statements: Sequence[ast.stmt]) -> bool:
    pending: list[ast.AST] = list(statements)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))
    return False


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


_EXITS = frozenset({ast.Return, ast.Raise, ast.Continue, ast.Break})
_SAYING_NOTHING = frozenset({ast.Name, ast.Attribute, ast.Call})
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
