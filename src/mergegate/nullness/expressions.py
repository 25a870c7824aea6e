"""None in expressions: what each may give, and what is used unguarded."""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import ClassVar, NamedTuple

from mergegate.nullness.oracle import NOTHING, Argument, Called, Oracle
from mergegate.nullness.values import (
    OK,
    SAFE,
    SOMETHING,
    Origins,
    State,
    Value,
    constant_index,
    either,
    forget,
    is_none,
    join,
    path_of,
    rebind,
    some,
    spelled,
)
from mergegate.syntax.alternatives import place_of
from mergegate.syntax.summary import Place

_MAX_DEPTH = 150
# what one function may cost, less than a fifth of a second: loops within loops multiply
_MAX_EVALUATIONS = 15_000
# what None has as well
_MEMBERS_OF_NONE = frozenset(dir(None))


class TooDeepError(Exception):
    """The code is too deep, or too long, to be followed."""


class Use(NamedTuple):
    """A use that None does not support, of a value that may be None.

    Attributes
    ----------
    form
        How it is used: attribute, subscript, call, iteration, membership, context, operand or await.
    text
        The value's expression without literals.
    place
        Where the value stands.
    origins
        The reasons why it may be None.
    functions
        The lines of the nested functions around the place, outermost first.
    certain
        Whether it is None on every way that leads here.
    caught
        Whether the failure is caught with many others.
    """

    form: str
    text: str
    place: Place
    origins: Origins
    functions: tuple[tuple[int, int], ...]
    certain: bool
    caught: bool


