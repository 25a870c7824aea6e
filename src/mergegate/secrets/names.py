"""Names: whether what a name holds is a credential, by its words."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LONGEST_RUN = 3
# words that people write together with others: `dbpassword`, `DATABASEPASSWORD`
_GLUED = ("password", "passwd", "passphrase", "apikey", "secretkey", "accesstoken", "authtoken")


class NameClass(Enum):
    """What a name says of its value."""

    STRONG = "strong"
    WEAK = "weak"
    NONE = "none"


@lru_cache(maxsize=8192)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: `clientSecret_2` is `client`, `secret`."""
    return tuple(word.lower() for word in _WORD.findall(name))


class NameWords:
    """The vocabulary by which names are judged; runs of words are joined by blanks.

    Parameters
    ----------
    strong
        What such a name holds is a credential unless the value says otherwise.
    weak
        It is one if the value looks like one.
    disarming
        Behind one of those they say that the name is about credentials and holds none: `token_type`.
    disarming_before
        They say so in front as well: `has_password`.
    never
        Words that only look like others.
    """

    def __init__(
        self,
        strong: frozenset[str],
        weak: frozenset[str],
        disarming: frozenset[str],
        disarming_before: frozenset[str],
        never: frozenset[str],
    ) -> None:
        self.about = strong | weak | disarming
        self._vocabularies = ((strong, NameClass.STRONG), (weak, NameClass.WEAK))
        self._disarming = disarming
        self._disarming_before = disarming_before
        self._never = never
        # a project has many times fewer names than places where they stand
        self._known: dict[str, NameClass] = {}

    def classify(self, name: str) -> NameClass:
        """Return what the name of a variable, parameter, key or field says of its value."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._classify(words_of(name))
        return known

    def _classify(self, parts: tuple[str, ...]) -> NameClass:
        if not parts or not self._never.isdisjoint(parts):
            return NameClass.NONE
        for vocabulary, found in self._vocabularies:
            end = _end_of_last_run(parts, vocabulary)
            if not end and found is NameClass.STRONG:
                end = next((n for n in range(len(parts), 0, -1) if parts[n - 1].endswith(_GLUED)), 0)
            if end:
                after, before = self._disarming, self._disarming_before
                return found if after.isdisjoint(parts[end:]) and before.isdisjoint(parts[:end]) else NameClass.NONE
        return NameClass.NONE


def _end_of_last_run(parts: tuple[str, ...], vocabulary: frozenset[str]) -> int:
    """Return the end of the last run of words that is in a vocabulary, 0 if there is none."""
    for end in range(len(parts), 0, -1):
        for length in range(min(_LONGEST_RUN, end), 0, -1):
            if " ".join(parts[end - length : end]) in vocabulary:
                return end
    return 0
