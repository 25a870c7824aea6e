"""A finding: a rule broken at a place, with the witness that proves it. Shared by everything above the checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is for the running program."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Confidence(StrEnum):
    """How sure the analysis is; users filter by it (`--min-confidence`)."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Order of certainty: 2 for high, 1 for medium, 0 for low."""
        return _RANKS[self]

    def lowered(self, steps: int = 1) -> Confidence:
        """Return the confidence `steps` below this one, at least low."""
        return _BY_RANK[max(0, self.rank - steps)]


_RANKS = {Confidence.HIGH: 2, Confidence.MEDIUM: 1, Confidence.LOW: 0}
_BY_RANK = {rank: confidence for confidence, rank in _RANKS.items()}


@dataclass(frozen=True, slots=True)
class Step:
    """One hop of a witness: the call at `path:line`, in words (`load()`, `time.sleep()`)."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule at one place.

    Attributes
    ----------
    rule
        The rule's id (kebab-case symbol).
    path
        POSIX path relative to the project root.
    line, end_line
        1-based lines.
    column, end_column
        0-based offsets in UTF-8 bytes, as `ast` and pylint count them; reporters convert.
    message
        One line: what happens, through which chain (bounded).
    help
        What to do about it.
    cause
        A key shared by findings with one root (the blocking helper); empty when the finding stands alone.
    scope
        Dotted chain of classes and functions around the place, empty at module level.
    witness
        The whole chain from the reported place to the proof.
    key
        The place of what must not be shown, as `line:column:end_line:end_column`; it is masked in every report, and
        what the finding is known by is a keyed hash of it. Empty for what may be shown.
    fix
        The rewrite of `mergegate.fixes` that repairs it, with what it must know beyond the place; empty: none.
    """

    rule: str
    family: str
    severity: Severity
    confidence: Confidence
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    help: str = ""
    cause: str = ""
    scope: str = ""
    witness: tuple[Step, ...] = field(default=())
    key: str = ""
    fix: tuple[str, ...] = ()

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order of reports: by place, then rule."""
        return (self.path, self.line, self.column, self.rule, self.message)