class ExpressionRun:
    """Evaluates expressions in the order in which they run, changing the state on the way."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle
        self.uses: dict[tuple[str, Place], Use] = {}
        self.catching: list[frozenset[str]] = []
        self.called: dict[Place, Called] = {}
        self.rebound: set[str] = set()
        self.correlations = 0
        self.tested = 0
        self.texts: dict[ast.expr, str] = {}
        self.inside: tuple[tuple[int, int], ...] = ()
        self.quiet = 0
        self.depth = 0
        self.evaluations = 0

    # -- uses ----------------------------------------------------------------------------------------------------

    def use(self, base: ast.expr, form: str, held: Value) -> None:
        """Note a use that None does not support."""
        if held.origins == SAFE or self.quiet:
            return
        nones = held.origins - SAFE
        wanted = "AttributeError" if form == "attribute" else "TypeError"
        caught: frozenset[str] = frozenset[str]().union(*self.catching)
        if not nones or wanted in caught:
            return
        place = place_of(base)
        known = self.uses.get((form, place))
        if known is not None:
            nones |= known.origins
        certain = OK not in held.origins and (known is None or known.certain)
        self.uses[form, place] = Use(
            form, spelled(base), place, nones, self.inside, certain, caught=bool(caught & _BROAD)
        )

    # -- values --------------------------------------------------------------------------------------------------

    def value(self, expression: ast.expr | None, state: State) -> Value:
        """Return what an expression may give."""
        if expression is None:
            return SOMETHING
        self.depth += 1
        self.evaluations += 1
        if self.depth > _MAX_DEPTH or self.evaluations > _MAX_EVALUATIONS:
            raise TooDeepError
        handler = self._handlers.get(expression.__class__)
        result = handler(self, expression, state) if handler is not None else self.parts(expression, state)
        self.depth -= 1
        return result

    def parts(self, expression: ast.AST, state: State) -> Value:
        """Evaluate all that an expression consists of."""
        for part in ast.iter_child_nodes(expression):
            if isinstance(part, ast.expr):
                self.value(part, state)
            elif isinstance(part, ast.keyword):
                self.value(part.value, state)
        return SOMETHING

    def _constant(self, expression: ast.Constant, state: State) -> Value:
        del state
        if expression.value is None:
            return Value(frozenset({self.oracle.literal(expression.lineno)}))
        return SOMETHING

    def _name(self, expression: ast.Name, state: State) -> Value:
        held = state.get(expression.id)
        if held is not None:
            return held
        return self.oracle.name(expression.id, expression.lineno)

    def _walrus(self, expression: ast.NamedExpr, state: State) -> Value:
        held = self.value(expression.value, state)
        self.rebound.add(expression.target.id)
        rebind(state, expression.target.id, held, expression.value)
        return held

    def _call(self, expression: ast.Call, state: State, *, awaited: bool = False) -> Value:
        func = expression.func
        held = self.value(func, state)
        self.use(func, "call", held)
        arguments: list[Argument] = []
        for argument in expression.args:
            if isinstance(argument, ast.Starred):
                self.value(argument, state)
                arguments.append(Argument("*", argument.value, SOMETHING))
            else:
                arguments.append(Argument("", argument, self.value(argument, state)))
        for keyword in expression.keywords:
            inner = self.value(keyword.value, state)
            if keyword.arg is None:
                self.use(keyword.value, "iteration", inner)
            arguments.append(Argument(keyword.arg or "**", keyword.value, inner))
        called = self.oracle.call(expression, arguments, state, awaited=awaited)
        if called is not NOTHING:
            self.called[place_of(expression)] = called
        for name in called.clears:
            base = path_of(func.value) if isinstance(func, ast.Attribute) else ""
            if base:
                forget(state, f"{base}.{name}")
                state.pop(f"{base}.{name}", None)
        for argument in called.ensured:
            self.mark(argument, state)
        value = called.value
        if self.tested and value.origins != SAFE and f"({ast.unparse(expression)}" in state:
            return some(value)
        return value

    def mark(self, expression: ast.expr, state: State) -> None:
        """Let what an expression names be something."""
        path = path_of(expression)
        if path:
            state[path] = some(self.silently(expression, state))

    @contextmanager
    def silence(self) -> Generator[None]:
        """Note no uses meanwhile."""
        self.quiet += 1
        yield
        self.quiet -= 1

    def silently(self, expression: ast.expr, state: State) -> Value:
        """Return what an expression gives without noting its uses."""
        if isinstance(expression, ast.NamedExpr):
            expression = expression.target
        self.quiet += 1
        held = self.value(expression, state if isinstance(expression, ast.Name) else dict(state))
        self.quiet -= 1
        return held

    def _attribute(self, expression: ast.Attribute, state: State) -> Value:
        held = self.value(expression.value, state)
        if expression.attr not in _MEMBERS_OF_NONE:
            self.use(expression.value, "attribute", held)
        path = path_of(expression)
        known = state.get(path) if path else None
        if known is not None:
            return known
        return self.oracle.attribute(held.shape, expression.attr, expression)

    def _subscript(self, expression: ast.Subscript, state: State) -> Value:
        held = self.value(expression.value, state)
        self.value(expression.slice, state)
        self.use(expression.value, "subscript", held)
        path = path_of(expression)
        known = state.get(path) if path else None
        if known is not None:
            return known
        if not held.shape or isinstance(expression.slice, ast.Slice):
            return Value(SAFE, held.shape if isinstance(expression.slice, ast.Slice) else ())
        return self.item(held, constant_index(expression.slice))

    def item(self, held: Value, index: int | str | None) -> Value:
        """Return what a subscript of a value gives."""
        shape = held.shape
        if shape and shape[0] == "t":
            parts: tuple[Value, ...] = shape[1:]
            if isinstance(index, int):
                return parts[index] if -len(parts) <= index < len(parts) else SOMETHING
            return either(list(parts))
        if shape and shape[0] == "l":
            return shape[1]
        return self.oracle.item(shape, index) if shape else SOMETHING

    def element(self, held: Value) -> Value:
        """Return what iterating a value gives."""
        shape = held.shape
        if shape and shape[0] == "t":
            return either(list(shape[1:]))
        if shape and shape[0] == "l":
            return shape[1]
        return self.oracle.element(shape) if shape else SOMETHING

    def _starred(self, expression: ast.Starred, state: State) -> Value:
        held = self.value(expression.value, state)
        if isinstance(expression.ctx, ast.Load):
            self.use(expression.value, "iteration", held)
        return SOMETHING

    def _tuple(self, expression: ast.Tuple | ast.List, state: State) -> Value:
        values = [self.value(part, state) for part in expression.elts]
        if any(isinstance(part, ast.Starred) for part in expression.elts) or len(values) > _MAX_PARTS:
            return SOMETHING
        if isinstance(expression, ast.Tuple):
            return Value(SAFE, ("t", *values)) if all(_is_flat(v) for v in values) else SOMETHING
        # what is appended later is not followed
        return SOMETHING

    def _dict(self, expression: ast.Dict, state: State) -> Value:
        for key, value in zip(expression.keys, expression.values, strict=True):
            self.value(key, state)
            held = self.value(value, state)
            if key is None:
                self.use(value, "iteration", held)
        return SOMETHING

    def _operation(self, expression: ast.BinOp, state: State) -> Value:
        left, right = self.value(expression.left, state), self.value(expression.right, state)
        # `X | None` may be a type
        if isinstance(expression.op, ast.BitOr) and (is_none(expression.left) or is_none(expression.right)):
            return SOMETHING
        self.use(expression.left, "operand", left)
        # `"%s" % None` is fine
        if not isinstance(expression.op, ast.Mod):
            self.use(expression.right, "operand", right)
        return SOMETHING

    def _unary(self, expression: ast.UnaryOp, state: State) -> Value:
        held = self.value(expression.operand, state)
        if not isinstance(expression.op, ast.Not):
            self.use(expression.operand, "operand", held)
        return SOMETHING

    def _compare(self, expression: ast.Compare, state: State) -> Value:
        sides = [expression.left, *expression.comparators]
        held = [self.value(expression.left, state)]
        for number, operator in enumerate(expression.ops):
            if number:
                # in a chain, what stands right is evaluated where what stands left holds
                held[number] = self.silently(sides[number], state)
            held.append(self.value(sides[number + 1], state))
            if isinstance(operator, ast.In | ast.NotIn):
                self.use(sides[number + 1], "membership", held[number + 1])
            elif isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                self.use(sides[number], "operand", held[number])
                self.use(sides[number + 1], "operand", held[number + 1])
        return SOMETHING

    def _boolean(self, expression: ast.BoolOp, state: State) -> Value:
        truth = isinstance(expression.op, ast.And)
        inner: State | None = dict(state)
        ways: list[State | None] = []
        results: list[Value] = []
        for operand in expression.values:
            if inner is None:
                break
            held = self.value(operand, inner)
            if operand is expression.values[-1]:
                results.append(held)
                ways.append(inner)
            else:
                left = self.assume(operand, dict(inner), truth=not truth)
                if left is not None:
                    results.append(held if truth else some(held))
                ways.append(left)
                inner = self.assume(operand, inner, truth=truth)
        self.replace(state, join(ways))
        return either(results)

    def _conditional(self, expression: ast.IfExp, state: State) -> Value:
        self.value(expression.test, state)
        results: list[Value] = []
        ways: list[State | None] = []
        for truth, branch in ((True, expression.body), (False, expression.orelse)):
            way = self.assume(expression.test, dict(state), truth=truth)
            if way is not None:
                results.append(self.value(branch, way))
            ways.append(way)
        self.replace(state, join(ways))
        return either(results)

    @staticmethod
    def replace(state: State, new: State | None) -> None:
        """Let a state be another one."""
        if new is not None:
            state.clear()
            state.update(new)

    def _await(self, expression: ast.Await, state: State) -> Value:
        if isinstance(expression.value, ast.Call):
            return self._call(expression.value, state, awaited=True)
        held = self.value(expression.value, state)
        self.use(expression.value, "await", held)
        return SOMETHING

    def _yield_from(self, expression: ast.YieldFrom, state: State) -> Value:
        self.use(expression.value, "iteration", self.value(expression.value, state))
        return SOMETHING

    def _comprehension(self, expression: ast.ListComp | ast.DictComp, state: State) -> Value:
        inner: State | None = state
        for number, generator in enumerate(expression.generators):
            held = self.value(generator.iter, inner)
            self.use(generator.iter, "iteration", held)
            if number == 0:
                inner = dict(state)
            self.bind(generator.target, self.element(held), inner)
            for condition in generator.ifs:
                self.value(condition, inner)
                inner = self.assume(condition, inner, truth=True)
                if inner is None:
                    return SOMETHING
        if isinstance(expression, ast.DictComp):
            self.value(expression.key, inner)
            self.value(expression.value, inner)
            return SOMETHING
        element = self.value(expression.elt, inner)
        return Value(SAFE, ("l", element)) if _is_flat(element) else SOMETHING

    def bind(self, target: ast.expr, held: Value, state: State, value: ast.expr | None = None) -> None:
        """Assign to a target; statements give this its meaning."""
        raise NotImplementedError

    def assume(self, test: ast.expr, state: State, *, truth: bool) -> State | None:
        """Return the state where a condition is true (or false); conditions give this its meaning."""
        raise NotImplementedError

    def _lambda(self, expression: ast.Lambda, state: State) -> Value:
        """Run the body of a lambda: later, but most often with what holds now."""
        inner = {**state, **self.oracle.parameters(expression)}
        self.value(expression.body, inner)
        return SOMETHING

    _handlers: ClassVar[dict[type[ast.AST], Callable[..., Value]]] = {
        ast.Constant: _constant, ast.Name: _name,
        ast.NamedExpr: _walrus, ast.Call: _call,
        ast.Attribute: _attribute, ast.Subscript: _subscript,
        ast.Starred: _starred, ast.Dict: _dict, ast.Tuple: _tuple, ast.List: _tuple,
        ast.BinOp: _operation, ast.UnaryOp: _unary,
        ast.Compare: _compare, ast.BoolOp: _boolean,
        ast.IfExp: _conditional, ast.Await: _await, ast.YieldFrom: _yield_from,
        ast.ListComp: _comprehension, ast.SetComp: _comprehension,
        ast.GeneratorExp: _comprehension, ast.DictComp: _comprehension,
        ast.Lambda: _lambda,
    }  # fmt: skip


def _is_flat(value: Value) -> bool:
    """Tell whether a value may be part of a shape: shapes of shapes would grow without end in a loop."""
    return not value.shape or value.shape[0] not in "tl" or all(not v.shape for v in value.shape[1:])


_BROAD = frozenset({"Exception", "BaseException"})
_MAX_PARTS = 12
