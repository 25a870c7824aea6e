"""Reading conditions: what a test says about the values it looks at, and which parameters guard a branch."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from mergegate.syntax.demands import either
from mergegate.syntax.scope import Key
from mergegate.syntax.subjects import Demands, SubjectReader
from mergegate.syntax.summary import NONE, UNKNOWN

_SAME = frozenset({ast.Is, ast.Eq})
_OTHER = frozenset({ast.IsNot, ast.NotEq})
_AMONG = frozenset({ast.In, ast.NotIn})
_ASYNC_PROBES = frozenset(
    {"iscoroutinefunction", "iscoroutine", "isawaitable", "isasyncgenfunction", "is_async_callable"}
)

# the outcome of a test in the rows of narrowed values: bit 0 its truth, bit 1 whether it was about a class
_TYPE_TESTS = {"isinstance": 0, "issubclass": 2}
_STRING_METHODS = {"startswith": "^", "endswith": "$"}


class ConditionReader(SubjectReader):
    """Narrowing of names and attributes by tests."""

    def assume(self, test: ast.expr, truth: bool, demands: Demands | None = None) -> None:
        """Narrow the environment of the current scope, knowing that `test` came out as `truth`.

        Parameters
        ----------
        demands
            Takes what the outcome demands of this function's own parameters.
        """
        handler = _ASSUMPTIONS.get(type(test))
        if handler is not None:
            handler(self, test, truth, demands)

    def know(self, test: ast.expr) -> None:
        """Note that a name or attribute is not None."""
        key = self.narrowing_key(test)
        if key is not None:
            scope = self.scope
            node = scope.env[key] if isinstance(key, str) else scope.env.get(key, key)
            if ~node not in scope.env:
                scope.set(~node, 1)

    def restrict(self, test: ast.expr, truth: bool) -> None:
        """Let what follows run only if `test` came out as `truth`."""
        handler = _ASSUMPTIONS.get(type(test))
        if handler is not None:
            demands: Demands = []
            handler(self, test, truth, demands)
            if demands:
                self.scope.guard = self.scope.guarded_by(demands)

    def assume_name(self, test: ast.Name, truth: bool, demands: Demands | None) -> None:
        """Learn from a name alone."""
        if truth:
            self.know(test)
        if demands is not None:
            self.demand(test, "truthy" if truth else "falsy", demands)

    def assume_negation(self, test: ast.UnaryOp, truth: bool, demands: Demands | None) -> None:
        """Learn from `not x`."""
        if isinstance(test.op, ast.Not):
            self.assume(test.operand, not truth, demands)

    def assume_walrus(self, test: ast.NamedExpr, truth: bool, demands: Demands | None) -> None:
        """Learn from `(name := value)`."""
        if truth:
            self.know(test)
        if demands is not None:
            self.demand(test, "truthy" if truth else "falsy", demands)

    def assume_attribute(self, test: ast.Attribute, truth: bool, demands: Demands | None) -> None:
        """Learn from `self.field` alone."""
        if truth:
            self.know(test)
        if demands is not None and truth:
            self.demand(test, "truthy", demands)

    def assume_all(self, test: ast.BoolOp, truth: bool, demands: Demands | None) -> None:
        """Learn from `and` and `or`: all parts of a true `and` hold, none of a false `or`."""
        if isinstance(test.op, ast.And) == truth:
            for value in test.values:
                self.assume(value, truth, demands)
        elif demands is not None:
            self.demand_any(test, truth, demands)

    def demand_any(self, test: ast.BoolOp, truth: bool, demands: Demands) -> None:
        """Note that one of several demands on the same parameter must hold: `x == "a" or x.startswith("b")`."""
        found: list[tuple[int, str]] = []
        for value in test.values:
            own: Demands = []
            handler = _ASSUMPTIONS.get(type(value))
            if handler is None or isinstance(value, ast.BoolOp):
                return
            mark = len(self.scope.log)
            handler(self, value, truth, own)
            self.scope.rollback(mark)
            if len(own) != 1 or own[0][0] != (found or own)[0][0]:
                return
            found.append(own[0])
        demands.append((found[0][0], either(demand for _, demand in found)))

    def assume_call(self, test: ast.Call, truth: bool, demands: Demands | None) -> None:
        """Learn from `isinstance(x, T)`, `x.startswith(...)` and from questions whether something is asynchronous."""
        func, arguments = test.func, test.args
        name = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
        if name in _TYPE_TESTS and len(arguments) == 2:
            key = self.narrowing_key(arguments[0])
            if key is not None:
                self.narrow(key, self.annotation(arguments[1]), _TYPE_TESTS[name] | truth)
        elif name in _ASYNC_PROBES and truth and arguments:
            key = self.narrowing_key(arguments[0])
            if key is not None:
                self.scope.set(key, UNKNOWN)
        elif truth and demands is not None and isinstance(func, ast.Attribute):
            if name in _STRING_METHODS and len(arguments) == 1:
                self.demand_text(func.value, _STRING_METHODS[name], arguments[0], demands)
            elif name == "get":
                self.demand(test, "truthy", demands)
        elif name == "bool" and demands is not None and len(arguments) == 1:
            self.demand(arguments[0], "truthy" if truth else "falsy", demands)

    def narrow(self, key: Key, annotation: int, outcome: int) -> None:
        """Let what a key holds be an instance (or a class) of a type from here on, or not be one."""
        held = self.scope.env.get(key, key if isinstance(key, int) else UNKNOWN)
        self.scope.set(key, self.nodes["i", held, annotation, outcome])

    def assume_comparison(self, test: ast.Compare, truth: bool, demands: Demands | None) -> None:
        """Learn from `x is None`, `x == False` and their opposites."""
        right, operator = test.comparators[0], type(test.ops[0])
        if len(test.ops) > 1:
            return
        if operator in _AMONG:
            if (
                demands is not None
                and truth == (operator is ast.In)
                and isinstance(right, ast.Tuple | ast.List | ast.Set)
            ):
                self.demand_text(test.left, "=", right, demands)
            return
        if operator not in _SAME and operator not in _OTHER:
            return
        positive = (operator in _SAME) == truth
        if isinstance(right, ast.Constant) and positive != (right.value is None):
            self.know(test.left)
        if not isinstance(right, ast.Constant):
            if demands is not None and positive and isinstance(right, ast.Attribute):
                self.demand_text(test.left, "=", right, demands)
            return
        if isinstance(right.value, str):
            if demands is not None and positive:
                self.demand_text(test.left, "=", right, demands)
        elif right.value is None:
            if demands is not None:
                self.demand(test.left, "none" if positive else "some", demands)
            if positive:
                key = self.narrowing_key(test.left)
                if isinstance(key, str) and self.rows[self.scope.env[key]][0] != "p":
                    self.scope.set(key, NONE)
        elif isinstance(right.value, bool) and demands is not None:
            self.demand(test.left, "truthy" if right.value == positive else "falsy", demands)

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


_ASSUMPTIONS: dict[type[ast.AST], Callable[[ConditionReader, Any, bool, Demands | None], None]] = {
    ast.Name: ConditionReader.assume_name,
    ast.NamedExpr: ConditionReader.assume_walrus,
    ast.Attribute: ConditionReader.assume_attribute,
    ast.Call: ConditionReader.assume_call,
    ast.Compare: ConditionReader.assume_comparison,
    ast.UnaryOp: ConditionReader.assume_negation,
    ast.BoolOp: ConditionReader.assume_all,
}
