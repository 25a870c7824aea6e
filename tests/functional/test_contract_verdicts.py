"""What becomes of answers: extraction in situations that matter, validation of all drafts, markers, statistics."""

from __future__ import annotations

import json
import math
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from mergegate import contracts
from mergegate.contracts import SchemaError, contract_of, extract, validate
from mergegate.contracts.markers import find_markers
from mergegate.contracts.statistics import Interval, Rate, needed, newcombe, wilson

ROOT = Path(__file__).resolve().parents[2]
ONE = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}

NOT_READ = {
    '{"a": NaN}': "NaN is no JSON number",
    '{"a": 1e400}': "a number is too large",
    '{"a": ' + "9" * 5000 + "}": "a number has too many digits",
    '{"a": "\\ud800"}': "half of a surrogate pair",
    '{"a": 1, "b": {"c": 1, "c": 2}}': 'the key "c" stands twice',
    "[" * 10_000 + "]" * 10_000: "nested more than 200 deep",
    '{"a": 1}}': "a } too many follows",
    '{{"a": 1}}': "a } too many follows",
    '{"a": 1}, "b": 2}': "more of it follows its closing bracket",
    '{"a": 1}\n{"a": 2}': "2 different values",
    '```json\n{"a": 1}\n```\nor\n```json\n{"a": 2}\n```': "2 different values",
    '"{\\"a\\": 1}"': "the text is a JSON string",
    "42": "the text is a JSON number",
    "": "the text is empty",
    "It cannot be said.": "there is no JSON",
}


@pytest.mark.parametrize("text", NOT_READ, ids=lambda text: text[:20])
def test_what_is_in_doubt_is_not_read(text: str) -> None:
    found = extract(text)
    assert (found.found, found.value) == (False, None)
    assert NOT_READ[text] in found.reason


CUT = {
    '{"a": [1, 2': {}, '```json\n{"a": "x\n```\nHope this helps {"b": 1}': {}, 'Example: {"a": 1}\nAnswer: {"a": 2, "b"': {},
    "<think>\nLet me see {": {}, "[" * 10_000: {}, '{"a": 1}': {"finish_reason": "length"}, '[{"a": 1}]': {"finish_reason": "MAX_TOKENS"},
    "{'a': [1, 2": {"repair": True},
}  # fmt: skip


@pytest.mark.parametrize("text", CUT, ids=lambda text: text[:20])
def test_a_text_that_ends_too_early_is_known(text: str) -> None:
    assert extract(text, **CUT[text]).truncated


def test_the_schema_decides_between_values_and_repair_is_said() -> None:
    text = 'Such as {"b": 1}, and [1]. Mine: {"a": 2}'
    assert extract(text, schema=ONE).value == {"a": 2}
    assert extract(text).found is False
    two = extract('{"a": 1} or {"a": 2}', schema=ONE)
    assert (two.found, two.reason[:11]) == (False, "there are 2")
    mended = extract("{'a': 1, // one\n}", repair=True)
    assert (mended.value, mended.repaired, extract("{'a': 1}").found) == ({"a": 1}, True, False)
    assert mended.steps
    # a value that is missing is not made up, and of a key that stands twice none is chosen
    assert not extract('{"a": , "b": 1}', repair=True).found
    assert not extract('{"a": 1, "a": 2}', repair=True).found
    assert extract("I'm sorry, but I can't help with that.").refusal
    assert extract("42", allow=("number",)).value == 42


