"""Small things that rewrites do with code: read literals, and arrange arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

import libcst as cst

_NO_SPACES = cst.AssignEqual(whitespace_before=cst.SimpleWhitespace(""), whitespace_after=cst.SimpleWhitespace(""))


def keyword(name: str, value: cst.BaseExpression) -> cst.Arg:
    """Return the argument `name=value`."""
    return cst.Arg(value, keyword=cst.Name(name), equal=_NO_SPACES)


def name_of(argument: cst.Arg) -> str:
    """Return the name by which an argument is given; `*` and `**` for what is spread, empty for a positional one."""
    return argument.keyword.value if argument.keyword is not None else argument.star


def with_arguments(call: cst.Call, arguments: Sequence[cst.Arg]) -> cst.Call:
    """Return a call with other arguments, laid out as those before."""
    old = call.args
    if not arguments or not old:
        return call.with_changes(
            args=_separated(arguments),
            whitespace_before_args=cst.SimpleWhitespace("") if not arguments else call.whitespace_before_args,
        )
    last = old[-1].comma
    between = next((each.comma for each in old[:-1] if isinstance(each.comma, cst.Comma)), _COMMA)
    made = [
        each if isinstance(each.comma, cst.Comma) and each is not old[-1] else each.with_changes(comma=between)
        for each in arguments[:-1]
    ]
    final = arguments[-1].with_changes(comma=last, whitespace_after_arg=old[-1].whitespace_after_arg)
    return call.with_changes(args=[*made, final])


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _separated(arguments: Sequence[cst.Arg]) -> list[cst.Arg]:
    return [
        each.with_changes(comma=_COMMA if index < len(arguments) - 1 else cst.MaybeSentinel.DEFAULT)
        for index, each in enumerate(arguments)
    ]


def dotted(node: cst.CSTNode) -> str:
    """Return `a.b.c` for a chain of names, else nothing."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr.value}" if head else ""
    return ""


def chain(text: str) -> cst.Name | cst.Attribute:
    """Return the expression `a.b.c`."""
    head, _, last = text.rpartition(".")
    return cst.Attribute(chain(head), cst.Name(last)) if head else cst.Name(last)


def literal(node: cst.BaseExpression) -> object:
    """Return the constant that an expression is; Ellipsis if it is none."""
    try:
        return ast.literal_eval(cst.Module([]).code_for_node(node))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ...


def is_literal(node: cst.BaseExpression, *values: object) -> bool:
    """Tell whether an expression is one of some constants, written as such."""
    return isinstance(node, cst.Name) and any(node.value == repr(value) for value in values)


def names_in(node: cst.CSTNode) -> set[str]:
    """Return all names that stand in a piece of code, attributes included."""
    found: set[str] = set()
    pending: list[cst.CSTNode] = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, cst.Name):
            found.add(each.value)
        pending.extend(each.children)
    return found


def inside(node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    """Yield a node and all nodes below it."""
    pending: list[cst.CSTNode] = [node]
    while pending:
        each = pending.pop()
        yield each
        pending.extend(each.children)
