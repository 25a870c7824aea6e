"""How many answers are valid, and what that says: intervals by Wilson, with samples of one prompt as a cluster."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from statistics import NormalDist
from typing import NamedTuple

from mergegate.contracts.verdict import Outcome, Status

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """Bounds of a rate or of a difference of rates."""

    low: float
    high: float


class Rate(NamedTuple):
    """A pass rate.

    Attributes
    ----------
    passed, total
        Answers.
    prompts
        Of how many prompts; those whose prompt is unknown count as one each.
    effective
        To how many independent answers they amount, at most `total`.
    interval
        Within this the true rate lies with the confidence asked for.
    """

    passed: int
    total: int
    prompts: int
    effective: float
    interval: Interval

    @property
    def value(self) -> float:
        """The observed rate, 0 if there are no answers."""
        return self.passed / self.total if self.total else 0.0


class Standing(StrEnum):
    """What answers say of a contract."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "not enough samples"
    BROKEN = "broken"


def wilson(passed: float, total: float, confidence: float = CONFIDENCE) -> Interval:
    """Return Wilson's score interval, two-sided; everything if there are no samples."""
    if total <= 0:
        return Interval(0.0, 1.0)
    z = _quantile(confidence)
    rate = passed / total
    middle = rate + z * z / (2 * total)
    spread = z * math.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total))
    below = 1 + z * z / total
    return Interval(max(0.0, (middle - spread) / below), min(1.0, (middle + spread) / below))


def newcombe(first: Rate, second: Rate) -> Interval:
    """Return the interval of the difference of two rates, first less second, by Newcombe's hybrid score method."""
    one, two = first.interval, second.interval
    p, q = first.value, second.value
    low = p - q - math.sqrt((p - one.low) ** 2 + (two.high - q) ** 2)
    high = p - q + math.sqrt((one.high - p) ** 2 + (q - two.low) ** 2)
    return Interval(max(-1.0, low), min(1.0, high))


def needed(min_rate: float, confidence: float = CONFIDENCE) -> int:
    """Return how many answers, all valid, show a rate: the lower bound of n of n is n / (n + z²)."""
    z = _quantile(confidence)
    # bounds are compared with rounding errors in mind
    return math.ceil(z * z * min_rate / (1 - min_rate) - 1e-9) if min_rate < 1 else 0


def rate(outcomes: Iterable[Outcome], confidence: float = CONFIDENCE) -> Rate:
    """Return the pass rate of answers.

    Samples of one prompt are alike, so that a hundred of them say less than one each of a hundred prompts: the variance
    between prompts says by how much. Where it cannot be seen, as all passed or all failed, each prompt counts once.
    """
    clusters: dict[str, list[bool]] = {}
    for each in outcomes:
        clusters.setdefault(each.prompt or each.id, []).append(each.passed)
    total = sum(map(len, clusters.values()))
    passed = sum(map(sum, clusters.values()))
    effective = _effective([*clusters.values()], passed, total)
    share = passed / total if total else 0.0
    return Rate(passed, total, len(clusters), effective, wilson(share * effective, effective, confidence))


def _effective(clusters: Sequence[Sequence[bool]], passed: int, total: int) -> float:
    count = len(clusters)
    if count in (0, total):
        return float(total)
    if count == 1 or passed in (0, total):
        return float(count)
    share = passed / total
    variance = count / (count - 1) * sum((sum(each) - share * len(each)) ** 2 for each in clusters) / total**2
    return min(float(total), max(float(count), share * (1 - share) / variance)) if variance else float(total)


def grouped(outcomes: Sequence[Outcome], key: Callable[[Outcome], str]) -> dict[str, Rate]:
    """Return the pass rates of groups of answers, by the name of the group, sorted; what has no name is left out."""
    groups: dict[str, list[Outcome]] = {}
    for each in outcomes:
        if key(each):
            groups.setdefault(key(each), []).append(each)
    return {name: rate(groups[name]) for name in sorted(groups)}


def by_status(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Return how many answers have each status, in the order of the statuses, those without any left out."""
    found = Counter(each.status for each in outcomes)
    return {str(status): found[status] for status in Status if found[status]}


def standing(outcomes: Sequence[Outcome], *, min_rate: float, samples: int) -> tuple[Standing, str]:
    """Return what answers say of a contract, and the same as a sentence without a final stop.

    Parameters
    ----------
    outcomes
        The verdicts on its answers.
    min_rate
        The least part of them that must be valid.
    samples
        The least number of them.
    """
    damaged = [each for each in outcomes if each.status is Status.UNREADABLE]
    if damaged:
        more = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
        return Standing.BROKEN, f"{damaged[0].id}{more} cannot be read: {damaged[0].message}"
    if not outcomes:
        return Standing.BROKEN, "there are no recorded answers; record some, or correct the pattern of its outputs"
    found = rate(outcomes)
    failed = found.total - found.passed
    shown = f"{found.passed} of {found.total} answers are valid"
    if min_rate >= 1 and failed:
        return Standing.FAILED, shown
    if found.value < min_rate:
        return Standing.FAILED, f"{shown}, {percent(found.value)}"
    if found.total < samples:
        return Standing.UNDECIDED, f"{shown}, and {samples} are wanted; record {samples - found.total} more"
    if min_rate >= 1 or found.interval.low >= min_rate - 1e-9:
        return Standing.PASSED, shown
    wanted = needed(min_rate)
    unit = "answers" if found.effective == found.total else "prompts"
    return Standing.UNDECIDED, (
        f"{shown}, which shows no more than {percent(found.interval.low)}; if all are valid, {wanted} {unit} "
        f"show {percent(min_rate)}"
    )


def percent(share: float) -> str:
    """Return a share in percent, never rounded up to what it does not reach."""
    return f"{math.floor(share * 1000 + 1e-9) / 10:g} %"


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)
