"""Strings and numbers of a schema, those at its edges first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from random import Random

from mergegate.contracts.schemas.formats import GOOD
from mergegate.contracts.schemas.hints import Hints
from mergegate.contracts.schemas.json_data import Json, is_number
from mergegate.contracts.schemas.patterns import Window, samples

_ASTRAL = "\U0001f600"
_LONGEST = 5_000
_RANDOM = 12


def strings(table: dict[str, Json], hints: Hints, random: Random) -> Iterator[str]:
    """Yield strings that a schema may admit; patterns it has besides the first are not looked at."""
    least = int(table.get("minLength", 0))
    most = table.get("maxLength")
    most = None if most is None else int(most)
    yield from GOOD.get(str(table.get("format")), ())
    window = Window(min(least, _LONGEST), most)
    pattern = table.get("pattern")
    if isinstance(pattern, str):
        yield from samples(pattern, random, 8, window)
        for length in _lengths(least, most, hints):
            yield from samples(pattern, random, 2, Window(length, length))
    lengths = _lengths(least, most, hints)
    for length in lengths:
        yield "a" * length
    yield from (value for value in hints.values if isinstance(value, str))
    for each in hints.patterns:
        yield from samples(each, random, 6, window)
    if isinstance(pattern, str):
        yield from samples(pattern, random, 30, window)
    start = lengths[0] if lengths else 0
    for char in ("A", "0", " ", "é", _ASTRAL, "\n", "_", "-", '"'):
        yield char * max(start, 1 if most is None or most else 0)
    for value in hints.values:
        if isinstance(value, str):
            yield from (f"{value}a", value[:-1], value.upper(), f"a{value}")
    for _ in range(_RANDOM):
        length = random.choice(lengths) if lengths else 1
        yield "".join(random.choice("abcxyzABC0189 _-./@é") for _ in range(length))


def _lengths(least: int, most: int | None, hints: Hints) -> list[int]:
    top = most if most is not None else max(least + 2, 3)
    wanted = [least, least + 1, top, top - 1, *(each + step for each in hints.lengths for step in (0, 1, -1))]
    return _within(wanted, least, most)


def counts(least: int, most: int | None, hints: Hints, largest: int) -> list[int]:
    """Return numbers of items or members to try, bounded by `largest`, the least first."""
    wanted = [least, least + 1, 0, 1, 2, *([most] if most is not None else [])]
    wanted += [each + step for each in hints.counts for step in (0, 1, -1)]
    return [each for each in _within(wanted, least, most) if each <= max(largest, min(least, 20 * largest))]


def _within(wanted: Iterable[int], least: int, most: int | None) -> list[int]:
    chosen = (each for each in wanted if each >= least and (most is None or each <= most) and 0 <= each <= _LONGEST)
    return list(dict.fromkeys(chosen))


def numbers(table: dict[str, Json], hints: Hints, random: Random, *, whole: bool) -> Iterator[Json]:
    """Yield numbers that a schema admits, as far as bounds and steps tell."""
    lows, highs = _bounds(table, "minimum", "exclusiveMinimum"), _bounds(table, "maximum", "exclusiveMaximum")
    low, high = max(lows, default=None), min(highs, default=None)
    step = Fraction(str(table["multipleOf"])) if is_number(table.get("multipleOf")) else None
    seen: set[Fraction] = set()
    for value in _guesses(low, high, step, hints, random, whole=whole):
        if value in seen or (whole and value.denominator != 1):
            continue
        seen.add(value)
        if (low is not None and value < low) or (high is not None and value > high):
            continue
        if step and (value / step).denominator != 1:
            continue
        with suppress(OverflowError):
            yield int(value) if value.denominator == 1 else float(value)


def _is_finite(number: float) -> bool:
    return isinstance(number, int) or math.isfinite(number)


def _bounds(table: dict[str, Json], soft: str, hard: str) -> list[Fraction]:
    return [Fraction(str(table[key])) for key in (soft, hard) if is_number(table.get(key))]


def _guesses(
    low: Fraction | None, high: Fraction | None, step: Fraction | None, hints: Hints, random: Random, *, whole: bool
) -> Iterator[Fraction]:
    half, tiny, one = Fraction(1, 2), Fraction(1, 1000), Fraction(1)
    ends = [each for each in (low, high) if each is not None]
    unit = step or one
    for end in ends:
        nearest = unit * math.ceil(end / unit) if end is low else unit * math.floor(end / unit)
        yield from (nearest, nearest + unit, nearest - unit)
        yield from () if whole else (end, end + tiny, end - tiny, end + half, end - half)
    yield Fraction(0)
    yield unit
    yield -unit
    asked = [Fraction(str(each)) for each in (*hints.numbers, *filter(is_number, hints.values)) if _is_finite(each)]
    for each in asked:
        yield from (each, each + one, each - one, unit * math.floor(each / unit), unit * math.ceil(each / unit))
        yield from () if whole else (each + half, each - half, each + tiny, each - tiny, each / 2)
        yield from (unit * factor for factor in (2, 3, 5, 7) if step)
    if low is not None and high is not None:
        middle = (low + high) / 2
        yield from (middle, unit * math.floor(middle / unit))
    yield from (Fraction(each) for each in (2, 3, 10, 100, -10, 1_000_000))
    yield from () if whole else (half, -half, Fraction("1.25"), Fraction("0.1"))
    start, width = low if low is not None else high - 1000 if high is not None else Fraction(-1000), 2000
    span = high - start if high is not None else Fraction(width)
    for _ in range(_RANDOM):
        drawn = start + span * Fraction(random.randint(0, 1000), 1000)
        yield unit * math.floor(drawn / unit) if whole or step else drawn
