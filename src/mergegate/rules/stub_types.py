"""Reads annotations in stub syntax: from type expressions to the JSON types of the type table."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from mergegate.rules.json_types import TypeJson, join_types

_MAX_DEPTH = 12


class TypeVariable(NamedTuple):
    """A type variable with what limits it."""

    name: str
    bound: ast.expr | None
    constraints: tuple[ast.expr, ...]
    scope: Scope


class TypeAlias(NamedTuple):
    """A name for a type expression."""

    node: ast.expr
    scope: Scope


Symbol = str | TypeVariable | TypeAlias | None


class Scope(Protocol):
    """What names mean in one module of stubs."""

    def resolve(self, dotted: str) -> Symbol:
        """Return the canonical dotted name of a class, function or module, a variable or alias, or None."""
        ...

    def statements(self, body: Sequence[ast.stmt]) -> Iterable[ast.stmt]:
        """Return the statements of a body, those that are in force inside conditions included."""
        ...


class Context(NamedTuple):
    """Where an annotation stands.

    Attributes
    ----------
    kept
        The type variables of the class around it, which stay variables.
    selves
        The type variables that annotate `self` or `cls`, which mean the receiver.
    """

    scope: Scope
    kept: frozenset[str] = frozenset()
    selves: frozenset[str] = frozenset()


def dotted_name(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression, "" for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


# -- annotations -----------------------------------------------------------------------------------------------------


def read_type(node: ast.expr | None, context: Context, depth: int = 0) -> TypeJson:
    """Return the JSON type that an annotation means; None if it says nothing."""
    if node is None or depth > _MAX_DEPTH:
        return None
    if isinstance(node, ast.Constant):
        if node.value is None:
            return "None"
        return read_type(_parsed(node.value), context, depth + 1) if isinstance(node.value, str) else None
    if isinstance(node, ast.Name | ast.Attribute):
        return _read_name(context.scope.resolve(dotted_name(node)), context, depth)
    if isinstance(node, ast.BinOp):
        return join_types([read_type(node.left, context, depth + 1), read_type(node.right, context, depth + 1)])
    if isinstance(node, ast.Subscript):
        return _read_subscript(node, context, depth)
    return None


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


def _read_name(symbol: Symbol, context: Context, depth: int) -> TypeJson:
    if isinstance(symbol, TypeVariable):
        return _read_variable(symbol, context, depth)
    if isinstance(symbol, TypeAlias):
        return read_type(symbol.node, context._replace(scope=symbol.scope), depth + 1)
    if symbol is None or symbol in _SAY_NOTHING:
        return None
    if symbol in _PLAIN:
        return _PLAIN[symbol]
    form = _FORMS.get(symbol, "")
    return [form, None] if form in _WRAPPING else symbol


def _read_variable(variable: TypeVariable, context: Context, depth: int) -> TypeJson:
    if variable.name in context.selves:
        return "~Self"
    if variable.name in context.kept:
        return f"~{variable.name}"
    outer = context._replace(scope=variable.scope)
    if variable.constraints:
        return join_types([read_type(c, outer, depth + 1) for c in variable.constraints])
    return read_type(variable.bound, outer, depth + 1)


def arguments(node: ast.Subscript) -> list[ast.expr]:
    """Return what stands between the brackets."""
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _read_subscript(node: ast.Subscript, context: Context, depth: int) -> TypeJson:
    symbol = context.scope.resolve(dotted_name(node.value))
    parts = arguments(node)
    if not isinstance(symbol, str):
        return _read_name(symbol, context, depth)
    form = _FORMS.get(symbol, "")
    if form == "literal":
        return join_types([read_constant(part) for part in parts])
    if form in ("call", "last await"):
        return [form.removeprefix("last "), read_type(parts[-1], context, depth + 1)]
    if symbol == "builtins.tuple":
        return _read_tuple(parts, context, depth)
    read = [read_type(p, context, depth + 1) for p in parts]
    if form == "first":
        return read[0]
    if form == "optional":
        return join_types([*read, "None"])
    if form == "union":
        return join_types(read)
    if form:
        return [form, read[0]]
    if symbol in _SAY_NOTHING or symbol in _PLAIN:
        return _PLAIN.get(symbol)
    return [symbol, *read] if any(r is not None for r in read) else symbol


def _read_tuple(parts: list[ast.expr], context: Context, depth: int) -> TypeJson:
    if len(parts) == 2 and isinstance(parts[1], ast.Constant) and parts[1].value is ...:
        return ["builtins.tuple...", read_type(parts[0], context, depth + 1)]
    if len(parts) == 1 and isinstance(parts[0], ast.Tuple):
        return ["builtins.tuple"]
    return ["builtins.tuple", *[read_type(p, context, depth + 1) for p in parts]]


def read_constant(node: ast.expr | None) -> TypeJson:
    """Return the type of a literal."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return _CONSTANTS.get(type(node.value).__name__) if isinstance(node, ast.Constant) else None


_SAY_NOTHING = frozenset(
    {
        "typing.Any", "builtins.object", "typing.NoReturn", "typing.Never", "typing.TypeAlias", "typing.Concatenate",
        "typing.Unpack", "_typeshed.Incomplete", "_typeshed.Unused", "_typeshed.MaybeNone", "builtins.ellipsis",
        "types.EllipsisType",
    }
)  # fmt: skip
_PLAIN: Mapping[str, TypeJson] = {
    "typing.Self": "~Self", "typing.LiteralString": "builtins.str", "typing.TypeGuard": "builtins.bool",
    "typing.TypeIs": "builtins.bool", "types.NoneType": "None",
}  # fmt: skip
_CONSTANTS: Mapping[str, TypeJson] = {
    "str": "builtins.str", "bytes": "builtins.bytes", "bool": "builtins.bool", "int": "builtins.int",
    "float": "builtins.float", "NoneType": "None",
}  # fmt: skip
_WRAPPING = frozenset({"await", "with", "awith", "call"})
_FORMS: Mapping[str, str] = {
    "typing.Literal": "literal", "typing.Optional": "optional", "typing.Union": "union", "typing.Callable": "call",
    "builtins.type": "type", "typing.Annotated": "first", "typing.Final": "first", "typing.ClassVar": "first",
    "typing.Required": "first", "typing.NotRequired": "first", "typing.ReadOnly": "first",
    "dataclasses.InitVar": "first", "typing.Awaitable": "await", "typing.Coroutine": "last await",
    "types.CoroutineType": "last await", "contextlib.AbstractContextManager": "with",
    "contextlib._GeneratorContextManager": "with", "contextlib.AbstractAsyncContextManager": "awith",
    "contextlib._AsyncGeneratorContextManager": "awith",
}  # fmt: skip
