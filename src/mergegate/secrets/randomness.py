"""Randomness: how little a text looks like words, by its pairs of letters and the variety of its characters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

_A = ord("a")
# of random letters of 16 characters 95 % lie below, of the string constants of a large project 99 % above
_WORDLIKE = 3.6
_FEWEST_PAIRS = 4
_LEAST_VARIETY = 0.72
_LETTERS = 26


def entropy(text: str) -> float:
    """Return Shannon's entropy of the characters of a text, in bits per character."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) if size else 0.0


def variety(text: str) -> float:
    """Return the entropy of a text relative to the highest that one of its length can have, from 0 to 1."""
    return entropy(text) / math.log2(min(len(text), 64)) if len(text) > 1 else 0.0


class LetterPairs:
    """How well the pairs of letters in a text fit words.

    Parameters
    ----------
    rows
        For each letter a digit for each letter that may follow, 0 for never and 4 for as often as by chance.
    """

    def __init__(self, rows: Sequence[str]) -> None:
        self._rows = [[int(digit) for digit in row] for row in rows]

    def fit(self, text: str) -> float | None:
        """Return the mean over all pairs of adjacent letters, None if there are too few to tell."""
        total = pairs = 0
        before = -1
        for character in text.lower():
            now = ord(character) - _A
            if not 0 <= now < _LETTERS:
                before = -1
                continue
            if before >= 0:
                total += self._rows[before][now]
                pairs += 1
            before = now
        return total / pairs if pairs >= _FEWEST_PAIRS else None

    def is_wordlike(self, text: str) -> bool:
        """Tell whether what letters there are look like words."""
        fit = self.fit(text)
        return fit is not None and fit >= _WORDLIKE

    def is_random(self, text: str, shortest: int = 8) -> bool:
        """Tell whether a text looks like one that a machine has drawn."""
        if len(text) < shortest or variety(text) < _LEAST_VARIETY:
            return False
        fit = self.fit(text)
        # hexadecimal and the like hardly have pairs of letters; then digits must be among them
        return any(map(str.isdigit, text)) if fit is None else fit < _WORDLIKE
