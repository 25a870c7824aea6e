"""Verdicts on any two schemas: never unsafe, always with proofs that hold, and the same from both sides."""

from __future__ import annotations

from itertools import product
from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from mergegate.contracts.schemas.compatibility import compare

SCALARS: list[Any] = [None, True, False, 0, 1, 2, 3, 4, 6, -1, 0.5, 2.5, "", "a", "b", "aa", "ab", "abc", "c"]
VALUES: list[Any] = [
    *SCALARS, [], {}, *([one] for one in SCALARS), *([one, other] for one, other in product(SCALARS[2:12], repeat=2)),
    *({"a": one} for one in SCALARS), *({"b": one} for one in SCALARS), *({"a": 1, "b": one} for one in SCALARS),
    {"a": {"a": 1}}, {"a": {"b": "a"}}, {"c": 1}, {"a": "a", "c": None}, {"a": {"a": {"a": 1}}}, [[1]], [["a"], "a"],
]  # fmt: skip

small = st.integers(0, 4)
texts = st.sampled_from(["a", "b", "ab", "c"])
scalars = st.one_of(
    st.fixed_dictionaries({"type": st.just("integer")}, optional={"minimum": small, "maximum": small}),
    st.fixed_dictionaries({"type": st.just("number")}, optional={"exclusiveMinimum": small, "multipleOf": st.sampled_from([1, 2, 0.5, 3])}),
    st.fixed_dictionaries({"type": st.just("string")}, optional={"minLength": small, "maxLength": small, "pattern": st.sampled_from(["^a", "b$", "^[ab]+$", "^a?b?c?$"])}),
    st.fixed_dictionaries({"enum": st.lists(st.sampled_from(SCALARS), min_size=1, max_size=3)}),
    st.fixed_dictionaries({"const": st.sampled_from(SCALARS)}),
    st.sampled_from([{}, True, False, {"type": "null"}, {"type": ["string", "null"]}, {"type": ["integer", "boolean"]}]),
)  # fmt: skip


def extended(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    branches = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("object")},
            optional={
                "properties": st.dictionaries(texts, inner, max_size=2), "required": st.lists(texts, max_size=2, unique=True),
                "additionalProperties": inner, "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=1),
                "minProperties": st.integers(0, 2), "maxProperties": st.integers(0, 2), "propertyNames": inner,
            },
        ),
        st.fixed_dictionaries(
            {"type": st.just("array")},
            optional={
                "items": inner, "prefixItems": branches, "contains": inner, "minItems": st.integers(0, 2),
                "maxItems": st.integers(0, 2), "uniqueItems": st.booleans(), "minContains": st.integers(0, 2),
            },
        ),
        st.fixed_dictionaries({"anyOf": branches}), st.fixed_dictionaries({"oneOf": branches}),
        st.fixed_dictionaries({"allOf": branches}), st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"if": inner, "then": inner}, optional={"else": inner}),
    )  # fmt: skip


schemas = st.recursive(scalars, extended, max_leaves=6)


def recursive(body: Any) -> Any:
    return {
        "$ref": "#/$defs/T",
        "$defs": {"T": {"type": "object", "properties": {"a": {"anyOf": [{"$ref": "#/$defs/T"}, body]}}}},
    }


def check(old: Any, new: Any) -> None:
    verdict = compare(old, new, budget_ms=60_000)
    one, other = (jsonschema_rs.Draft202012Validator(each, validate_formats=False) for each in (old, new))
    for said, proof, inner, outer in (
        (verdict.backward, verdict.backward_proof, one, other),
        (verdict.forward, verdict.forward_proof, other, one),
    ):
        if said is False:
            assert inner.is_valid(proof)
            assert not outer.is_valid(proof)
        if said is True:
            assert not [value for value in VALUES if inner.is_valid(value) and not outer.is_valid(value)]
    back = compare(new, old, budget_ms=60_000)
    assert (back.backward, back.forward) == (verdict.forward, verdict.backward)


@settings(max_examples=20, deadline=None)
@given(schemas, schemas)
def test_no_verdict_is_wrong(old: Any, new: Any) -> None:
    check(old, new)


@settings(max_examples=8, deadline=None)
@given(schemas, schemas)
def test_no_verdict_on_recursive_schemas_is_wrong(old: Any, new: Any) -> None:
    check(recursive(old), recursive(new))


@settings(max_examples=25, deadline=None)
@given(schemas)
def test_a_schema_is_compatible_with_itself(schema: Any) -> None:
    verdict = compare(schema, schema, budget_ms=60_000)
    assert (verdict.backward, verdict.forward, verdict.changes) == (True, True, [])
