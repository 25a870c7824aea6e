"""Detection: personal data and credentials in a text, by form, checksum and the words around."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from mergegate.privacy.credentials import CREDENTIALS, find_credentials
from mergegate.privacy.entities import Form, load_entities
from mergegate.privacy.spans import Span, without_overlaps

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SHAPE = str.maketrans(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "9" * 10 + "A" * 26
)  # fmt: skip
_MASK = re.compile(r"\[?[A-Z_]{3,}\]|\[[A-Z_]{3,}")
_LONG_RUN = re.compile(r"[0-9A-Za-z]{20}")
# how far away the word may be that says what digits are, in characters
_BEFORE = 48
_AFTER = 16
_RIGHT_BEFORE = 24
_FIRST_RANK = 10


class Detector:
    """Finds values of some entities.

    Parameters
    ----------
    entities
        The names of those to look for; None for all, credentials included.
    """

    def __init__(self, entities: Collection[str] | None = None) -> None:
        forms = [form for form in load_entities().forms if entities is None or form.entity in entities]
        self._wanted = entities
        free = [form for form in forms if not form.near]
        self._shaped = [(piece, form) for form in free for piece in form.shapes]
        self._counted = [(*form.least, form) for form in free if form.least[1]]
        self._long = [form for form in free if form.run]
        self._bound: dict[str, list[Form]] = {}
        for form in forms:
            for phrase in form.near:
                self._bound.setdefault(phrase.partition(" ")[0], []).append(form)
        self._needed = frozenset(self._bound)

    def find(self, text: str, context: str = "") -> list[Span]:
        """Return the values in a text, in order, without overlaps.

        Parameters
        ----------
        text
            Any text.
        context
            What it stands under: the name of a field, key or column.
        """
        found: list[Span] = list(find_credentials(text))
        if self._wanted is not None:
            found = [span for span in found if span.entity in self._wanted]
        shape = text.translate(_SHAPE)
        if "9" in shape or "@" in shape:
            found.extend(self._by_form(text, shape, context))
        return without_overlaps(found) if found else found

    def _by_form(self, text: str, shape: str, context: str) -> Iterator[Span]:
        possible = {form.number: form for piece, form in self._shaped if piece in shape}
        for character, times, form in self._counted:
            if shape.count(character) >= times:
                possible[form.number] = form
        if self._long and _LONG_RUN.search(text):
            possible.update((form.number, form) for form in self._long)
        for form in possible.values():
            yield from _matches(form, text)
        words = {word.lower() for word in _WORD.findall(text)}
        if context:
            words.update(_words(context))
        present = self._needed & words
        if present:
            forms = {form.number: form for word in present for form in self._bound[word]}
            for _, form in sorted(forms.items()):
                yield from (span for span in _matches(form, text) if _is_near(form, span, text, context))


@lru_cache(maxsize=4)
def detector(entities: frozenset[str] | None = None) -> Detector:
    """Return a detector, the same for the same entities."""
    return Detector(entities)


def detect(text: str, *, context: str = "", entities: Collection[str] | None = None) -> list[Span]:
    """Return the personal data and credentials in a text, in order, without overlaps.

    Parameters
    ----------
    text
        Any text; offsets are in its characters.
    context
        What it stands under, such as the name of a column: `phone` makes a phone number of bare digits.
    entities
        What to look for, as `entity_names` lists them; None for everything.

    Raises
    ------
    mergegate.errors.RuleError
        If the tables of the installation are malformed.
    """
    return detector(None if entities is None else frozenset(entities)).find(text, context)


def entity_names() -> list[str]:
    """Return the names of everything that can be found, in order."""
    return sorted({*CREDENTIALS, *(entity.name for entity in load_entities().entities)})


def _matches(form: Form, text: str) -> Iterator[Span]:
    position = 0
    while (found := form.pattern.search(text, position)) is not None:
        start, position = found.span()
        if _is_one(form, found, text):
            yield Span(form.entity, start, position, _FIRST_RANK + form.number)
        else:
            position = start + 1


def _is_one(form: Form, found: re.Match[str], text: str) -> bool:
    start = found.start()
    if form.before.match(text, start) is None or (form.check is not None and not form.check(found[0])):
        return False
    return not form.unless or form.unless.isdisjoint(_words(text[max(0, start - _RIGHT_BEFORE) : start])[-1:])


def _is_near(form: Form, span: Span, text: str, context: str) -> bool:
    start = max(0, span.start - _BEFORE)
    # the names in masks say nothing about what stands beside them
    before = _MASK.sub(" ", text[start : span.start].rpartition("\n")[2])
    after = _MASK.sub(" ", text[span.end : span.end + _AFTER].partition("\n")[0])
    words = f" {' '.join([*_words(context), *_words(before), '|', *_words(after)])} "
    return any(f" {phrase} " in words for phrase in form.near)


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
