"""The figures of replayed histories as tables and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.history.grading import Figures
from benchmarks.history.judge import Kind
from benchmarks.history.releases import History
from benchmarks.report import machine, table

OWN, GENERIC = "mergegate's own rules", "ruff's rules"
_REACH = (
    "To reach: false new 0.05 % of the old findings in touched files, 0.6 % of the truly new ones missed, "
    "90 % of the moved ones kept."
)


@dataclass(slots=True)
class Replayed:
    """One history.

    Attributes
    ----------
    findings
        How many there are in the first and in the last release, by finder.
    figures
        Those of each method, by finder.
    disagreements
        Where our matching and the judge differ, as texts.
    """

    history: History
    findings: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    figures: dict[str, dict[str, Figures]] = field(default_factory=dict[str, dict[str, Figures]])
    disagreements: list[str] = field(default_factory=list[str])


def markdown(replayed: Sequence[Replayed]) -> str:
    """Return all tables."""
    parts = ["# Replay of history", f"Python {machine()['python']}. {_REACH}"]
    for finder in (GENERIC, OWN):
        for title, part in (
            ("seen while the matching was made", [each for each in replayed if not each.history.held_out]),
            ("held out", [each for each in replayed if each.history.held_out]),
        ):
            if part:
                parts += [f"## {finder.capitalize()}, histories {title}", _kinds(part, finder), _methods(part, finder)]
    return "\n\n".join(parts) + "\n"


def _kinds(replayed: Sequence[Replayed], finder: str) -> str:
    rows: list[list[str]] = []
    for each in replayed:
        figures = next(iter(each.figures[finder].values()))
        first, last = each.findings[finder]
        counts = [f"{figures.kinds[kind]:,}" for kind in Kind]
        counts[0] += f" ({figures.touched:,})"
        rows.append([each.history.name, str(figures.steps), f"{first:,}, {last:,}", *counts])
    header = ["package", "steps", "findings first, last", "same (in touched files)", *[kind.value for kind in Kind][1:]]
    return table(header, rows)


def _methods(replayed: Sequence[Replayed], finder: str) -> str:
    rows: list[list[str]] = []
    for name in replayed[0].figures[finder]:
        total = Figures()
        for each in replayed:
            total.add(each.figures[finder][name])
        by_package = ", ".join(
            f"{each.history.name} {each.figures[finder][name].false_new} / {each.figures[finder][name].missed}"
            for each in replayed
        )
        rows.append(
            [
                name, _share(total.false_new, total.touched, 3), _share(total.missed, total.kinds[Kind.NEW], 2),
                str(total.wrong_twins), f"{total.kept(Kind.MOVED):.1%}", f"{total.kept(Kind.REFLOW):.1%}",
                f"{total.kept(Kind.EDITED):.0%}", f"{total.kept(Kind.TWIN):.0%}", f"{total.alarming} of {total.steps}",
                by_package,
            ]
        )  # fmt: skip
    header = [
        "rule", "false new (of touched)", "missed (of truly new)", "wrong twins", "moved kept", "reflow kept",
        "edited kept", "twin kept", "steps with a false new", "false new / missed by package",
    ]  # fmt: skip
    return table(header, rows)


def _share(count: int, total: int, digits: int) -> str:
    return f"{count} ({count / total:.{digits}%})" if total else "-"


def as_json(replayed: Sequence[Replayed]) -> dict[str, object]:
    """Return everything as plain data."""
    return {
        "version": 1,
        "machine": machine(),
        "histories": [
            {
                "name": each.history.name,
                "releases": each.history.releases,
                "held_out": each.history.held_out,
                "findings": each.findings,
                "figures": {
                    finder: {name: _plain(figures) for name, figures in ways.items()}
                    for finder, ways in each.figures.items()
                },
            }
            for each in replayed
        ],
    }


def _plain(figures: Figures) -> dict[str, object]:
    return {
        "steps": figures.steps,
        "alarming": figures.alarming,
        "kinds": {kind.value: figures.kinds[kind] for kind in Kind},
        "called_new": {kind.value: figures.called_new[kind] for kind in Kind},
        "touched": figures.touched,
        "false_new": figures.false_new,
        "missed": figures.missed,
        "wrong_twins": figures.wrong_twins,
    }
