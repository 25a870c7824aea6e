"""From bytes to a tree, totally: whatever the bytes are, the answer is a tree or one problem with its place."""

from __future__ import annotations

import ast

from mergegate.syntax.summary import ParseProblem

MAX_BYTES = 5_000_000


def parse(data: bytes, known: ast.Module | None = None) -> ast.Module | ParseProblem:
    """Parse Python source.

    Parameters
    ----------
    data
        The file's bytes; a coding cookie and a byte order mark are honoured.
    known
        Its tree, if somebody has parsed it already.

    Returns
    -------
    ast.Module or ParseProblem
        The problem names the first line and the reason, never the source text itself.

    Raises
    ------
    RecursionError
        If building the tree needs more room than this thread has.
    """
    if len(data) > MAX_BYTES:
        return ParseProblem(1, 0, f"the file has {len(data):,} bytes, more than the {MAX_BYTES:,} that are analysed")
    try:
        return known or ast.parse(data)
    except SyntaxError as error:
        return ParseProblem(max(error.lineno or 1, 1), max((error.offset or 1) - 1, 0), str(error.msg))
    except ValueError as error:
        reason = "the source has null bytes" if b"\0" in data else f"the source cannot be decoded: {error}"
        return ParseProblem(1, 0, reason)
    except MemoryError:
        return ParseProblem(1, 0, "the code is nested too deeply to be parsed")
