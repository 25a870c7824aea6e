"""The verdict on one recorded answer: one status, the place, what was expected, and nothing that must not be shown."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mergegate.contracts.contract import Contract
from mergegate.contracts.extraction import Extraction, extract
from mergegate.contracts.markers import find_markers, find_personal_data
from mergegate.contracts.recordings import Recording
from mergegate.contracts.validation import Violation
from mergegate.errors import MergegateError

_EXCERPT = 400


class Status(StrEnum):
    """What an answer is. `unreadable` is none: the file that should hold it is damaged."""

    OK = "ok"
    OK_REPAIRED = "ok_repaired"
    INVALID_JSON = "invalid_json"
    TRUNCATED = "truncated"
    REFUSAL = "refusal"
    SCHEMA_VIOLATION = "schema_violation"
    PII = "pii"
    INJECTION = "injection"
    CONSUMER_ERROR = "consumer_error"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one answer under one contract.

    Attributes
    ----------
    contract
        The contract's name.
    file, line, number
        Where the answer stands; see `Recording`.
    status
        What it is.
    passed
        Whether it counts as valid.
    pointer, keyword
        Where in the value it is wrong, and by which keyword, marker or entity; empty if that is not the point.
    message
        What was expected, as a clause.
    model, provider, prompt
        Who answered what; empty if unknown.
    sha256
        Of the text.
    steps
        What had to be done to read it.
    excerpt
        The beginning of the answer, with personal data and credentials masked; empty for valid ones.
    """

    contract: str
    file: str
    line: int
    number: int
    status: Status
    passed: bool
    pointer: str = ""
    keyword: str = ""
    message: str = ""
    model: str = ""
    provider: str = ""
    prompt: str = ""
    sha256: str = ""
    steps: tuple[str, ...] = ()
    excerpt: str = ""

    @property
    def id(self) -> str:
        """Where the answer stands, as people write it."""
        return f"{self.file}:{self.line}{f'.{self.number}' if self.number else ''}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with the value that it is about.

    Attributes
    ----------
    outcome
        The verdict.
    extraction
        What was read; its value is that which the consumer gets.
    violations
        All places at which the value is wrong.
    """

    outcome: Outcome
    extraction: Extraction
    violations: tuple[Violation, ...] = ()


def judge(contract: Contract, recording: Recording) -> Judged:
    """Return the verdict on a recorded answer.

    Raises
    ------
    MergegateError
        If the contract is malformed, or packages for it are missing.
    """
    answer = recording.answer
    if recording.problem:
        nothing = Extraction(found=False, reason=recording.problem)
        return _judged(contract, recording, nothing, Status.UNREADABLE, message=recording.problem)
    validator = contract.validator
    extraction = _extracted(contract, recording, repair=False)
    if answer.refusal or extraction.refusal:
        reason = "the provider marks it as a refusal" if answer.refusal else extraction.reason
        return _judged(contract, recording, extraction, Status.REFUSAL, message=reason)
    if extraction.truncated:
        return _judged(contract, recording, extraction, Status.TRUNCATED, message=extraction.reason)
    if not extraction.found and contract.repair != "off":
        extraction = _extracted(contract, recording, repair=True)
    if not extraction.found:
        return _judged(contract, recording, extraction, Status.INVALID_JSON, message=extraction.reason)
    violations = tuple(validator.violations(extraction.value))
    if violations:
        if extraction.repaired:
            return _judged(contract, recording, extraction, Status.INVALID_JSON, message=extraction.reason)
        first, others = violations[0], len(violations) - 1
        message = f"{_without_place(first)}{f' (and {others} more)' if others else ''}"
        return _judged(
            contract, recording, extraction, Status.SCHEMA_VIOLATION,
            pointer=first.pointer, keyword=first.keyword, message=message, violations=violations,
        )  # fmt: skip
    return _filtered(contract, recording, extraction)


def _extracted(contract: Contract, recording: Recording, *, repair: bool) -> Extraction:
    answer = recording.answer
    return extract(
        answer.text, schema=contract.validator.is_valid, repair=repair, allow=contract.allow,
        finish_reason=answer.finish_reason,
    )  # fmt: skip


def with_consumer_error(judged: Judged, error: BaseException) -> Judged:
    """Return the verdict on a valid answer with which the program that uses it cannot cope."""
    message = f"the test that uses it raised {type(error).__name__}"
    outcome = replace(judged.outcome, status=Status.CONSUMER_ERROR, passed=False, message=message)
    return replace(judged, outcome=replace(outcome, excerpt=_excerpt(judged.extraction, "")))


def _filtered(contract: Contract, recording: Recording, extraction: Extraction) -> Judged:
    filters = (("pii", Status.PII, find_personal_data), ("injection", Status.INJECTION, find_markers))
    for name, status, find in filters:
        if name in contract.filters:
            found = next(find(extraction.value), None)
            if found is not None:
                return _judged(
                    contract, recording, extraction, status,
                    pointer=found.pointer, keyword=found.name, message=found.message,
                )  # fmt: skip
    status = Status.OK_REPAIRED if extraction.repaired else Status.OK
    return _judged(contract, recording, extraction, status, message=extraction.reason)


def _judged(
    contract: Contract, recording: Recording, extraction: Extraction, status: Status, *,
    pointer: str = "", keyword: str = "", message: str = "", violations: tuple[Violation, ...] = (),
) -> Judged:  # fmt: skip
    answer = recording.answer
    passed = status is Status.OK or (status is Status.OK_REPAIRED and contract.repair == "accept")
    outcome = Outcome(
        contract.name, recording.file, recording.line, recording.number, status, passed, pointer, keyword,
        _masked(message) if message else "", answer.model, answer.provider, recording.prompt,
        hashlib.sha256(answer.text.encode("utf-8", "surrogatepass")).hexdigest(), extraction.steps,
        "" if passed else _excerpt(extraction, answer.refusal or answer.text),
    )  # fmt: skip
    return Judged(outcome, extraction, violations)


def _without_place(violation: Violation) -> str:
    return str(violation).partition(": ")[2]


def _masked(text: str) -> str:
    try:
        from mergegate.privacy import redact_text  # noqa: PLC0415 - its packages are in an extra

        return redact_text(text)
    except MergegateError:
        return "(not shown: pip install 'mergegate[privacy]' lets personal data be masked)"


def _excerpt(extraction: Extraction, text: str) -> str:
    """Return the beginning of an answer, with what must not be shown masked: by the names of fields, too."""
    if extraction.value is not None and not extraction.repaired:
        return _shortened(json.dumps(_masked_value(extraction.value), ensure_ascii=False))
    return _shortened(_masked(text[: 4 * _EXCERPT]))


def _masked_value(value: Any) -> Any:
    try:
        from mergegate.privacy import redact  # noqa: PLC0415 - its packages are in an extra

        return redact(value)
    except MergegateError:
        return _masked("")


def _shortened(text: str) -> str:
    # half of a surrogate pair cannot be written
    plain = text.encode("utf-8", "backslashreplace").decode()
    return plain if len(plain) <= _EXCERPT else f"{plain[: _EXCERPT - 1]}\u2026"
