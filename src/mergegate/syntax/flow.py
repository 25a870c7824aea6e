"""Reading control flow: what holds in each branch, and what holds where branches meet again."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from mergegate.syntax.alternatives import asks_for_version
from mergegate.syntax.expressions import ExpressionReader
from mergegate.syntax.laziness import emptiness_test, fills, fullness_test, gives, looked_up_in, only_holds
from mergegate.syntax.scope import Changes, Key
from mergegate.syntax.summary import DEMANDS, Demand, Flag, FunctionFlag


class FlowReader(ExpressionReader):
    """Blocks and branches."""

    statement_handlers: ClassVar[dict[type[ast.stmt], Callable[[Any, Any], None]]] = {}

    def __init__(self) -> None:
        super().__init__()
        # an `if ...: return` that was read last, for the block that it stands in
        self.early_return: ast.If | None = None

    # -- blocks --------------------------------------------------------------------------------------------------

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Read statements in order; what follows a return or raise is not read."""
        scope = self.scope
        guard, flags = scope.guard, self.flags
        handlers = self.statement_handlers
        for statement in statements:
            handlers[statement.__class__](self, statement)
            if scope.dead:
                if statement is not statements[-1]:
                    self.pass_over(statements[statements.index(statement) + 1 :])
                break
            if self.early_return is not None:
                self.after_early_return(self.early_return, statements)
        scope.guard, self.flags = guard, flags

    def pass_over(self, statements: Sequence[ast.stmt]) -> None:
        """Note that statements are never reached: even there a `yield` makes the function a generator."""
        if statements and not self.scope.flags & FunctionFlag.GENERATOR and _has_yield(statements):
            self.scope.flags |= FunctionFlag.GENERATOR

    def after_early_return(self, statement: ast.If, block: Sequence[ast.stmt]) -> None:
        """Apply to the rest of a block what an `if cache is not None: return cache` above it says."""
        self.early_return = None
        tested = fullness_test(statement.test)
        paths = self.shared(tested)
        last = statement.body[-1]
        if not paths or not isinstance(last, ast.Return) or not gives(last, (*tested, *paths)):
            return
        if fills(block, paths, block.index(statement) + 1) and not only_holds(statement.body):
            self.flags |= Flag.FIRST_USE

    def shared(self, paths: Sequence[str]) -> list[str]:
        """Return those paths that name state which outlives the call: an attribute or a module variable.

        A local name that holds what was looked up in such state stands for it.
        """
        found: list[str] = []
        for path in paths:
            if "." in path or path not in self.scope.env:
                found.append(path)
            else:
                looked_up = looked_up_in(self.scope.lookups.get(path))
                if looked_up and ("." in looked_up or looked_up not in self.scope.env):
                    found.append(looked_up)
        return found

    # -- branches ------------------------------------------------------------------------------------------------

    def branch(self, statements: Sequence[ast.stmt], mark: int) -> Changes | None:
        """Read a branch; return what it changes since the log was `mark` long, or None if its end is not reached."""
        scope = self.scope
        guard = scope.guard
        self.block(statements)
        scope.guard = guard
        changes: Changes | None = None
        if scope.dead:
            scope.dead = False
        else:
            changes = scope.changes(mark)
        if len(scope.log) > mark:
            scope.rollback(mark)
        return changes

    def join(self, ends: Sequence[Changes | None], choice: tuple[int, Demand] | None = None) -> None:
        """Continue with what holds after any of the branches whose changes are given; None is a branch without end.

        `choice` is what the first of two branches demands of a parameter of the function.
        """
        scope = self.scope
        if not any(ends):
            # most branches change nothing
            scope.dead = all(changes is None for changes in ends)
            return
        alive = [changes for changes in ends if changes is not None]
        scope.dead = False
        if len(alive) == 1:
            scope.apply(alive[0])
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
            if left[0] == right[0] == "i" and left[1:3] == right[1:3] and left[3] ^ right[3] == 1:
                return left[1]
        return self.nodes.union(nodes)

    def read_if(self, statement: ast.If) -> None:
        scope = self.scope
        guard, first = scope.guard, statement
        ends: list[Changes | None] = []
        choice: tuple[int, str] | None = None
        self.read(statement.test)
        start, before = len(scope.log), self.flags
        # the `elif`s of a chain are nested in the tree; thousands of them are walked, not recursed into
        while True:
            test, rest = statement.test, statement.orelse
            known = bool(test.value) if isinstance(test, ast.Constant) else None
            if asks_for_version(test):
                self.flags |= Flag.ALTERNATIVE
            if known is False:
                self.pass_over(statement.body)
            else:
                flags, outer, mark = self.flags, scope.guard, len(scope.log)
                self.flags |= self.branch_flags(statement)
                self.restrict(test, True)
                if scope.guard != outer and statement is first:
                    choice = self.choice(outer)
                ends.append(self.branch(statement.body, mark))
                self.flags, scope.guard = flags, outer
            if known is True:
                self.pass_over(rest)
                break
            self.restrict(test, False)
            if not rest:
                if not any(end is not None for end in ends):
                    # the rest of the block is the other alternative
                    self.go_on_after(first, guard)
                    return
                self.flags = before
                ends.append(scope.changes(start))
                break
            if len(rest) != 1 or not isinstance(rest[0], ast.If):
                ends.append(self.branch(rest, start))
                break
            statement = rest[0]
            self.read(statement.test)
        self.flags = before
        scope.rollback(start)
        scope.guard = guard
        if choice is None or choice[1] in _CHOICES:
            self.join(ends, choice and (choice[0], _CHOICES[choice[1]]))
        else:
            self.join_variants(ends, choice)

    def join_variants(self, ends: Sequence[Changes | None], choice: tuple[int, str]) -> None:
        """Continue behind branches of which the first, taken for some texts only, may have rebound the parameter."""
        scope = self.scope
        then, other = ends[0], ends[-1]
        kept = ("p", scope.function, choice[0])
        rebound = [
            name
            for name in then or ()
            if len(ends) == 2 and other is not None and isinstance(name, str) and name not in other
            and self.rows[scope.env.get(name, 0)] == kept
        ]  # fmt: skip
        self.join(ends)
        for name in rebound:
            node = scope.env.get(name, 0)
            known = scope.variants.setdefault(node, choice)
            if known != choice:
                scope.variants[node] = (choice[0], "")

    def go_on_after(self, statement: ast.If, guard: int) -> None:
        """Continue with what every branch of an `if` leaves to those for which no test was true."""
        last = statement.body[-1]
        if statement.orelse or type(last) not in _EXITS:
            self.scope.guard = guard
        elif isinstance(last, ast.Return):
            self.early_return = statement

    def choice(self, outer: int) -> tuple[int, str] | None:
        """Return the one demand by which the current guard goes beyond `outer`, if it is one."""
        scope = self.scope
        added = scope.guards[scope.guard][len(scope.guards[outer]) :]
        return added[0] if len(added) == 1 else None

    def branch_flags(self, statement: ast.If) -> int:
        """Return the flags of what runs if the test of an `if` is true."""
        test = statement.test
        if test.__class__ in _SAYING_NOTHING:
            return 0
        if self.scope.parent is None and isinstance(test, ast.Compare):
            left = test.left
            if isinstance(left, ast.Name) and left.id == "__name__":
                return Flag.MAIN
        tested = emptiness_test(test)
        paths = self.shared(tested)
        return Flag.FIRST_USE if paths and fills(statement.body, paths, held=tested) else 0


def _has_yield(statements: Sequence[ast.stmt]) -> bool:
    pending: list[ast.AST] = list(statements)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))
    return False


_CHOICES: dict[str, Demand] = {demand: demand for demand in DEMANDS}
_EXITS = frozenset({ast.Return, ast.Raise, ast.Continue, ast.Break})
_SAYING_NOTHING = frozenset({ast.Name, ast.Attribute, ast.Call})
