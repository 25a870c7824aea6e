"""What the judge compares: the words of the statement at a place, and the function around it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from bisect import bisect_left
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from benchmarks.history.releases import Lines

Words = tuple[str, ...]
_LAYOUT = frozenset("(),")
_MEANINGLESS = frozenset(
    {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER}
)
_WORD = re.compile(r"\w+|[^\w\s'\"]")
# of a table with thousands of entries the first ones tell enough
_MANY = 300
_PREFIXES = "rRbBfFuU"
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_Position = tuple[int, int]


class Place(NamedTuple):
    """What is written at a place.

    Attributes
    ----------
    words
        Tokens of the statement, of its header if it has blocks, without what only lays it out; of a signature: the
        parameter's name or its default, or `def` and the name.
    scope
        The names of the classes and functions around it.
    above, below
        The nearest lines that are not blank, without blanks.
    lines
        First and last line of the statement.
    """

    words: Words
    scope: tuple[str, ...]
    above: str
    below: str
    lines: tuple[int, int]

    @property
    def is_head(self) -> bool:
        """Whether it is the head of a function or class."""
        return self.words[:1] in (("def",), ("class",))


class File:
    """One version of a file, read when it is first asked for."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self._units: list[tuple[_Position, _Position, tuple[str, ...], Words]] | None = None
        self._tokens: list[tuple[_Position, str]] = []

    def at(self, line: int, column: int) -> Place:
        """Return what is written at a line and an offset in bytes."""
        best: tuple[_Position, _Position, tuple[str, ...], Words] | None = None
        for unit in self._read():
            first, end, _, _ = unit
            # the smallest unit that holds the place; of two on a line, the one that holds the column
            if first[0] <= line <= end[0] and (best is None or self._better(unit, best, (line, column))):
                best = unit
        if best is None:
            text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
            return Place(tuple(text.split()), (), self._near(line, -1), self._near(line, 1), (line, line))
        first, end, scope, fixed = best
        words = fixed or self._words(first, end)
        return Place(words, scope, self._near(first[0], -1), self._near(end[0], 1), (first[0], end[0]))

    def scopes(self) -> frozenset[tuple[str, ...]]:
        """Return the names of all functions and classes, each behind those around it."""
        return frozenset(scope for _, _, scope, _ in self._read())

    @staticmethod
    def _better(
        unit: tuple[_Position, _Position, tuple[str, ...], Words],
        best: tuple[_Position, _Position, tuple[str, ...], Words],
        position: _Position,
    ) -> bool:
        holds, held = (each[0] <= position < each[1] for each in (unit, best))
        if holds != held:
            return holds
        # units come from the outside in
        return True

    def _near(self, line: int, step: int) -> str:
        index = line - 1 + step
        while 0 <= index < len(self.lines):
            if self.lines[index].strip():
                return "".join(self.lines[index].split())
            index += step
        return ""

    def _words(self, first: _Position, end: _Position) -> Words:
        start = bisect_left(self._tokens, (first, ""))
        found: list[str] = []
        for index in range(start, len(self._tokens)):
            if self._tokens[index][0] >= end:
                break
            found.append(self._tokens[index][1])
        return tuple(found)

    def _read(self) -> list[tuple[_Position, _Position, tuple[str, ...], Words]]:
        if self._units is None:
            text = "\n".join(self.lines)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    tree = ast.parse(text)
                self._tokens = list(_tokens(text, self.lines))
                self._units = list(_units(tree, ()))
            except (SyntaxError, ValueError, RecursionError, tokenize.TokenError):
                self._units = []
        return self._units


def similar(one: Words, other: Words, least: float) -> float:
    """Return how much of two statements agrees, from 0 to 1; -1 if it is less than `least`."""
    matcher = SequenceMatcher(None, one[:_MANY], other[:_MANY], autojunk=False)
    # both are upper bounds, and quick
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return -1.0
    ratio = matcher.ratio()
    return ratio if ratio >= least else -1.0


def _tokens(text: str, lines: Lines) -> Iterator[tuple[_Position, str]]:
    """Give the tokens that mean something, positions in bytes; quotes are all alike."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in _MEANINGLESS or token.string in _LAYOUT:
            continue
        row, column = token.start
        line = lines[row - 1] if row <= len(lines) else ""
        offset = column if line.isascii() else len(line[:column].encode("utf-8", "replace"))
        if token.type == tokenize.STRING:
            # how a long text is cut into literals is layout, and texts that share most words are alike
            for number, word in enumerate(_WORD.findall(token.string.lstrip(_PREFIXES))):
                yield (row, offset + number), word
        else:
            yield (row, offset), token.string


def _units(owner: ast.AST, scope: tuple[str, ...]) -> Iterator[tuple[_Position, _Position, tuple[str, ...], Words]]:
    """Give the statements below a node from the outside in: start, end of the header, scope, fixed words."""
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):
        block = getattr(owner, field, None)
        for statement in block if isinstance(block, list) else ():
            inner = scope
            if isinstance(statement, (*_FUNCTION, ast.ClassDef)):
                inner = (*scope, statement.name)
                yield from ((_start(each), _end(each), inner, ()) for each in statement.decorator_list)
                kind = "class" if isinstance(statement, ast.ClassDef) else "def"
                yield _start(statement), _start(statement.body[0]), inner, (kind, statement.name)
                if isinstance(statement, _FUNCTION):
                    yield from _parameters(statement, inner)
            else:
                yield _start(statement), _header_end(statement), scope, ()
            yield from _units(statement, inner)


def _parameters(
    function: ast.FunctionDef | ast.AsyncFunctionDef, scope: tuple[str, ...]
) -> Iterator[tuple[_Position, _Position, tuple[str, ...], Words]]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    bare = len(positional) - len(arguments.defaults)
    defaults = [None] * bare + arguments.defaults
    for parameter, default in (
        *zip(positional, defaults, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        *((each, None) for each in (arguments.vararg, arguments.kwarg) if each is not None),
    ):  # fmt: skip
        yield _start(parameter), _end(parameter), scope, ("parameter", parameter.arg)
        if default is not None:
            yield _start(default), _end(default), scope, ()


def _start(node: ast.AST) -> _Position:
    if isinstance(node, ast.match_case):
        node = node.pattern
    return node.lineno, node.col_offset  # type: ignore[attr-defined]


def _end(node: ast.AST) -> _Position:
    return node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]


def _header_end(statement: ast.AST) -> _Position:
    for field in ("body", "handlers", "cases"):
        block = getattr(statement, field, None)
        if isinstance(block, list) and block:
            return _start(block[0])
    return _end(statement)
