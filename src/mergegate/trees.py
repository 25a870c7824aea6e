"""Trees for readers to whom it does not matter why a file has none; apart, for a run without changes parses nothing."""

from __future__ import annotations

import ast
import warnings
from functools import cached_property


class Parsed:
    """A file with its tree, which is built when it is first asked for, and once for all who ask.

    Parameters
    ----------
    data
        The file's contents.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data

    @cached_property
    def tree(self) -> ast.Module | None:
        """The tree of the file as Python source; None if this Python cannot read it. Nobody changes it."""
        return tree_of(self.data)


def tree_of(source: str | bytes) -> ast.Module | None:
    """Return the tree of Python source, silently; None if this Python cannot read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
