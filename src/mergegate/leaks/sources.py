"""Sources: which parts of an expression put personal data or a credential into its text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mergegate.leaks.sinks import Words, called
from mergegate.privacy.terms import Term, Terms

_VERBS = re.compile(
    r"^_*(?:a?get|fetch|load|read|decrypt|find|lookup|resolve|obtain|retrieve|generate|create|make|request)_"
)
_LONGEST_SLICE = 8
_DEEPEST = 12
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")
# constants, and classes
_NO_VARIABLE = re.compile(rf"{_CONSTANT.pattern}|[A-Z]+[a-z]+[a-z0-9]*[A-Z]\w*")


class Source(NamedTuple):
    """A value that gets into a text.

    Attributes
    ----------
    node
        What stands there.
    shown
        How messages call it.
    term
        What its name says that it is.
    """

    node: ast.expr
    shown: str
    term: Term


class Scope(NamedTuple):
    """What is known of the names in a function.

    Attributes
    ----------
    texts
        Names that are bound once, to a text put together of others.
    harmless
        Names that hold something else than they say: what hides its text, or what was made harmless before.
    """

    texts: Mapping[str, ast.expr]
    harmless: frozenset[str]


class Sources:
    """Finds the sources in expressions of one function.

    Parameters
    ----------
    terms, words
        The vocabulary.
    scope
        What is known of names.
    """

    def __init__(self, terms: Terms, words: Words, scope: Scope) -> None:
        self._terms = terms
        self._words = words
        self._scope = scope

    def under(self, name: str, value: ast.expr, place: ast.expr | None = None) -> Iterator[Source]:
        """Yield the sources in what is given under a name: of a keyword argument, a key, an attribute of a span."""
        term = self._terms.classify(name)
        if term is None:
            yield from self.of(value)
        elif not self._is_harmless(value):
            yield Source(place or value, name, term)

    def of(self, node: ast.expr, depth: int = 0) -> Iterator[Source]:
        """Yield the sources in an expression, in the order of the text."""
        if depth > _DEEPEST:
            return
        match node:
            case ast.Name():
                yield from self._name(node, depth + 1)
            case ast.Attribute():
                yield from self._attribute(node)
            case ast.Subscript():
                yield from self._subscript(node, depth + 1)
            case ast.Call():
                yield from self._call(node, depth + 1)
            case ast.Dict():
                yield from self._dict(node, depth + 1)
            case _:
                for part in _parts(node):
                    yield from self.of(part, depth + 1)

    def _name(self, node: ast.Name, depth: int) -> Iterator[Source]:
        text = self._scope.texts.get(node.id)
        if text is not None:
            yield from (each._replace(node=node) for each in self.of(text, depth))
        elif node.id not in self._scope.harmless and not _NO_VARIABLE.fullmatch(node.id):
            yield from self._classified(node, node.id, node.id)

    def _attribute(self, node: ast.Attribute) -> Iterator[Source]:
        if not _CONSTANT.fullmatch(node.attr) or _is_settings(node.value):
            yield from self._classified(node, node.attr, ast.unparse(node))

    def _subscript(self, node: ast.Subscript, depth: int) -> Iterator[Source]:
        index = node.slice
        if isinstance(index, ast.Constant) and isinstance(index.value, str):
            yield from self._classified(node, index.value, ast.unparse(node))
        elif isinstance(index, ast.Slice):
            # `token[:4]` is a mask, `token[:50]` of most tokens is the token
            upper = index.upper.value if isinstance(index.upper, ast.Constant) else None
            if index.lower is None and isinstance(upper, int) and upper > _LONGEST_SLICE:
                yield from self.of(node.value, depth)
        else:
            yield from self.of(node.value, depth)

    def _call(self, node: ast.Call, depth: int) -> Iterator[Source]:
        function = node.func
        name = called(node)
        first = node.args[0] if node.args else None
        if name in ("get", "pop", "getattr", "getenv", "get_header"):
            key = node.args[1] if name == "getattr" and len(node.args) > 1 else first
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield from self._classified(node, key.value, ast.unparse(node))
            return
        if hides(node, self._words):
            return
        if name in self._words.transparent:
            if isinstance(function, ast.Attribute):
                yield from self.of(function.value, depth)
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                yield from self.of(argument, depth)
        elif _VERBS.match(name):
            yield from self._classified(node, _VERBS.sub("", name), f"{ast.unparse(function)}()")

    def _dict(self, node: ast.Dict, depth: int) -> Iterator[Source]:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield from self.under(key.value, value)
            else:
                yield from self.of(value, depth)

    def _classified(self, node: ast.expr, name: str, shown: str) -> Iterator[Source]:
        term = self._terms.classify(name)
        if term is not None:
            yield Source(node, shown, term)

    def _is_harmless(self, value: ast.expr) -> bool:
        """Tell whether what is given under a telling name is not the value: a constant, a test, a masked form."""
        if isinstance(value, (ast.Constant, ast.Compare, ast.UnaryOp, ast.Lambda)):
            return True
        if isinstance(value, ast.IfExp):
            return self._is_harmless(value.body) and self._is_harmless(value.orelse)
        if isinstance(value, ast.Subscript):
            return isinstance(value.slice, ast.Slice) and not list(self.of(value))
        if isinstance(value, ast.Call):
            return hides(value, self._words)
        last = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
        return last in self._scope.harmless or not self._words.hiding.isdisjoint(last.lower().split("_"))


def hides(node: ast.Call, words: Words) -> bool:
    """Tell whether what a call gives is no longer the value that it is given."""
    name = called(node)
    return name in words.sanitizers or not words.hiding.isdisjoint(name.lower().split("_"))


def _is_settings(node: ast.expr) -> bool:
    last = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return last.lower().strip("_") in ("settings", "config", "conf", "cfg")


def _parts(node: ast.expr) -> Sequence[ast.expr]:
    """Return the parts of an expression that its text or its result consists of."""
    match node:
        case ast.JoinedStr(values=values):
            return [each.value for each in values if isinstance(each, ast.FormattedValue)]
        case ast.BinOp(left=left, right=right):
            return (left, right)
        case ast.IfExp(body=body, orelse=orelse):
            return (body, orelse)
        case ast.BoolOp(op=ast.Or(), values=values):
            return values
        # of `a and b`, only `b` is shown where it matters
        case ast.BoolOp(values=values):
            return values[-1:]
        case ast.Await(value=value) | ast.NamedExpr(value=value) | ast.Starred(value=value):
            return (value,)
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return elements
        case _:
            return ()
