"""What a condition says of names and paths where it is true, and where it is false."""

from __future__ import annotations

import ast

from mergegate.nullness.expressions import ExpressionRun
from mergegate.nullness.values import (
    OK,
    SAFE,
    State,
    Value,
    is_none,
    join,
    last_name,
    none_of,
    path_of,
    some,
)
from mergegate.syntax.alternatives import place_of


class ConditionRun(ExpressionRun):
    """Narrows states."""

    def narrow(self, expression: ast.expr, state: State, *, to_none: bool = False) -> bool:
        """Let what an expression names be something, or None; tell whether that is possible."""
        possible = True
        if isinstance(expression, ast.NamedExpr):
            # both the target and what stands right of it
            possible = self.narrow(expression.value, state, to_none=to_none)
            expression = expression.target
        if isinstance(expression, ast.Await):
            return self.narrow(expression.value, state, to_none=to_none)
        if isinstance(expression, ast.Call) and last_name(expression.func) == "cast" and len(expression.args) == 2:
            return self.narrow(expression.args[1], state, to_none=to_none)
        held = self.silently(expression, state)
        after = none_of(held) if to_none else some(held)
        if held.origins and OK not in held.origins and not to_none:
            possible = False
        if to_none and not after.origins:
            # of what nothing is known, nothing is claimed
            after = Value(SAFE)
        path = path_of(expression)
        if path:
            state[path] = after
        elif isinstance(expression, ast.Call) and not to_none and held.origins != SAFE:
            self.tested += 1
            state[f"({ast.unparse(expression)}"] = True
        return possible

    def assume(self, test: ast.expr, state: State, *, truth: bool) -> State | None:
        """Return the state where a condition is true (or false); None if it cannot be."""
        after = self._assume(test, state, truth=truth)
        return self._correlated(test, after, truth=truth) if after is not None else None

    def _assume(self, test: ast.expr, state: State, *, truth: bool) -> State | None:
        match test:
            case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
                # what its author asserts for type checkers holds
                return state if truth else None
            case ast.Constant():
                return state if bool(test.value) is truth else None
            case ast.UnaryOp(op=ast.Not()):
                return self.assume(test.operand, state, truth=not truth)
            case ast.BoolOp():
                return self._assume_boolean(test, state, truth=truth)
            case ast.Compare(ops=[_]):
                return self._assume_comparison(test, state, truth=truth)
            case ast.Compare():
                return self._assume_chain(test, state, truth=truth)
            case ast.Call():
                return self._assume_call(test, state, truth=truth)
            case ast.IfExp():
                ways = [
                    self.assume(branch, way, truth=truth)
                    for wanted, branch in ((True, test.body), (False, test.orelse))
                    if (way := self.assume(test.test, dict(state), truth=wanted)) is not None
                ]
                return join(ways)
            case _:
                return self._assume_value(test, state, truth=truth)

    def _correlated(self, test: ast.expr, state: State, *, truth: bool) -> State | None:
        """Apply what an earlier branch under the same condition has left."""
        if not self.correlations:
            return state
        held = state.get(f"~{self.text(test)}")
        if held is not None:
            for name, value in held[0 if truth else 1].items():
                now = state.get(name)
                # what tests in between have ruled out stays ruled out
                both = now.origins & value.origins if now is not None else frozenset[int]()
                if both:
                    state[name] = Value(both, value.shape)
        return state

    def text(self, test: ast.expr) -> str:
        """Return the text of a condition."""
        known = self.texts.get(test)
        if known is None:
            known = self.texts[test] = ast.unparse(test)
        return known

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

    def _assume_chain(self, test: ast.Compare, state: State, *, truth: bool) -> State | None:
        """Read `a < b < c` as `a < b and b < c`."""
        sides = [test.left, *test.comparators]
        pairs: list[ast.expr] = [
            ast.copy_location(ast.Compare(sides[n], [operator], [sides[n + 1]]), test)
            for n, operator in enumerate(test.ops)
        ]
        return self._assume_boolean(ast.BoolOp(ast.And(), pairs), state, truth=truth)

    def _assume_value(self, test: ast.expr, state: State, *, truth: bool) -> State | None:
        if isinstance(test, ast.Name):
            alias = state.get(f"?{test.id}")
            if alias is not None:
                after = self.assume(alias[0], state, truth=truth)
                if after is None:
                    return None
                state = after
        if truth:
            return state if self.narrow(test, state) else None
        if isinstance(test, ast.NamedExpr):
            test = test.target
        held = self.silently(test, state)
        path = path_of(test)
        if path and OK in held.origins and len(held.origins) > 1 and self.oracle.never_empty(held.origins):
            state[path] = none_of(held)
        return state

    # -- comparisons ---------------------------------------------------------------------------------------------

    def _assume_comparison(self, test: ast.Compare, state: State, *, truth: bool) -> State | None:
        left, operator, right = test.left, test.ops[0], test.comparators[0]
        if isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            if is_none(left):
                left, right = right, left
            same = isinstance(operator, ast.Is | ast.Eq) is truth
            if isinstance(right, ast.NamedExpr) and is_none(right.value):
                right = right.value
            if is_none(right):
                return state if self.narrow(left, state, to_none=same) else None
            if same:
                return self._assume_same(left, right, state)
            if isinstance(right, ast.Constant) and isinstance(right.value, bool) and isinstance(left, ast.Compare):
                return self.assume(left, state, truth=not right.value)
        elif isinstance(operator, ast.In | ast.NotIn):
            return self._assume_member(left, right, state, is_in=isinstance(operator, ast.In) is truth)
        elif truth:
            # what has an order is something
            for side in (left, right):
                self._narrow_length(side, state)
        return state

    def _assume_same(self, left: ast.expr, right: ast.expr, state: State) -> State | None:
        if isinstance(right, ast.Constant) and isinstance(right.value, bool) and not isinstance(left, ast.Name):
            after = self.assume(left, state, truth=right.value)
            if after is None:
                return None
            state = after
        for one, other in ((left, right), (right, left)):
            if isinstance(one, ast.Call) and last_name(one.func) == "type" and one.args:
                if not _is_none_type(other):
                    self.narrow(one.args[0], state)
                    continue
                return state if self.narrow(one.args[0], state, to_none=True) else None
            if not self.oracle.admits(self.silently(other, state)):
                self.narrow(one, state)
            self._narrow_length(one, state)
            if isinstance(one, ast.Tuple) and isinstance(other, ast.Tuple) and len(one.elts) == len(other.elts):
                for part, value in zip(one.elts, other.elts, strict=True):
                    if not is_none(value) and not self.oracle.admits(self.silently(value, state)):
                        self.narrow(part, state)
        return state

    def _narrow_length(self, side: ast.expr, state: State) -> None:
        """Let what `len(x)` or `x.attribute` is asked of be something."""
        if isinstance(side, ast.Call) and last_name(side.func) == "len" and side.args:
            self.narrow(side.args[0], state)
        elif isinstance(side, ast.Call) and last_name(side.func) == "getattr" and len(side.args) == 3:
            # nothing that None has is compared with
            self.narrow(side.args[0], state)

    def _assume_member(self, left: ast.expr, right: ast.expr, state: State, *, is_in: bool) -> State | None:
        elements = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else None
        if is_none(left):
            # `None in (a, b)`
            if not is_in:
                for element in elements or ():
                    self.narrow(element, state)
            return state
        if elements is not None:
            nones = [each for each in elements if self.oracle.admits(self.silently(each, state))]
            if is_in and not nones:
                self.narrow(left, state)
            elif is_in and all(is_none(each) for each in elements):
                return state if self.narrow(left, state, to_none=True) else None
            elif not is_in and any(is_none(each) for each in elements):
                self.narrow(left, state)
            return state
        if is_in:
            if not self.oracle.admits(self.element(self.silently(right, state))):
                self.narrow(left, state)
            if self.oracle.has_lookups:
                get = ast.Call(ast.Attribute(right, "get", ast.Load()), [left], [])
                self.tested += 1
                state[f"({ast.unparse(get)}"] = True
        return state

    # -- calls ---------------------------------------------------------------------------------------------------

    def _assume_call(self, test: ast.Call, state: State, *, truth: bool) -> State | None:
        name = last_name(test.func)
        handler = _BUILTIN.get(name)
        if handler is not None and test.args:
            return handler(self, test, state, truth)
        called = self.called.get(place_of(test))
        if called is not None:
            for argument in called.if_true if truth else called.if_false:
                self.narrow(argument, state)
        if truth:
            self.narrow(test, state)
        if called is None or not called.known:
            # what another function has looked at may be guarded by it
            for argument in test.args:
                if path_of(argument):
                    self.narrow(argument, state)
        return state

    def asks_isinstance(self, test: ast.Call, state: State, truth: bool) -> State | None:
        """Read `isinstance(x, T)`."""
        if len(test.args) < 2:
            return state
        target, kinds = test.args[0], _kinds(test.args[1])
        nones = [kind for kind in kinds if _is_none_type(kind)]
        if not truth:
            if nones:
                self.narrow(target, state)
            return state
        if nones and len(nones) == len(kinds):
            return state if self.narrow(target, state, to_none=True) else None
        if not nones:
            return state if self.narrow(target, state) else None
        return state

    def asks_support(self, test: ast.Call, state: State, truth: bool) -> State | None:
        """Read a question that None answers with no, or refuses: `callable(x)`, `len(x)`."""
        if truth:
            return state if self.narrow(test.args[0], state) else None
        return state

    def asks_bool(self, test: ast.Call, state: State, truth: bool) -> State | None:
        """Read `bool(x)`."""
        return self.assume(test.args[0], state, truth=truth)

    def asks_hasattr(self, test: ast.Call, state: State, truth: bool) -> State | None:
        """Read `hasattr(x, "name")`."""
        name = test.args[1] if len(test.args) > 1 else None
        if truth and not (isinstance(name, ast.Constant) and name.value in dir(None)):
            return state if self.narrow(test.args[0], state) else None
        return state

    def asks_all_or_any(self, test: ast.Call, state: State, truth: bool) -> State | None:
        """Read `all([a, b])`, `any(v is None for v in (a, b))` and their like."""
        if (last_name(test.func) == "all") is not truth:
            # one of several is as it should be, which one is not known
            return state
        over = test.args[0]
        if isinstance(over, ast.Tuple | ast.List | ast.Set):
            for element in over.elts:
                after = self.assume(element, state, truth=truth)
                if after is None:
                    return None
                state = after
        elif isinstance(over, ast.GeneratorExp | ast.ListComp) and len(over.generators) == 1:
            generator = over.generators[0]
            elements = generator.iter.elts if isinstance(generator.iter, ast.Tuple | ast.List | ast.Set) else []
            if isinstance(generator.target, ast.Name) and not generator.ifs:
                for element in elements:
                    self._assume_for(generator.target.id, element, over.elt, state, truth=truth)
        return state

    def _assume_for(self, name: str, element: ast.expr, test: ast.expr, state: State, *, truth: bool) -> None:
        """Let an element be what a test of a variable that stands for it says."""
        inner: State = {**state, name: self.silently(element, state)}
        self.quiet += 1
        self.value(test, inner)
        after = self.assume(test, inner, truth=truth)
        self.quiet -= 1
        if after is not None and after[name].origins == SAFE:
            self.narrow(element, state)


def _kinds(kinds: ast.expr) -> list[ast.expr]:
    if isinstance(kinds, ast.Tuple):
        return [kind for part in kinds.elts for kind in _kinds(part)]
    if isinstance(kinds, ast.BinOp) and isinstance(kinds.op, ast.BitOr):
        return [*_kinds(kinds.left), *_kinds(kinds.right)]
    return [kinds]


def _is_none_type(kind: ast.expr) -> bool:
    if isinstance(kind, ast.Call):
        return last_name(kind.func) == "type" and len(kind.args) == 1 and is_none(kind.args[0])
    return is_none(kind) or last_name(kind) == "NoneType"


_BUILTIN = {
    "isinstance": ConditionRun.asks_isinstance,
    "issubclass": ConditionRun.asks_support,
    "callable": ConditionRun.asks_support,
    "len": ConditionRun.asks_support,
    "bool": ConditionRun.asks_bool,
    "hasattr": ConditionRun.asks_hasattr,
    "all": ConditionRun.asks_all_or_any,
    "any": ConditionRun.asks_all_or_any,
}
