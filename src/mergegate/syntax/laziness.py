"""Recognising once-per-process work: code that runs only while a cache of module or instance scope is empty."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any

_STATE = re.compile(
    r"(?:^|_)(?:initiali[sz]ed|loaded|ready|started|setup|set_up|connected|configured|inited|init_done|built|warmed)"
    r"(?:_up)?$"
)


def emptiness_test(test: ast.expr) -> list[str]:
    """Return the paths (`_cache`, `self._client`) of which the test says that they are still empty."""
    if isinstance(test, ast.BoolOp):
        return [path for value in test.values for path in emptiness_test(value)]
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        operand = test.operand
        if isinstance(operand, ast.Call) and _called(operand) == "hasattr" and len(operand.args) == 2:
            key = operand.args[1]
            base = path_of(operand.args[0])
            if base and isinstance(key, ast.Constant) and isinstance(key.value, str):
                return [f"{base}.{key.value}"]
            return []
        return _filled(operand)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        operator, right = test.ops[0], test.comparators[0]
        if isinstance(operator, ast.Is | ast.Eq) and isinstance(right, ast.Constant) and right.value is None:
            return _filled(test.left)
        if isinstance(operator, ast.Is) and isinstance(right, ast.Constant) and right.value is False:
            return _filled(test.left)
        if isinstance(operator, ast.Eq) and _is_zero(right) and _called(test.left) == "len":
            return _filled(test.left)
        if isinstance(operator, ast.NotIn):
            return _filled(right)
    return []


def fullness_test(test: ast.expr) -> list[str]:
    """Return the paths of which the test says that they are already filled."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        operator, right = test.ops[0], test.comparators[0]
        if isinstance(operator, ast.IsNot | ast.NotEq) and isinstance(right, ast.Constant) and right.value is None:
            return _filled(test.left)
        if isinstance(operator, ast.In):
            return _filled(right)
        return []
    if isinstance(test, ast.BoolOp):
        return [path for value in test.values for path in fullness_test(value)]
    return _filled(test)


def fills(statements: Sequence[ast.stmt], paths: Sequence[str], start: int = 0, held: Sequence[str] = ()) -> bool:
    """Tell whether statements, from `start` on, assign one of the paths, or its name marks a finished set-up.

    `held` are local names for a part of the cache: they fill it by what is put into them, not where they are rebound.
    """
    if any(map(_STATE.search, paths)):
        return True
    filled = False
    pending: list[Any] = list(reversed(statements[start : start + _MAX_VISITED]))
    visited = 0
    while pending and visited < _MAX_VISITED:
        visited += 1
        statement: ast.AST = pending.pop()
        kind = type(statement)
        if kind in _BLOCKS:
            for block in _BLOCKS[kind]:
                pending.extend(getattr(statement, block))
        elif _empties(statement, (*paths, *held)):
            # what is taken out again each time is a register of what is going on, not a cache
            return False
        else:
            filled = filled or _assigns(statement, paths) or (bool(held) and _puts_into(statement, held))
    return filled