SCHEMAS: list[Any] = [
    {"type": "integer"}, {"minimum": 1}, {"enum": [1, "a", None, [1]]}, {"type": ["string", "null"], "minLength": 2}, False, True,
    {"type": "array", "items": {"type": "number"}, "uniqueItems": True}, {"anyOf": [{"type": "string"}, {"required": ["a"]}]},
    {"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "integer"}}, "additionalProperties": False},
    {"oneOf": [{"type": "number"}, {"multipleOf": 2}]}, {"not": {"type": "object"}}, {"if": {"type": "integer"}, "then": {"maximum": 3}},
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.sampled_from(["", "a", "ab", "\U0001f600"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=5,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(schema=st.sampled_from(SCHEMAS), value=JSON)
def test_validity_is_that_of_the_reference(schema: Any, value: Any) -> None:
    found = validate(schema, value)
    wanted = [*jsonschema.Draft202012Validator(schema).iter_errors(value)]
    assert bool(found) == bool(wanted)
    # the value itself is never shown
    assert not any(repr(value) in each.message for each in found if isinstance(value, float))


class Line(BaseModel):
    sku: str
    count: int
    kind: Literal["a", "b"] = "a"


class Order(BaseModel):
    lines: list[Line]


def test_violations_say_where_what_and_in_which_mode() -> None:
    found = validate(Order, {"lines": [{"sku": 1, "count": "2"}, {"sku": "x", "count": 1, "kind": "c"}]})
    assert [(each.pointer, each.keyword, each.strict_only) for each in found] == [
        ("/lines/0/sku", "string_type", False), ("/lines/0/count", "int_type", True), ("/lines/1/kind", "literal_error", False),
    ]  # fmt: skip
    assert [each.pointer for each in validate(Order, {"lines": [{"sku": "x", "count": "2"}]}, strict=False)] == []
    schema = {"properties": {"a/b": {"enum": ["x", "y"]}, "d": {"format": "date"}}}
    (wrong,) = validate(schema, {"a/b": "secret", "d": "never"})
    assert (wrong.pointer, wrong.message, wrong.schema_pointer) == (
        "/a~1b",
        'is none of "x", "y"',
        "/properties/a~1b/enum",
    )
    assert [each.pointer for each in validate(schema, {"d": "never"}, formats=True)] == ["/d"]
    assert (
        validate({"$ref": "https://shop.example/x"}, 1, resources={"https://shop.example/x": {"type": "integer"}}) == []
    )
    with pytest.raises(SchemaError, match="nothing is fetched"):
        validate({"$ref": "https://shop.example/x"}, 1)
    with pytest.raises(SchemaError, match='There is no draft "draft5"'):
        validate({}, 1, draft="draft5")
    # exclusiveMinimum was a flag once
    assert validate({"minimum": 1, "exclusiveMinimum": True}, 1, draft="draft4")


MARKERS = tomllib.loads((ROOT / "rules" / "knowledge" / "contracts" / "injection.toml").read_text(encoding="utf-8"))[
    "marker"
]


@pytest.mark.parametrize("row", MARKERS, ids=lambda row: row["name"])
def test_markers_find_their_bad_examples_and_no_good_ones(row: dict[str, Any]) -> None:
    for text in row["bad"]:
        assert row["name"] in [each.name for each in find_markers({"k": [text]})], text
    for text in [one for each in MARKERS for one in each["good"]]:
        assert row["name"] not in [each.name for each in find_markers({"k": [text]})], text


def test_bounds_are_those_of_the_books() -> None:
    low, high = wilson(36, 36)
    assert (round(low, 4), high) == (0.9036, 1.0)
    assert [needed(share) for share in (0.9, 0.95, 0.99)] == [35, 73, 381]
    # Newcombe (1998), table II, example (a), method 10
    one, two = (Rate(x, n, n, n, wilson(x, n)) for x, n in ((56, 70), (48, 80)))
    assert tuple(round(each, 4) for each in newcombe(one, two)) == (0.0524, 0.3339)
    assert wilson(0, 0) == Interval(0.0, 1.0)


@given(total=st.integers(1, 500), data=st.data())
def test_intervals_hold_the_rate(total: int, data: st.DataObject) -> None:
    passed = data.draw(st.integers(0, total))
    low, high = wilson(passed, total)
    assert 0 <= low <= passed / total + 1e-12
    assert passed / total <= high + 1e-12 <= 1 + 1e-9
    assert not math.isnan(low + high)


def test_what_the_guide_shows_of_the_functions_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = (ROOT / "docs/how-to/contracts.md").read_text("utf-8").partition("## From Python")[2]
    code = shown.partition("```python\n")[2].partition("\n```\n")[0]
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers/a.jsonl").write_text('{"output": "{\\"id\\": 1}"}\n{"output": "{\\"id\\": \\"1\\"}"}\n')
    monkeypatch.chdir(tmp_path)
    module = ModuleType("guide")
    monkeypatch.setitem(sys.modules, "guide", module)  # pydantic looks up annotations there
    exec(compile(code, "contracts.md", "exec"), module.__dict__)
    assert json.loads((tmp_path / "rejected.jsonl").read_text())["pointer"] == "/id"


def test_a_schema_that_a_reference_leads_to_is_read_as_strictly(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"$ref": "b.json"}')
    (tmp_path / "b.json").write_text('{"type": "object", "type": "array"}')
    with pytest.raises(SchemaError, match="'type' stands twice"):
        contract_of("a.json", folder=tmp_path).validator.is_valid([])
    (tmp_path / "a.json").write_text('{"type": "object", "type": "array"}')
    with pytest.raises(SchemaError, match="'type' stands twice"):
        contract_of("a.json", folder=tmp_path)


def test_all_public_names_are_there_and_others_are_not() -> None:
    assert all(getattr(contracts, name) is not None for name in contracts.__all__)
    assert contracts.SchemaError is SchemaError
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        contracts.nothing  # noqa: B018
