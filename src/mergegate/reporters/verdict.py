"""The verdict of the merge gate as text, and what every format says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mergegate.gate.conditions import Condition, Status
from mergegate.gate.verdict import is_open
from mergegate.reporters.plain import printable, printable_path
from mergegate.reporters.terminal import Paint

_COLORS = {
    Status.PASSED: "green", Status.FAILED: "red", Status.BROKEN: "red", Status.ABSENT: "cyan",
    Status.UNDECIDED: "yellow",
}  # fmt: skip
_SHOWN_PLACES = 10


class Entry(NamedTuple):
    """A condition in words, harmless in a terminal: status, source, the condition with its figures, what to do."""

    status: Status
    source: str
    figure: str
    text: str


def entry(condition: Condition) -> Entry:
    """Put a condition into words."""
    figure = condition.name
    if condition.actual:
        figure += f": {condition.actual}"
    if condition.limit:
        figure += f" ({condition.limit})"
    return Entry(condition.status, printable(condition.source), printable(figure), printable(condition.text))


def headline(conditions: Sequence[Condition]) -> str:
    """Say whether the gate is open, and how many conditions keep it closed."""
    if is_open(conditions):
        return "gate open"
    counts = Counter(condition.status for condition in conditions)
    blocking = (Status.FAILED, Status.BROKEN)
    return f"gate closed ({', '.join(f'{counts[status]} {status}' for status in blocking if counts[status])})"


def blocking(conditions: Sequence[Condition]) -> list[Condition]:
    """Return the conditions that keep the gate closed, in their order."""
    return [condition for condition in conditions if condition.status.exit_code]


def table(conditions: Sequence[Condition], paint: Paint) -> Iterator[str]:
    """Yield the lines of the verdict for a terminal; where a condition failed, its first places."""
    color = "green" if is_open(conditions) else "red"
    yield paint(headline(conditions), color, "bold")
    entries = [entry(condition) for condition in conditions]
    widths = [max(len(each[column]) for each in entries) for column in (0, 1)]
    margin = " " * (2 + widths[0] + 2 + widths[1] + 2)
    for condition, each in zip(conditions, entries, strict=True):
        status = paint(f"{each.status:<{widths[0]}}", _COLORS[each.status])
        yield f"  {status}  {each.source:<{widths[1]}}  {each.figure}"
        if each.text:
            yield f"{margin}{each.text}"
        if condition.status.exit_code:
            yield from (f"{margin}  {line}" for line in places(condition))


def places(condition: Condition) -> Iterator[str]:
    """Yield the first places of a condition, a line each, and how many there are more."""
    for place in condition.places[:_SHOWN_PLACES]:
        at = f"{printable_path(place.path)}:{place.line}" if place.line else printable_path(place.path)
        yield f"{at}: {printable(place.text)}"
    more = len(condition.places) - _SHOWN_PLACES
    if more > 0:
        yield f"... {more} more"
