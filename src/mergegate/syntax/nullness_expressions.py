"""None in expressions: what each may give, what is used unguarded, and what a condition says of names."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import ClassVar

from mergegate.syntax.alternatives import place_of
from mergegate.syntax.nullness_values import (
    OK,
    SAFE,
    Origins,
    State,
    can_give_none,
    is_none,
    join,
    only_none,
    origins,
    rebind,
    spelled,
    without_none,
)
from mergegate.syntax.summary import Dereference

_MAX_DEPTH = 150
# what one function may cost, about a fifth of a second: loops within loops multiply
_MAX_EVALUATIONS = 20_000
# what None has as well
_MEMBERS_OF_NONE = frozenset(dir(None))


class TooDeepError(Exception):
    """The code is too deep, or too long, to be followed."""


class ExpressionNullness:
    """Evaluates expressions in the order in which they run, changing the state on the way."""

    def __init__(self) -> None:
        self.found: dict[tuple[object, ...], Dereference] = {}
        self.catching = 0
        self.depth = 0
        self.evaluations = 0

    def use(self, base: ast.expr, form: str, state: State, held: Origins) -> None:
        """Note a use that None does not support; behind it, the name holds something else."""
        nones = only_none(held)
        if nones and not self.catching:
            place = place_of(base)
            self.found[form, place, held] = Dereference(
                form, spelled(base), place, tuple(sorted(o[1:] for o in nones if o[0] == "call")),
                tuple(sorted(o[1] for o in nones if o[0] == "none")), OK not in held,
            )  # fmt: skip
        self.narrow(base, state)

    def narrow(self, expression: ast.expr, state: State, *, to_none: bool = False) -> bool:
        """Let what an expression names be known; tell whether that is possible."""
        possible = True
        if isinstance(expression, ast.NamedExpr):
            possible = self.narrow(expression.value, state, to_none=to_none)
            expression = expression.target
        if isinstance(expression, ast.Await):
            return self.narrow(expression.value, state, to_none=to_none)
        if isinstance(expression, ast.Name):
            held = origins(state, expression.id)
            if to_none:
                # of what nothing is known, nothing is claimed
                state[expression.id] = only_none(held) or SAFE
            else:
                state[expression.id] = without_none(held)
                possible = possible and (OK in held or any(origin[0] == "call" for origin in held))
        elif isinstance(expression, ast.Call) and not to_none:
            state[f"({ast.unparse(expression)}"] = SAFE
        return possible

    def value(self, expression: ast.expr | None, state: State) -> Origins:
        """Return what an expression may give."""
        if expression is None:
            return SAFE
        self.depth += 1
        self.evaluations += 1
        if self.depth > _MAX_DEPTH or self.evaluations > _MAX_EVALUATIONS:
            raise TooDeepError
        handler = self._handlers.get(expression.__class__)
        result = handler(self, expression, state) if handler is not None else self.parts(expression, state)
        self.depth -= 1
        return result

    def parts(self, expression: ast.AST, state: State) -> Origins:
        """Evaluate all that an expression consists of."""
        for part in ast.iter_child_nodes(expression):
            if isinstance(part, ast.expr):
                self.value(part, state)
            elif isinstance(part, ast.keyword):
                self.value(part.value, state)
        return SAFE

    def _constant(self, expression: ast.Constant, state: State) -> Origins:
        del state
        return frozenset({("none", expression.lineno, 0, 0, 0)}) if expression.value is None else SAFE

    def _name(self, expression: ast.Name, state: State) -> Origins:
        return origins(state, expression.id)

    def _walrus(self, expression: ast.NamedExpr, state: State) -> Origins:
        held = self.value(expression.value, state)
        rebind(state, expression.target.id, held)
        return held

    def _call(self, expression: ast.Call, state: State) -> Origins:
        func = expression.func
        held = self.value(func, state)
        if isinstance(func, ast.Name) and held != SAFE:
            self.use(func, "call", state, held)
        for argument in expression.args:
            if isinstance(argument, ast.Starred):
                self.use(argument.value, "iteration", state, self.value(argument.value, state))
            else:
                self.value(argument, state)
        for keyword in expression.keywords:
            inner = self.value(keyword.value, state)
            if keyword.arg is None:
                self.use(keyword.value, "iteration", state, inner)
        if not can_give_none(expression):
            return SAFE
        if any(key[0] == "(" for key in state) and f"({ast.unparse(expression)}" in state:
            return SAFE
        return frozenset({OK, ("call", *place_of(expression))})

    def _attribute(self, expression: ast.Attribute, state: State) -> Origins:
        held = self.value(expression.value, state)
        if held != SAFE and expression.attr not in _MEMBERS_OF_NONE:
            self.use(expression.value, "attribute", state, held)
        return SAFE

    def _subscript(self, expression: ast.Subscript, state: State) -> Origins:
        held = self.value(expression.value, state)
        self.value(expression.slice, state)
        if held != SAFE:
            self.use(expression.value, "subscript", state, held)
        return SAFE

    def _starred(self, expression: ast.Starred, state: State) -> Origins:
        held = self.value(expression.value, state)
        if isinstance(expression.ctx, ast.Load):
            self.use(expression.value, "iteration", state, held)
        return SAFE

    def _dict(self, expression: ast.Dict, state: State) -> Origins:
        for key, value in zip(expression.keys, expression.values, strict=True):
            self.value(key, state)
            held = self.value(value, state)
            if key is None:
                self.use(value, "iteration", state, held)
        return SAFE

    def _operation(self, expression: ast.BinOp, state: State) -> Origins:
        for side in (expression.left, expression.right):
            held = self.value(side, state)
            # `"%s" % None` is fine, and `X | None` a type
            if not isinstance(expression.op, ast.Mod | ast.BitOr) and not is_none(side):
                self.use(side, "operand", state, held)
        return SAFE

    def _unary(self, expression: ast.UnaryOp, state: State) -> Origins:
        held = self.value(expression.operand, state)
        if not isinstance(expression.op, ast.Not):
            self.use(expression.operand, "operand", state, held)
        return SAFE

    def _compare(self, expression: ast.Compare, state: State) -> Origins:
        sides = [expression.left, *expression.comparators]
        held = [self.value(side, state) for side in sides]
        for number, operator in enumerate(expression.ops):
            if isinstance(operator, ast.In | ast.NotIn):
                self.use(sides[number + 1], "membership", state, held[number + 1])
            elif isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                self.use(sides[number], "operand", state, held[number])
                self.use(sides[number + 1], "operand", state, held[number + 1])
        return SAFE

    def _boolean(self, expression: ast.BoolOp, state: State) -> Origins:
        truth = isinstance(expression.op, ast.And)
        inner: State | None = dict(state)
        ways: list[State | None] = []
        result: Origins = frozenset()
        for operand in expression.values:
            if inner is None:
                break
            held = self.value(operand, inner)
            if operand is expression.values[-1]:
                result |= held
                ways.append(inner)
            else:
                result |= held if truth else without_none(held)
                ways.append(self.assume(operand, dict(inner), truth=not truth))
                inner = self.assume(operand, inner, truth=truth)
        self._replace(state, join(ways))
        return result or SAFE

    def _conditional(self, expression: ast.IfExp, state: State) -> Origins:
        self.value(expression.test, state)
        result: Origins = frozenset()
        ways: list[State | None] = []
        for truth, branch in ((True, expression.body), (False, expression.orelse)):
            way = self.assume(expression.test, dict(state), truth=truth)
            if way is not None:
                result |= self.value(branch, way)
            ways.append(way)
        self._replace(state, join(ways))
        return result or SAFE

    def _await(self, expression: ast.Await, state: State) -> Origins:
        return self.value(expression.value, state)

    def _comprehension(self, expression: ast.ListComp | ast.DictComp, state: State) -> Origins:
        inner: State | None = state
        for number, generator in enumerate(expression.generators):
            held = self.value(generator.iter, inner)
            self.use(generator.iter, "iteration", inner, held)
            if number == 0:
                inner = dict(state)
            for name in ast.walk(generator.target):
                if isinstance(name, ast.Name):
                    inner[name.id] = SAFE
            for condition in generator.ifs:
                self.value(condition, inner)
                inner = self.assume(condition, inner, truth=True)
                if inner is None:
                    return SAFE
        elements = (expression.key, expression.value) if isinstance(expression, ast.DictComp) else (expression.elt,)
        for element in elements:
            self.value(element, inner)
        return SAFE

    def _later(self, expression: ast.expr, state: State) -> Origins:
        """Leave the body of a lambda alone: it runs at another time."""
        del expression, state
        return SAFE

    @staticmethod
    def _replace(state: State, new: State | None) -> None:
        if new is not None:
            state.clear()
            state.update(new)

    # -- conditions ----------------------------------------------------------------------------------------------

    def assume(self, test: ast.expr, state: State, *, truth: bool) -> State | None:
        """Return what holds if an evaluated condition is true (or false); None if it cannot be."""
        match test:
            case ast.Constant():
                return state if bool(test.value) is truth else None
            case ast.UnaryOp(op=ast.Not()):
                return self.assume(test.operand, state, truth=not truth)
            case ast.BoolOp():
                return self._assume_boolean(test, state, truth=truth)
            case ast.Compare(ops=[_]):
                return self._assume_comparison(test, state, truth=truth)
            case ast.Call():
                return self._assume_call(test, state, truth=truth)
            case ast.Name() | ast.NamedExpr() | ast.Await():
                return self._assume_value(test, state, truth=truth)
            case _:
                self.trust(test, state)
                return state

    def _assume_boolean(self, test: ast.BoolOp, state: State, *, truth: bool) -> State | None:
        if isinstance(test.op, ast.And) is truth:
            current: State | None = state
            for operand in test.values:
                if current is not None:
                    current = self.assume(operand, current, truth=truth)
            return current
        ways: list[State | None] = []
        rest: State | None = state
        for operand in test.values:
            if rest is None:
                break
            ways.append(self.assume(operand, dict(rest), truth=truth))
            rest = self.assume(operand, rest, truth=not truth)
        return join(ways)

    def _assume_value(self, test: ast.expr, state: State, *, truth: bool) -> State | None:
        if isinstance(test, ast.Name):
            alias = state.get(f"?{test.id}")
            if isinstance(alias, ast.expr):
                after = self.assume(alias, state, truth=truth)
                if after is None:
                    return None
                state = after
        if truth:
            return state if self.narrow(test, state) else None
        name = test.target if isinstance(test, ast.NamedExpr) else test
        if isinstance(name, ast.Name) and any(origin[0] == "call" for origin in origins(state, name.id)):
            # what is empty where a lookup may give None is None as far as guards go
            state[name.id] = only_none(origins(state, name.id))
        return state

    def _assume_comparison(self, test: ast.Compare, state: State, *, truth: bool) -> State | None:
        left, operator, right = test.left, test.ops[0], test.comparators[0]
        if is_none(left):
            left, right = right, left
        if isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            same = isinstance(operator, ast.Is | ast.Eq) is truth
            if is_none(right):
                return state if self.narrow(left, state, to_none=same) else None
            if same:
                self.narrow(left, state)
                self.narrow(right, state)
        elif isinstance(operator, ast.In | ast.NotIn):
            if isinstance(operator, ast.In) is truth:
                self.narrow(left, state)
                get = ast.Call(ast.Attribute(right, "get", ast.Load()), [left], [])
                state[f"({ast.unparse(get)}"] = SAFE
            if is_none(left):
                self.trust(right, state)
        self.trust(test, state, direct=False)
        return state

    def _assume_call(self, test: ast.Call, state: State, *, truth: bool) -> State:
        name = test.func.id if isinstance(test.func, ast.Name) else ""
        if name in ("isinstance", "callable", "hasattr", "issubclass", "bool", "len") and test.args:
            if truth:
                self.narrow(test.args[0], state)
                self.trust(test.args[0], state)
            return state
        if truth:
            self.narrow(test, state)
        # what another function has looked at may be guarded by it
        self.trust(test, state)
        return state

    def trust(self, test: ast.AST, state: State, *, direct: bool = True) -> None:
        """Claim nothing more of the names that a condition, or a helper, looks at in ways not understood."""
        sides = () if direct or not isinstance(test, ast.Compare) else (test.left, *test.comparators)
        for part in ast.walk(test):
            if isinstance(part, ast.Name) and part.id in state and part not in sides:
                state[part.id] = SAFE

    _handlers: ClassVar[dict[type[ast.AST], Callable[..., Origins]]] = {
        ast.Constant: _constant, ast.Name: _name,
        ast.NamedExpr: _walrus, ast.Call: _call,
        ast.Attribute: _attribute, ast.Subscript: _subscript,
        ast.Starred: _starred, ast.Dict: _dict,
        ast.BinOp: _operation, ast.UnaryOp: _unary,
        ast.Compare: _compare, ast.BoolOp: _boolean,
        ast.IfExp: _conditional, ast.Await: _await,
        ast.ListComp: _comprehension, ast.SetComp: _comprehension,
        ast.GeneratorExp: _comprehension, ast.DictComp: _comprehension,
        ast.Lambda: _later,
    }  # fmt: skip
