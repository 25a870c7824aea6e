"""Comments that suppress findings: our own `mergegate: ignore`, and pylint's with pylint's scoping."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple


class Pragma(NamedTuple):
    """One suppression, or one of our own comments that cannot be understood.

    Attributes
    ----------
    kind
        Whose comment it is, `foreign` for other scanners'; `malformed` suppresses nothing, and `reason` says what is
        wrong with it.
    line
        The line of the comment.
    first, last
        Findings on these lines are covered.
    rules
        Rule ids or message ids as written; empty for all.
    reason
        What stands behind ` -- `.
    """

    kind: Literal["mergegate", "pylint", "foreign", "malformed"]
    line: int
    first: int
    last: int
    rules: tuple[str, ...]
    reason: str


class Comment(NamedTuple):
    """A comment and where it begins: a 1-based line, a 0-based column in characters."""

    line: int
    column: int
    text: str


def comments(data: bytes) -> list[Comment]:
    """Return the comments of a file up to where it cannot be read as Python."""
    return [Comment(each.line, each.column, each.text) for each in _tokenise(data).comments]


class _Comment(NamedTuple):
    line: int
    column: int
    text: str
    # what stands before it on its line
    code: str
    # the lines of the statement (or header) that it stands in; (0, 0) between statements
    statement: tuple[int, int]


class _Source(NamedTuple):
    """A tokenised file: its comments and the lines of its statements, headers of compound ones for themselves."""

    comments: list[_Comment]
    statements: list[tuple[int, int]]
    lines: int


def read_pragmas(data: bytes, tree: ast.Module) -> tuple[Pragma, ...]:
    """Return the suppressions in a file.

    Parameters
    ----------
    data
        The file's bytes.
    tree
        Its syntax tree.
    """
    own, foreign = b"mergegate:" in data, b"pylint:" in data
    if not own and not foreign:
        return ()
    source = _tokenise(data)
    found: list[Pragma] = []
    if own:
        found.extend(_own_pragmas(source, tree))
    if foreign:
        found.extend(_pylint_pragmas(source, tree))
    return tuple(sorted(found))


def _tokenise(data: bytes) -> _Source:
    comments: list[_Comment] = []
    statements: list[tuple[int, int]] = []
    start, pending = 0, 0
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = io.StringIO(data.decode(encoding), newline=None)
        for token in tokenize.generate_tokens(text.readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                comments.append(_Comment(line, column, token.string, token.line[:column].strip(), (0, 0)))
            elif token.type == tokenize.NEWLINE:
                statement = (start or token.start[0], token.start[0])
                statements.append(statement)
                # those since the statement began stand in it
                for index in range(pending, len(comments)):
                    if comments[index].line >= statement[0]:
                        comments[index] = comments[index]._replace(statement=statement)
                start, pending = 0, len(comments)
            elif not start and token.type not in _BLANK:
                start = token.start[0]
    except (tokenize.TokenError, SyntaxError, ValueError, LookupError):
        # what the parser accepts, the tokenizer of some versions does not; what was read until then counts
        pass
    return _Source(comments, statements, max(data.count(b"\n"), data.count(b"\r")) + 1)


_BLANK = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
)

# -- our own ---------------------------------------------------------------------------------------------------------

_OWN = re.compile(r"#\s*mergegate:\s*(?P<directive>.*)")
_DIRECTIVE = re.compile(r"(?P<name>[\w-]+)\s*(?:\[(?P<rules>[^\]]*)\])?\s*(?:--\s*(?P<reason>.*?)\s*)?(?:#\s.*)?$")
_RULE = re.compile(r"[A-Za-z][\w-]*\Z")
_HOW = "write `# mergegate: ignore[rule] -- reason`"


def _own_pragmas(source: _Source, tree: ast.Module) -> Iterable[Pragma]:
    definitions = _definitions(tree)
    top = next((s.lineno for s in _without_docstring(tree.body)), source.lines + 1)
    for comment in source.comments:
        match = _OWN.search(comment.text)
        if match is not None:
            yield _own_pragma(comment, match["directive"], source, definitions, top)


def _own_pragma(comment: _Comment, directive: str, source: _Source, definitions: dict[int, int], top: int) -> Pragma:
    line = comment.line
    match = _DIRECTIVE.match(directive)
    if match is None or match["name"] not in ("ignore", "ignore-file"):
        return _malformed(line, f"`{directive[:40].strip()}` is not a suppression: {_HOW}")
    rules = tuple(rule.strip() for rule in (match["rules"] or "").split(",")) if match["rules"] is not None else ()
    wrong = next((rule for rule in rules if not _RULE.match(rule)), None)
    if wrong is not None:
        return _malformed(line, f"`{wrong}` is no rule: {_HOW}" if wrong else f"a rule is missing: {_HOW}")
    reason = match["reason"] or ""
    if match["name"] == "ignore-file":
        if line >= top:
            return _malformed(line, "`ignore-file` must stand above the first statement of the file")
        return Pragma("mergegate", line, 1, source.lines, rules, reason)
    first, last = comment.statement
    if not first:
        following = bisect_right(source.statements, (line, source.lines))
        if following == len(source.statements):
            return _malformed(line, "no statement follows that it could cover")
        first, last = source.statements[following]
        last = max(last, definitions.get(first, 0))
    return Pragma("mergegate", line, first, last, rules, reason)


def _malformed(line: int, reason: str) -> Pragma:
    return Pragma("malformed", line, line, line, (), reason)


def _definitions(tree: ast.Module) -> dict[int, int]:
    """Return the last line of each function and class by the lines at which it, or its `def` or `class`, begins."""
    found: dict[int, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, _DEFINITIONS):
            for line in (node.lineno, *(d.lineno for d in node.decorator_list)):
                found[line] = node.end_lineno or node.lineno
    return found


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

# -- pylint's --------------------------------------------------------------------------------------------------------

_PYLINT = re.compile(r"#.*?\bpylint:\s*(?P<directives>[^;#\n]+)")
_ACTION = re.compile(r"(?P<action>disable-next|disable|enable|skip-file)\b\s*(?:=\s*(?P<rules>[\w\s,-]*))?")


# nothing in such a header has a place of its own, so that pylint takes the comment for one on the class
_BARE_CLASS = re.compile(r"class\s+\w+\s*:\Z")


class _Region(NamedTuple):
    """Lines for which a comment switches rules off (or on again)."""

    first: int
    line: int
    last: int
    off: bool


def _pylint_pragmas(source: _Source, tree: ast.Module) -> Iterable[Pragma]:
    regions: dict[str, list[_Region]] = {}
    suites = _suites(tree, source.lines)
    for comment in source.comments:
        match = _PYLINT.search(comment.text)
        for action in _ACTION.finditer(match["directives"]) if match else ():
            name = action["action"]
            rules = [rule.strip() for rule in (action["rules"] or "").split(",") if rule.strip()]
            if name == "skip-file" or (name == "disable" and "all" in rules):
                yield Pragma("pylint", comment.line, 1, source.lines, (), "")
                continue
            if name == "disable-next":
                region = _Region(comment.line + 1, comment.line, comment.line + 1, True)
            else:
                first, last = _scope(comment, suites)
                region = _Region(first, comment.line, last, name == "disable")
            for rule in rules:
                regions.setdefault(rule, []).append(region)
    covered: dict[tuple[int, int, int], list[str]] = {}
    for rule, switches in regions.items():
        for line, first, last in _switched_off(switches):
            covered.setdefault((line, first, last), []).append(rule)
    for (line, first, last), rules in covered.items():
        yield Pragma("pylint", line, first, last, tuple(rules), "")


def _switched_off(switches: Sequence[_Region]) -> Iterable[tuple[int, int, int]]:
    """Yield (line of the comment, first, last): of comments that cover the same line, the one closest above decides."""
    ordered = sorted(switches)
    for index, region in enumerate(ordered):
        if not region.off:
            continue
        first = region.first
        for later in ordered[index + 1 :]:
            if later.first > region.last or first > region.last:
                break
            if first < later.first:
                yield region.line, first, later.first - 1
            first = max(first, later.last + 1)
        if first <= region.last:
            yield region.line, first, region.last


class _Suite(NamedTuple):
    """A block of statements, from where comments belong to it to its last line."""

    start: int
    last: int
    # of a function, class or module: its own first line; comments up to `head` speak of all of it
    whole: int
    head: int


def _suites(tree: ast.Module, lines: int) -> list[_Suite]:
    """Return the innermost block of each line."""
    head = next((s.lineno for s in _without_docstring(tree.body)), lines)
    found = [_Suite(1, lines, 1, head)] * (lines + 1)
    pending: list[ast.AST] = list(reversed(tree.body))
    while pending:
        node = pending.pop()
        start = node.pattern.lineno if isinstance(node, ast.match_case) else getattr(node, "lineno", 0)
        last = start
        for field in ("body", "handlers", "orelse", "finalbody", "cases"):
            block: list[Any] | ast.expr = getattr(node, field, [])
            if not isinstance(block, list) or not block or isinstance(block[0], ast.expr):
                continue
            pending.extend(reversed(block))
            if field in ("handlers", "cases"):
                last = max(last, *(getattr(part.body[-1], "end_lineno", 0) for part in block))
                continue
            statements: list[ast.stmt] = block
            start, last = max(start, last), statements[-1].end_lineno or 0
            if isinstance(node, _DEFINITIONS):
                head = next((s.lineno for s in _without_docstring(statements)), last)
                suite = _Suite(node.lineno, last, node.lineno, head)
            else:
                suite = _Suite(start + 1, last, 0, 0)
            # inner blocks are met later
            found[suite.start : last + 1] = [suite] * (last + 1 - suite.start)
    return found


def _scope(comment: _Comment, suites: Sequence[_Suite]) -> tuple[int, int]:
    """Return the lines that a `disable` or `enable` speaks of."""
    line = comment.line
    if comment.code in ("else:", "try:", "finally:"):
        return line, suites[min(line + 1, len(suites) - 1)].last
    if comment.code and not _BARE_CLASS.match(comment.code):
        return line, line
    suite = suites[line]
    if comment.statement[0] and not comment.code:
        return line, comment.statement[1]
    if suite.whole and line <= suite.head:
        return suite.whole, suite.last
    return line, suite.last


def _without_docstring(body: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        return body[1:] if isinstance(body[0].value.value, str) else body
    return body
