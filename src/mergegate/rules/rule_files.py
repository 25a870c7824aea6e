"""From a rule file (`rules/<family>/<id>.toml`) to a `Rule` with its examples."""

from __future__ import annotations

import re
from pathlib import Path

from mergegate.errors import RuleError
from mergegate.finding import Confidence, Severity
from mergegate.rules.model import CATEGORIES, Example, ExampleFile, Rule
from mergegate.rules.reading import Table, each, read_toml

_KEYS = (
    "id", "pylint", "family", "severity", "confidence", "since", "check", "summary", "rationale", "fix", "categories",
    "references", "enabled", "applicability", "example",
)  # fmt: skip
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PYLINT_ID = re.compile(r"[CEFIRW]\d{4}")
_MARK = "# <- "
_MARKER = re.compile(rf"[ \t]*{_MARK}(?P<rules>[a-z0-9, -]+?)[ \t]*$")
_KINDS = ("bad", "good")
_APPLICABILITIES = ("safe", "unsafe")


def read_rule(path: Path, shown: str) -> Rule:
    """Read one rule file.

    Parameters
    ----------
    path
        The file; its stem is the rule's id and its folder the family.
    shown
        How messages call it.

    Raises
    ------
    RuleError
        If anything in the file is not as it should be.
    """
    table = read_toml(path, shown).expecting(*_KEYS)
    rule = Rule(
        id=_matching(table, "id", _ID, "kebab-case, such as blocking-call-in-async"),
        pylint=_matching(table, "pylint", _PYLINT_ID, "a letter of CEFIRW and four digits", default=""),
        family=table.text("family"),
        severity=Severity(table.choice("severity", list(Severity))),
        confidence=Confidence(table.choice("confidence", list(Confidence))),
        since=table.text("since"),
        check=table.text("check"),
        summary=table.text("summary"),
        rationale=table.text("rationale").strip(),
        fix=table.text("fix").strip(),
        categories=table.texts("categories"),
        references=table.texts("references"),
        examples=each(table.tables("example"), _example),
        enabled=table.flag("enabled", default=True),
        applicability=table.choice("applicability", _APPLICABILITIES, default=""),
    )
    for key, value, wanted in (("id", rule.id, path.stem), ("family", rule.family, path.parent.name)):
        if value != wanted:
            raise table.fail(key, f"is {value!r}, but the file's place says {wanted!r}", wanted)
    if "\n" in rule.summary:
        raise table.fail("summary", "has several lines", "one line")
    for category in rule.categories:
        if category not in CATEGORIES:
            raise table.fail("categories", f"{category!r} is not known", ", ".join(CATEGORIES))
    return rule


def unique(rules: dict[str, Rule], origins: dict[str, str], rule: Rule, shown: str) -> None:
    """Add a rule to those read before.

    Raises
    ------
    RuleError
        If its id or its pylint id is taken.
    """
    if rule.id in rules:
        problem = f"{rule.id!r} is already the id of {origins[rule.id]}"
        raise RuleError(f"{shown}: id: {problem}", "allowed: an id of its own")
    for other in rules.values():
        if rule.pylint and rule.pylint[1:] == other.pylint[1:]:
            raise RuleError(
                f"{shown}: pylint: the number of {rule.pylint} already belongs to {other.id}",
                "allowed: a number of its own",
            )
    rules[rule.id] = rule
    origins[rule.id] = shown


def _matching(table: Table, key: str, pattern: re.Pattern[str], allowed: str, default: str | None = None) -> str:
    value = table.text(key, default)
    if value != default and not pattern.fullmatch(value):
        raise table.fail(key, f"is {value!r}", allowed)
    return value


def _example(table: Table) -> Example:
    table.expecting("kind", "name", "path", "code", "file")
    kind, name = table.choice("kind", _KINDS), table.text("name")
    if ("code" in table) == ("file" in table):
        raise table.fail("code", "and [[example.file]] exclude each other, and one is needed", "one of both")
    files = (_file(table, default="example.py"),) if "code" in table else each(table.tables("file"), _example_file)
    if not files:
        raise table.fail("file", "is empty", "at least one file")
    marked = any(file.expected for file in files)
    if marked != (kind == "bad"):
        problem = "is bad, but no line is marked" if kind == "bad" else "is good, but a line is marked"
        raise table.fail("kind", problem, "`# <- rule-id` behind the lines of bad examples")
    return Example(kind, name, files)


def _example_file(table: Table) -> ExampleFile:
    return _file(table.expecting("path", "code"), default=None)


def _file(table: Table, default: str | None) -> ExampleFile:
    """Take the markers out of the code, and remember their lines."""
    lines = table.text("code").removeprefix("\n").split("\n")
    expected: dict[int, tuple[str, ...]] = {}
    for number, line in enumerate(lines, 1):
        # most lines have none, and looking for one character by character is slow
        marker = _MARKER.search(line) if _MARK in line else None
        if marker:
            lines[number - 1] = line[: marker.start()]
            expected[number] = tuple(sorted(part.strip() for part in marker["rules"].split(",")))
    return ExampleFile(table.text("path", default), "\n".join(lines), expected)
