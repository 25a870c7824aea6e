"""Reading conditions: what a test says about the values it looks at, and which parameters guard a branch."""

from __future__ import annotations

import ast

from mergegate.syntax.annotations import AnnotationReader
from mergegate.syntax.scope import Key
from mergegate.syntax.summary import NONE, UNKNOWN, Demand

_SAME = (ast.Is, ast.Eq)
_OTHER = (ast.IsNot, ast.NotEq)
_NAMES = (ast.Name, ast.NamedExpr)
_ASYNC_PROBES = frozenset(
    {"iscoroutinefunction", "iscoroutine", "isawaitable", "isasyncgenfunction", "is_async_callable"}
)


class ConditionReader(AnnotationReader):
    """Narrowing of names and attributes by tests."""

    def assume(self, test: ast.expr, truth: bool) -> None:
        """Narrow the environment of the current scope, knowing that `test` came out as `truth`."""
        if isinstance(test, ast.UnaryOp):
            if isinstance(test.op, ast.Not):
                self.assume(test.operand, not truth)
        elif isinstance(test, ast.BoolOp):
            # all parts of a true `and` hold, none of a false `or`
            if isinstance(test.op, ast.And) == truth:
                for value in test.values:
                    self.assume(value, truth)
        elif isinstance(test, ast.Call):
            self.assume_call(test, truth)
        elif isinstance(test, ast.Compare):
            self.assume_comparison(test, truth)

    def assume_call(self, test: ast.Call, truth: bool) -> None:
        """Learn from `isinstance(x, T)` and from questions whether something is asynchronous."""
        func = test.func
        name = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
        if name == "isinstance":
            if len(test.args) == 2:
                key = self.narrowing_key(test.args[0])
                if key is not None:
                    self.narrow(key, self.annotation(test.args[1]), truth)
        elif name in _ASYNC_PROBES and truth and test.args:
            key = self.narrowing_key(test.args[0])
            if key is not None:
                self.scope.set(key, UNKNOWN)

    def narrow(self, key: Key, annotation: int, truth: bool) -> None:
        """Let what a key holds be an instance of a type from here on, or not be one."""
        held = self.scope.env.get(key, key if isinstance(key, int) else UNKNOWN)
        self.scope.set(key, self.nodes["i", held, annotation, int(truth)])

    def assume_comparison(self, test: ast.Compare, truth: bool) -> None:
        """Learn from `x is None`."""
        comparator = test.comparators[0]
        if not isinstance(comparator, ast.Constant) or comparator.value is not None or len(test.ops) > 1:
            return
        if isinstance(test.ops[0], _SAME) == truth and isinstance(test.left, _NAMES):
            key = self.narrowing_key(test.left)
            if isinstance(key, str) and self.rows[self.scope.env.get(key, UNKNOWN)][0] != "p":
                self.scope.set(key, NONE)

    def narrowing_key(self, expression: ast.expr) -> Key | None:
        """Return the environment's key for a local name or an attribute chain on one, else None."""
        if isinstance(expression, ast.Name):
            return expression.id if expression.id in self.scope.env else None
        if isinstance(expression, ast.NamedExpr):
            return expression.target.id if expression.target.id in self.scope.env else None
        if isinstance(expression, ast.Attribute):
            return self.chain(expression)
        return None

    def chain(self, expression: ast.Attribute) -> int | None:
        """Return the node of an attribute chain on a local name, before narrowing of its last link."""
        attributes: list[str] = []
        value: ast.expr = expression
        while isinstance(value, ast.Attribute):
            attributes.append(value.attr)
            value = value.value
        env = self.scope.env
        node = env.get(value.id) if isinstance(value, ast.Name) else None
        if node is None:
            return None
        while len(attributes) > 1:
            node = self.nodes[".", node, attributes.pop()]
            node = env.get(node, node)
        return self.nodes[".", node, attributes[0]]

    # -- parameters ----------------------------------------------------------------------------------------------

    def parameter_conditions(self, test: ast.expr, truth: bool) -> list[tuple[int, Demand]]:
        """Return what a branch demands of this function's own parameters: (index, truthy|falsy|none|some)."""
        if isinstance(test, ast.UnaryOp):
            return self.parameter_conditions(test.operand, not truth) if isinstance(test.op, ast.Not) else []
        if isinstance(test, ast.BoolOp):
            if isinstance(test.op, ast.And) == truth:
                return [c for value in test.values for c in self.parameter_conditions(value, truth)]
            return []
        demand: Demand | None = "truthy" if truth else "falsy"
        if isinstance(test, ast.Compare):
            demand = _demand(test, truth)
            test = test.left
        if demand is not None and isinstance(test, ast.Name):
            row = self.rows[self.scope.env.get(test.id, UNKNOWN)]
            if row[0] == "p" and row[1] == self.scope.function:
                return [(row[2], demand)]
        return []


def _demand(test: ast.Compare, truth: bool) -> Demand | None:
    """Return what a comparison with a constant, coming out as `truth`, demands of its left side."""
    operator, right = test.ops[0], test.comparators[0]
    if len(test.ops) != 1 or not isinstance(right, ast.Constant):
        return None
    if not isinstance(operator, _SAME + _OTHER):
        return None
    positive = isinstance(operator, _SAME) == truth
    if right.value is None:
        return "none" if positive else "some"
    if isinstance(right.value, bool):
        return "truthy" if right.value == positive else "falsy"
    return None
