"""Extraction: from a file's bytes to its encoded module summary, totally."""

from __future__ import annotations

import ast
import sys
import threading
import warnings
from contextlib import suppress
from typing import Any

from mergegate.syntax.codec import encode
from mergegate.syntax.parsing import parse
from mergegate.syntax.pragmas import read_pragmas
from mergegate.syntax.statements import StatementReader
from mergegate.syntax.summary import (
    FIRST_ROWS,
    Flag,
    FunctionFact,
    FunctionFlag,
    ModuleSummary,
    ParseProblem,
    encode_operations,
)  # fmt: skip

# Building the tree of a chain with thousands of links recurses in C, reading it in Python. Both fit in a thread with a
# stack of this size under this limit (CPython 3.11 takes about 140 bytes of it for each of three levels per unit).
_DEEP_STACK = 64 * 1024 * 1024
_DEEP_LIMIT = 30_000


def summarise(data: bytes, *, kind: str = "py") -> bytes:
    """Return the encoded summary of one file; never raises for any bytes.

    Parameters
    ----------
    data
        The file's bytes.
    kind
        The kind of file; `py` is Python source.
    """
    del kind
    return encode(summary_of(data))


def summary_of(data: bytes, tree: ast.Module | None = None) -> ModuleSummary:
    """Return the summary of one Python file; a file that cannot be read gives one with a `problem`.

    Parameters
    ----------
    tree
        The file's tree, if somebody has parsed it already.
    """
    with warnings.catch_warnings():
        # what the file's author is warned of must not become an error here under `-W error`
        warnings.simplefilter("ignore")
        try:
            return _summary(data, tree)
        except RecursionError:
            return _summary_with_room(data)


def _summary(data: bytes, known: ast.Module | None = None) -> ModuleSummary:
    tree = parse(data, known)
    if isinstance(tree, ParseProblem):
        return _empty(tree)
    return ModuleReader().module(tree, data)


def _summary_with_room(data: bytes) -> ModuleSummary:
    """Try again where recursion has more room, the same amount whatever the caller's own depth."""
    found: list[ModuleSummary] = []

    def attempt() -> None:
        with suppress(RecursionError):
            found.append(_summary(data))

    limit, size = sys.getrecursionlimit(), threading.stack_size()
    # a system without room for the thread, or for its stack, leaves nothing found
    with suppress(RuntimeError, ValueError):
        threading.stack_size(_DEEP_STACK)
        sys.setrecursionlimit(_DEEP_LIMIT)
        thread = threading.Thread(target=attempt, name="mergegate-deep")
        thread.start()
        thread.join()
    sys.setrecursionlimit(limit)
    with suppress(RuntimeError, ValueError):
        threading.stack_size(size)
    return found[0] if found else _empty(ParseProblem(1, 0, "the code is nested too deeply to be analysed"))


class ModuleReader(StatementReader):
    """Reads one module: its body first, then the functions in the order of their definition."""

    def module(self, tree: ast.Module, data: bytes) -> ModuleSummary:
        """Return the summary of a parsed module."""
        scope = self.scope
        facts = self.facts
        facts.scopes.append(scope)
        facts.functions.append(_module_body())
        if b"nonlocal" in data:
            self.rebound = _rebound_names(tree)
        self.block(tree.body)
        self.read_bodies()
        self.finish()
        names = {name: node for name, node in scope.env.items() if isinstance(name, str)}
        for name, nodes in facts.global_definitions.items():
            names[name] = self.nodes.union([names.get(name, 0), *nodes])
        return ModuleSummary(
            self.rows, [tuple(nodes) for nodes in self.nodes.variables], names, tuple(facts.stars), facts.exports,
            tuple(facts.imports), facts.functions, facts.classes, read_pragmas(data, tree),
        )  # fmt: skip

    def read_bodies(self) -> None:
        """Read the bodies put off, which may put off more."""
        for scope, definition in self.deferred:
            self.scope = scope
            known = self.facts.functions[scope.function].flags & FunctionFlag.ALTERNATIVE
            self.flags = Flag.ALTERNATIVE if known else 0
            if isinstance(definition, ast.Lambda):
                scope.results.append((self.read(definition.body), 0))
            else:
                self.block(definition.body)
                if not scope.dead:
                    scope.flags |= FunctionFlag.ENDS

    def may_be_none(self, node: int) -> bool:
        """Tell whether a node may be None by its form: no import, function, class, or literal is."""
        row = self.rows[node]
        if row[0] == "g":
            held = self.facts.scopes[0].env.get(row[1])
            return held is not None and self.rows[held][0] in "|&k"
        return row[0] in "(.[p|v&wei~uk"

    def finish(self) -> None:
        """Move what the scopes gathered into the function and class facts."""
        for owner, attribute, container in self.facts.extensions:
            fact = self.facts.classes[owner]
            if attribute in fact.attributes or attribute in fact.names:
                self.add_attribute(owner, attribute, container)
        for fact, scope in zip(self.facts.functions, self.facts.scopes, strict=True):
            for name, position in scope.assigned_calls:
                if name not in scope.loads and name not in scope.special:
                    kind, node, flags, guard, line, column, height, end = scope.operations[position]
                    discarded = flags | Flag.DISCARDED
                    scope.operations[position] = (kind, node, discarded, guard, line, column, height, end)
            if scope.flags:
                fact.flags |= scope.flags
                if fact.flags & FunctionFlag.GENERATOR:
                    fact.flags &= ~FunctionFlag.STUB
            if scope.results:
                fact.results = tuple(scope.results)
            if scope.bases:
                fact.bases = tuple(sorted([node for node in scope.bases if self.may_be_none(node)]))
            if scope.yields:
                fact.yields = self.nodes.union(scope.yields)
            if len(scope.guards) > 1:
                fact.guards = tuple(scope.guards)
            if scope.operations:
                fact.code = encode_operations(scope.operations)


def _rebound_names(tree: ast.Module) -> dict[ast.AST, frozenset[str]]:
    """Return, for each function, the names that it or functions nested in it declare nonlocal."""
    found: dict[ast.AST, set[str]] = {}
    pending: list[tuple[Any, tuple[ast.AST, ...]]] = [(tree, ())]
    while pending:
        statement, around = pending.pop()
        if isinstance(statement, ast.Nonlocal):
            for function in around:
                found.setdefault(function, set()).update(statement.names)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            around = (*around, statement)
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            pending.extend((part, around) for part in getattr(statement, field, ()) if not isinstance(part, ast.expr))
    return {function: frozenset(names) for function, names in found.items()}


def _module_body() -> FunctionFact:
    return FunctionFact("<module>", "", 1, 0, 1, 0, -1, -1)


def _empty(problem: ParseProblem) -> ModuleSummary:
    return ModuleSummary([*FIRST_ROWS], [], {}, (), None, (), [_module_body()], [], (), problem)
