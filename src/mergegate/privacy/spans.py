"""Spans: where in a text a value of which kind stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """A value in a text.

    Attributes
    ----------
    entity
        What it is, such as `EMAIL_ADDRESS`.
    start, end
        Offsets in characters.
    rank
        How sure its form is compared with others that overlap it: the lower, the surer.
    """

    entity: str
    start: int
    end: int
    rank: int


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order; of those that overlap, the surest, then the longest."""
    kept: list[Span] = []
    group: list[Span] = []
    end = 0
    for span in sorted(spans, key=lambda each: each.start):
        if group and span.start >= end:
            kept.extend(_surest(group))
            group = []
        group.append(span)
        end = max(end, span.end) if len(group) > 1 else span.end
    return [*kept, *_surest(group)]


def _surest(group: list[Span]) -> list[Span]:
    if len(group) < 2:
        return group
    kept: list[Span] = []
    for span in sorted(group, key=lambda each: (each.rank, each.start - each.end, each.start)):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda each: each.start)
