"""Reading statements: bindings, branches, loops and definitions, in one pass over each body."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from mergegate.syntax.conditions import ConditionReader
from mergegate.syntax.expressions import FunctionNode
from mergegate.syntax.laziness import emptiness_test, fills, fullness_test
from mergegate.syntax.scope import Env, Scope
from mergegate.syntax.summary import UNKNOWN, ClassFact, Flag, FunctionFact, FunctionFlag, Parameter


class StatementReader(ConditionReader):
    """Handlers for statements."""

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Read statements in order; what follows a return or raise is not read."""
        scope = self.scope
        guard, flags = scope.guard, self.flags
        for position, statement in enumerate(statements):
            if scope.dead:
                break
            _HANDLERS[statement.__class__](self, statement)
            if statement.__class__ is ast.If and not scope.dead:
                self.after_early_exit(statement, statements[position + 1 :])  # type: ignore[arg-type]
        scope.guard, self.flags = guard, flags

    def after_early_exit(self, statement: ast.If, rest: Sequence[ast.stmt]) -> None:
        """Apply to the rest of a block what an `if ...: return` above it says."""
        if statement.orelse or not isinstance(statement.body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break):
            return
        conditions = self.parameter_conditions(statement.test, False)
        if conditions:
            self.scope.guard = self.scope.guarded_by(conditions)
        paths = [p for p in fullness_test(statement.test) if self.is_shared(p)]
        if paths and isinstance(statement.body[-1], ast.Return) and fills(list(rest), paths):
            self.flags |= Flag.FIRST_USE

    def is_shared(self, path: str) -> bool:
        """Tell whether a path names state that outlives the call: an attribute or a module variable."""
        root = path.split(".", 1)[0]
        if "." in path:
            return True
        return root not in self.scope.env or root in self.scope.global_names

    # -- simple statements ---------------------------------------------------------------------------------------

    def read_expression(self, statement: ast.Expr) -> None:
        value = statement.value
        if value.__class__ is ast.Constant:
            return
        self.read(value)
        if value.__class__ is ast.Call and self.scope.operations:
            operation = self.scope.operations[-1]
            if operation[4] == value.lineno and operation[5] == value.col_offset:
                operation[2] |= Flag.STATEMENT

    def read_assign(self, statement: ast.Assign) -> None:
        value = statement.value
        node = self.read(value)
        target = statement.targets[0]
        if value.__class__ is ast.Call and target.__class__ is ast.Name and len(statement.targets) == 1:
            self.scope.assigned_calls.append((target.id, len(self.scope.operations) - 1))  # type: ignore[attr-defined]
        for target in statement.targets:
            self.assign(target, node)

    def assign(self, target: ast.expr, node: int) -> None:
        """Bind a target to a node."""
        kind = target.__class__
        if kind is ast.Name:
            self.bind(target.id, node)  # type: ignore[attr-defined]
        elif isinstance(target, ast.Attribute):
            self.assign_attribute(target, node, node)
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpack(target.elts, node)
        elif isinstance(target, ast.Subscript):
            self.read(target.value)
            self.read(target.slice)
            self.extend(target.value, self.table.intern(("D", UNKNOWN, node)))
        elif isinstance(target, ast.Starred):
            self.assign(target.value, self.table.intern(("L", UNKNOWN)))

    def assign_attribute(self, target: ast.Attribute, node: int, declared: int) -> None:
        base = self.read(target.value)
        self.scope.env[self.table.intern((".", base, target.attr))] = node
        if base == self.scope.self_node and base >= 0:
            self.add_attribute(target.attr, declared)

    def unpack(self, targets: list[ast.expr], node: int) -> None:
        row = self.table.rows[node]
        count = len(targets)
        starred = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), count)
        for position, target in enumerate(targets):
            if row[0] == "T" and len(row) == count + 1 and starred == count:
                part = row[position + 1]
            else:
                index = position if position <= starred else position - count
                part = self.table.intern(("u", node, index))
            self.assign(target, part)

    def read_annotated(self, statement: ast.AnnAssign) -> None:
        annotation = self.annotation(statement.annotation)
        declared = self.table.intern(("@", annotation)) if annotation else UNKNOWN
        node = declared
        if statement.value is not None:
            value = self.read(statement.value)
            node = self.table.intern(("&", value, annotation))
        target = statement.target
        if isinstance(target, ast.Attribute):
            self.assign_attribute(target, node, node)
        elif isinstance(target, ast.Name):
            self.bind(target.id, node)

    def read_augmented(self, statement: ast.AugAssign) -> None:
        self.read(statement.value)
        target = statement.target
        if isinstance(target, ast.Name):
            if target.id == "__all__" and self.scope.parent is None:
                self.add_exports(statement.value)
        else:
            self.read(target)

    def read_return(self, statement: ast.Return) -> None:
        node = self.read(statement.value) if statement.value is not None else self.table.intern(("k", "None"))
        self.scope.results.append((node, self.scope.guard))
        self.scope.dead = True

    def read_raise(self, statement: ast.Raise) -> None:
        for part in (statement.exc, statement.cause):
            if part is not None:
                self.read(part)
        self.scope.dead = True

    def read_jump(self, statement: ast.Break | ast.Continue) -> None:
        if self.scope.breaks:
            self.scope.breaks[-1].append(self.scope.env)
        del statement
        self.scope.dead = True

    def read_assert(self, statement: ast.Assert) -> None:
        self.read(statement.test)
        self.assume(statement.test, True)

    def read_delete(self, statement: ast.Delete) -> None:
        for target in statement.targets:
            if isinstance(target, ast.Name):
                self.scope.env.pop(target.id, None)
            else:
                self.read(target)

    def read_global(self, statement: ast.Global) -> None:
        self.scope.global_names.update(statement.names)

    def read_nothing(self, statement: ast.stmt) -> None:
        """Pass over a statement that neither binds nor executes anything of interest."""

    def read_import(self, statement: ast.Import) -> None:
        for alias in statement.names:
            top = alias.name.partition(".")[0]
            self.facts.imports[alias.name] = None
            module = alias.name if alias.asname else top
            self.bind(alias.asname or top, self.table.intern(("m", 0, module, "")))

    def read_import_from(self, statement: ast.ImportFrom) -> None:
        module = statement.module or ""
        if not statement.level:
            self.facts.imports[module] = None
        for alias in statement.names:
            if alias.name == "*":
                self.facts.stars.append((statement.level, module))
                continue
            node = self.table.intern(("m", statement.level, module, alias.name))
            self.bind(alias.asname or alias.name, node)

    # -- branches ------------------------------------------------------------------------------------------------

    def branch(self, env: Env, statements: Sequence[ast.stmt], test: ast.expr | None, truth: bool) -> Env | None:
        """Read one branch in a copy of `env`; return what holds at its end, or None if it does not end."""
        scope = self.scope
        scope.env = dict(env)
        scope.dead = False
        guard = scope.guard
        if test is not None:
            conditions = self.parameter_conditions(test, truth)
            if conditions:
                scope.guard = scope.guarded_by(conditions)
            self.assume(test, truth)
        self.block(statements)
        scope.guard = guard
        return None if scope.dead else scope.env

    def join(self, envs: Sequence[Env | None]) -> None:
        """Continue with what holds after the given branches."""
        alive = [env for env in envs if env is not None]
        self.scope.dead = not alive
        if alive:
            env = alive[0]
            for other in alive[1:]:
                env = self.table.merge(env, other)
            self.scope.env = env

    def read_if(self, statement: ast.If) -> None:
        test = statement.test
        known = _known_truth(test)
        self.read(test)
        env, flags = self.scope.env, self.flags
        branches: list[Env | None] = []
        if known is not False:
            paths = [p for p in emptiness_test(test) if self.is_shared(p)]
            if paths and fills(statement.body, paths):
                self.flags |= Flag.FIRST_USE
            if _is_main_test(test):
                self.flags |= Flag.MAIN
            branches.append(self.branch(env, statement.body, test, True))
            self.flags = flags
        if known is not True:
            branches.append(self.branch(env, statement.orelse, test, False))
        elif not branches[0] or not _is_typing_test(test):
            pass
        self.join(branches)

    def read_while(self, statement: ast.While) -> None:
        before = self.enter_loop(statement.body)
        self.read(statement.test)
        self.loop_body(statement, before, statement.test)

    def read_for(self, statement: ast.For | ast.AsyncFor) -> None:
        iterable = self.read(statement.iter)
        asynchronous = statement.__class__ is ast.AsyncFor
        if asynchronous:
            if statement.iter.__class__ is ast.Call:
                self.scope.operations[-1][2] |= Flag.AWAITED
        else:
            self.operation("iterate", iterable, statement.iter)
        before = self.enter_loop(statement.body)
        self.assign(statement.target, self.table.intern(("E" if asynchronous else "e", iterable)))
        self.loop_body(statement, before, None)

    def enter_loop(self, body: list[ast.stmt]) -> list[tuple[str, int, int]]:
        """Replace what the loop rebinds by variables that will hold the values of both ends."""
        carried: list[tuple[str, int, int]] = []
        env = self.scope.env = dict(self.scope.env)
        for name in _stored_names(body):
            known = env.get(name)
            if known is not None and self.table.rows[known][0] not in "sb#p":
                slot = len(self.table.variables)
                self.table.variables.append([known])
                env[name] = self.table.intern(("v", slot))
                carried.append((name, known, slot))
        return carried

    def loop_body(self, statement: Any, carried: list[tuple[str, int, int]], test: ast.expr | None) -> None:
        scope = self.scope
        before = scope.env
        scope.breaks.append([])
        end = self.branch(before, statement.body, test, True)
        breaks = scope.breaks.pop()
        for env in [end, *breaks]:
            for name, known, slot in carried:
                node = env.get(name) if env is not None else None
                if node is not None and node != known and self.table.rows[node] != ("v", slot):
                    self.table.variables[slot].append(node)
        endless = isinstance(test, ast.Constant) and bool(test.value)
        self.join([*([] if endless else [before, end]), *breaks])
        if statement.orelse and not scope.dead:
            self.block(statement.orelse)

    def read_try(self, statement: Any) -> None:
        scope = self.scope
        before, flags = scope.env, self.flags
        if any(_catches_runtime_error(h) for h in statement.handlers):
            self.flags |= Flag.LOOP_GUARDED
        end = self.branch(before, statement.body, None, True)
        self.flags = flags
        partial = self.table.merge(before, scope.env)
        if end is not None and statement.orelse:
            end = self.branch(end, statement.orelse, None, True)
        ends = [end]
        for handler in statement.handlers:
            if handler.type is not None:
                scope.env = partial
                self.read(handler.type)
            env = dict(partial)
            if handler.name:
                env[handler.name] = self.table.intern(("@", self.annotation(handler.type)))
            ends.append(self.branch(env, handler.body, None, True))
        self.join(ends)
        if statement.finalbody:
            dead = scope.dead
            if dead:
                scope.env = partial
            scope.dead = False
            self.block(statement.finalbody)
            scope.dead = scope.dead or dead

    def read_with(self, statement: ast.With | ast.AsyncWith) -> None:
        asynchronous = statement.__class__ is ast.AsyncWith
        suppresses = False
        env = self.scope.env
        for item in statement.items:
            expression = item.context_expr
            node = self.read(expression)
            if asynchronous:
                if expression.__class__ is ast.Call and self.scope.operations:
                    self.scope.operations[-1][2] |= Flag.AWAITED
            else:
                self.operation("enter", node, expression)
                suppresses = True
                if _has_await(statement.body):
                    self.operation("lock", node, expression)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, self.table.intern(("N" if asynchronous else "n", node)))
        self.block(statement.body)
        if self.scope.dead and suppresses and not _ends_in_return(statement.body):
            # a context manager may swallow the exception that ends its body
            self.scope.dead = False
            self.scope.env = self.table.merge(env, self.scope.env)

    def read_match(self, statement: ast.Match) -> None:
        subject = self.read(statement.subject)
        env = self.scope.env
        ends: list[Env | None] = []
        complete = False
        for case in statement.cases:
            self.scope.env = dict(env)
            self.bind_pattern(case.pattern, subject)
            if case.guard is not None:
                self.read(case.guard)
            elif isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
                complete = True
            ends.append(self.branch(self.scope.env, case.body, None, True))
        self.join(ends if complete else [env, *ends])

    def bind_pattern(self, pattern: ast.pattern, subject: int) -> None:
        if isinstance(pattern, ast.MatchAs):
            inner = pattern.pattern
            if isinstance(inner, ast.MatchClass):
                subject = self.table.intern(("i", subject, self.annotation(inner.cls), 1))
            if pattern.name is not None:
                self.bind(pattern.name, subject)
            if inner is not None:
                self.bind_pattern(inner, subject)
            return
        if isinstance(pattern, ast.MatchStar):
            if pattern.name is not None:
                self.bind(pattern.name, UNKNOWN)
            return
        for child in ast.iter_child_nodes(pattern):
            if isinstance(child, ast.pattern):
                self.bind_pattern(child, UNKNOWN)

    # -- definitions ---------------------------------------------------------------------------------------------

    def read_function(self, statement: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        decorators = [self.read(d) for d in statement.decorator_list]
        scope = self.scope
        node = self.function(statement, statement.name)
        fact = self.facts.functions[self.table.rows[node][1]]
        fact.decorators.extend(decorators)
        if any(_is_companion(d) for d in statement.decorator_list) and statement.name in scope.env:
            return
        self.bind(statement.name, node)

    def start_function(self, index: int, definition: FunctionNode, name: str, parameters: list[Parameter]) -> None:
        """Record the head of a function; its body follows when the enclosing scope is complete."""
        outer = self.scope
        flags = FunctionFlag.LAMBDA if isinstance(definition, ast.Lambda) else 0
        returns = UNKNOWN
        if not isinstance(definition, ast.Lambda):
            returns = self.annotation(definition.returns)
            flags |= FunctionFlag.ASYNC if isinstance(definition, ast.AsyncFunctionDef) else 0
            flags |= FunctionFlag.STUB if _is_stub(definition) else 0
        fact = FunctionFact(
            name, self.qualify(name), definition.lineno, definition.col_offset, definition.end_lineno or 0, flags,
            outer.class_index if outer.is_class else -1, outer.function, parameters, returns, [], UNKNOWN, [], [], [],
        )  # fmt: skip
        functions = self.facts.functions
        while len(functions) <= index:
            functions.append(fact)
        functions[index] = fact

    def qualify(self, name: str) -> str:
        outer = self.scope
        if outer.is_class:
            return f"{self.facts.classes[outer.class_index].qualname}.{name}"
        if outer.parent is not None:
            return f"{self.facts.functions[outer.function].qualname}.{name}"
        return name

    def read_class(self, statement: ast.ClassDef) -> None:
        outer = self.scope
        decorators = [self.read(d) for d in statement.decorator_list]
        bases = [self.annotation(b) for b in statement.bases]
        keywords = [(k.arg, self.annotation(k.value)) for k in statement.keywords if k.arg]
        index = len(self.facts.classes)
        fact = ClassFact(
            statement.name, self.qualify(statement.name), statement.lineno, statement.col_offset,
            outer.function, bases, keywords, decorators, {}, {},
        )  # fmt: skip
        self.facts.classes.append(fact)
        node = self.table.intern(("c", index))
        if outer.parent is not None or outer.is_class:
            outer.definitions.setdefault(statement.name, []).append(node)
        scope = self.scope = Scope(outer.function, outer, class_index=index, is_class=True)
        # a class body runs in its function: what it executes belongs there
        scope.operations, scope.guards, scope.guard_ids = outer.operations, outer.guards, outer.guard_ids
        scope.guard = outer.guard
        self.block(statement.body)
        fact.names.update({name: node for name, node in scope.env.items() if isinstance(name, str)})
        self.scope = outer
        self.bind(statement.name, node)

    def add_exports(self, value: ast.expr) -> None:
        """Read `__all__`, as far as it is written as a literal."""
        if isinstance(value, ast.List | ast.Tuple):
            names = [e.value for e in value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
            self.facts.exports = [*(self.facts.exports or []), *names]


def _known_truth(test: ast.expr) -> bool | None:
    """Return the outcome of tests that are the same in every run that matters here."""
    if _is_typing_test(test):
        return None
    if isinstance(test, ast.Constant):
        return bool(test.value)
    return None


def _is_typing_test(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def _is_main_test(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _catches_runtime_error(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(k, ast.Name) and k.id in ("RuntimeError", "Exception") for k in kinds)


def _ends_in_return(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Continue | ast.Break)


def _is_companion(decorator: ast.expr) -> bool:
    """Tell `@x.setter`, `@x.deleter` and `@overload`: their functions do not replace the name they stand under."""
    if isinstance(decorator, ast.Attribute):
        return decorator.attr in ("setter", "deleter", "overload", "register")
    return isinstance(decorator, ast.Name) and decorator.id == "overload"


def _is_stub(definition: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether the body only declares: `...`, `pass`, a docstring, or `raise NotImplementedError`."""
    for statement in definition.body:
        if isinstance(statement, ast.Pass) or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            continue
        if isinstance(statement, ast.Raise) and statement.exc is not None:
            exception = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
            if isinstance(exception, ast.Name) and exception.id in ("NotImplementedError", "NotImplemented"):
                continue
        return False
    return True


def _stored_names(body: Sequence[ast.stmt]) -> list[str]:
    """Return the names that a loop body may rebind (walrus and patterns apart)."""
    found: dict[str, None] = {}
    pending: list[Any] = list(body)
    while pending:
        statement = pending.pop()
        kind = statement.__class__
        if kind is ast.Assign:
            for target in statement.targets:
                if target.__class__ is ast.Name:
                    found[target.id] = None
                elif target.__class__ is ast.Tuple:
                    found.update((e.id, None) for e in target.elts if e.__class__ is ast.Name)
        elif kind is ast.AnnAssign:
            if statement.target.__class__ is ast.Name:
                found[statement.target.id] = None
        elif kind in _COMPOUND:
            pending.extend(statement.body)
            pending.extend(getattr(statement, "orelse", ()))
            if kind in (ast.For, ast.AsyncFor):
                if statement.target.__class__ is ast.Name:
                    found[statement.target.id] = None
            elif kind is ast.Try:
                pending.extend(statement.finalbody)
                pending.extend(statement.handlers)
            elif kind in (ast.With, ast.AsyncWith):
                found.update((i.optional_vars.id, None) for i in statement.items if i.optional_vars.__class__ is ast.Name)
    return list(found)


def _has_await(body: Sequence[ast.stmt]) -> bool:
    """Tell whether an await stands in the statements themselves, not in functions defined there."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        kind = node.__class__
        if kind in (ast.Await, ast.AsyncFor, ast.AsyncWith):
            return True
        if kind not in _SCOPES:
            pending.extend(ast.iter_child_nodes(node))
    return False


_SCOPES = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})
_COMPOUND = frozenset(
    {ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.ExceptHandler, ast.match_case}
)

_HANDLERS: dict[type[ast.stmt], Callable[[StatementReader, Any], None]] = {
    ast.Expr: StatementReader.read_expression,
    ast.Assign: StatementReader.read_assign,
    ast.AnnAssign: StatementReader.read_annotated,
    ast.AugAssign: StatementReader.read_augmented,
    ast.Return: StatementReader.read_return,
    ast.Raise: StatementReader.read_raise,
    ast.Break: StatementReader.read_jump,
    ast.Continue: StatementReader.read_jump,
    ast.Assert: StatementReader.read_assert,
    ast.Delete: StatementReader.read_delete,
    ast.Global: StatementReader.read_global,
    ast.Nonlocal: StatementReader.read_nothing,
    ast.Pass: StatementReader.read_nothing,
    ast.Import: StatementReader.read_import,
    ast.ImportFrom: StatementReader.read_import_from,
    ast.If: StatementReader.read_if,
    ast.While: StatementReader.read_while,
    ast.For: StatementReader.read_for,
    ast.AsyncFor: StatementReader.read_for,
    ast.Try: StatementReader.read_try,
    ast.TryStar: StatementReader.read_try,
    ast.With: StatementReader.read_with,
    ast.AsyncWith: StatementReader.read_with,
    ast.Match: StatementReader.read_match,
    ast.FunctionDef: StatementReader.read_function,
    ast.AsyncFunctionDef: StatementReader.read_function,
    ast.ClassDef: StatementReader.read_class,
}
if hasattr(ast, "TypeAlias"):
    _HANDLERS[ast.TypeAlias] = StatementReader.read_nothing
