"""None in a function: an abstract run over its statements, loops to a fixpoint, that notes unguarded uses."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import ClassVar

from mergegate.syntax.nullness_expressions import ExpressionNullness, TooDeepError
from mergegate.syntax.nullness_values import SAFE, Origins, State, is_none, join, only_none, origins, rebind
from mergegate.syntax.summary import NO_NULLNESS, Nullness

_MAX_ROUNDS = 8
_CATCHERS = frozenset({"AttributeError", "TypeError", "Exception", "BaseException"})
_ENDING = frozenset({"exit", "_exit", "abort", "fail", "skip", "quit", "xfail"})


def nullness_of(body: Sequence[ast.stmt], returns: ast.expr | None = None) -> Nullness:
    """Return what a function's body uses that may be None, and where it gives None itself.

    Parameters
    ----------
    body
        Its statements.
    returns
        Its return annotation.
    """
    run = StatementNullness()
    try:
        end = run.block(body, {})
    except TooDeepError:
        return NO_NULLNESS
    lines, calls = run.returned_nones(body, falls_through=end is not None and not run.ends_in_call(body))
    declared = 0 if returns is None else 1 if _admits_none(returns) else -1
    if not run.found and not lines and not calls and not declared:
        return NO_NULLNESS
    return Nullness(tuple(run.found.values()), declared, lines, calls)


def _admits_none(annotation: ast.expr) -> bool:
    match annotation:
        case ast.Constant(value=str(text)):
            try:
                return _admits_none(ast.parse(text, mode="eval").body)
            except (SyntaxError, ValueError):
                return False
        case ast.BinOp(op=ast.BitOr()):
            return any(is_none(side) or _admits_none(side) for side in (annotation.left, annotation.right))
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name)):
            if name == "Optional":
                return True
            parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else []
            return name == "Union" and any(is_none(part) or _admits_none(part) for part in parts)
        case _:
            return False


class StatementNullness(ExpressionNullness):
    """Runs statements: each takes the state before it and returns the one behind, None where nothing follows."""

    def __init__(self) -> None:
        super().__init__()
        self.returns: list[tuple[int, Origins]] = []
        self.loops: list[tuple[list[State | None], list[State | None]]] = []
        self.attempts: list[list[State | None]] = []

    def returned_nones(
        self, body: Sequence[ast.stmt], *, falls_through: bool
    ) -> tuple[tuple[int, ...], tuple[tuple[int, int, int, int], ...]]:
        """Return the lines that give None, of a function that gives something else too, and the calls handed on."""
        if all(held and not held - {o for o in held if o[0] == "none"} for _, held in self.returns):
            return (), ()
        lines = {line for line, held in self.returns if any(origin[0] == "none" for origin in held)}
        if falls_through and body:
            lines.add(body[-1].end_lineno or body[-1].lineno)
        calls = {origin[1:] for _, held in self.returns for origin in held if origin[0] == "call"}
        return tuple(sorted(lines)), tuple(sorted(calls))

    @staticmethod
    def ends_in_call(body: Sequence[ast.stmt]) -> bool:
        """Tell whether a body may end in a call that never returns, in any of its branches."""
        pending = list(body[-1:])
        while pending:
            last = pending.pop()
            if isinstance(last, ast.Expr | ast.With | ast.AsyncWith | ast.For | ast.While):
                return True
            for field in ("body", "orelse", "finalbody"):
                pending.extend(getattr(last, field, ())[-1:])
            pending.extend(part.body[-1] for part in (*getattr(last, "handlers", ()), *getattr(last, "cases", ())))
        return False

    def block(self, body: Sequence[ast.stmt], state: State | None) -> State | None:
        """Run statements in order."""
        for statement in body:
            if state is None:
                return None
            if self.attempts:
                self.attempts[-1].append(dict(state))
            handler = self._statements.get(statement.__class__)
            state = handler(self, statement, state) if handler is not None else self.plain(statement, state)
        return state

    def plain(self, statement: ast.stmt, state: State) -> State | None:
        """Evaluate what a statement of no interest consists of."""
        self.parts(statement, state)
        return state

    def bind(self, target: ast.expr, held: Origins, state: State, value: ast.expr | None = None) -> None:
        """Assign to a target."""
        if isinstance(target, ast.Name):
            rebind(state, target.id, held, value)
        elif isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self.bind(part, SAFE, state)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, SAFE, state)
        else:
            self.value(target, state)

    def _assign(self, statement: ast.Assign, state: State) -> State:
        held = self.value(statement.value, state)
        for target in statement.targets:
            if isinstance(target, ast.Tuple | ast.List):
                self.use(statement.value, "iteration", state, held)
            self.bind(target, held, state, statement.value)
        return state

    def _annotated(self, statement: ast.AnnAssign, state: State) -> State:
        if statement.value is not None:
            self.bind(statement.target, self.value(statement.value, state), state, statement.value)
        return state

    def _augmented(self, statement: ast.AugAssign, state: State) -> State:
        held = self.value(statement.value, state)
        self.use(statement.value, "operand", state, held)
        if isinstance(statement.target, ast.Name):
            self.use(statement.target, "operand", state, origins(state, statement.target.id))
            self.bind(statement.target, SAFE, state)
        else:
            self.value(statement.target, state)
        return state

    def _expression(self, statement: ast.Expr, state: State) -> State | None:
        call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
        self.value(statement.value, state)
        if not isinstance(call, ast.Call):
            return state
        name = call.func.attr if isinstance(call.func, ast.Attribute) else spelled_name(call.func)
        if name in _ENDING:
            return None
        if (
            not (isinstance(call.func, ast.Attribute) and spelled_name(call.func.value) in _SPEAKING)
            and name != "print"
        ):
            for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
                # own helpers raise for None more often than not
                self.trust(argument, state)
            for key, held in list(state.items()):
                if key[0] not in "?(" and isinstance(held, frozenset) and held == only_none(held):
                    state[key] = SAFE  # in a branch for None, a call may never return
        return state

    def _return(self, statement: ast.Return, state: State) -> None:
        none: Origins = frozenset({("none", statement.lineno, 0, 0, 0)})
        held = none if statement.value is None else self.value(statement.value, state)
        self.returns.append((statement.lineno, held))

    def _raise(self, statement: ast.Raise, state: State) -> None:
        self.parts(statement, state)

    def _assert(self, statement: ast.Assert, state: State) -> State | None:
        self.value(statement.test, state)
        return self.assume(statement.test, state, truth=True)

    def _delete(self, statement: ast.Delete, state: State) -> State:
        for target in statement.targets:
            if isinstance(target, ast.Name):
                state[target.id] = SAFE
            else:
                self.value(target, state)
        return state

    def _definition(self, statement: ast.stmt, state: State) -> State:
        name = getattr(statement, "name", "")
        state[name] = SAFE
        # what an inner function rebinds may change with every call
        for part in ast.walk(statement):
            if isinstance(part, ast.Nonlocal | ast.Global):
                state.update(dict.fromkeys(part.names, SAFE))
        return state

    def _if(self, statement: ast.If, state: State) -> State | None:
        self.value(statement.test, state)
        no = self.assume(statement.test, dict(state), truth=False)
        yes = self.assume(statement.test, state, truth=True)
        return join([self.block(statement.body, yes), self.block(statement.orelse, no)])

    def _while(self, statement: ast.While, state: State) -> State | None:
        def test(at: State, *, truth: bool) -> State | None:
            self.value(statement.test, at)
            return self.assume(statement.test, at, truth=truth)

        entry: State | None = state
        breaks: list[State | None] = []
        for _ in range(_MAX_ROUNDS):
            assert entry is not None
            breaks = []
            again: list[State | None] = []
            self.loops.append((breaks, again))
            end = self.block(statement.body, test(dict(entry), truth=True))
            self.loops.pop()
            new = join([entry, end, *again])
            if new == entry:
                break
            entry = new
        assert entry is not None
        return join([self.block(statement.orelse, test(dict(entry), truth=False)), *breaks])

    def _for(self, statement: ast.For | ast.AsyncFor, state: State) -> State | None:
        held = self.value(statement.iter, state)
        self.use(statement.iter, "iteration", state, held)
        entry: State = state
        breaks: list[State | None] = []
        for _ in range(_MAX_ROUNDS):
            breaks = []
            again: list[State | None] = []
            self.loops.append((breaks, again))
            inside = dict(entry)
            self.bind(statement.target, SAFE, inside)
            end = self.block(statement.body, inside)
            self.loops.pop()
            new = join([entry, end, *again])
            if new is None or new == entry:
                break
            entry = new
        return join([self.block(statement.orelse, dict(entry)), *breaks])

    def _break(self, statement: ast.Break, state: State) -> None:
        del statement
        if self.loops:
            self.loops[-1][0].append(state)

    def _continue(self, statement: ast.Continue, state: State) -> None:
        del statement
        if self.loops:
            self.loops[-1][1].append(state)

    def _with(self, statement: ast.With | ast.AsyncWith, state: State) -> State | None:
        swallows = False
        for item in statement.items:
            held = self.value(item.context_expr, state)
            self.use(item.context_expr, "context", state, held)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, SAFE, state)
            swallows |= any(word in ast.dump(item.context_expr) for word in ("suppress", "raises"))
        if not swallows:
            return self.block(statement.body, state)
        inside: list[State | None] = [dict(state)]
        self.attempts.append(inside)
        self.catching += 1
        end = self.block(statement.body, state)
        self.catching -= 1
        self.attempts.pop()
        return join([end, *inside])

    def _try(self, statement: ast.Try, state: State) -> State | None:
        caught = {name for handler in statement.handlers for name in _caught(handler)}
        inside: list[State | None] = [dict(state)]
        catching = bool(caught & _CATCHERS)
        self.attempts.append(inside)
        self.catching += catching
        end = self.block(statement.body, state)
        self.catching -= catching
        self.attempts.pop()
        broken = join([*inside, end])
        ways = [self.block(statement.orelse, end)]
        for handler in statement.handlers:
            way = dict(broken) if broken is not None else None
            if way is not None and handler.name:
                way[handler.name] = SAFE
            ways.append(self.block(handler.body, way))
        out = join(ways)
        if not statement.finalbody:
            return out
        last = self.block(statement.finalbody, join([out, broken]))
        # behind `finally` holds what the ways that get there say; what it binds itself is forgotten
        if last is None or out is None:
            return None
        for part in statement.finalbody:
            for name in ast.walk(part):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    out[name.id] = last.get(name.id, SAFE)
        return out

    def _match(self, statement: ast.Match, state: State) -> State | None:
        self.value(statement.subject, state)
        ways: list[State | None] = []
        rest: State | None = state
        for case in statement.cases:
            if rest is None:
                break
            inside: State | None = dict(rest)
            pattern = case.pattern
            for part in ast.walk(pattern):
                for name in (getattr(part, "name", None), getattr(part, "rest", None)):
                    if isinstance(name, str):
                        inside[name] = SAFE
            is_for_none = isinstance(pattern, ast.MatchSingleton) and pattern.value is None
            always = isinstance(pattern, ast.MatchAs) and pattern.pattern is None
            if not always:
                self.narrow(statement.subject, inside, to_none=is_for_none)
            if case.guard is not None:
                self.value(case.guard, inside)
                inside = self.assume(case.guard, inside, truth=True)
            elif always:
                rest = None
            elif is_for_none:
                self.narrow(statement.subject, rest)
            elif _names_none(pattern):
                self.trust(statement.subject, rest)
            ways.append(self.block(case.body, inside))
        return join([*ways, rest])

    _statements: ClassVar[dict[type[ast.AST], Callable[..., State | None]]] = {
        ast.Assign: _assign, ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented, ast.Expr: _expression,
        ast.Return: _return, ast.Raise: _raise, ast.Assert: _assert,
        ast.Delete: _delete, ast.FunctionDef: _definition,
        ast.AsyncFunctionDef: _definition, ast.ClassDef: _definition,
        ast.If: _if, ast.While: _while, ast.For: _for,
        ast.AsyncFor: _for, ast.Break: _break,
        ast.Continue: _continue, ast.With: _with,
        ast.AsyncWith: _with, ast.Try: _try, ast.TryStar: _try,
        ast.Match: _match,
    }  # fmt: skip


def spelled_name(expression: ast.expr) -> str:
    """Return the last name of a chain, or nothing."""
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


_SPEAKING = frozenset({"logger", "log", "logging", "_logger", "LOGGER", "LOG", "warnings", "console"})


def _names_none(pattern: ast.pattern) -> bool:
    return any(isinstance(part, ast.MatchSingleton) and part.value is None for part in ast.walk(pattern))


def _caught(handler: ast.ExceptHandler) -> set[str]:
    if handler.type is None:
        return {"BaseException"}
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {spelled_name(part) for part in parts}
