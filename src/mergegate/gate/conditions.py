"""A condition of the quality gate: one line of the verdict, with what was wanted, what is, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What has become of a condition.

    `broken` is evidence that is missing, unreadable or older than the tree: it says nothing, so it blocks. `absent` is
    what the project has not configured, `undecided` what too few samples can show: neither blocks.
    """

    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    UNDECIDED = "not enough samples"
    ABSENT = "not configured"

    @property
    def exit_code(self) -> int:
        """The exit code that it demands of the whole command, 0 if none."""
        return {Status.FAILED: 1, Status.BROKEN: 3}.get(self, 0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a condition failed, relative to the project's root; `line` is 1-based, 0 for a whole file."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of the verdict.

    Attributes
    ----------
    source
        What it is about: `findings`, `types`, `coverage`, `contracts`, or what a plugin calls its evidence.
    name
        The condition in a few words, as in `new findings`.
    status
        What has become of it.
    actual, limit
        The figure that was found and the one that is allowed, in words (`3`, `at most 0`); empty where there is none.
    text
        What is wrong and which command or edit repairs it, as one sentence; empty if it passed without remark.
    places
        Where it failed, the most important first; findings that the report lists anyway are not repeated.
    """

    source: str
    name: str
    status: Status
    actual: str = ""
    limit: str = ""
    text: str = ""
    places: tuple[Place, ...] = ()


def exit_code(conditions: Iterable[Condition]) -> int:
    """Return the exit code of all conditions: 1 if one failed, else 3 if one is broken, else 0."""
    codes = {condition.status.exit_code for condition in conditions} - {0}
    return min(codes, default=0)
