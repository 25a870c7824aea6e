"""Refusals in words, where no provider says that there is one: phrases with which such answers begin."""

from __future__ import annotations

import re
from functools import lru_cache

from mergegate.rules.folders import CONTRACTS
from mergegate.rules.tables import read_table

_LONGEST = 1200
_SPACES = re.compile(r"\s+")
_QUOTES = str.maketrans("\u2018\u2019\u00b4`", "''''")


def is_refusal(text: str) -> bool:
    """Tell whether a text without JSON reads as a refusal: it is short, and begins as refusals do."""
    start = text.strip()
    if len(start) > _LONGEST:
        return False
    plain = _SPACES.sub(" ", start.translate(_QUOTES)).lower()
    return _phrases().search(plain) is not None


@lru_cache
def _phrases() -> re.Pattern[str]:
    phrases: list[str] = read_table(CONTRACTS, "refusals.toml")["phrases"]
    return re.compile("|".join(rf"(?:^|[.!?,:;] ){re.escape(each)}(?!\w)" for each in phrases))
