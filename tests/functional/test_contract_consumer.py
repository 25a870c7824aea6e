"""Valid answers, near misses, and what consumers make of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field

from mergegate.contracts.schemas.compatibility import compare
from mergegate.contracts.schemas.consumer import Score, check_consumer, mutation_score, worse
from mergegate.contracts.schemas.generation import NoValue, cases
from mergegate.contracts.schemas.near_misses import mutants, strict
from mergegate.contracts.schemas.normal import load

PATIENCE = 60_000
PAIRS = json.loads(
    (Path(__file__).resolve().parents[2] / "fixtures/contract_schemas/pairs.json").read_text(encoding="utf-8")
)


class Line(BaseModel):
    sku: str = Field(pattern=r"^[A-Z]{3}-[0-9]{4}$")
    count: int = Field(ge=1, le=99)
    price: float = Field(gt=0, multiple_of=0.01)


class Card(BaseModel):
    kind: Literal["card"]
    last4: str = Field(min_length=4, max_length=4)


class Cash(BaseModel):
    kind: Literal["cash"]
    change: float | None = None


class Order(BaseModel, extra="forbid"):
    id: int = Field(ge=0)
    customer_name: str = Field(min_length=1, max_length=40)
    status: Literal["open", "in_transit"]
    lines: list[Line] = Field(min_length=1, max_length=5)
    pay: Annotated[Card | Cash, Field(discriminator="kind")]
    paid: bool
    day: str = Field(json_schema_extra={"format": "date"})


def exactly(answer: Any) -> None:
    Order.model_validate(answer, strict=True)


SCHEMA = Order.model_json_schema()


def fits(value: Any, schema: Any = SCHEMA, *, formats: bool = True) -> bool:
    # not `jsonschema`: the `$` of Python's patterns matches before a newline at the end
    return jsonschema_rs.validator_for(schema, validate_formats=formats).is_valid(value)


def reads(text: str) -> bool:
    try:
        return fits(strict(text))
    except (ValueError, RecursionError):
        return False


def test_cases_fit_and_reach_every_part() -> None:
    found = list(cases(Order, n=200, formats=True))
    assert len(found) == 200
    assert all(map(fits, found))
    assert {value["pay"]["kind"] for value in found} == {"card", "cash"}
    assert {value["status"] for value in found} == {"open", "in_transit"}
    assert {len(value["lines"]) for value in found} >= {1, 2, 5}
    assert found == list(cases(Order, n=200, formats=True))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])
def test_every_schema_of_the_pairs_has_cases_and_near_misses(pair: dict[str, Any]) -> None:
    for schema in (pair["old"], pair["new"]):
        loaded = load(schema, formats=pair.get("formats", False))
        valid = list(cases(loaded, n=20))
        assert valid
        assert all(fits(value, schema, formats=loaded.formats) for value in valid)
        for mutant in mutants(loaded, valid, also_texts=False):
            assert not fits(mutant.value, schema, formats=loaded.formats), mutant


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "number", "minimum": 10**400}, {"type": "number", "maximum": 1e308, "multipleOf": 1e300},
        {"type": "integer", "minimum": -(10**400), "maximum": 10**400}, {"enum": [10**400, "a"]},
        {"$ref": "#"}, {"type": "string", "pattern": "^(a+)+$"},
        {"type": "array", "items": {"type": "boolean"}, "uniqueItems": True, "minItems": 2},
    ],
)  # fmt: skip
def test_extreme_schemas_do_no_harm(schema: Any) -> None:
    loaded = load(schema)
    valid = list(cases(loaded, n=10))
    assert valid
    assert mutation_score(loaded, budget_ms=PATIENCE).rate == 1.0
    assert compare(schema, {"type": "object"}).backward is False


@pytest.mark.parametrize("schema", [False, {"not": {}}, {"type": "string", "minLength": 3, "maxLength": 2}])
def test_a_schema_that_admits_nothing_has_no_cases(schema: Any) -> None:
    with pytest.raises(NoValue, match="no value that fits"):
        list(cases(schema))


def test_near_misses_are_of_many_kinds_and_none_is_valid() -> None:
    found = list(mutants(Order, formats=True))
    values = [each for each in found if not each.is_text]
    assert not [each for each in values if fits(each.value)]
    for each in found:
        if each.is_text:
            assert not reads(each.text), each
    assert len({each.operator for each in values}) >= 60
    assert len({each.operator for each in found}) >= 110
    places = {each.pointer for each in values}
    assert places >= {
        "",
        "/id",
        "/customer_name",
        "/status",
        "/lines",
        "/lines/*/sku",
        "/lines/*/price",
        "/pay/kind",
        "/day",
    }
    wanted = {
        "missing-required", "null-for-value", "unknown-member", "renamed-style", "renamed-typo", "wrapped-in-array",
        "echoed-schema", "swapped-members", "number-as-text", "bool-as-text", "fraction-for-integer", "list-as-text",
        "below-minimum", "at-exclusive-minimum", "too-long-in-astral", "off-step", "too-many-items", "enum-title",
        "enum-of-another", "newline-at-end", "full-width-digits", "format-impossible-day", "wrong-discriminator",
        "text:cut-in-text", "text:trailing-comma", "text:nan", "text:duplicate-key", "text:thought-with-decoy",
    }  # fmt: skip
    assert wanted <= {each.operator for each in found}
    assert found == list(mutants(Order, formats=True))


@pytest.fixture(scope="module")
def lax() -> Score:
    return mutation_score(Order, budget_ms=PATIENCE)


@pytest.fixture(scope="module")
def exact() -> Score:
    return check_consumer(Order, exactly, budget_ms=PATIENCE)


def test_a_model_that_coerces_lets_near_misses_through(lax: Score, exact: Score) -> None:
    assert (lax.failures, exact.failures, lax.complete) == ((), (), True)
    assert lax.total == exact.total > 400
    assert {"number-as-text", "bool-as-text"} <= {each.operator for each in lax.survivors}
    assert not {"number-as-text", "bool-as-text"} & {each.operator for each in exact.survivors}
    assert 0.8 < lax.rate < exact.rate
    first = next(each for each in lax.survivors if (each.operator, each.pointer) == ("number-as-text", "/id"))
    assert first.value["id"] == "0"
    assert fits({**first.value, "id": 0})
    killed, total = lax.by_pointer["/id"]
    assert 0 < killed < total
    assert sum(total for _, total in lax.by_operator.values()) == lax.total


def test_a_ratchet_names_what_survives_anew(lax: Score, exact: Score) -> None:
    kept = json.loads(json.dumps(exact.ratchet()))
    assert worse(kept, exact) == []
    assert {"number-as-text", "bool-as-text"} <= {each.operator for each in worse(kept, lax)}
    assert worse(json.loads(json.dumps(lax.ratchet())), exact) == []


def test_a_consumer_that_breaks_down_on_valid_answers_is_shown_the_least_one() -> None:
    def handle(answer: Any) -> str:
        if not fits(answer):
            raise ValueError("refused")
        return answer["pay"]["change"]

    score = check_consumer(Order, handle, n=20, budget_ms=PATIENCE)
    (failure,) = score.failures
    assert failure.error == "KeyError: 'change'"
    assert fits(failure.value)
    assert len(failure.value["lines"]) == 1
    assert (score.killed, score.survivors) == (score.total, ())


def test_a_breakdown_is_no_refusal() -> None:
    def handle(answer: Any) -> None:
        assert isinstance(answer["id"], int), "what now?"

    score = check_consumer(Order, handle, n=20, budget_ms=PATIENCE)
    errors = {each.error for each in score.survivors}
    assert "AssertionError: what now?" in errors
    assert "" in errors
    refused = check_consumer(Order, handle, n=20, budget_ms=PATIENCE, rejections=(AssertionError, KeyError, TypeError))
    assert refused.killed > 0
    assert score.killed == 0


def test_readers_of_text_are_given_text() -> None:
    score = check_consumer(
        Order, lambda text: Order.model_validate(json.loads(text)), takes="text", n=20, budget_ms=PATIENCE
    )
    survivors = {each.operator for each in score.survivors}
    assert {"text:duplicate-key", "number-as-text"} <= survivors
    assert not {"text:cut-last", "text:fenced", "text:trailing-comma"} & survivors
    assert score.by_operator["text:fenced"][0] == score.by_operator["text:fenced"][1] > 0


def test_handlers_may_change_what_they_are_given_and_time_is_bounded() -> None:
    def handle(answer: Any) -> None:
        if not fits(answer):
            raise ValueError
        answer.clear()

    score = check_consumer(Order, handle, n=20, budget_ms=PATIENCE)
    assert (score.failures, score.killed) == ((), score.total)
    score = check_consumer(Order, handle, budget_ms=1)
    assert not score.complete


def test_what_a_loose_schema_admits_is_counted() -> None:
    loose = mutation_score({"type": "object", "properties": {"n": {"type": "integer"}}})
    assert loose.admitted["unknown-member"]
    assert loose.rate == 1.0
