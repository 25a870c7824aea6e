"""Reading conditions: what a test says about the values it looks at, and which parameters guard a branch."""

from __future__ import annotations

import ast

from mergegate.syntax.expressions import ExpressionReader
from mergegate.syntax.summary import UNKNOWN

_ASYNC_PROBES = frozenset({"iscoroutinefunction", "iscoroutine", "isawaitable", "isasyncgenfunction", "is_async_callable"})


class ConditionReader(ExpressionReader):
    """Narrowing of names and attributes by tests."""

    def assume(self, test: ast.expr, truth: bool) -> None:
        """Narrow the environment of the current scope, knowing that `test` came out as `truth`."""
        kind = test.__class__
        if kind is ast.UnaryOp and isinstance(test.op, ast.Not):  # type: ignore[attr-defined]
            self.assume(test.operand, not truth)  # type: ignore[attr-defined]
        elif isinstance(test, ast.BoolOp):
            # all parts of a true `and` hold, none of a false `or`
            if isinstance(test.op, ast.And) == truth:
                for value in test.values:
                    self.assume(value, truth)
        elif isinstance(test, ast.Call):
            self.assume_call(test, truth)
        elif isinstance(test, ast.Compare) and len(test.ops) == 1:
            self.assume_comparison(test, truth)

    def assume_call(self, test: ast.Call, truth: bool) -> None:
        func = test.func
        name = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
        if not test.args:
            return
        if name == "isinstance" and len(test.args) == 2:
            key = self.narrowing_key(test.args[0])
            if key is not None:
                node = self.scope.env.get(key, key if isinstance(key, int) else UNKNOWN)
                narrowed = self.table.intern(("i", node, self.annotation(test.args[1]), int(truth)))
                self.scope.env[key] = narrowed
        elif name in _ASYNC_PROBES and truth:
            key = self.narrowing_key(test.args[0])
            if key is not None:
                self.scope.env[key] = UNKNOWN

    def assume_comparison(self, test: ast.Compare, truth: bool) -> None:
        comparator = test.comparators[0]
        if not (isinstance(comparator, ast.Constant) and comparator.value is None):
            return
        if isinstance(test.ops[0], ast.Is | ast.Eq) == truth:
            key = self.narrowing_key(test.left)
            if isinstance(key, str) and self.table.rows[self.scope.env[key]][0] != "p":
                self.scope.env[key] = self.table.intern(("k", "None"))

    def narrowing_key(self, expression: ast.expr) -> str | int | None:
        """Return the environment's key for a local name or an attribute chain on one, else None."""
        if isinstance(expression, ast.Name):
            return expression.id if expression.id in self.scope.env else None
        if isinstance(expression, ast.Attribute):
            base = self.chain_node(expression.value)
            return self.table.intern((".", base, expression.attr)) if base is not None else None
        if isinstance(expression, ast.NamedExpr):
            return expression.target.id
        return None

    def chain_node(self, expression: ast.expr) -> int | None:
        if isinstance(expression, ast.Name):
            return self.scope.env.get(expression.id)
        if isinstance(expression, ast.Attribute):
            base = self.chain_node(expression.value)
            if base is None:
                return None
            node = self.table.intern((".", base, expression.attr))
            return self.scope.env.get(node, node)
        return None

    def parameter_conditions(self, test: ast.expr, truth: bool) -> list[tuple[int, str]]:
        """Return what a branch demands of this function's own parameters: (index, truthy|falsy|none|some)."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self.parameter_conditions(test.operand, not truth)
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) == truth:
            return [c for value in test.values for c in self.parameter_conditions(value, truth)]
        wanted = "truthy" if truth else "falsy"
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.comparators[0], ast.Constant):
            constant, operator, test = test.comparators[0].value, test.ops[0], test.left
            if not isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
                return []
            positive = isinstance(operator, ast.Is | ast.Eq) == truth
            if constant is None:
                wanted = "none" if positive else "some"
            elif isinstance(constant, bool):
                wanted = "truthy" if constant == positive else "falsy"
            else:
                return []
        if isinstance(test, ast.Name):
            row = self.table.rows[self.scope.env.get(test.id, 0)]
            if row[0] == "p" and row[1] == self.scope.function:
                return [(row[2], wanted)]
        return []
