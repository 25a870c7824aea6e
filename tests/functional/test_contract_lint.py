"""What providers make of schemas: each rule of the table shows, at the line of the word, and nothing else does."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from mergegate.cli.running import run
from mergegate.contracts.schemas.provider_lint import lint, providers
from mergegate.errors import MergegateError
from mergegate.rules.folders import CONTRACTS
from mergegate.rules.tables import read_table

STRICT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$"},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "place": {"anyOf": [{"$ref": "#/$defs/Place"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["name", "kind", "place", "tags"],
    "additionalProperties": False,
    "$defs": {
        "Place": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        }
    },
}


def with_property(**schema: Any) -> dict[str, Any]:
    return {**STRICT, "properties": {**STRICT["properties"], "x": schema}, "required": [*STRICT["required"], "x"]}


def effects(schema: Any, provider: str, **options: Any) -> list[tuple[str, str]]:
    return [(each.pointer, each.effect) for each in lint(schema, provider, **options)]


@pytest.mark.parametrize("provider", ["openai", "ollama", "llama.cpp", "xgrammar", "outlines", "llguidance"])
def test_what_every_provider_takes_is_left_alone(provider: str) -> None:
    assert effects(STRICT, provider) == []


NUMBER = {"type": "number", "minimum": 0}
CASES: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ("openai", {"anyOf": [with_property(type="null")["$defs"]["Place"], {"type": "null"}]}, [("", "refused"), ("/anyOf", "refused")]),
    ("openai", {"type": "array", "items": {"type": "string"}}, [("/type", "refused")]),
    ("openai", {**STRICT, "additionalProperties": True}, [("/additionalProperties", "refused")]),
    ("openai", {**STRICT, "required": ["name", "kind", "place"]}, [("/properties/tags", "refused")]),
    ("openai", with_property(oneOf=[{"type": "string"}, {"type": "null"}]), [("/properties/x/oneOf", "refused")]),
    ("openai", with_property(type="array", items={}), [("/properties/x/items", "refused")]),
    ("openai", with_property(type="string", pattern="^(?!a)"), [("/properties/x/pattern", "refused")]),
    ("openai", with_property(type="string", pattern="^\\(?a$"), []),
    ("openai", with_property(type="string", format="uri"), [("/properties/x/format", "refused")]),
    ("openai", with_property(type="string", default="a"), [("/properties/x/default", "refused")]),
    ("openai", with_property(**{"$ref": "#/$defs/Place", "description": "Where."}), [("/properties/x/$ref", "refused")]),
    ("openai", with_property(**NUMBER), []),
    ("anthropic", with_property(**NUMBER), [("/properties/name/pattern", "moved"), ("/properties/x/minimum", "moved")]),
    ("anthropic", {"type": "array", "items": {"type": "string"}, "minItems": 1}, []),
    ("anthropic", {"type": "array", "items": {"type": "string"}, "minItems": 2}, [("/minItems", "moved")]),
    ("anthropic", {"type": "object", "properties": {"a": {}}}, [("/properties/a", "refused")]),
    ("anthropic", {"type": "object", "additionalProperties": {"type": "string"}}, [("/additionalProperties", "changed")]),
    ("gemini", {"type": "number", "exclusiveMinimum": 0}, [("/exclusiveMinimum", "ignored")]),
    ("gemini", {"oneOf": [{"type": "string"}, {"type": "integer"}]}, []),
    ("gemini", {"oneOf": [{"type": "number"}, {"type": "integer"}]}, [("/oneOf", "changed")]),
    ("gemini", {"type": "object", "properties": {"next": {"$ref": "#"}}}, []),
    ("gemini", {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}, [("/properties/next/$ref", "refused")]),
    ("gemini-openapi", {"type": "integer", "enum": [1, 2]}, [("/enum", "refused")]),
    ("gemini-openapi", {"type": "object", "additionalProperties": False}, [("/additionalProperties", "refused")]),
    ("ollama", {"type": "number", "minimum": 1}, [("/minimum", "ignored")]),
    ("ollama", {"type": "integer", "minimum": 1}, []),
    ("ollama", {"type": "string", "pattern": "a"}, [("/pattern", "refused")]),
    ("ollama", {"type": "object", "properties": {"a": {"type": "null"}}, "anyOf": [{"required": ["a"]}]}, [("/anyOf", "ignored")]),
    ("xgrammar", {"type": "array", "uniqueItems": True}, [("/uniqueItems", "ignored")]),
    ("xgrammar", {"type": "number", "multipleOf": 2}, [("/multipleOf", "ignored")]),
    ("xgrammar", {"type": "integer", "multipleOf": 2}, []),
    ("xgrammar", {"type": "integer", "multipleOf": 0.5}, [("/multipleOf", "ignored")]),
    ("xgrammar", {"allOf": [{"type": "object"}, {"required": ["a"]}]}, [("/allOf", "ignored")]),
    ("outlines", {"type": "string", "minLength": 1, "pattern": "a"}, [("/pattern", "ignored")]),
    ("outlines", {"type": "array", "items": {}}, []),
    ("outlines", {"type": "integer", "minimum": 0}, [("/minimum", "ignored")]),
    ("llguidance", {"not": {"type": "string"}}, [("/not", "refused")]),
    ("llguidance", {"type": "string", "format": "idn-email"}, [("/format", "refused")]),
    ("llguidance", {"type": "object", "properties": {"a": {"type": "null"}}, "minProperties": 2}, [("/minProperties", "refused")]),
    ("llguidance", {"oneOf": [
        {"type": "object", "properties": {"k": {"const": "a"}}, "required": ["k"]},
        {"type": "object", "properties": {"k": {"const": "b"}}, "required": ["k"]},
    ]}, []),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "schema", "expected"), CASES, ids=lambda value: str(value)[:60])
def test_what_a_provider_does_not_take_is_found(provider: str, schema: Any, expected: list[tuple[str, str]]) -> None:
    assert [each for each in effects(schema, provider) if "city" not in each[0]] == expected


def test_limits_are_those_of_the_day() -> None:
    wide = {
        "type": "object",
        "additionalProperties": False,
        "properties": {f"p{i}": {"type": "null"} for i in range(120)},
    }
    wide["required"] = list(wide["properties"])
    assert effects(wide, "openai") == []
    (before,) = lint(wide, "openai", asof=date(2025, 1, 1))
    assert "120 properties, and 100 are the most" in before.message
    deep: dict[str, Any] = {"type": "null"}
    for _ in range(11):
        deep = {"type": "object", "properties": {"a": deep}, "required": ["a"], "additionalProperties": False}
    assert "11 levels of nested objects, and 10 are the most" in lint(deep, "openai")[0].message


def test_some_rules_hold_for_some_models() -> None:
    schema = with_property(type="integer", minimum=0)
    assert effects(schema, "openai", model="gpt-5") == []
    assert ("/properties/x/minimum", "refused") in effects(schema, "openai", model="ft:gpt-4o:acme")


def test_a_model_of_pydantic_is_looked_at_as_it_is_sent() -> None:
    class Answer(BaseModel):
        score: float = Field(ge=0, le=1)
        note: str | None = None

    found = {each.pointer for each in lint(Answer, "openai")}
    assert found == {"", "/properties/note", "/properties/note/default"}


def test_every_rule_says_where_it_was_read() -> None:
    for name, entry in read_table(CONTRACTS, "providers.toml").items():
        assert entry["title"]
        for rule in entry.get("rule", ()):
            assert rule["source"], name
            assert {"read", "since", "until"} & rule.keys(), rule
            assert len({"keywords", "check", "limit"} & rule.keys()) == 1
    with pytest.raises(MergegateError, match='did you mean "openai"'):
        lint({}, "opneai")


def test_findings_stand_at_the_line_of_the_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps(with_property(type="string", format="uri"), indent=1), encoding="utf-8")
    (tmp_path / "a.contract.toml").write_text(
        'schema = "a.json"\nproviders = ["openai", "xgrammar"]\n', encoding="utf-8"
    )
    assert run(["contracts", "lint", "--format", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    lines = (tmp_path / "a.json").read_text(encoding="utf-8").splitlines()
    assert '"format": "uri"' in lines[finding["line"] - 1]
    assert (finding["rule"], finding["severity"]) == ("schema-unsupported-by-provider", "error")
    assert run(["contracts", "lint", "a.json", "--provider", "xgrammar"]) == 0
    assert run(["contracts", "lint", "a.json"]) == 2
    assert "No provider is named" in capsys.readouterr().err
    assert run(["contracts", "lint", "--list"]) == 0
    assert tuple(capsys.readouterr().out.split()) == providers()
