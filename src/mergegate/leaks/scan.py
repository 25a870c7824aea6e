"""The scan of one file: which of its log calls are given personal data or credentials."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mergegate.finding import Confidence, Severity
from mergegate.leaks.sinks import (
    BINDING,
    LOGGING,
    OUTPUT,
    TELEMETRY,
    Words,
    call_beginnings,
    load_words,
    loggers_of,
    sink_of,
)  # fmt: skip
from mergegate.leaks.sources import Scope, Source, Sources, hides
from mergegate.privacy.terms import Terms, load_terms
from mergegate.trees import Parsed

CREDENTIAL, PERSONAL = "credential-in-log", "personal-data-in-log"
_NAME = re.compile(rb"[A-Za-z_]\w*")
_LONGEST_CALL = 1500
# a name that is given a text with values in it; found from the sign on, for lines begin with anything
_PUT_TOGETHER = re.compile(rb""" = \(?\s*(f["'][^\n]*|["'][^\n]*["'] (?:%|\+) [^\n]*|["'][^\n]*\.format\([^\n]*)""")
_ALONE = re.compile(rb"[ \t]*(\w+)")
# alone, such a word is as often something else: a token of a parser, an address in memory
_VAGUE = frozenset({
    "token", "secret", "address", "cookie", "pin", "recipient", "authorization", "webhook url", "dsn", "login", "otp",
    "cred", "creds", "credential", "credentials",
})  # fmt: skip
_FORMATTERS = (ast.JoinedStr, ast.BinOp)


class Leak(NamedTuple):
    """A value that a call writes.

    Attributes
    ----------
    rule
        The rule that it breaks.
    line, column, end_line, end_column
        Where the value stands: 1-based lines, 0-based offsets in bytes.
    severity, confidence
        How bad and how sure; where the file lies may lower both.
    message, help
        What is wrong and what to do.
    """

    rule: str
    line: int
    column: int
    end_line: int
    end_column: int
    severity: str
    confidence: str
    message: str
    help: str


def scan(parsed: Parsed) -> list[Leak]:
    """Return the leaks in Python code, in order; none if it cannot be parsed.

    Parameters
    ----------
    parsed
        The code.
    """
    words, terms = load_words(), load_terms()
    lines = suspect_lines(parsed.data, words, terms)
    tree = parsed.tree if lines else None
    return [] if tree is None else _Scan(tree, lines, words, terms).leaks()


def suspect_lines(data: bytes, words: Words, terms: Terms) -> list[int]:
    """Return the lines on which calls begin that may write a value with a telling name; found without parsing."""
    found: set[int] = set()
    starts: list[int] = []
    texts = set(_put_together(data, terms))
    for start, end in call_beginnings(data, words):
        text = data[start : end + _LONGEST_CALL]
        text = text[: _end(text)]
        if _is_telling(text, terms) or (texts and not texts.isdisjoint(_NAME.findall(text))):
            starts = starts or [0, *(match.end() for match in re.finditer(b"\n", data))]
            found.add(bisect_right(starts, start))
    return sorted(found)


def _put_together(data: bytes, terms: Terms) -> Iterator[bytes]:
    """Yield the names that are given a text with a value in it whose name is telling."""
    for found in _PUT_TOGETHER.finditer(data):
        sign = found.start()
        target = _ALONE.fullmatch(data, data.rfind(b"\n", 0, sign) + 1, sign)
        if target is not None and _is_telling(found[1], terms):
            yield target[1]


def _is_telling(text: bytes, terms: Terms) -> bool:
    return any(terms.classify(name.decode("ascii")) is not None for name in _NAME.findall(text))


def _end(text: bytes) -> int:
    """Return about where a call ends: brackets in its texts may mislead, and then more is looked at."""
    depth = 0
    for match in re.finditer(rb"[()]", text):
        depth += 1 if match[0] == b"(" else -1
        if depth == 0:
            return match.end()
    return len(text)


class _Scan:
    """One pass over a module."""

    def __init__(self, tree: ast.Module, lines: Sequence[int], words: Words, terms: Terms) -> None:
        self._tree = tree
        self._lines = lines
        self._words = words
        self._terms = terms
        self._loggers = loggers_of(tree, words)

    def leaks(self) -> list[Leak]:
        found: dict[tuple[int, int], Leak] = {}
        for owner, call in self._suspects(self._tree, self._tree):
            sink = sink_of(call, self._words, self._loggers)
            if not sink:
                continue
            sources = Sources(self._terms, self._words, _scope_of(owner, self._words))
            for source in _given(call, sink, sources):
                made = _leak(source, call, sink)
                found.setdefault((made.line, made.column), made)
        return [found[place] for place in sorted(found)]

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


_WRITTEN = {
    LOGGING: "written to a log", OUTPUT: "printed", TELEMETRY: "sent to telemetry", BINDING: "bound to log records"
}  # fmt: skip


def _leak(source: Source, call: ast.Call, sink: str) -> Leak:
    term, node = source.term, source.node
    credential = term.category == "credential"
    severity = {"high": Severity.ERROR, "medium": Severity.WARNING}.get(term.level, Severity.INFO)
    entity = term.entity.replace("_", " ").lower()
    kind = "a credential" if credential else f"personal data ({entity})" if entity else "personal data"
    written = ast.unparse(call.func)
    message = f"`{source.shown}` is {_WRITTEN[sink]} by `{written}`: its name says that it holds {kind}"
    help_ = (
        f"leave it out, or log `bool({source.shown})`; where it has to be told from others, mask it"
        if credential
        else f"log an id instead, or mask it: `mergegate.privacy.redact({source.shown})`"
    )
    return Leak(
        CREDENTIAL if credential else PERSONAL, node.lineno, node.col_offset, node.end_lineno or node.lineno,
        node.end_col_offset or node.col_offset + 1, severity.value, _confidence(source, sink).value, message, help_,
    )  # fmt: skip


def _confidence(source: Source, sink: str) -> Confidence:
    term = source.term
    if term.level == "low" or term.category == "content":
        return Confidence.LOW
    # of a name that goes on behind the term, what it holds is more often about such a value
    last = re.findall(r"[a-z]+", term.text)[-1].removesuffix("s")
    goes_on = not re.fullmatch(rf".*{last}s*[^a-z]*", source.shown.lower())
    if sink == OUTPUT or goes_on or term.text in _VAGUE or term.match == "exact":
        return Confidence.MEDIUM
    return Confidence.HIGH


def _scope_of(owner: ast.AST, words: Words) -> Scope:
    """Return what is known of the names in a function, from its parameters and assignments."""
    values: dict[str, list[ast.expr]] = {}
    harmless: set[str] = set()
    for node in _own(owner):
        if isinstance(node, ast.arg) and node.annotation is not None:
            if not words.hiding_types.isdisjoint(re.findall(r"\w+", ast.unparse(node.annotation))):
                harmless.add(node.arg)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    values.setdefault(target.id, []).append(node.value)
    texts = {name: given[0] for name, given in values.items() if len(given) == 1 and isinstance(given[0], _FORMATTERS)}
    harmless.update(name for name, given in values.items() if any(_hides(value, words) for value in given))
    harmless.update(name for name, given in values.items() if all(isinstance(value, ast.Constant) for value in given))
    return Scope(texts, frozenset(harmless))


def _own(owner: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function but for those of functions and classes in it."""
    pending = list(ast.iter_child_nodes(owner))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))


def _hides(value: ast.expr, words: Words) -> bool:
    if isinstance(value, (ast.Compare, ast.UnaryOp)):
        return True
    if isinstance(value, ast.Call):
        return hides(value, words)
    # `"*" * 8`, `key[:2] + "***"`, `key[:8] + "*" * 15`; asterisks alone may be an emphasis
    parts = list(ast.walk(value)) if isinstance(value, ast.BinOp) else []
    starred = any(isinstance(part, ast.Constant) and str(part.value).strip("*") == "" != part.value for part in parts)
    return starred and any(isinstance(part, (ast.Slice, ast.Mult)) for part in parts)
