"""Passing: what calls of functions that write are given, read from the text of the call and of its function."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mergegate.leaks.flow import ParameterFlow, parameters_of
from mergegate.leaks.scopes import scope_of
from mergegate.leaks.sinks import load_words, sink_of
from mergegate.leaks.sources import Scope, Source, Sources
from mergegate.privacy.terms import load_terms
from mergegate.trees import tree_of

_NAME = re.compile(rb"[A-Za-z_]\w*")
_NOTHING_KNOWN = Scope({}, frozenset())


class Parameter(NamedTuple):
    """A parameter of the called function: `kind` is one of ``p``, ``a``, ``*``, ``k``, ``**``, as in summaries."""

    name: str
    kind: str


class Caller:
    """A function that calls others.

    Parameters
    ----------
    text
        Its source, without decorators; empty for the body of a module.
    """

    def __init__(self, text: bytes) -> None:
        words, terms = load_words(), load_terms()
        function = _function(text)
        scope = _NOTHING_KNOWN if function is None else scope_of(function, words)
        own = frozenset[str]() if function is None else parameters_of(function, terms, words)
        self._words = words
        self._sources = Sources(terms, words, scope)
        self._flow = ParameterFlow(terms, words, scope, own)

    def sources(self, call: ast.Call, parameters: Sequence[Parameter], wanted: str) -> Iterator[Source]:
        """Yield the sources in what a call passes for one of the parameters.

        Parameters
        ----------
        parameters
            Those of the called function, without one that is bound already.
        """
        return self._in(call, parameters, wanted, self._sources)

    def passed_on(self, call: ast.Call, parameters: Sequence[Parameter], wanted: str) -> Iterator[str]:
        """Yield the parameters of the caller in what a call passes for one of the parameters."""
        return (source.shown for source in self._in(call, parameters, wanted, self._flow))

    def writes_itself(self, call: ast.Call) -> bool:
        """Tell whether a call is known as one that writes without looking into what it calls."""
        return bool(sink_of(call, self._words, ()))

    def _in(self, call: ast.Call, parameters: Sequence[Parameter], wanted: str, sources: Sources) -> Iterator[Source]:
        for name, value in passed(call, parameters, wanted):
            yield from sources.under(name, value) if name else sources.of(value)


def passed(call: ast.Call, parameters: Sequence[Parameter], wanted: str) -> Iterator[tuple[str, ast.expr]]:
    """Yield (key, value) of what a call passes for a parameter; keys are those of a mapping, else empty."""
    kind = next((each.kind for each in parameters if each.name == wanted), "")
    plain = [each.name for each in parameters if each.kind in "pa"]
    spread = next((number for number, each in enumerate(call.args) if isinstance(each, ast.Starred)), len(call.args))
    if kind == "**":
        named = {each.name for each in parameters if each.kind in "ak"}
        for keyword in call.keywords:
            if keyword.arg not in named:
                yield keyword.arg or "", keyword.value
        return
    if kind == "*":
        yield from (("", value) for value in call.args[len(plain) :])
        return
    if kind in ("p", "a") and (place := plain.index(wanted)) < spread:
        yield "", call.args[place]
        return
    yield from (("", keyword.value) for keyword in call.keywords if keyword.arg == wanted)


def call_in(text: bytes) -> ast.Call | None:
    """Return the call that a text consists of, its places counted from the text's beginning plus one column."""
    tree = tree_of(b"(" + text + b")")
    statement = tree.body[0] if tree is not None and tree.body else None
    found = statement.value if isinstance(statement, ast.Expr) else None
    return found if isinstance(found, ast.Call) else None


def is_telling(text: bytes) -> bool:
    """Tell whether a text has a name that says that it holds something private."""
    terms = load_terms()
    return any(terms.classify(name.decode("ascii")) is not None for name in set(_NAME.findall(text)))


def _function(text: bytes) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    if not text:
        return None
    tree = tree_of(b"if 1:\n" + text if text[:1] in (b" ", b"\t") else text)
    body = tree.body if tree is not None else []
    first = body[0].body[0] if body and isinstance(body[0], ast.If) else body[0] if body else None
    return first if isinstance(first, (ast.FunctionDef, ast.AsyncFunctionDef)) else None
