"""The scan of one file: which of its log calls are given personal data or credentials, and which functions log."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mergegate.leaks.description import Leak, described
from mergegate.leaks.flow import ParameterFlow, parameters_of, tested_parameters
from mergegate.leaks.scopes import scope_of
from mergegate.leaks.setups import setups
from mergegate.leaks.sinks import BINDING, TELEMETRY, Words, call_beginnings, load_words, loggers_of, sink_of
from mergegate.leaks.sources import Source, Sources
from mergegate.privacy.terms import Terms, load_terms
from mergegate.trees import Parsed

_NAME = re.compile(rb"[A-Za-z_]\w*")
_LONGEST_CALL = 1500
# a name that is given a text with values in it; found from the sign on, for lines begin with anything
_PUT_TOGETHER = re.compile(rb""" = \(?\s*(f["'][^\n]*|["'][^\n]*["'] (?:%|\+) [^\n]*|["'][^\n]*\.format\([^\n]*)""")
_ALONE = re.compile(rb"[ \t]*(\w+)")
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEF = re.compile(rb"^([ \t]*)(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(", re.MULTILINE)


class Writer(NamedTuple):
    """A function that writes what it is given under a name which says nothing of it.

    Attributes
    ----------
    line
        The line of its `def`.
    parameter
        What it is given.
    sink, at, written
        What it writes to, the line of the call that writes, and what that calls.
    """

    line: int
    parameter: str
    sink: str
    at: int
    written: str


class Scanned(NamedTuple):
    """What a file gives."""

    leaks: list[Leak]
    writers: list[Writer]


def scan(parsed: Parsed) -> Scanned:
    """Return what Python code leaks, and which of its functions write, in order; nothing if it cannot be parsed.

    Parameters
    ----------
    parsed
        The code.
    """
    words, terms = load_words(), load_terms()
    lines = suspect_lines(parsed.data, words, terms)
    tree = parsed.tree if lines else None
    found = Scanned([], []) if tree is None else _Scan(tree, lines, words, terms).scanned()
    found.leaks.extend(setups(parsed))
    return found


def suspect_lines(data: bytes, words: Words, terms: Terms) -> list[int]:
    """Return the lines on which calls begin that may write a value with a telling name, or a parameter.

    They are found without parsing.
    """
    found: set[int] = set()
    starts: list[int] = []
    texts = set(_put_together(data, terms))
    heads = _Heads(data)
    for start, end in call_beginnings(data, words):
        text = data[start : end + _LONGEST_CALL]
        text = text[: _end(text)]
        names = _NAME.findall(text)
        if not texts.isdisjoint(names) or _is_telling(names, terms) or not heads.around(start).isdisjoint(names):
            starts = starts or [0, *(match.end() for match in re.finditer(b"\n", data))]
            found.add(bisect_right(starts, start))
    return sorted(found)


class _Heads:
    """The names in the heads of functions: those of parameters, and some more."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._heads = [(match.start(), match.end(), len(match[1])) for match in _DEF.finditer(data)]
        self._starts = [start for start, _, _ in self._heads]
        self._known: dict[int, frozenset[bytes]] = {}

    def around(self, position: int) -> frozenset[bytes]:
        """Return the names in the head of the function around a call."""
        data = self._data
        first = data.rfind(b"\n", 0, position) + 1
        indent = len(data[first:position]) - len(data[first:position].lstrip())
        index = bisect_right(self._starts, position) - 1
        while index >= 0 and self._heads[index][2] >= indent:
            index -= 1
        if index < 0:
            return frozenset()
        if index not in self._known:
            start, end, _ = self._heads[index]
            text = data[start : end + _LONGEST_CALL]
            self._known[index] = frozenset(_NAME.findall(text[end - start : _end(text)])) - _NO_PARAMETERS
        return self._known[index]


_NO_PARAMETERS = frozenset({
    b"self", b"cls", b"str", b"int", b"float", b"bool", b"None", b"Any", b"dict", b"list", b"tuple", b"True", b"False",
    b"Optional", b"bytes",
})  # fmt: skip


def _put_together(data: bytes, terms: Terms) -> Iterator[bytes]:
    """Yield the names that are given a text with a value in it whose name is telling."""
    for found in _PUT_TOGETHER.finditer(data):
        sign = found.start()
        target = _ALONE.fullmatch(data, data.rfind(b"\n", 0, sign) + 1, sign)
        if target is not None and _is_telling(_NAME.findall(found[1]), terms):
            yield target[1]


def _is_telling(names: Sequence[bytes], terms: Terms) -> bool:
    return any(terms.classify(name.decode("ascii")) is not None for name in names)


def _end(text: bytes) -> int:
    """Return about where a call ends: brackets in its texts may mislead, and then more is looked at."""
    depth = 0
    for match in re.finditer(rb"[()]", text):
        depth += 1 if match[0] == b"(" else -1
        if depth == 0:
            return match.end()
    return len(text)


class _Readers(NamedTuple):
    """What reads the expressions of one function, and where that asks for the types of its parameters."""

    sources: Sources
    flow: ParameterFlow | None
    tests: Mapping[str, int]


class _Scan:
    """One pass over a module."""

    def __init__(self, tree: ast.Module, lines: Sequence[int], words: Words, terms: Terms) -> None:
        self._tree = tree
        self._lines = lines
        self._words = words
        self._terms = terms
        self._loggers = loggers_of(tree, words)

    def scanned(self) -> Scanned:
        leaks: dict[tuple[int, int], Leak] = {}
        writers: dict[tuple[int, str], Writer] = {}
        known: dict[ast.AST, _Readers] = {}
        for owner, call in self._suspects(self._tree, self._tree):
            sink = sink_of(call, self._words, self._loggers)
            if not sink:
                continue
            if owner not in known:
                known[owner] = self._readers(owner)
            sources, flow, tests = known[owner]
            written = ast.unparse(call.func)
            for source in _given(call, sink, sources):
                made = described(source, sink, f"`{written}`")
                leaks.setdefault((made.line, made.column), made)
            for source in _given(call, sink, flow) if flow is not None else ():
                line = getattr(owner, "lineno", 0)
                if tests.get(source.shown, call.lineno) >= call.lineno:
                    writers.setdefault((line, source.shown), Writer(line, source.shown, sink, call.lineno, written))
        return Scanned([leaks[place] for place in sorted(leaks)], [writers[key] for key in sorted(writers)])

    def _readers(self, owner: ast.AST) -> _Readers:
        scope = scope_of(owner, self._words)
        parameters = (
            parameters_of(owner, self._terms, self._words) if isinstance(owner, _FUNCTION) else frozenset[str]()
        )
        flow = ParameterFlow(self._terms, self._words, scope, parameters) if parameters else None
        return _Readers(Sources(self._terms, self._words, scope), flow, tested_parameters(owner) if parameters else {})

    def _suspects(self, node: ast.AST, owner: ast.AST) -> Iterator[tuple[ast.AST, ast.Call]]:
        """Yield the calls on suspicious lines, each with the function around it."""
        for child in ast.iter_child_nodes(node):
            if not self._is_near(child):
                continue
            if isinstance(child, ast.Call):
                yield owner, child
            inner = child if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) else owner
            yield from self._suspects(child, inner)

    def _is_near(self, node: ast.AST) -> bool:
        first = getattr(node, "lineno", None)
        if first is None:
            return True
        index = bisect_left(self._lines, first)
        return index < len(self._lines) and self._lines[index] <= (getattr(node, "end_lineno", None) or first)


def _given(call: ast.Call, sink: str, sources: Sources) -> Iterator[Source]:
    """Yield the sources in what a sink is given."""
    if sink == TELEMETRY and len(call.args) >= 2 and isinstance(call.args[0], ast.Constant):
        yield from sources.under(str(call.args[0].value), call.args[1])
        return
    if sink != BINDING:
        for argument in call.args:
            yield from sources.of(argument)
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in ("extra", "exc_info", "stack_info", "file", "sep", "end", "flush"):
            yield from sources.of(keyword.value)
        else:
            yield from sources.under(keyword.arg, keyword.value)
