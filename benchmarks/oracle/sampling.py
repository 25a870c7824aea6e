"""A seeded sample of the calls of a project, each with the shape of its callee."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeGuard

SHAPES = (
    "name()", "local.x()", "import.x()", "annotated param.x()", "bare param.x()", "self.x()", "self.a.x()",
    "call().x()", "literal.x()", "other.x()",
)  # fmt: skip

# calls that an analysis reads as a form of its own: a type, a base class, an attribute
_FORMS = frozenset({"cast", "super", "getattr"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Span(NamedTuple):
    """Where a call stands: lines from 1, columns in UTF-8 bytes from 0."""

    line: int
    column: int
    end_line: int
    end_column: int


class Call(NamedTuple):
    """A call of a project: `character` is the UTF-16 position of its callee's last name on `name_line`."""

    path: str
    span: Span
    shape: str
    name_line: int
    character: int
    text: str


def sample_calls(root: Path, count: int, seed: int) -> list[Call]:
    """Return calls of the Python files below `root`, at most `count`, in the order of files and lines.

    Calls come from as many randomly drawn files as hold three times as many, so that no file dominates.
    """
    draw = random.Random(seed)
    paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
    draw.shuffle(paths)
    pool: list[Call] = []
    for path in paths:
        try:
            source = (root / path).read_bytes()
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        pool.extend(_calls(path, tree, source.splitlines()))
        if len(pool) >= 3 * count:
            break
    return sorted(draw.sample(pool, min(count, len(pool))))


def _calls(path: str, tree: ast.Module, lines: list[bytes]) -> Iterator[Call]:
    imports = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    stack: list[tuple[ast.AST, dict[str, bool]]] = [(tree, {})]
    while stack:
        node, parameters = stack.pop()
        if isinstance(node, _FUNCTIONS):
            parameters = {**parameters, **_parameters(node.args)}
        if isinstance(node, ast.Call) and _is_sampled(node.func):
            yield _call(path, node, node.func, _shape(node.func, imports, parameters), lines)
        stack.extend((child, parameters) for child in ast.iter_child_nodes(node))


def _is_sampled(callee: ast.expr) -> TypeGuard[ast.Name | ast.Attribute]:
    return isinstance(callee, ast.Attribute) or (isinstance(callee, ast.Name) and callee.id not in _FORMS)


def _parameters(arguments: ast.arguments) -> dict[str, bool]:
    """Return the names of parameters, and whether they are annotated."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return {each.arg: each.annotation is not None for each in every if each is not None}


def _shape(callee: ast.Name | ast.Attribute, imports: set[str], parameters: dict[str, bool]) -> str:
    if isinstance(callee, ast.Name):
        return "name()"
    base = callee.value
    if isinstance(base, ast.Name):
        if base.id in ("self", "cls"):
            return "self.x()"
        if base.id in parameters:
            return "annotated param.x()" if parameters[base.id] else "bare param.x()"
        return "import.x()" if base.id in imports else "local.x()"
    if isinstance(base, ast.Call):
        return "call().x()"
    if isinstance(base, ast.Constant | ast.JoinedStr):
        return "literal.x()"
    first = base
    while isinstance(first, ast.Attribute):
        first = first.value
    if isinstance(first, ast.Name) and first.id in ("self", "cls"):
        return "self.a.x()"
    if isinstance(first, ast.Name) and first.id in imports - parameters.keys():
        return "import.x()"
    return "other.x()"


def _call(path: str, node: ast.Call, callee: ast.Name | ast.Attribute, shape: str, lines: list[bytes]) -> Call:
    name_line, column = callee.lineno, callee.col_offset
    if isinstance(callee, ast.Attribute):
        name_line = callee.end_lineno or callee.lineno
        column = (callee.end_col_offset or 0) - len(callee.attr.encode())
    before = lines[name_line - 1][:column].decode("utf-8", "replace")
    span = Span(node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0)
    return Call(path, span, shape, name_line, len(before.encode("utf-16-le")) // 2, ast.unparse(callee))
