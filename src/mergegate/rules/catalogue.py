"""The catalogue: what reports say about rules, as one JSON text that reads back in a moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from mergegate.errors import RuleError
from mergegate.finding import Confidence, Severity
from mergegate.rules.rule import Example, ExampleFile, Rule

_VERSION = 1
_FIELDS = frozenset(field.name for field in fields(Rule))
_TEXTS = ("id", "pylint", "family", "since", "check", "summary", "rationale", "fix")


def compile_catalogue(rules: Mapping[str, Rule]) -> bytes:
    """Return rules as JSON, for `read_catalogue`; of their examples only the pair that reports show is kept."""
    rows = [asdict(replace(rule, examples=rule.pair)) for rule in rules.values()]
    return json.dumps({"version": _VERSION, "rules": rows}, separators=(",", ":")).encode()


def read_catalogue(data: bytes) -> dict[str, Rule]:
    """Return the rules that `compile_catalogue` was given, by id.

    Raises
    ------
    RuleError
        If the data is damaged or of another version.
    """
    try:
        document = json.loads(data)
        if document["version"] != _VERSION:
            raise ValueError(document["version"])
        rules = [_rule(row) for row in document["rules"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RuleError("the compiled rules are damaged", "clear the cache: mergegate cache clean") from error
    return {rule.id: rule for rule in rules}


def _rule(row: dict[str, Any]) -> Rule:
    if row.keys() != _FIELDS or not all(isinstance(row[name], str) for name in _TEXTS):
        raise ValueError(row)
    changed: dict[str, Any] = {
        "severity": Severity(row["severity"]),
        "confidence": Confidence(row["confidence"]),
        "categories": tuple(map(str, row["categories"])),
        "references": tuple(map(str, row["references"])),
        "examples": tuple([_example(**example) for example in row["examples"]]),
        "enabled": bool(row["enabled"]),
    }
    return Rule(**{**row, **changed})


def _example(kind: str, name: str, files: list[Any]) -> Example:
    return Example(str(kind), str(name), tuple([_example_file(**file) for file in files]))


def _example_file(path: str, code: str, expected: dict[str, list[str]]) -> ExampleFile:
    return ExampleFile(str(path), str(code), {int(line): tuple(rules) for line, rules in expected.items()})
