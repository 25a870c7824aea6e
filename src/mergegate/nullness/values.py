"""What may be None at one point of a function: for each name or path, the reasons, and what is known of its type."""

from __future__ import annotations

import ast
import re
from typing import Any, NamedTuple

# the number of a reason why a value may be None (see `Oracle.reason`); `OK`: it may be something else
Origins = frozenset[int]
# how the type of a value is found, for the oracle to follow when it must: nothing is known of ()
Shape = tuple[Any, ...]


class Value(NamedTuple):
    """What an expression may give."""

    origins: Origins
    shape: Shape = ()


OK = 0
SAFE: Origins = frozenset({OK})
SOMETHING = Value(SAFE)
# names and paths hold values; `?name` the condition that a name stands for, `(text` that a call has been tested,
# `~text` what names hold where a condition is true, and where it is false
State = dict[str, Any]
_MAX_SHAPES = 4
_DEEP_OF_SEVERAL = 3
CONDITIONS = frozenset({ast.Compare, ast.BoolOp, ast.UnaryOp})
_MARKS = "?(~"


def join(states: list[State | None]) -> State | None:
    """Return what holds where several ways meet; None: no way leads there."""
    alive = [state for state in states if state is not None]
    if not alive:
        return None
    if len(alive) == 1:
        return dict(alive[0])
    if len(alive) == 2:
        return _meet(alive[0], alive[1])
    merged: State = {}
    for key in dict.fromkeys([key for state in alive for key in state]):
        held = [state.get(key) for state in alive]
        first = held[0]
        for each in held:
            if each is not first and each != first:
                break
        else:
            merged[key] = first
            continue
        if key[0] in _MARKS or ((not key.isidentifier()) and None in held):
            # a condition, or a path that is known to hold something, counts only if it does on every way
            continue
        merged[key] = either([each for each in held if each is not None])
    return merged


def _meet(one: State, other: State) -> State:
    """Join two states, which most often have most in common."""
    merged: State = {}
    for key, held in one.items():
        there = other.get(key)
        if there is held or there == held:
            merged[key] = held
        elif there is None:
            if key.isidentifier():
                merged[key] = held
        elif key[0] not in _MARKS:
            merged[key] = either([held, there])
    for key, held in other.items():
        if key not in one and key.isidentifier():
            merged[key] = held
    return merged


def meet_into(known: State, other: State) -> None:
    """Join a state into another one; one more way leads there."""
    for key, held in other.items():
        there = known.get(key)
        if there is held:
            continue
        if there is None:
            if key.isidentifier():
                known[key] = held
        elif there != held:
            if key[0] in _MARKS:
                del known[key]
            else:
                known[key] = either([there, held])
    for key in [key for key in known if key not in other and not key.isidentifier()]:
        del known[key]


def either(values: list[Value]) -> Value:
    """Return what holds of a value that is one of several."""
    if not values:
        return SOMETHING
    shapes: list[Shape] = []
    for value in values:
        if value.shape and value.shape not in shapes:
            shapes.append(value.shape)
    shape: Shape = shapes[0] if len(shapes) == 1 else ()
    if 1 < len(shapes) <= _MAX_SHAPES and all(deep(each) < _DEEP_OF_SEVERAL for each in shapes):
        shape = ("|", *shapes)
    return Value(frozenset().union(*[value.origins for value in values]), shape)


def deep(shape: Shape) -> int:
    """Return how many steps a shape takes, to keep those of loops short."""
    steps = 0
    while shape and shape[0] in ("a", "e", "i"):
        shape = shape[1]
        steps += 1
    return steps + _DEEP_OF_SEVERAL if shape and shape[0] in ("|", "t", "l") else steps


def rebind(state: State, key: str, held: Value, value: ast.expr | None = None) -> None:
    """Let a name or path hold something new, and stand for the condition `value` if it is one."""
    if len(state) > 1 or key not in state:
        forget(state, key)
    state[key] = held
    if value is not None and value.__class__ in CONDITIONS and key.isidentifier():
        names = frozenset([part.id for part in ast.walk(value) if isinstance(part, ast.Name)])
        if key not in names:
            state[f"?{key}"] = (value, names)


def forget(state: State, key: str) -> None:
    """Drop all that is known of what a name or path leads to, and of conditions that mention it."""
    paths = (f"{key}.", f"{key}[")
    for other in [other for other in state if not other.isidentifier()]:
        mark = other[0]
        if mark == "?":
            if other[1:] == key or _root(key) in state[other][1]:
                del state[other]
        elif mark == "(":
            if _mentions(other, key):
                del state[other]
        elif mark == "~":
            if _mentions(other[1:], key):
                del state[other]
            elif any(key in way for way in state[other]):
                state[other] = tuple({k: v for k, v in way.items() if k != key} for way in state[other])
        elif other.startswith(paths) or f"[{key}]" in other:
            del state[other]


def _root(key: str) -> str:
    return key.partition(".")[0].partition("[")[0]


def _mentions(text: str, key: str) -> bool:
    return key in text and re.search(rf"(?<![\w.]){re.escape(key)}(?!\w)", text) is not None


def some(value: Value) -> Value:
    """Return what is left of a value that is known not to be None."""
    return value if value.origins == SAFE or not value.origins else Value(SAFE, value.shape)


def none_of(value: Value) -> Value:
    """Return what is left of a value that is known to be None; without origins if it cannot be."""
    return Value(value.origins - SAFE, value.shape)


def is_none(expression: ast.expr) -> bool:
    """Tell whether an expression is the literal None."""
    return isinstance(expression, ast.Constant) and expression.value is None


def path_of(expression: ast.expr) -> str:
    """Return the key of an expression that a guard can hold for, empty if it is none: `a`, `a.b`, `a[0]`, `a["k"]`."""
    match expression:
        case ast.Name():
            return expression.id
        case ast.Attribute():
            base = path_of(expression.value)
            return f"{base}.{expression.attr}" if base else ""
        case ast.Subscript():
            base, index = path_of(expression.value), _index(expression.slice)
            return f"{base}[{index}]" if base and index else ""
        case ast.NamedExpr():
            return expression.target.id
        case _:
            return ""


def _index(index: ast.expr) -> str:
    match index:
        case ast.Constant(value=int() | str()):
            return repr(index.value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return repr(-number)
        case ast.Name():
            return index.id
        case _:
            return ""


def constant_index(index: ast.expr) -> int | str | None:
    """Return the constant of a subscript, None if there is none."""
    match index:
        case ast.Constant(value=int() | str() as constant):
            return constant
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
        case _:
            return None


def spelled(expression: ast.expr) -> str:
    """Return names and calls of an expression without any literal, for messages."""
    match expression:
        case ast.Name():
            return expression.id
        case ast.Attribute():
            return f"{spelled(expression.value)}.{expression.attr}"
        case ast.Subscript():
            index = expression.slice
            number = isinstance(index, ast.Constant) and isinstance(index.value, int)
            return f"{spelled(expression.value)}[{index.value if number else '...'}]"  # type: ignore[union-attr]
        case ast.Call():
            return f"{spelled(expression.func)}(...)"
        case ast.Await():
            return f"await {spelled(expression.value)}"
        case ast.NamedExpr():
            return expression.target.id
        case _:
            return "..."


def last_name(expression: ast.expr) -> str:
    """Return the last name of a chain, or nothing."""
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""
