"""Where in a module's syntax a place lies: its statement, the blocks around it, and the expression it points at."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias, cast

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Definition: TypeAlias = Function | ast.ClassDef
Statement: TypeAlias = ast.stmt | ast.ExceptHandler | ast.match_case
Position: TypeAlias = tuple[int, int]

_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")


class Level(NamedTuple):
    """A block on the way to a place and the statement in it that holds the place."""

    owner: ast.Module | Statement
    block: list[Statement]
    at: int

    @property
    def statement(self) -> Statement:
        """The statement on the way."""
        return self.block[self.at]


def way_to(tree: ast.Module, position: Position) -> list[Level]:
    """Return the blocks from the module down to the innermost statement that holds a position; none: no statement."""
    way: list[Level] = []
    inner = _level(tree, position)
    while inner is not None:
        way.append(inner)
        inner = _level(inner.statement, position)
    return way


def blocks(owner: ast.AST) -> Iterator[list[Statement]]:
    """Return the blocks of a statement in the order of the text, empty ones left out."""
    for name in _BLOCKS:
        block = getattr(owner, name, None)
        # `body` of a lambda or of a conditional expression is no list
        if isinstance(block, list) and block:
            yield block


def expression_at(statement: Statement, position: Position) -> ast.AST | None:
    """Return the outermost expression in a statement's header that begins at a position, else the innermost around."""
    best: ast.AST | None = None
    stack = list(header_nodes(statement))
    while stack:
        node = stack.pop()
        where = _span(node)
        if where is None:
            stack.extend(ast.iter_child_nodes(node))
        elif where[0] <= position < where[1]:
            if where[0] == position:
                return node
            best = node
            stack = list(ast.iter_child_nodes(node))
    return best


def header_nodes(statement: Statement) -> Iterator[ast.AST]:
    """Return the nodes that a statement's header consists of."""
    for name, value in ast.iter_fields(statement):
        if name not in _BLOCKS:
            values = cast("list[object]", value) if isinstance(value, list) else [value]
            yield from (each for each in values if isinstance(each, ast.AST))


class Part(NamedTuple):
    """What a signature has at a place: the parameter's name, if it is one, and what of it is meant beyond the name."""

    parameter: str
    nodes: tuple[ast.AST, ...]


def signature_part(definition: Definition, position: Position) -> Part | None:
    """Return the parameter, its type or default, the decorator, base or result type at a position; none: the name.

    A parameter is its name alone: it stays the same one when it is given a type or another default.
    """
    for node in _parts(definition):
        if _holds(node, position):
            return Part("", (node,))
    for parameter, default in () if isinstance(definition, ast.ClassDef) else _parameters(definition.args):
        for inner in (default, parameter.annotation):
            if inner is not None and _holds(inner, position):
                return Part(parameter.arg, (inner,))
        if _holds(parameter, position):
            return Part(parameter.arg, ())
    return None


def _parts(definition: Definition) -> Iterator[ast.AST]:
    yield from definition.decorator_list
    yield from getattr(definition, "type_params", ())
    if isinstance(definition, ast.ClassDef):
        yield from (*definition.bases, *definition.keywords)
    elif definition.returns is not None:
        yield definition.returns


def _parameters(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = len(positional) - len(arguments.defaults)
    yield from zip(positional, [None] * missing + arguments.defaults, strict=True)
    yield from zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    yield from ((each, None) for each in (arguments.vararg, arguments.kwarg) if each is not None)


def _holds(node: ast.AST, position: Position) -> bool:
    span = _span(node)
    return span is not None and span[0] <= position < span[1]


def _span(node: ast.AST) -> tuple[Position, Position] | None:
    line = getattr(node, "lineno", None)
    if line is None:
        return None
    return (line, node.col_offset), (node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def _level(owner: ast.Module | Statement, position: Position) -> Level | None:
    for block in blocks(owner):
        index = bisect_right(block, position, key=_start) - 1
        if index < 0 and _start(block[0])[0] == position[0]:
            index = 0
        if index >= 0 and _last_line(block[index]) >= position[0]:
            return Level(owner, block, index)
    return None


def _start(statement: Statement) -> Position:
    if isinstance(statement, ast.match_case):
        pattern = statement.pattern
        return (pattern.lineno, 0)
    decorators = getattr(statement, "decorator_list", None)
    if decorators:
        return (decorators[0].lineno, 0)
    return (statement.lineno, statement.col_offset)


def _last_line(statement: Statement) -> int:
    if isinstance(statement, ast.match_case):
        return _last_line(statement.body[-1])
    return statement.end_lineno or statement.lineno
