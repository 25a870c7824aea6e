"""Comments that silence type errors: what they hide no type checker reports, so they are counted beside its errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mergegate.evidence.pyright_output import FAMILY
from mergegate.finding import Confidence, Finding, Severity
from mergegate.gate.source import Sources
from mergegate.syntax.pragmas import Comment, comments

RULE = "silencing-comment"

_HINT = re.compile(rb"#[^\n]*(?:type|pyright)\s*:")
_IGNORE = re.compile(r"#\s*(?P<whose>type|pyright):\s*ignore(?P<rules>\[[\s\w,-]*\])?(?=[\s#]|$)")
_DIRECTIVE = re.compile(r"#\s*pyright:\s*(?P<operands>[^#]*)")
_WEAKER = re.compile(r"(?:basic|standard)\Z|\w+\s*=\s*(?:false|none|information|warning)\Z")


def silencing_comments(paths: Iterable[str], sources: Sources) -> list[Finding]:
    """Return the comments that silence type errors in some files, in the order of places; one a line counts.

    Parameters
    ----------
    paths
        The files.
    sources
        What they hold.
    """
    return [found for path in sorted(paths) for found in _in_file(path, sources)]


def _in_file(path: str, sources: Sources) -> Iterator[Finding]:
    try:
        data = sources.read(path)
    except OSError:
        return
    if not _HINT.search(data):
        return
    lines: set[int] = set()
    for comment in comments(data):
        message = _message(comment.text)
        if message and comment.line not in lines:
            lines.add(comment.line)
            yield _finding(path, comment, message, sources.line_text(path, comment.line))


def _message(text: str) -> str:
    """Return what a comment silences, in words; empty if nothing."""
    ignored = _IGNORE.search(text)
    if ignored is not None:
        what = (ignored["rules"] or "").strip("[] ") or "all type errors"
        return f"`{ignored['whose']}: ignore` silences {what}"
    directive = _DIRECTIVE.match(text)
    operands = directive["operands"].split(",") if directive is not None else []
    weaker = [operand.strip() for operand in operands if _WEAKER.match(operand.strip())]
    return f"`pyright: {', '.join(weaker)}` silences type errors in the whole file" if weaker else ""


def _finding(path: str, comment: Comment, message: str, line: str) -> Finding:
    column = len(line[: comment.column].encode("utf-8", "surrogatepass"))
    end = column + len(comment.text.encode("utf-8", "surrogatepass"))
    return Finding(
        RULE, FAMILY, Severity.WARNING, Confidence.HIGH, path, comment.line, column, comment.line, end, message,
        help="repair what it hides, or narrow it to a rule and accept it: 'mergegate types update --accept-new'",
    )  # fmt: skip
