"""Extraction passes over no call: what it does not record can never be found to block."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from fronts import Cli
from mergegate.syntax.extract import summary_of

# packages without unreachable code
PACKAGES = ("asyncio", "concurrent", "email", "http", "json", "logging", "multiprocessing")
# read as what they mean instead: a type, a base class, an attribute
FORMS = {"cast", "super", "getattr"}

Span = tuple[int, int, int, int]


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes that running the module and its functions evaluates: annotations are not among them."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns"):
                several = value if isinstance(value, list) else [value]
                stack.extend(each for each in several if isinstance(each, ast.AST))


def _calls(tree: ast.Module) -> set[Span]:
    return {
        (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
        for node in _executed(tree)
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in FORMS)
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_call_of_the_standard_library_is_recorded(package: str) -> None:
    seen = 0
    for path in sorted(Path(ast.__file__).with_name(package).rglob("*.py")):
        source = path.read_bytes()
        calls = _calls(ast.parse(source))
        operations = [each for function in summary_of(source).functions for each in function.operations]
        recorded = {(each.line, each.column, each.end_line, each.end_column) for each in operations}
        assert not calls - recorded, f"{path}: {sorted(calls - recorded)[:5]}"
        seen += len(calls)
    assert seen


@pytest.mark.parametrize(
    "lines",
    [
        ("if a: pass", "elif b: pass", "else: raise ValueError"),
        ("if a: raise ValueError", "elif b: pass", "else: pass"),
        ("if a: return", "elif b: return", "else: pass"),
        ("match a:", "    case 1: pass", "    case 2: pass", "    case _: return"),
        ("try: a()", "except KeyError: pass", "except ValueError: raise"),
        ("for each in a:", "    if each: break", "else: pass"),
    ],
    ids=lambda lines: lines[0],
)
def test_what_follows_branches_is_read_if_any_of_them_goes_on(cli: Cli, lines: tuple[str, ...]) -> None:
    body = "".join(f"    {line}\n" for line in (*lines, "time.sleep(1)"))
    cli.write("app.py", f"import time\n\n\nasync def act(a, b):\n{body}")
    assert [each["rule"] for each in cli.json()["findings"]] == ["blocking-call-in-async"]
