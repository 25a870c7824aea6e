"""What the names of a file are bound to, and where they are used."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple, Self

import libcst as cst

_AROUND_SIGNS = re.compile(r"\s*([|,\[\]])\s*")


class Bindings(NamedTuple):
    """The names of one file, scopes apart: what is rewritten must mean one thing everywhere in it.

    Attributes
    ----------
    bound
        Name to what binds it: the dotted name that is imported, or nothing for any other binding.
    top_level
        Names that are imported at module level.
    uses
        Name to the nodes that read it.
    modules
        All modules that are imported, or imported from.
    names_in_strings
        Strings that read like types or lists of names.
    """

    bound: dict[str, set[str]]
    top_level: set[str]
    uses: dict[str, list[cst.Name]]
    modules: set[str]
    names_in_strings: list[str]

    @classmethod
    def of(cls, module: cst.Module) -> Self:
        """Collect the names of a file."""
        tree = ast.parse(module.bytes)
        found = cls({}, set(), {}, set(), [])
        for node in ast.walk(tree):
            found._bind(node)
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.top_level.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        module.visit(_Uses(found.uses))
        return found

    def is_only(self, local: str, dotted: str) -> bool:
        """Tell whether a name means one thing in all of the file: what is imported as `dotted`."""
        return self.bound.get(local) == {dotted}

    def _bind(self, node: ast.AST) -> None:
        match node:
            case ast.ImportFrom():
                home = "." * node.level + (node.module or "")
                self.modules.add(home)
                for alias in node.names:
                    self._add(alias.asname or alias.name, f"{home}.{alias.name}")
            case ast.Import():
                for alias in node.names:
                    self.modules.add(alias.name)
                    name = alias.name.partition(".")[0]
                    self._add(alias.asname or name, alias.name if alias.asname else name)
            case ast.Name(ctx=ast.Store() | ast.Del()):
                self._add(node.id)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._add(node.name)
            case ast.arg():
                self._add(node.arg)
            case ast.Global() | ast.Nonlocal():
                for name in node.names:
                    self._add(name)
            case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() if node.name:
                self._add(node.name)
            case ast.MatchMapping() if node.rest:
                self._add(node.rest)
            case ast.Constant() if isinstance(node.value, str):
                text = _AROUND_SIGNS.sub(r"\1", node.value.strip())
                if text and not re.search(r"\s", text):
                    self.names_in_strings.append(text)
            case _:
                pass

    def _add(self, name: str, origin: str = "") -> None:
        self.bound.setdefault(name, set()).add(origin)


class _Uses(cst.CSTVisitor):
    """Collects the names that are no attributes, keywords, parameters or parts of imports."""

    def __init__(self, uses: dict[str, list[cst.Name]]) -> None:
        super().__init__()
        self.uses = uses

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802
        self.uses.setdefault(node.value, []).append(node)

    def visit_Attribute(self, node: cst.Attribute) -> bool:  # noqa: N802
        node.value.visit(self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:  # noqa: N802
        node.value.visit(self)
        return False

    def visit_Import(self, node: cst.Import) -> bool:  # noqa: ARG002, N802
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:  # noqa: ARG002, N802
        return False
