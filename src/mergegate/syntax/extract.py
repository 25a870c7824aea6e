"""Extraction: from a file's bytes to its encoded module summary, totally."""

from __future__ import annotations

import ast

from mergegate.syntax.parsing import parse
from mergegate.syntax.scope import Scope
from mergegate.syntax.statements import StatementReader
from mergegate.syntax.summary import Flag, FunctionFact, FunctionFlag, ModuleSummary, Operation, ParseProblem, encode

_TOO_DEEP = "the code is nested too deeply to be analysed"


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


def summary_of(data: bytes) -> ModuleSummary:
    """Return the summary of one Python file; a file that cannot be read gives one with a `problem`."""
    tree = parse(data)
    if isinstance(tree, ParseProblem):
        return _empty(tree)
    try:
        return ModuleReader().module(tree)
    except RecursionError:
        return _empty(ParseProblem(1, 0, _TOO_DEEP))


class ModuleReader(StatementReader):
    """Reads one module: its body first, then the functions in the order of their definition."""

    def __init__(self) -> None:
        super().__init__()
        self.problem: ParseProblem | None = None

    def module(self, tree: ast.Module) -> ModuleSummary:
        """Return the summary of a parsed module."""
        scope = self.scope
        self.facts.scopes.append(scope)
        self.facts.functions.append(
            FunctionFact("<module>", "", 1, 0, 1, 0, -1, -1, [], 0, [], 0, [], [], [])
        )
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == "__all__" for t in statement.targets
            ):
                self.add_exports(statement.value)
        self.block(tree.body)
        self.read_bodies()
        self.finish()
        names = {name: node for name, node in scope.env.items() if isinstance(name, str)}
        for name, nodes in self.facts.global_definitions.items():
            names[name] = self.table.union([names.get(name, 0), *nodes])
        return ModuleSummary(
            self.table.rows, self.table.variables, names, self.facts.stars, self.facts.exports, list(self.facts.imports),
            self.facts.functions, self.facts.classes, [], self.problem,
        )  # fmt: skip

    def read_bodies(self) -> None:
        """Read the bodies put off, which may put off more."""
        for scope, definition in self.deferred:
            self.scope = scope
            self.flags = 0
            try:
                if isinstance(definition, ast.Lambda):
                    scope.results.append((self.read(definition.body), 0))
                else:
                    self.block(definition.body)
            except RecursionError:
                self.problem = ParseProblem(definition.lineno, definition.col_offset, _TOO_DEEP)

    def finish(self) -> None:
        """Move what the scopes gathered into the function facts."""
        functions = self.facts.functions
        for index, scope in enumerate(self.facts.scopes):
            if scope is None:
                continue
            for name, position in scope.assigned_calls:
                if scope.parent is not None and name not in scope.loads and name not in scope.global_names:
                    scope.operations[position][2] |= Flag.DISCARDED
            fact = functions[index]
            flags = fact.flags | scope.flags | scope.facts
            if flags & FunctionFlag.GENERATOR:
                flags &= ~FunctionFlag.STUB
            functions[index] = fact._replace(
                flags=flags,
                results=scope.results,
                yields=self.table.union(scope.yields),
                guards=scope.guards,
                operations=[Operation._make(operation) for operation in scope.operations],
            )


def _empty(problem: ParseProblem) -> ModuleSummary:
    body = FunctionFact("<module>", "", 1, 0, 1, 0, -1, -1, [], 0, [], 0, [], [[]], [])
    return ModuleSummary([("?",)], [], {}, [], None, [], [body], [], [], problem)


__all__ = ["Scope", "summarise", "summary_of"]
