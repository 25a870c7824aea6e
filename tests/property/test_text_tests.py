"""What is told of two texts from their fingerprints is true of the texts: a branch that runs is never left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mergegate.syntax.demands import alternatives, fails, strings
from mergegate.syntax.fingerprints import fingerprint

BITS = 20
TEXTS = st.text(max_size=70)


def is_refuted(kind: str, text: str, wanted: list[str]) -> bool:
    return all(fails(("s", fingerprint(text)), test) for test in alternatives(strings(kind, wanted)))


@given(TEXTS, TEXTS, TEXTS, st.lists(TEXTS, max_size=3))
def test_a_test_that_is_passed_is_not_refuted(start: str, middle: str, end: str, others: list[str]) -> None:
    text = start + middle + end

    assert not is_refuted("=", text, [*others, text])
    assert not is_refuted("^", text, [*others, start])
    assert not is_refuted("$", text, [*others, end])


@given(TEXTS, TEXTS)
def test_a_refuted_test_is_not_passed(text: str, other: str) -> None:
    assert not (is_refuted("=", text, [other]) and text == other)
    assert not (is_refuted("^", text, [other]) and text.startswith(other))
    assert not (is_refuted("$", text, [other]) and text.endswith(other))


@given(TEXTS)
def test_little_is_kept_of_a_text(text: str) -> None:
    assert 0 <= fingerprint(text) < 2**BITS
    assert (fingerprint(text) == 0) == (text == "")


def test_names_in_capitals_do_not_begin_like_a_scheme() -> None:
    assert is_refuted("^", "SERVICE_URL", ["vault/", "env:"])
    assert is_refuted("=", "memory", ["remote", "mirror"])
    assert is_refuted("$", "eu-main", ["-mirror"])
