"""What may be None at one point of a function: a set of origins for each local name."""

from __future__ import annotations

import ast

from mergegate.syntax.summary import Place

# an origin: not None (`OK`), a literal None (its line), or what a call gave (its place, and whether it was awaited)
Origin = tuple[str, int, int, int, int]
Origins = frozenset[Origin]

OK: Origin = ("ok", 0, 0, 0, 0)
SAFE: Origins = frozenset({OK})
# what the name holds, `?name`: the condition that it stands for, `(text`: a call that a condition has tested
State = dict[str, Origins | ast.expr]


def join(states: list[State | None]) -> State | None:
    """Return what holds where several ways meet; None: no way leads there."""
    alive = [state for state in states if state is not None]
    if not alive:
        return None
    first, *others = alive
    if not others:
        return dict(first)
    merged: State = {}
    for key in dict.fromkeys(key for state in alive for key in state):
        held = [state.get(key) for state in alive]
        if key[0] in "?(":
            # a condition, or a call known to be tested, counts only if it holds on every way
            if all(each is held[0] or each == held[0] for each in held) and held[0] is not None:
                merged[key] = held[0]
            continue
        merged[key] = frozenset().union(*(each if isinstance(each, frozenset) else SAFE for each in held))
    return merged


def origins(state: State, key: str) -> Origins:
    """Return what a name may hold; nothing is claimed of one that is not known."""
    held = state.get(key)
    return held if isinstance(held, frozenset) else SAFE


def rebind(state: State, name: str, held: Origins, value: ast.expr | None = None) -> None:
    """Let a name hold something new, and stand for the condition `value` if it is one."""
    for key in [k for k, v in state.items() if k[0] == "?" and isinstance(v, ast.expr) and _mentions(v, name)]:
        del state[key]
    state.pop(f"?{name}", None)
    state[name] = held
    if isinstance(value, ast.Compare | ast.BoolOp | ast.UnaryOp) and not _mentions(value, name):
        state[f"?{name}"] = value


def _mentions(expression: ast.expr, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(expression))


def without_none(held: Origins) -> Origins:
    """Return what is left of a value that is known not to be None."""
    return SAFE if held else held


def only_none(held: Origins) -> Origins:
    """Return what is left of a value that is known to be None; empty if it cannot be."""
    return held - SAFE


def is_none(expression: ast.expr) -> bool:
    """Tell whether an expression is the literal None."""
    return isinstance(expression, ast.Constant) and expression.value is None


def place_in(origin: Origin) -> Place:
    """Return where the call of an origin stands."""
    return origin[1], origin[2], origin[3], origin[4]


def spelled(expression: ast.expr) -> str:
    """Return names and calls of an expression without any literal, for messages."""
    match expression:
        case ast.Name():
            return expression.id
        case ast.Attribute():
            return f"{spelled(expression.value)}.{expression.attr}"
        case ast.Call():
            return f"{spelled(expression.func)}(...)"
        case ast.Await():
            return f"await {spelled(expression.value)}"
        case ast.NamedExpr():
            return expression.target.id
        case _:
            return "..."


def can_give_none(call: ast.Call) -> bool:
    """Tell whether a call is worth asking about: neither a constructor nor a method that never gives None."""
    func = call.func
    if isinstance(func, ast.Name):
        return not func.id[0].isupper() and func.id not in _NEVER
    return isinstance(func, ast.Attribute) and not func.attr[0].isupper() and func.attr not in _NEVER


_NEVER = frozenset(
    (
        "len", "str", "int", "float", "bool", "list", "dict", "set", "tuple", "frozenset", "bytes", "super", "type",
        "range", "enumerate", "zip", "map", "filter", "sorted", "reversed", "sum", "abs", "round", "repr", "open",
        "iter", "isinstance", "issubclass", "hasattr", "vars", "dir", "id", "hash", "print", "format", "input",
        "object", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "join", "lower", "upper", "title",
        "replace", "encode", "decode", "startswith", "endswith", "format_map", "items", "keys", "values", "copy",
        "partition", "rpartition", "group", "groups", "isoformat", "now", "utcnow", "today", "append", "extend",
        "add_argument",
    )
)  # fmt: skip
