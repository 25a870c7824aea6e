"""What a statement is known by, so that neither a reformatted nor a moved one is taken for another."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from mergegate.coverage.model import Branch, FileCoverage
from mergegate.gate.location import Statement, blocks
from mergegate.gate.serialisation import digest, serialise
from mergegate.gate.source import Source
from mergegate.trees import tree_of

_LENGTH = 8
# how many lines a statement of another language may go on
_LONGEST = 40
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PYTHON = (".py", ".pyi", ".pyw")
# what formatters of other languages add and remove at the ends of lines
_OPTIONAL = re.compile(r"[\s;]|,(?=\s*[)\]}])")


class Key(NamedTuple):
    """A statement, or a way out of one: the classes and functions around it, and a hash of its code."""

    scope: str
    code: str

    @property
    def function(self) -> str:
        """The name of the innermost class or function around it."""
        return self.scope.rpartition(".")[2]


class Span(NamedTuple):
    """A function: its dotted name, and its first and last line."""

    name: str
    first: int
    last: int


class _Scoped(NamedTuple):
    """A statement in its scope; those of a line may have several, as in `def f(): return 1`."""

    scope: str
    node: Statement

    @property
    def key(self) -> Key:
        skip = ("decorator_list",) if isinstance(self.node, _DEFINITIONS) else ()
        return Key(self.scope, serialise(self.node, header=True, skip=skip).digest()[:_LENGTH])


def code_of(path: str, data: bytes, measured: FileCoverage | None = None) -> FileCode:
    """Return the code of a file by the language that its name tells.

    Parameters
    ----------
    path
        The file's path.
    data
        What the file holds.
    measured
        What was measured of it: in other languages than Python this tells where statements begin.
    """
    text = "\n".join(Source(data).lines)
    tree = tree_of(text) if path.endswith(_PYTHON) else None
    return PythonCode(tree, text) if tree is not None else OtherCode(text, measured)


class FileCode:
    """The code of a file, statement by statement.

    Parameters
    ----------
    text
        Its text.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def keys(self, line: int) -> tuple[Key, ...]:
        """Return what the statements that begin on a line are known by."""
        raise NotImplementedError

    def way(self, branch: Branch) -> Key:
        """Return what a way out of a statement is known by."""
        raise NotImplementedError

    @property
    def functions(self) -> Sequence[Span]:
        """The functions, methods included, in the order of the text."""
        raise NotImplementedError

    @cached_property
    def every(self) -> Counter[Key]:
        """All statements of the file, whether they are measured or not."""
        raise NotImplementedError

    def counted(self, lines: Iterable[int]) -> Counter[Key]:
        """Return what the statements on some lines are known by, equal ones counted."""
        return Counter(key for line in lines for key in self.keys(line))

    def by_key(self, lines: Iterable[int]) -> dict[Key, list[int]]:
        """Return the lines of statements by what they are known by."""
        found: defaultdict[Key, list[int]] = defaultdict(list)
        for line in sorted(lines):
            for key in self.keys(line):
                found[key].append(line)
        return found


