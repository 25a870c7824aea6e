"""The tree of one function out of its file: its own lines are parsed, not the whole file."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence

FunctionTree = ast.FunctionDef | ast.AsyncFunctionDef


class Lines:
    """The lines of a file.

    Parameters
    ----------
    data
        Its contents.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lines = data.split(b"\n")
        self._whole: ast.Module | None = None
        # other encodings, and other ends of lines, are left to the parser
        self._plain = b"\r" not in data and b"\x0c" not in data and not data.startswith(b"\xef\xbb\xbf")
        self._plain = self._plain and b"coding" not in b"\n".join(self._lines[:2])

    def says(self, line: int, words: Sequence[bytes]) -> bool:
        """Tell whether a line, 1-based, has one of some words behind a `#`."""
        comment = self._lines[line - 1].partition(b"#")[2] if line <= len(self._lines) else b""
        return any(word in comment for word in words)

    def module(self) -> ast.Module | None:
        """Return the tree of the whole file, None if it has none."""
        if self._whole is None:
            self._whole = _parsed(self._data)
        return self._whole

    def function(self, line: int, column: int, end: int) -> tuple[FunctionTree, int] | None:
        """Return the tree of the function whose `def` stands at a place, and what to add to the lines in it.

        Parameters
        ----------
        line, column, end
            First and last line, 1-based, and the column of the `def`.
        """
        if self._plain:
            # empty lines before it would cost more than its own
            lead, first = (b"if 1:\n", 2) if column else (b"", 1)
            tree = _parsed(lead + b"\n".join(self._lines[line - 1 : end]))
            found = _first(tree, first, column) if tree is not None else None
            if found is not None:
                return found, line - first
        tree = self.module()
        found = _first(tree, line, column) if tree is not None else None
        return None if found is None else (found, 0)


def _parsed(data: bytes) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for with_comments in (True, False) if b"# type:" in data else (False,):
            try:
                return ast.parse(data, type_comments=with_comments)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
    return None


def _first(tree: ast.Module, line: int, column: int) -> FunctionTree | None:
    pending: list[ast.AST] = [tree]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and (part.lineno, part.col_offset) == (
            line,
            column,
        ):
            return part
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            pending.extend(
                each for each in getattr(part, field, ())
                if isinstance(each, ast.stmt | ast.ExceptHandler | ast.match_case)
                and (getattr(each, "end_lineno", None) or line) >= line
            )  # fmt: skip
    return None
