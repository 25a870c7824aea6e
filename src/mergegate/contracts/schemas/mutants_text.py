"""Near misses in the text of an answer: what is no JSON, or more than JSON, and what parsers disagree about."""

from __future__ import annotations

import json
from collections.abc import Iterator

from mergegate.contracts.schemas.json_data import Json, is_list, is_object

_DEEP = 10_000


def texts(value: Json) -> Iterator[tuple[str, str]]:
    """Yield near misses of a value's JSON text, each with what was done to it."""
    text = json.dumps(value, ensure_ascii=False)
    yield from _cut(text)
    yield from _dialects(value, text)
    yield from _numbers(text)
    yield "bom", f"\ufeff{text}"
    yield "nul-behind", f"{text}\0"
    yield "two-values", f"{text}\n{text}"
    yield "prose-before", f"Here is the JSON you asked for:\n{text}"
    yield "prose-behind", f"{text}\n\nLet me know if you need {{anything}} else."
    yield "fenced", f"```json\n{text}\n```"
    yield "fence-not-closed", f"```json\n{text}"
    yield "thought-with-decoy", f'<think>Maybe {{"a": 1}}?</think>\n{text}'
    yield "thought-not-closed", f"<think>\n{text}"
    yield "refusal", "I'm sorry, but I can't help with that."
    yield "empty-text", ""
    yield "blank-text", " \n"
    yield "in-quotes", json.dumps(text)
    yield "called", f"callback({text});"
    yield "tagged", f"<json>{text}</json>"
    yield "deep-nesting", "[" * _DEEP + "]" * _DEEP


def _cut(text: str) -> Iterator[tuple[str, str]]:
    """Yield beginnings of a text, cut in or after each kind of sign."""
    seen: set[str] = set()
    inside = escaped = False
    for index, char in enumerate(text[:-1]):
        kind = ""
        if inside:
            kind = "in-text"
            if not escaped and char == '"':
                inside, kind = False, "behind-text"
            escaped = not escaped and char == "\\"
        elif char == '"':
            inside, kind = True, "at-text"
        elif char in "{[":
            kind = "behind-bracket"
        elif char in ",:":
            kind = "behind-comma" if char == "," else "behind-colon"
        elif char.isalnum() or char in "-.":
            kind = "in-literal"
        if kind and kind not in seen:
            seen.add(kind)
            yield f"cut-{kind}", text[: index + 1]
    if len(text) > 1:
        yield "cut-last", text[:-1]
        yield "cut-half", text[: len(text) // 2]


def _dialects(value: Json, text: str) -> Iterator[tuple[str, str]]:
    if text[-1] in "}]" and len(text) > 2:
        yield "trailing-comma", f"{text[:-1]},{text[-1]}"
        yield "missing-comma", text.replace(", ", " ", 1)
        yield "comment", f"{text[0]} // as asked\n{text[1:]}"
        yield "block-comment", f"{text[0]} /* as asked */ {text[1:]}"
        yield "wrong-bracket", text[:-1] + ("]" if text[-1] == "}" else "}")
        yield "bracket-more", text + text[-1]
        yield "ellipsis", f"{text[:-1]}, ...{text[-1]}"
    if '"' in text:
        yield "single-quotes", text.replace('"', "'")
        yield "curly-quotes", text.replace('"', "“", 1).replace('"', "”", 1)
        yield "raw-newline", text.replace('"', '"\n', 1)
        yield "bad-escape", text.replace('"', '"\\x41', 1)
        yield "lone-surrogate", text.replace('"', '"\\ud800', 1)
    yield "python-literals", str(value)
    if is_object(value) and value:
        name = next(iter(value))
        key = json.dumps(name, ensure_ascii=False)
        yield "unquoted-key", text.replace(key, name, 1)
        yield "duplicate-key", f"{{{key}: null, {text[1:]}"
        yield "duplicate-key-behind", f"{text[:-1]}, {key}: null}}"
        yield "equals-for-colon", text.replace(f"{key}: ", f"{key} = ", 1)
    if is_list(value) and value:
        yield "lines-for-list", "\n".join(json.dumps(item) for item in value)


def _numbers(text: str) -> Iterator[tuple[str, str]]:
    """Yield texts with numbers that are none in JSON, or that no machine number holds."""
    start = next((index for index, char in enumerate(text) if char.isdigit() and _outside(text, index)), None)
    if start is None:
        return
    end = start
    while end < len(text) and (text[end].isdigit() or text[end] in ".eE+-"):
        end += 1
    for name, number in (
        ("nan", "NaN"), ("infinity", "Infinity"), ("leading-zero", f"0{text[start:end]}"),
        ("plus-sign", f"+{text[start:end]}"), ("bare-point", f"{text[start:end]}."),
        ("hexadecimal", "0x1F"), ("underscore", "1_000"), ("huge-exponent", "1e400"), ("separator", "1,000"),
    ):  # fmt: skip
        yield name, text[:start] + number + text[end:]


def _outside(text: str, index: int) -> bool:
    """Tell whether a place is outside of strings."""
    quotes = 0
    escaped = False
    for char in text[:index]:
        if char == '"' and not escaped:
            quotes += 1
        escaped = char == "\\" and not escaped
    return not quotes % 2
