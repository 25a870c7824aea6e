"""Trees for readers to whom it does not matter why a file has none; apart, for a run without changes parses nothing."""

from __future__ import annotations

import ast
import warnings


def tree_of(source: str | bytes) -> ast.Module | None:
    """Return the tree of Python source, silently; None if this Python cannot read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
