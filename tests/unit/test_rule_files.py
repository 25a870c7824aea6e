"""The rule files keep their schema, and each bad example has a repaired twin."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mergegate.rules.loader import load_rules, rules_folder
from mergegate.rules.model import Rule

FILES = sorted(path for path in rules_folder().glob("*/*.toml") if path.parent.name != "knowledge")
SCHEMA = json.loads(rules_folder().joinpath("rule.schema.json").read_text(encoding="utf-8"))
RULES = load_rules()
# pylint wants the messages of a checker to share the first two digits; these are not taken by others
PYLINT_RANGES = {"async": "71", "core": "78", "optional": "73", "pii": "76", "pydantic": "72", "secrets": "75"}


def table(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_rule_file_keeps_the_schema(path: Path) -> None:
    jsonschema.validate(table(path), SCHEMA)


@pytest.mark.parametrize(
    "changes",
    [{"severity": "fatal"}, {"pylint": "E71"}, {"Summary": "x"}, {"example": []}, {"summary": "two\nlines"}],
    ids=lambda changes: next(iter(changes)),
)
def test_the_schema_refuses(changes: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(table(FILES[0]) | changes, SCHEMA)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_each_bad_example_has_a_good_twin(rule: Rule) -> None:
    names = {kind: [example.name for example in rule.examples if example.kind == kind] for kind in ("bad", "good")}

    assert all(len(set(found)) == len(found) for found in names.values())
    assert set(names["bad"]) <= set(names["good"])


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_each_bad_example_shows_the_rule_that_it_belongs_to(rule: Rule) -> None:
    for example in rule.examples:
        marked = {name for file in example.files for names in file.expected.values() for name in names}
        assert marked <= set(RULES)
        assert (rule.id in marked) == (example.kind == "bad")


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_family_keeps_to_its_range_of_pylint_numbers(rule: Rule) -> None:
    assert rule.pylint[1:3] == PYLINT_RANGES[rule.family]
