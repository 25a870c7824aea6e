"""What holds for any text: spans are in order and in range, what was found is gone, and redacting twice is redacting once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from mergegate.privacy import detect, redact, redact_text

MAIL, CARD, IBAN = "anna.larsen@example.org", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"
pieces = st.sampled_from([
    MAIL, CARD, IBAN, "password=", "hunter2!", "phone: ", "415-555-2671", "536-22-1234", "\n", " ", "://", "@", "[EMAIL_ADDRESS]", "ssn ", '"',
    "10.1.2.3", "2001:db8::1", "é", "\ud800", "\0", "Bearer ", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlc2lnbmF0dXJl",
])  # fmt: skip
texts = st.lists(st.one_of(pieces, st.text(max_size=12)), max_size=12).map("".join)


@given(texts)
def test_spans_are_in_order_and_in_range(text: str) -> None:
    position = 0
    for span in detect(text):
        assert position <= span.start < span.end <= len(text)
        position = span.end


@given(texts)
@example("2001:db8::1anna.larsen@example.org")
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


@given(
    st.text(alphabet="abc xyz,.\n", max_size=40),
    st.sampled_from([MAIL, CARD, IBAN]),
    st.text(alphabet="abc xyz,\n", max_size=40),
)
def test_what_stands_apart_is_found_wherever_it_stands(before: str, value: str, after: str) -> None:
    assert value not in redact_text(f"{before} {value} {after}")


@given(st.uuids(), st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)))
def test_identifiers_and_times_are_no_personal_data(identifier: uuid.UUID, when: datetime) -> None:
    stamp = when.replace(tzinfo=UTC).timestamp()
    for text in (
        str(identifier), identifier.hex, when.isoformat(), f"{when:%Y-%m-%d %H:%M:%S},{when:%f}", f"{stamp:.0f}", f"{stamp * 1000:.0f}",
        f"{stamp * 1e6:.0f}", f"{stamp * 1e9:.0f}", f"{stamp:.6f}", f"{when:%d/%b/%Y:%H:%M:%S +0000}", f"{when:%Y%m%d%H%M%S}",
    ):  # fmt: skip
        assert detect(f"job {text} done") == []


structures = st.recursive(
    st.one_of(
        texts.map(lambda text: text.replace(MAIL, f" {MAIL} ")),
        st.integers(),
        st.booleans(),
        st.none(),
        st.floats(allow_nan=False),
        st.binary(max_size=20),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["a", "email", "password", "id", "phone"]), inner, max_size=4),
    ),
    max_leaves=12,
)


@given(structures)
def test_structures_keep_their_shape_and_lose_their_values(value: object) -> None:
    masked = redact(value)
    assert _shape(masked) == _shape(value)
    assert MAIL not in repr(masked)
    assert redact(masked) == masked


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return None
