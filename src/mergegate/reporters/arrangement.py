"""What comes first and what belongs together, alike in every format."""

from __future__ import annotations

from collections.abc import Iterable

from mergegate.finding import Severity
from mergegate.gate.report import Result

_STATUSES = ("new", "baselined", "suppressed")
_SEVERITIES = tuple(Severity)


def most_relevant_first(results: Iterable[Result]) -> list[Result]:
    """Order results: new ones first, then the worst, then the surest; report order among equals."""
    return sorted(results, key=_rank)


def by_cause(results: Iterable[Result]) -> list[list[Result]]:
    """Put results of one rule that have one cause together, in the order in which their first one comes."""
    groups: dict[tuple[str, object], list[Result]] = {}
    for index, result in enumerate(results):
        finding = result.finding
        groups.setdefault((finding.rule, finding.cause or index), []).append(result)
    return list(groups.values())


def _rank(result: Result) -> tuple[int, int, int]:
    finding = result.finding
    return _STATUSES.index(result.status), _SEVERITIES.index(finding.severity), -finding.confidence.rank
