"""None in a function: an abstract run over its statements, loops to a fixpoint, exceptions included."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import ClassVar

from mergegate.nullness.control import ControlRun, Return
from mergegate.nullness.patterns import PatternRun
from mergegate.nullness.values import (
    OK,
    SAFE,
    SOMETHING,
    State,
    Value,
    forget,
    last_name,
    meet_into,
    path_of,
    rebind,
    some,
)
from mergegate.syntax.alternatives import place_of

_ENDING = frozenset({"exit", "_exit", "abort", "fail", "skip", "quit", "xfail", "assert_never", "assertFail"})


class StatementRun(ControlRun):
    """Runs statements: each takes the state before it and returns the one behind, None where nothing follows."""

    def function(self, definition: ast.FunctionDef | ast.AsyncFunctionDef, state: State) -> State | None:
        """Run the body of a function."""
        return self.block(definition.body, state)

    def block(self, body: Sequence[ast.stmt], state: State | None) -> State | None:
        """Run statements in order."""
        for statement in body:
            if state is None:
                return None
            if self.attempts:
                meet_into(self.attempts[-1], state)
            handler = self._statements.get(statement.__class__)
            if handler is None:
                self.parts(statement, state)
            else:
                state = handler(self, statement, state)
        return state

    # -- binding -------------------------------------------------------------------------------------------------

    def bind(self, target: ast.expr, held: Value, state: State, value: ast.expr | None = None) -> None:
        """Assign to a target."""
        if isinstance(target, ast.Name):
            self.rebound.add(target.id)
            rebind(state, target.id, held, value)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, held, state, value)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, Value(SAFE, held.shape), state)
        else:
            self.value(target, state)
            path = path_of(target)
            if path:
                rebind(state, path, held)

    def _unpack(self, target: ast.Tuple | ast.List, held: Value, state: State, value: ast.expr | None) -> None:
        starred = any(isinstance(part, ast.Starred) for part in target.elts)
        sources: list[ast.expr] = []
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) and not starred:
            sources = value.elts
        values = [
            SOMETHING if starred and not held.shape else self.item(held, None if starred else number)
            for number, _ in enumerate(target.elts)
        ]
        if sources:
            values = [self.silently(source, state) for source in sources]
        elif not starred and held.shape and all(each == SOMETHING for each in values):
            values = [self.element(held)] * len(values)
        for number, part in enumerate(target.elts):
            self.bind(part, values[number], state, sources[number] if sources else None)

    def _assign(self, statement: ast.Assign, state: State) -> State | None:
        held = self.value(statement.value, state)
        if statement.type_comment:
            held = self._declared(statement.type_comment, statement.value, held)
        for target in statement.targets:
            if isinstance(target, ast.Tuple | ast.List):
                self.use(statement.value, "iteration", held)
            self.bind(target, held, state, statement.value)
        return None if self._never(statement.value) else state

    def _declared(self, annotation: ast.expr | str, value: ast.expr, held: Value) -> Value:
        """Return what a declared variable holds: of a value of which nothing is known, what is declared."""
        if self.oracle.says(held):
            return held
        if not isinstance(value, ast.Name | ast.Call | ast.Await | ast.Subscript | ast.Attribute):
            return Value(SAFE, self.oracle.annotation(annotation).shape)
        declared = self.oracle.annotation(annotation)
        if isinstance(value, ast.Call) and last_name(value.func)[:1].isupper():
            return some(declared)
        return declared

    def _annotated(self, statement: ast.AnnAssign, state: State) -> State:
        if statement.value is not None:
            held = self.value(statement.value, state)
            if isinstance(statement.target, ast.Name):
                held = self._declared(statement.annotation, statement.value, held)
            self.bind(statement.target, held, state, statement.value)
        elif isinstance(statement.target, ast.Name):
            state[statement.target.id] = SOMETHING
        return state

    def _augmented(self, statement: ast.AugAssign, state: State) -> State:
        held = self.value(statement.value, state)
        if not isinstance(statement.op, ast.Mod):
            self.use(statement.value, "operand", held)
        target = statement.target
        self.use(target, "operand", self.value(target, state))
        path = path_of(target)
        if path:
            self.rebound.add(path)
            rebind(state, path, SOMETHING)
        return state

    # -- simple statements ---------------------------------------------------------------------------------------

    def _never(self, expression: ast.expr) -> bool:
        call = expression.value if isinstance(expression, ast.Await) else expression
        if not isinstance(call, ast.Call):
            return False
        called = self.called.get(place_of(call))
        return called is not None and called.never

    def _expression(self, statement: ast.Expr, state: State) -> State | None:
        call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
        self.value(statement.value, state)
        if not isinstance(call, ast.Call):
            return state
        name = last_name(call.func)
        called = self.called.get(place_of(call))
        if self._never(call) or (name in _ENDING and (called is None or not called.known)):
            return None
        known = called is not None and called.known
        if not known and _is_checking(name):
            self._checked(call, state)
        for key, held in list(state.items()):
            # a call in a branch for None may never come back
            if key.isidentifier() and OK not in held.origins and held.origins and name not in _SPEAKING:
                if self.oracle.ends(call):
                    return None
                if not known:
                    state[key] = Value(SAFE, held.shape)
        return state

    def _checked(self, call: ast.Call, state: State) -> None:
        """Let arguments be something that an unknown helper checks, by its name: `require(x)`, `assertIsNotNone(x)`."""
        name = last_name(call.func).lower()
        for argument in call.args:
            if isinstance(argument, ast.Compare | ast.BoolOp | ast.UnaryOp):
                self.replace(state, self.assume(argument, dict(state), truth="error_if" not in name))
            elif path_of(argument) and name not in ("assertisnone", "assert_type"):
                self.narrow(argument, state)
            elif isinstance(argument, ast.Call) and argument.args and name == "asserttrue":
                self.replace(state, self.assume(argument, dict(state), truth=True))

    def _return(self, statement: ast.Return, state: State) -> None:
        if statement.value is None:
            held = Value(frozenset({self.oracle.literal(statement.lineno)}))
        else:
            held = self.value(statement.value, state)
            if self._never(statement.value):
                return
        self._give(Return(statement.lineno, held, state, statement.value, explicit=True))

    def _give(self, result: Return) -> None:
        if not self.inside:
            self.returns.append(result)

    def _raise(self, statement: ast.Raise, state: State) -> None:
        self.parts(statement, state)

    def _assert(self, statement: ast.Assert, state: State) -> State | None:
        self.value(statement.test, state)
        if statement.msg is not None:
            wrong = self.assume(statement.test, dict(state), truth=False)
            if wrong is not None:
                self.value(statement.msg, wrong)
        return self.assume(statement.test, state, truth=True)

    def _delete(self, statement: ast.Delete, state: State) -> State:
        for target in statement.targets:
            if not isinstance(target, ast.Name):
                self.value(target, state)
            path = path_of(target)
            if path:
                forget(state, path)
                state.pop(path, None)
        return state

    def _definition(self, statement: ast.FunctionDef | ast.AsyncFunctionDef, state: State) -> State:
        for decorator in statement.decorator_list:
            self.value(decorator, state)
        for default in (*statement.args.defaults, *statement.args.kw_defaults):
            self.value(default, state)
        inner = {key: held for key, held in state.items() if key.isidentifier()}
        parameters = self.oracle.parameters(statement)
        # what is bound again behind the definition may hold anything when the function runs
        inner.update(dict.fromkeys(self.later(statement) & inner.keys(), SOMETHING))
        inner.update({key: held for key, held in self.captured(statement).items() if key in inner})
        inner.update(parameters)
        loops, attempts, catching = self.loops, self.attempts, self.catching
        self.loops, self.attempts, self.catching = [], [], []
        self.inside = (*self.inside, (statement.lineno, statement.col_offset))
        self.function(statement, inner)
        self.inside = self.inside[:-1]
        self.loops, self.attempts, self.catching = loops, attempts, catching
        state[statement.name] = SOMETHING
        state.update(dict.fromkeys(self.rebinds(statement), SOMETHING))
        return state

    def rebinds(self, statement: ast.stmt) -> set[str]:
        """Return the names of functions around it that a nested function binds."""
        del statement
        return set()

    def later(self, statement: ast.stmt) -> set[str]:
        """Return the names that are bound behind a nested function, or in a loop around it."""
        del statement
        return set()

    def captured(self, statement: ast.stmt) -> dict[str, Value]:
        """Return what names that are bound again hold in a nested function, where that is known."""
        del statement
        return {}

    def _import(self, statement: ast.Import | ast.ImportFrom, state: State) -> State:
        for alias in statement.names:
            state[(alias.asname or alias.name).partition(".")[0]] = SOMETHING
        return state

    def _class(self, statement: ast.ClassDef, state: State) -> State:
        for decorator in statement.decorator_list:
            self.value(decorator, state)
        for base in statement.bases:
            self.value(base, state)
        inner = {key: held for key, held in state.items() if key.isidentifier()}
        self.block([each for each in statement.body if not isinstance(each, SCOPES)], inner)
        state[statement.name] = SOMETHING
        return state

    _statements: ClassVar[dict[type[ast.AST], Callable[..., State | None]]] = {
        ast.Assign: _assign, ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented, ast.Expr: _expression,
        ast.Return: _return, ast.Raise: _raise, ast.Assert: _assert,
        ast.Delete: _delete, ast.FunctionDef: _definition,
        ast.AsyncFunctionDef: _definition, ast.ClassDef: _class,
        ast.Import: _import, ast.ImportFrom: _import,
        ast.If: ControlRun.branch, ast.While: ControlRun.while_loop, ast.For: ControlRun.for_loop,
        ast.AsyncFor: ControlRun.for_loop, ast.Break: ControlRun.leave_loop,
        ast.Continue: ControlRun.next_round, ast.With: ControlRun.enter,
        ast.AsyncWith: ControlRun.enter, ast.Try: ControlRun.guarded, ast.TryStar: ControlRun.guarded,
        ast.Match: PatternRun.match,
    }  # fmt: skip


SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


_SPEAKING = frozenset(
    {"print", "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "append", "add", "write",
     "echo", "reveal_type", "assert_type", "update", "extend", "put", "set", "sleep"}
)  # fmt: skip
_WORDS = ("assert", "check", "require", "ensure", "validate", "verify", "expect", "error_if", "raise_", "must", "fail")


def _is_checking(name: str) -> bool:
    """Tell whether a helper's name says that it raises for what it does not like."""
    lowered = name.lower().lstrip("_")
    return lowered.startswith(_WORDS)
