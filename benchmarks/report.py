"""The figures as Markdown tables, with what is to be reached beside them."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from os import cpu_count


@dataclass(frozen=True, slots=True)
class Row:
    """One corpus: lines, and for each measured command CPU and wall seconds, MiB of the parent, and findings."""

    name: str
    lines: int
    files: int
    figures: dict[str, Measured]

    def ratio(self, name: str, base: str) -> float:
        """Return CPU time of one command over that of another."""
        return self.figures[name].cpu / self.figures[base].cpu


@dataclass(frozen=True, slots=True)
class Measured:
    """What one command took."""

    cpu: float
    wall: float
    memory: float
    findings: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(slots=True)
class Results:
    """All that was measured; `large` is the run over all corpora together, `editor` that of pylint on one file."""

    rows: list[Row] = field(default_factory=list[Row])
    large: Row | None = None
    slowest: dict[str, object] = field(default_factory=dict[str, object])
    editor: Row | None = None
    missing: list[str] = field(default_factory=list[str])

    def as_json(self) -> dict[str, object]:
        """Return everything as plain data."""
        return {"version": 1, "machine": machine(), **asdict(self)}


def machine() -> dict[str, object]:
    """Return where and when it was measured."""
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "processors": cpu_count(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose first column is text and the others numbers."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|--:" * (len(header) - 1) + "|"]
    lines.extend("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join(lines)
