"""Suppression comments: which findings they cover, and which of our own comments cover nothing or say no reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mergegate.config_shapes import guess
from mergegate.finding import Finding

if TYPE_CHECKING:
    from mergegate.rules.rule import Rule
    from mergegate.syntax.pragmas import Pragma

UNUSED = "unused-suppression"
UNREASONED = "suppression-without-reason"

_OWN_COMMENT = re.compile(r"#[^#]*?mergegate\s*:")
_PYLINT_CATEGORIES = {
    "fatal": "F", "error": "E", "warning": "W", "refactor": "R", "convention": "C", "information": "I",
}  # fmt: skip


class Judged(NamedTuple):
    """A finding and its status: `new` or `suppressed`, with the reason that the comment gives."""

    finding: Finding
    status: str
    reason: str = ""


def apply(
    findings: Iterable[Finding],
    pragmas: Mapping[str, Sequence[Pragma]],
    rules: Mapping[str, Rule],
    *,
    require_reason: bool = False,
    line_text: Callable[[str, int], str] = lambda _path, _line: "",
) -> list[Judged]:
    """Judge findings by the suppression comments, and add the findings about the comments themselves.

    Parameters
    ----------
    findings
        All findings of the program, whatever is selected: a comment is unused only if nothing at all is there.
    pragmas
        The comments of each file.
    rules
        The known rules by id; `unused-suppression` and `suppression-without-reason` are reported if they are there.
    require_reason
        Whether a `mergegate: ignore` comment must say why.
    line_text
        Gives a line (1-based) of a file; places findings about comments on their column.

    Returns
    -------
    list of Judged
        In report order.
    """
    covers = _Coverage(pragmas, rules)
    judged = [covers.judge(finding) for finding in findings]
    complaints = list(_unused(covers, pragmas, rules))
    if require_reason and UNREASONED in rules:
        complaints.extend(_unreasoned(pragmas, rules[UNREASONED]))
    judged.extend(covers.judge(_placed(each, line_text(each.path, each.line))) for each in complaints)
    judged.sort(key=lambda each: each.finding.sort_key)
    return judged


class _Coverage:
    """Matches findings with comments; `used` holds the path, line and name of what has matched, no name as ``""``."""

    def __init__(self, pragmas: Mapping[str, Sequence[Pragma]], rules: Mapping[str, Rule]) -> None:
        self.pragmas = pragmas
        self.rules = rules
        self.used: set[tuple[str, int, str]] = set()

    def judge(self, finding: Finding) -> Judged:
        status, reason = "new", ""
        for pragma in self.pragmas.get(finding.path, ()):
            if pragma.kind == "malformed" or not pragma.first <= finding.line <= pragma.last:
                continue
            for name in self._matching(pragma, finding):
                self.used.add((finding.path, pragma.line, name))
                if status == "new":
                    status, reason = "suppressed", pragma.reason
        return Judged(finding, status, reason)

    def _matching(self, pragma: Pragma, finding: Finding) -> Iterator[str]:
        if not pragma.rules:
            # a blanket comment of ours must not hide the finding that says it is unused
            if pragma.kind == "pylint" or finding.rule not in (UNUSED, UNREASONED):
                yield ""
            return
        accepted = _pylint_names(finding, self.rules) if pragma.kind == "pylint" else _own_names(finding)
        for name in pragma.rules:
            if name in accepted:
                yield name


def _own_names(finding: Finding) -> tuple[str, ...]:
    return finding.rule, finding.family


def _pylint_names(finding: Finding, rules: Mapping[str, Rule]) -> tuple[str, ...]:
    rule = rules.get(finding.rule)
    message_id = rule.pylint if rule else ""
    category = message_id[:1]
    spelled = tuple(name for name, letter in _PYLINT_CATEGORIES.items() if letter == category)
    return finding.rule, "all", f"mergegate-{finding.family}", message_id, category, *spelled


def _unused(covers: _Coverage, pragmas: Mapping[str, Sequence[Pragma]], rules: Mapping[str, Rule]) -> Iterator[Finding]:
    rule = rules.get(UNUSED)
    if rule is None:
        return
    families = {each.family for each in rules.values()}
    on = {each.family for each in rules.values() if each.enabled}
    for path, comments in pragmas.items():
        for line in dict.fromkeys(pragma.line for pragma in comments if pragma.kind == "malformed"):
            fix = "write it as # mergegate: ignore[rule] -- reason"
            yield _complaint(rule, path, line, "this comment is no suppression", fix)
        for line, name in _named(comments):
            if (path, line, name) in covers.used or name in (UNUSED, UNREASONED):
                continue
            if not name:
                yield _complaint(rule, path, line, "nothing is suppressed by this comment", "remove the comment")
            elif name not in rules and name not in families:
                fix = guess(name, [*rules, *families]).rstrip() or "see 'mergegate rules' for the names"
                yield _complaint(rule, path, line, f"this comment names {name!r}, which is no rule", fix)
            elif name in on or (name in rules and rules[name].enabled):
                message = f"no {name} finding is suppressed by this comment"
                yield _complaint(rule, path, line, message, f"remove {name} from the comment")


def _named(comments: Iterable[Pragma]) -> Iterable[tuple[int, str]]:
    """Return the lines and names of our own comments, each once; a comment without names has the name ``""``."""
    own = (pragma for pragma in comments if pragma.kind == "mergegate")
    return dict.fromkeys((pragma.line, name) for pragma in own for name in pragma.rules or ("",))


def _unreasoned(pragmas: Mapping[str, Sequence[Pragma]], rule: Rule) -> Iterator[Finding]:
    fix = "add the reason: # mergegate: ignore[rule] -- reason"
    for path, comments in pragmas.items():
        for line in dict.fromkeys(p.line for p in comments if p.kind == "mergegate" and not p.reason.strip()):
            yield _complaint(rule, path, line, "this suppression does not say why", fix)


def _complaint(rule: Rule, path: str, line: int, message: str, fix: str) -> Finding:
    return Finding(rule.id, rule.family, rule.severity, rule.confidence, path, line, 0, line, 0, message, fix)


def _placed(finding: Finding, text: str) -> Finding:
    """Return the finding with the columns of the comment in its line, if it is found there."""
    comment = _OWN_COMMENT.search(text)
    if comment is None:
        return finding
    start, end = (len(part.encode("utf-8", "surrogatepass")) for part in (text[: comment.start()], text.rstrip()))
    return replace(finding, column=start, end_column=end)
