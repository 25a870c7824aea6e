"""Comparing schemas: every row of what a change means, both ways, with proofs that hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel, Field

from mergegate.contracts.schemas.compatibility import Compatibility, compare
from mergegate.contracts.schemas.source import SchemaError

# verdicts are bounded by counts; a busy machine must not change them
PATIENCE = 60_000
PAIRS = json.loads(
    (Path(__file__).resolve().parents[2] / "fixtures/contract_schemas/pairs.json").read_text(encoding="utf-8")
)


def admits(schema: Any, value: Any, *, formats: bool = False) -> bool:
    """What another validator than ours says."""
    kind = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
    return kind(schema, format_checker=kind.FORMAT_CHECKER if formats else None).is_valid(value)


def check_proofs(old: Any, new: Any, verdict: Compatibility, *, formats: bool = False) -> None:
    if verdict.backward is False:
        assert admits(old, verdict.backward_proof, formats=formats)
        assert not admits(new, verdict.backward_proof, formats=formats)
    if verdict.forward is False:
        assert admits(new, verdict.forward_proof, formats=formats)
        assert not admits(old, verdict.forward_proof, formats=formats)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])
def test_what_a_change_means(pair: dict[str, Any]) -> None:
    old, new, formats = pair["old"], pair["new"], pair.get("formats", False)
    there = compare(old, new, formats=formats, budget_ms=PATIENCE)
    assert (there.backward, there.forward) == (pair["backward"], pair["forward"])
    assert there.full == (pair["backward"] and pair["forward"])
    assert there.prompt_drift == pair["prompt_drift"]
    check_proofs(old, new, there, formats=formats)
    back = compare(new, old, formats=formats, budget_ms=PATIENCE)
    assert (back.backward, back.forward, back.prompt_drift) == (there.forward, there.backward, there.prompt_drift)
    check_proofs(new, old, back, formats=formats)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])
def test_changes_say_what_the_verdict_says(pair: dict[str, Any]) -> None:
    verdict = compare(pair["old"], pair["new"], formats=pair.get("formats", False), budget_ms=PATIENCE)
    directions = {each.direction for each in verdict.changes}
    if verdict.full:
        assert directions <= {"prompt"}
    else:
        # a verdict of incompatible is explained, and nothing contradicts one of compatible
        assert directions - {"prompt", "nothing"}
        assert not (verdict.backward and directions & {"tightens", "both"})
        assert not (verdict.forward and directions & {"loosens", "both"})


def test_a_model_of_pydantic_is_compared_by_what_it_emits() -> None:
    class Order(BaseModel):
        number: int = Field(ge=0)
        note: str | None = None

    class Wider(BaseModel):
        number: int
        note: str | None = None

    verdict = compare(Order, Wider)
    assert (verdict.backward, verdict.forward, verdict.prompt_drift) == (True, False, True)
    assert verdict.forward_proof == {"number": -1}


def test_a_schema_without_a_draft_is_of_that_of_the_other_side() -> None:
    tuples = {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]}
    assert compare(tuples, {"items": [{"type": "string"}]}).full
    assert compare({"items": [{"type": "string"}]}, {"items": [{}]}).backward
    assert compare({"minimum": 1, "exclusiveMinimum": True}, {"minimum": 1}, draft="draft4").forward is False


def test_the_same_seed_gives_the_same_proof() -> None:
    old, new = {"type": "string", "pattern": "^[a-f0-9]{8}$"}, {"type": "string", "pattern": "^[0-9]{8}$"}
    first = compare(old, new, seed=7)
    assert first.backward is False
    assert compare(old, new, seed=7) == first


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "text"}, "/type"),
        ({"properties": {"a": {"minimum": "1"}}}, "/properties/a/minimum"),
        ({"$ref": "#/$defs/None"}, "does not exist"),
        ({"$ref": "https://example.com/schema.json"}, "Retrieval is disabled"),
        ({"$schema": "https://example.com/mine"}, "is no known draft"),
        ([], "an array"),
    ],
)
def test_what_is_no_schema_is_said_in_one_line(schema: Any, says: str) -> None:
    with pytest.raises(SchemaError) as error:
        compare({}, schema)
    assert says in str(error.value)
    assert "the new schema" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_schema_file_is_named_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text('{\n "type": "object",\n "properties": {\n  "a": {"type": "text"}\n }\n}\n', encoding="utf-8")
    with pytest.raises(SchemaError, match=r"order\.json:4: .*/properties/a/type"):
        compare(file, {})
    file.write_text('{"type": "object", "type": "string"}', encoding="utf-8")
    with pytest.raises(SchemaError, match="'type' stands twice"):
        compare(file, {})


def test_nesting_has_a_limit_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "deep.json"
    file.write_text('{"items":' * 5_000 + "{}" + "}" * 5_000, encoding="utf-8")
    with pytest.raises(SchemaError):
        compare(file, {})
    deep: dict[str, Any] = {}
    for _ in range(600):
        deep = {"items": deep}
    with pytest.raises(SchemaError):
        compare(deep, {})