class PythonCode(FileCode):
    """The code of a Python file; the parameters are its syntax and its text."""

    def __init__(self, tree: ast.Module, text: str) -> None:
        super().__init__(text)
        self._by_line: dict[int, list[_Scoped]] = {}
        # decorators: coverage counts a line for each
        self._parts: dict[int, tuple[str, ast.AST]] = {}
        self._functions: list[Span] = []
        self._read(tree)

    def _read(self, tree: ast.Module) -> None:
        stack: list[tuple[str, Statement | ast.Module]] = [("", tree)]
        while stack:
            scope, owner = stack.pop()
            for block in blocks(owner):
                for statement in block:
                    self._add(scope, statement)
                    inner = scope
                    if isinstance(statement, _DEFINITIONS):
                        inner = f"{scope}.{statement.name}" if scope else statement.name
                        if not isinstance(statement, ast.ClassDef):
                            last = statement.end_lineno or statement.lineno
                            self._functions.append(Span(inner, statement.lineno, last))
                    stack.append((inner, statement))

    def _add(self, scope: str, statement: Statement) -> None:
        self._by_line.setdefault(_first(statement), []).append(_Scoped(scope, statement))
        for decorator in getattr(statement, "decorator_list", ()):
            self._parts[decorator.lineno] = scope, decorator

    def keys(self, line: int) -> tuple[Key, ...]:
        """Return what the statements that begin on a line are known by; of none, the text of the line."""
        found = self._by_line.get(line)
        if found is not None:
            return tuple(each.key for each in found)
        part = self._parts.get(line)
        if part is not None:
            return (Key(part[0], serialise(part[1]).digest()[:_LENGTH]),)
        return (Key(self._around(line), _of_text(self._lines[line - 1] if line <= len(self._lines) else "")),)

    def way(self, branch: Branch) -> Key:
        """Return what a way out of a statement is known by: the statement, and whether it leads into its body."""
        found = self._by_line.get(branch.source)
        if found is None:
            return self._with_direction(self.keys(branch.source)[0], ">")
        body = next(blocks(found[0].node), None)
        inside = body is not None and _first(body[0]) <= branch.target <= _last(body[-1])
        return self._with_direction(found[0].key, "+" if inside else "-")

    @staticmethod
    def _with_direction(key: Key, direction: str) -> Key:
        return Key(key.scope, key.code + direction)

    @property
    def functions(self) -> Sequence[Span]:
        """The functions, methods included, in the order of the text."""
        return sorted(self._functions, key=lambda each: each.first)

    @cached_property
    def every(self) -> Counter[Key]:
        """All statements of the file, whether they are measured or not."""
        return self.counted((*self._by_line, *self._parts))

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    def _around(self, line: int) -> str:
        inner = [each for each in self._functions if each.first <= line <= each.last]
        return max(inner, key=lambda each: each.first).name if inner else ""


class OtherCode(FileCode):
    """The code of a file that is no readable Python: a statement is what stands from one measured line to the next."""

    def __init__(self, text: str, measured: FileCoverage | None) -> None:
        super().__init__(text)
        self._lines = text.split("\n")
        self._starts = sorted(measured.statements) if measured is not None else list(range(1, len(self._lines) + 1))
        self._functions = measured.functions if measured is not None else ()

    def keys(self, line: int) -> tuple[Key, ...]:
        """Return what the statement that begins on a line is known by."""
        return (Key("", _of_text(self.piece(line))),)

    def piece(self, line: int) -> str:
        """Return the text of the statement that begins on a line."""
        at = bisect_right(self._starts, line)
        end = self._starts[at] if at < len(self._starts) else line + 1
        return "\n".join(self._lines[line - 1 : min(end - 1, line + _LONGEST)] or self._lines[line - 1 : line])

    def way(self, branch: Branch) -> Key:
        """Return what a way out of a statement is known by: the statement and the number of the way."""
        return Key("", f"{self.keys(branch.source)[0].code}{branch.target}")

    @property
    def functions(self) -> Sequence[Span]:
        """The functions that the report names; each ends where the next begins."""
        ends = [*(each.line - 1 for each in self._functions[1:]), len(self._lines)]
        return [
            Span(each.name, each.line, max(each.line, end)) for each, end in zip(self._functions, ends, strict=False)
        ]

    @cached_property
    def every(self) -> Counter[Key]:
        """All statements of the file."""
        return self.counted(self._starts)


def squeezed(text: str) -> str:
    """Return text without what formatters add and remove."""
    return _OPTIONAL.sub("", text)


def spread(keys: Counter[Key], places: dict[Key, list[int]]) -> Iterator[int]:
    """Yield the lines of counted statements; of equal ones the last, for copies tend to be added below."""
    for key, count in keys.items():
        yield from places.get(key, [])[-count:]


def _of_text(text: str) -> str:
    return digest((squeezed(text),), _LENGTH)


def _first(statement: Statement) -> int:
    return statement.pattern.lineno if isinstance(statement, ast.match_case) else statement.lineno


def _last(statement: Statement) -> int:
    if isinstance(statement, ast.match_case):
        return _last(statement.body[-1])
    return statement.end_lineno or statement.lineno
