"""Dotted names as tables write them: `requests.{get,post}` for several, `redis.Redis.*` for all below."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# possessive throughout: no part of a name can be read in two ways, and there are tens of thousands of them
_NAME = r"[A-Za-z_]\w*+(?:\(\))*+(?:\.[A-Za-z_]\w*+(?:\(\))*+)*+(?:\.\*)?+"
_ONE = re.compile(_NAME)
_ALL = re.compile(rf"(?:{_NAME}\n)*+")
SHAPE = "dotted names such as pkg.Class.method, pkg.{f,g} or pkg.Class.*"


def first_malformed(names: Sequence[str]) -> str | None:
    """Return the first that is not a dotted name; `()` stands for a call's result and a final `.*` for all below."""
    # one match over all of them is several times faster than one for each
    if _ALL.fullmatch("".join([f"{name}\n" for name in names])):
        return None
    return next((name for name in names if not _ONE.fullmatch(name)), None)


def expand(patterns: Iterable[str]) -> list[str]:
    """Write out the alternatives in braces.

    Parameters
    ----------
    patterns
        Names in which `{a,b}` stands for either; several braces give all combinations, and one may be empty.
    """
    found: list[str] = []
    for pattern in patterns:
        head, brace, rest = pattern.partition("{")
        if not brace:
            found.append(pattern)
            continue
        choices, _, tail = rest.partition("}")
        tails = expand([tail]) if "{" in tail else [tail]
        found.extend([f"{head}{choice.strip()}{end}" for choice in choices.split(",") for end in tails])
    return found


def covers(pattern: str, name: str) -> bool:
    """Tell whether a name or pattern is a pattern itself or stands below it."""
    return name == pattern or (pattern.endswith(".*") and name.startswith(pattern[:-1]))
