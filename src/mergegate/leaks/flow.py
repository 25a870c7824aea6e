"""Flow: which parameters of a function get into a text, whatever they are called."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mergegate.leaks.scopes import own_nodes
from mergegate.leaks.sinks import Words, called
from mergegate.leaks.sources import Scope, Source, Sources
from mergegate.privacy.terms import Term, Terms
from mergegate.secrets.names import words_of

# what a parameter holds is known only where the function is called
_WHATEVER = Term("", "", "", "", "")


class ParameterFlow(Sources):
    """Finds the parameters in expressions of one function.

    Parameters
    ----------
    terms, words, scope
        Those of `Sources`.
    parameters
        The names to look for.
    """

    def __init__(self, terms: Terms, words: Words, scope: Scope, parameters: frozenset[str]) -> None:
        super().__init__(terms, words, scope)
        self._parameters = parameters

    def under(self, name: str, value: ast.expr, place: ast.expr | None = None) -> Iterator[Source]:
        """Yield the parameters in what is given under a name; what a telling name holds is known where it stands."""
        del place
        if self._terms.classify(name) is None:
            yield from self.of(value)

    def _name(self, node: ast.Name, depth: int) -> Iterator[Source]:
        text = self._scope.texts.get(node.id)
        if node.id in self._parameters and node.id not in self._scope.harmless:
            yield Source(node, node.id, _WHATEVER)
        elif text is not None:
            yield from self.of(text, depth)

    def _attribute(self, node: ast.Attribute) -> Iterator[Source]:
        del node
        yield from ()

    def _subscript(self, node: ast.Subscript, depth: int) -> Iterator[Source]:
        if isinstance(node.slice, ast.Slice):
            yield from super()._subscript(node, depth)

    def _classified(self, node: ast.expr, name: str, shown: str) -> Iterator[Source]:
        del node, name, shown
        yield from ()


def parameters_of(function: ast.FunctionDef | ast.AsyncFunctionDef, terms: Terms, words: Words) -> frozenset[str]:
    """Return the parameters that a function never binds to something else and whose names say nothing of them."""
    given = function.args
    names = {each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
    names |= {each.arg for each in (given.vararg, given.kwarg) if each is not None}
    names -= {"self", "cls"}
    if names:
        names -= {
            node.id for node in own_nodes(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    return frozenset(
        name for name in names if terms.classify(name) is None and words.naming.isdisjoint(words_of(name)[-1:])
    )


def tested_parameters(function: ast.AST) -> dict[str, int]:
    """Return the names whose type a function asks for, with the first line that does.

    What is written behind that is most often what is of no type that was wanted.
    """
    found: dict[str, int] = {}
    for node in own_nodes(function):
        if isinstance(node, ast.Call) and called(node) == "isinstance" and node.args:
            subject = node.args[0]
            if isinstance(subject, ast.Name):
                found[subject.id] = min(node.lineno, found.get(subject.id, node.lineno))
    return found
