"""Where our matching and the judge differ, with the code on both sides, to decide by reading who is right."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.history.finders import Spot
from benchmarks.history.grading import Disagreement
from benchmarks.history.judge import Judged
from benchmarks.history.methods import UNNAMED
from benchmarks.history.releases import Tree

_AROUND = 4


def describe(where: str, judged: Judged, each: Disagreement, answer: Sequence[int | None]) -> str:
    """Return one disagreement as text.

    Parameters
    ----------
    where
        The history and the release.
    answer
        All that our matching said of the step.
    """
    spot = judged.new[each.index]
    # the command itself does not say which old one it meant
    matched = each.matched if each.matched != UNNAMED else None
    named = "old" if matched is None else f"old: {_name(judged.old[matched])}"
    ours = "new" if each.matched is None else named
    origin = judged.origins[each.index]
    parts = [f"## {where}: {_name(spot)}: judge {each.kind.value}, ours {ours}", _excerpt(judged.step.after, spot)]
    if origin is not None:
        parts += [
            f"-- the judge takes it for {_name(judged.old[origin])}",
            _excerpt(judged.step.before, judged.old[origin]),
        ]
    if origin is not None and origin in answer:
        taken = judged.new[answer.index(origin)]
        parts += [f"-- which we take for {_name(taken)}", _excerpt(judged.step.after, taken)]
    if matched is not None:
        was = judged.old[matched]
        parts += [f"-- we take it for {_name(was)}", _excerpt(judged.step.before, was)]
    return "\n".join(parts) + "\n"


def _name(spot: Spot) -> str:
    return f"{spot.path}:{spot.line}:{spot.column + 1} {spot.rule}"


def _excerpt(tree: Tree, spot: Spot) -> str:
    lines = tree[spot.path]
    first = max(0, spot.line - 1 - _AROUND)
    return "\n".join(
        f"{'>' if number == spot.line else ' '} {text}"
        for number, text in enumerate(lines[first : spot.line + _AROUND], first + 1)
    )
