"""Settings of the merge gate: what has to hold before a change is merged, and what is let through for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mergegate.config_shapes import Day, ListOf, TableOf, Text, Whole, option
from mergegate.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class GateConfig:
    """The conditions of `mergegate gate` on findings, and which evidence has to be there."""

    fail_on: str = option(
        Text(tuple(Severity)), "New findings of at least this severity close the gate.", Severity.INFO.value
    )
    max_new: int = option(Whole(), "How many new findings are let through.", 0)
    max_findings: Mapping[str, int] = option(
        TableOf(Whole()),
        "Ceilings by rule, family or `all` on findings new and old, save those that a comment or waiver covers.",
        {},
    )
    require: tuple[str, ...] = option(
        ListOf(Text()), "Evidence without which the gate stays closed: `types`, `coverage`, `contracts`.", ()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Findings that somebody lets through until a day, and why."""

    rule: str = option(Text(), "The rule or family.")
    reason: str = option(Text(), "Why they are let through.")
    expires: date = option(Day(), "The last day on which they are.")  # noqa: RUF009
    path: str = option(Text(), "Files in which they are, as a .gitignore pattern; none: all.", "")
    scope: str = option(Text(), "The class or function in which they are, dotted, with what is nested; none: all.", "")
