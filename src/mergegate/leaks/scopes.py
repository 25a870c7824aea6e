"""Scopes: what the assignments of one function say of its names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mergegate.leaks.sinks import Words
from mergegate.leaks.sources import Scope, hides

_FORMATTERS = (ast.JoinedStr, ast.BinOp)


def scope_of(owner: ast.AST, words: Words) -> Scope:
    """Return what is known of the names in a function, from its parameters and assignments."""
    values: dict[str, list[ast.expr]] = {}
    harmless: set[str] = set()
    for node in own_nodes(owner):
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


def own_nodes(owner: ast.AST) -> Iterator[ast.AST]:
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
