"""JSON in answers of models: read back exactly from any wrapping, never taken for whole when it is cut."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mergegate.contracts.extraction import extract

# texts that look like what JSON is wrapped in
PIECES = st.sampled_from(
    [
        "```",
        "```json\n",
        "~~~",
        "</think>",
        "<think>",
        '"',
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\n",
        "\u00e9",
        "\U0001f600",
        "//",
        "'",
        "\u2028",
    ]
)
TEXTS = st.one_of(st.text(max_size=8), st.lists(PIECES, max_size=5).map("".join))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)
ROOTS = st.lists(VALUES, min_size=1, max_size=4) | st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4)
LAYOUTS = st.sampled_from([{}, {"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}])
PROSE = 'Here is what you asked for, e.g. as a note (see above): it\'s "quoted" once.\n'
WRAPPINGS = {
    "plain": "%s",
    "blank": "\ufeff \n%s\u200b\n",
    "fence": "```json\n%s\n```",
    "upper fence": "```JSON\r\n%s\r\n```\r\n",
    "untagged fence": PROSE + "```\n%s\n```\n" + PROSE,
    "tildes": "~~~json\n%s\n~~~",
    "long fence": "`````json\n%s\n`````",
    "inline fence": "Sure! ```json %s ```",
    "unclosed fence": "```json\n%s",
    "other fence": "```python\n%s\n```",
    "prose": "Sure, here you are:\n\n%s\n\nLet me know if {you} need [anything] else.",
    "prose with braces": "With {name} and [see below] filled in, for x in {y | y > 0}: %s",
    "citation": "As stated in [1] and [2, 3]:\n```json\n%s\n```\n[1] a book",
    "reasoning": '<think>\nMaybe {"a": 1}? Or ```json\n[1]\n```? No.\n</think>\n%s',
    "reasoning without a beginning": 'They want {"a": "b"}, I think.\n</think>\n\n```json\n%s\n```',
    "channels": "<|channel|>analysis<|message|>[1, 2]?<|end|><|start|>assistant<|channel|>final<|message|>%s",
    "tag": "<json>%s</json>",
    "tool call": "<tool_call>\n%s\n</tool_call>",
    "call": "callback(%s);",
}


@settings(max_examples=40, deadline=None)
@given(value=ROOTS, layout=LAYOUTS, name=st.sampled_from(sorted(WRAPPINGS)))
def test_a_document_is_read_back_from_any_wrapping(value: Any, layout: dict[str, Any], name: str) -> None:
    document = json.dumps(value, **layout)
    text = WRAPPINGS[name].replace("%s", document)
    found = extract(text)
    assert (found.found, found.value, found.repaired, found.truncated) == (True, value, False, False), found
    assert found.span is not None
    assert text[slice(*found.span)] == document


@settings(max_examples=12, deadline=None)
@given(value=ROOTS, layout=LAYOUTS, start=st.sampled_from(["", "```json\n", "Sure:\n", "<think>hm</think>"]))
def test_a_strict_prefix_is_never_whole(value: Any, layout: dict[str, Any], start: str) -> None:
    document = json.dumps(value, **layout)
    for end in range(len(document)):
        found = extract(start + document[:end])
        assert not found.found
        assert found.truncated or not end


@settings(max_examples=40, deadline=None)
@given(
    text=st.lists(PIECES | st.text(max_size=5) | SCALARS.map(json.dumps), max_size=15).map("".join),
    repair=st.booleans(),
)
def test_any_text_is_read(text: str, repair: bool) -> None:
    found = extract(text, repair=repair)
    assert found.found == (not found.reason) or found.repaired
    assert not (found.repaired and not repair)
    assert all(0 <= start < end <= len(text) for start, end in found.candidates)
    if found.found and not found.repaired:
        assert found.span is not None
        assert json.loads(text[slice(*found.span)]) == found.value
