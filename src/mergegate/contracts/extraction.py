"""The JSON in a model's answer, and everything that had to be done, or was in doubt, to get it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from mergegate.contracts.json_text import Parsed, read_value
from mergegate.contracts.refusals import is_refusal
from mergegate.contracts.scanning import RANKS, Candidate, Scan, scan

OBJECT_OR_ARRAY = ("object", "array")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
_BLANK = f" \t\r\n{_INVISIBLE}"
_MARKS = {"\ufeff": "byte order mark"}
_CUT_REASONS = frozenset({"length", "max_tokens", "max_output_tokens", "model_length", "incomplete", "token_limit"})
_REFUSED_REASONS = frozenset({
    "content_filter", "refusal", "safety", "prohibited_content", "blocklist", "recitation", "spii", "content_filtered",
    "guardrail_intervened",
})  # fmt: skip
_TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
_ASIDE = re.compile(r"\[[\d\s,]*\]|\{\s*\}")


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was found in a model's answer.

    Attributes
    ----------
    found
        Whether there is one value without doubt; a repaired one counts as found only where repair was asked for.
    value
        The value, None if there is none.
    span
        Where it stands in the text, as character offsets; of what was meant to be it if it is broken.
    kind
        How it was wrapped, as `RANKS` of `scanning` lists it; empty if there is nothing.
    steps
        What was left out, opened or repaired, in order.
    repaired
        Whether the value is not what the text says, strictly read.
    truncated
        Whether the text ends too early, by itself or by what the provider says.
    refusal
        Whether the model refused.
    duplicates
        Keys that stand twice in one object.
    candidates
        The spans of all that could have been meant.
    reason
        Why nothing was found, as a clause; empty if something was.
    """

    found: bool
    value: Any = None
    span: tuple[int, int] | None = None
    kind: str = ""
    steps: tuple[str, ...] = ()
    repaired: bool = False
    truncated: bool = False
    refusal: bool = False
    duplicates: tuple[str, ...] = ()
    candidates: tuple[tuple[int, int], ...] = ()
    reason: str = ""


def extract(
    text: str, *,
    schema: Any = None,
    repair: bool = False,
    allow: Sequence[str] = OBJECT_OR_ARRAY,
    finish_reason: str | None = None,
) -> Extraction:  # fmt: skip
    """Return the JSON value in a text that a model wrote.

    Parameters
    ----------
    text
        The answer; reasoning, fences and prose around the value are left out and said so.
    schema
        What decides between several candidates: whatever `validate` takes, or a callable that tells whether a value
        is valid.
    repair
        Whether what is broken may be repaired; every repair is a step, and nothing that is missing is made up.
    allow
        Types of the value: `object`, `array`, `string`, `number`, `boolean`, `null`.
    finish_reason
        Why the provider says that the text ends.
    """
    reader = _Reader(text, tuple(allow), _decider(schema))
    found = reader.read()
    if repair and reader.broken and not found.refusal:
        found = _repaired(text, found)
    said = (finish_reason or "").lower().removeprefix("finish_reason_")
    if said in _CUT_REASONS:
        found = replace(found, truncated=True, reason=found.reason or f"the provider stopped it: {finish_reason}")
    if said in _REFUSED_REASONS:
        found = replace(found, refusal=True, reason=found.reason or f"the provider says: {finish_reason}")
    return found


def is_cut(finish_reason: str | None) -> bool:
    """Tell whether a provider's reason says that the text was ended for its length."""
    return (finish_reason or "").lower() in _CUT_REASONS


def _decider(schema: Any) -> Callable[[Any], bool] | None:
    if schema is None:
        return None
    if callable(schema) and not isinstance(schema, type):
        return cast("Callable[[Any], bool]", schema)
    from mergegate.contracts.validation import validate  # noqa: PLC0415 - it needs more packages

    return lambda value: not validate(schema, value)