def _assigns(statement: ast.AST, paths: Sequence[str]) -> bool:
    """Tell whether a simple statement puts something into one of the paths."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            parts = target.elts if isinstance(target, ast.Tuple) else (target,)
            if any(path_of(part) in paths for part in parts):
                return True
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        return path_of(statement.target) in paths
    return _method_on(statement, paths) in _FILLING


def _puts_into(statement: ast.AST, names: Sequence[str]) -> bool:
    """Tell whether a simple statement puts an item into what one of the names stands for."""
    if isinstance(statement, ast.Assign):
        return any(isinstance(t, ast.Subscript) and path_of(t.value) in names for t in statement.targets)
    return _method_on(statement, names) in _FILLING


def _empties(statement: ast.AST, paths: Sequence[str]) -> bool:
    """Tell whether a simple statement takes an item out of one of the paths."""
    if isinstance(statement, ast.Delete):
        return any(isinstance(t, ast.Subscript) and path_of(t.value) in paths for t in statement.targets)
    return _method_on(statement, paths) in _EMPTYING


def _method_on(statement: ast.AST, paths: Sequence[str]) -> str:
    """Return the method that a statement only calls on one of the paths; empty if it is anything else."""
    func = statement.value.func if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) else None
    return func.attr if isinstance(func, ast.Attribute) and path_of(func.value) in paths else ""


def gives(statement: ast.Return, paths: Sequence[str]) -> bool:
    """Tell whether a `return` may be the one of a filled cache: it gives one of the paths, or just an end or a yes."""
    value = statement.value
    if isinstance(value, ast.Constant):
        return value.value is None or isinstance(value.value, bool)
    return value is None or any(path_of(part) in paths for part in ast.walk(value) if isinstance(part, ast.expr))


def only_holds(statements: Sequence[ast.stmt]) -> bool:
    """Tell whether statements `yield` without a value: they hold something for a caller, and look nothing up for it."""
    parts = [part for statement in statements[:_MAX_VISITED] for part in ast.walk(statement)]
    return any(isinstance(part, ast.Yield) and part.value is None for part in parts)


def looked_up_in(value: ast.expr | None) -> str:
    """Return the path of the variable, container or attribute that a value comes from; empty for other values."""
    look_up = isinstance(value, ast.Name | ast.Attribute | ast.Subscript) or (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get"
    )
    return next(iter(_filled(value)), "") if value is not None and look_up else ""


def failing_look_up(body: Sequence[ast.stmt]) -> list[str]:
    """Return the path that a `try` body looks something up in, if that is all it does (`return cache[key]`)."""
    if len(body) != 1 or not isinstance(body[0], ast.Return | ast.Assign):
        return []
    value = body[0].value
    path = looked_up_in(value) if isinstance(value, ast.Attribute | ast.Subscript) else ""
    return [path] if path else []


def path_of(expression: ast.expr) -> str:
    """Return the dotted path of a name, attribute chain or the container of a subscript; empty for anything else."""
    parts: list[str] = []
    while True:
        if isinstance(expression, ast.Subscript):
            expression = expression.value
        elif isinstance(expression, ast.Attribute):
            parts.append(expression.attr)
            expression = expression.value
        elif isinstance(expression, ast.Name):
            parts.append(expression.id)
            return ".".join(reversed(parts))
        else:
            return ""


def _filled(expression: ast.expr) -> list[str]:
    if isinstance(expression, ast.NamedExpr):
        expression = expression.value
    if isinstance(expression, ast.Call):
        func = expression.func
        if isinstance(func, ast.Attribute) and func.attr == "get":
            expression = func.value
        elif _called(expression) == "len" and len(expression.args) == 1:
            expression = expression.args[0]
    path = path_of(expression)
    return [path] if path else []


def _called(expression: ast.expr) -> str:
    """Return the plain name that an expression calls, empty if it is no such call."""
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name):
        return expression.func.id
    return ""


def _is_zero(expression: ast.expr) -> bool:
    return isinstance(expression, ast.Constant) and expression.value == 0


# what fills a cache stands close behind the test; blocks of thousands of tests are not searched once for each
_MAX_VISITED = 60
_BLOCKS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.If: ("body", "orelse"),
    ast.For: ("body", "orelse"),
    ast.AsyncFor: ("body", "orelse"),
    ast.While: ("body", "orelse"),
    ast.With: ("body",),
    ast.AsyncWith: ("body",),
    ast.Try: ("body", "handlers", "orelse", "finalbody"),
    ast.TryStar: ("body", "handlers", "orelse", "finalbody"),
    ast.ExceptHandler: ("body",),
    ast.Match: ("cases",),
    ast.match_case: ("body",),
    ast.FunctionDef: ("body",),
    ast.AsyncFunctionDef: ("body",),
}
_EMPTYING = frozenset({"pop", "discard", "remove"})
_FILLING = frozenset({"add", "append", "extend", "setdefault", "update"})
