"""Terms: whether a name holds personal data or a credential, by its words and the ones that make it harmless."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from mergegate.errors import RuleError
from mergegate.rules.folders import PRIVACY
from mergegate.rules.tables import read_table

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_TABLE = "terms.toml"
_MATCHES = ("word", "end", "exact")


class Term(NamedTuple):
    """What a name is known to hold.

    Attributes
    ----------
    text
        Its words, joined by blanks.
    category
        Such as `credential`, `contact` or `health`.
    level
        How bad it is in a log: `high`, `medium` or `low`.
    match
        Where the words have to stand in a name: `word` anywhere, `end` last, `exact` alone.
    entity
        The kind of value, empty if there is no name for it.
    unless
        Runs of words that hold the term and are harmless.
    plural
        Whether its plural holds the same.
    """

    text: str
    category: str
    level: str
    match: str
    entity: str
    unless: tuple[str, ...] = ()
    plural: bool = True


class Terms:
    """A vocabulary of terms.

    Parameters
    ----------
    terms
        The terms.
    harmless_after, harmless_before
        Words which say, behind or in front of a term, that the name is about it and does not hold it.
    """

    def __init__(self, terms: Sequence[Term], harmless_after: Sequence[str], harmless_before: Sequence[str]) -> None:
        self._by_text = {_singular(term.text): term for term in terms}
        self._longest = max((len(term.text.split()) for term in terms), default=0)
        self._after = frozenset(harmless_after)
        self._before = frozenset(harmless_before)
        self._known: dict[str, Term | None] = {}

    def classify(self, name: str) -> Term | None:
        """Return what a variable, parameter, field or key of this name holds, None if nothing that is known."""
        if name not in self._known:
            # names come from texts as well: what is remembered has to stay small
            if len(self._known) > 20_000:
                self._known.clear()
            written = [each.lower() for each in _WORD.findall(name)]
            self._known[name] = self._classify([_singular(each) for each in written], written)
        return self._known[name]

    def _classify(self, words: list[str], written: list[str]) -> Term | None:
        for end in range(len(words), 0, -1):
            for start in range(max(0, end - self._longest), end):
                term = self._by_text.get(" ".join(words[start:end]))
                if term is None or (not term.plural and written[start:end] != term.text.split()):
                    continue
                if self._holds(term, words, start, end):
                    return term
        return None

    def _holds(self, term: Term, words: list[str], start: int, end: int) -> bool:
        if term.match == "exact" and (start, end) != (0, len(words)):
            return False
        if term.match == "end" and end != len(words):
            return False
        if not self._before.isdisjoint(words[:start]) or not self._after.isdisjoint(_runs(words[end:])):
            return False
        whole = f" {' '.join(words)} "
        return not any(f" {_singular(each)} " in whole for each in term.unless)


def _runs(words: list[str]) -> set[str]:
    return {*words, *(f"{one} {other}" for one, other in pairwise(words))}


def _singular(text: str) -> str:
    """Drop the plural s of the last word, so that both numbers compare equal."""
    return text[:-1] if text.endswith("s") and not text.endswith(("ss", "us", "is")) and len(text) > 3 else text


@lru_cache(maxsize=1)
def load_terms() -> Terms:
    """Return the vocabulary that comes with the rules.

    Raises
    ------
    RuleError
        If it is malformed.
    """
    table = read_table(PRIVACY, _TABLE)
    try:
        terms = [
            Term(
                row["term"],
                row["category"],
                row["level"],
                row["match"],
                row["entity"],
                tuple(row.get("unless", ())),
                row.get("plural", True),
            )
            for row in table["term"]
        ]
        if any(term.match not in _MATCHES for term in terms):
            raise ValueError("match")
        return Terms(terms, table["harmless_after"], table["harmless_before"])
    except (KeyError, TypeError, ValueError) as error:
        raise RuleError(f"the table {_TABLE} is malformed: {error}", "install mergegate again") from error