class _Reader:
    def __init__(self, text: str, allow: tuple[str, ...], valid: Callable[[Any], bool] | None) -> None:
        self._text = text
        self._allow = allow
        self._valid = valid
        self.broken = False

    def read(self) -> Extraction:
        text = self._text
        start = len(text) - len(text.lstrip(_BLANK))
        end = len(text.rstrip(_BLANK))
        if start >= end:
            return Extraction(found=False, reason="the text is empty")
        steps = _invisible(text[:start], text[end:]) if end - start < len(text) else []
        if text[start] in "{[":
            # most answers are JSON and nothing else
            read = read_value(text if not start else text[start:], 0)
            if isinstance(read, Parsed) and start + read.end == end and not (read.problem or read.duplicates):
                span = (start, end)
                if _type_of(read.value) in self._allow:
                    return Extraction(True, read.value, span, "whole", tuple(steps), candidates=(span,))
        elif text[start] not in "<`~":
            scalar = self._scalar(start, end)
            if scalar is not None:
                return replace(scalar, steps=tuple(steps))
        found = scan(text)
        for candidate in found.candidates:
            self._classify(candidate, start, end)
        chosen = self._choose(found)
        wrapped = [] if chosen.kind in ("", "whole", "prose", "aside") else [chosen.kind]
        around = ["text around"] if chosen.kind and _has_text_around(text, found, chosen, start, end) else []
        spans = tuple((each.start, each.end) for each in found.candidates)
        return replace(chosen, steps=(*steps, *found.steps, *wrapped, *around), candidates=spans)

    def _scalar(self, start: int, end: int) -> Extraction | None:
        """Return what a text that is nothing but one scalar says."""
        read = read_value(self._text[start:end], 0)
        if not isinstance(read, Parsed) or read.end != end - start:
            return None
        type_ = _type_of(read.value)
        if type_ in self._allow and not read.problem:
            return Extraction(True, read.value, (start, end), "whole")
        wanted = " or ".join(self._allow)
        reason = read.problem or f"the text is a JSON {type_}, where an {wanted} is expected"
        return Extraction(found=False, reason=reason)

    def _classify(self, candidate: Candidate, start: int, end: int) -> None:
        if candidate.start == start and candidate.end == end:
            candidate.kind = "whole"
        elif candidate.kind == "prose" and _ASIDE.fullmatch(self._text, candidate.start, candidate.end):
            candidate.kind = "aside"

    def _choose(self, found: Scan) -> Extraction:
        candidates = found.candidates
        if found.thinking:
            return Extraction(found=False, truncated=True, reason="the text ends within the model's reasoning")
        if candidates and candidates[-1].cut and candidates[-1].end == len(self._text):
            last = candidates[-1]
            lonely = not self._text[last.start : last.end].strip("[{ \t\r\n")
            if not (lonely and len(candidates) > 1):
                self.broken = True
                return _failed(last, truncated=True)
            candidates = candidates[:-1]
        allowed = [each for each in candidates if not each.sound or _type_of(each.value) in self._allow]
        if not allowed:
            return self._nothing(found, candidates)
        fallback: list[Candidate] = []
        for rank in sorted({RANKS[each.kind] for each in allowed}):
            group = [each for each in allowed if RANKS[each.kind] == rank]
            sound = _distinct([each for each in group if each.sound])
            if self._valid is not None and (sound := [each for each in sound if self._valid(each.value)]):
                return _taken(sound)
            if self._valid is not None:
                fallback += [each for each in group if each.sound]
            if sound and group[-1].sound:
                return _taken(sound)
            broken = [each for each in group if not each.sound]
            if broken:
                # what is JSON and refused all the same, as for a key that stands twice, is not to be guessed at
                self.broken = not broken[-1].refused
                return _failed(broken[-1], truncated=any(each.cut for each in broken))
        return _taken(_distinct(fallback[:1] if len(_distinct(fallback)) == 1 else fallback))

    def _nothing(self, found: Scan, candidates: Sequence[Candidate]) -> Extraction:
        for start, end in found.bare:
            inner = self._text[start:end].strip(_BLANK)
            offset = self._text.find(inner, start) if inner else start
            read = read_value(inner, 0) if inner else None
            if isinstance(read, Parsed) and read.end == len(inner) and _type_of(read.value) in self._allow:
                return Extraction(True, read.value, (offset, offset + len(inner)), "fence")
        if candidates:
            types = " and ".join(dict.fromkeys(_type_of(each.value) for each in candidates))
            return Extraction(found=False, reason=f"an {' or '.join(self._allow)} is expected, there is an {types}")
        if is_refusal(self._text):
            return Extraction(found=False, refusal=True, reason="the text reads as a refusal")
        return Extraction(found=False, reason="there is no JSON in the text")


def _type_of(value: Any) -> str:
    return _TYPES.get(cast("type[Any]", type(value)), "null")


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    if len(candidates) < 2:
        return list(candidates)
    kept: dict[str, Candidate] = {}
    for each in candidates:
        # 1 and true are equal in Python
        kept.setdefault(json.dumps(each.value, sort_keys=True), each)
    return [*kept.values()]


def _taken(candidates: Sequence[Candidate]) -> Extraction:
    first = candidates[0]
    span = (first.start, first.end)
    if len(candidates) == 1:
        return Extraction(True, first.value, span, first.kind)
    return Extraction(
        found=False, reason=f"there are {len(candidates)} different values, and nothing says which is meant"
    )


def _failed(candidate: Candidate, *, truncated: bool) -> Extraction:
    return Extraction(
        found=False, span=(candidate.start, candidate.end), kind=candidate.kind, truncated=truncated,
        duplicates=candidate.duplicates, reason=candidate.reason,
    )  # fmt: skip


def _repaired(text: str, found: Extraction) -> Extraction:
    from mergegate.contracts.repairs import repair  # noqa: PLC0415 - most texts need none

    start, end = found.span or (0, len(text))
    mended = repair(text[start:end], cut=found.truncated)
    if mended is None:
        return found
    value, steps = mended
    return replace(found, found=True, value=value, repaired=True, steps=(*found.steps, *steps))


def _invisible(before: str, after: str) -> list[str]:
    around = before + after
    steps = [name for mark, name in _MARKS.items() if mark in around]
    return [*steps, *(["zero-width characters"] if any(each in around for each in _INVISIBLE[1:]) else [])]


def _has_text_around(text: str, found: Scan, chosen: Extraction, start: int, end: int) -> bool:
    span = chosen.span
    if span is None or chosen.kind == "whole":
        return False
    return chosen.kind in ("prose", "aside") or (
        not found.steps and (text[start] not in "`~<" or text[end - 1] not in "`~>);")
    )
