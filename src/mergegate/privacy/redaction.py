"""Redaction: texts and structures without the personal data and credentials in them."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar, cast

from mergegate.privacy.credentials import is_credential_name
from mergegate.privacy.detection import detect
from mergegate.privacy.spans import Span
from mergegate.privacy.terms import load_terms

T = TypeVar("T")
Mask = Callable[[Span, str], str]
_DEEPEST = 64
_HIDDEN_CATEGORIES = frozenset(
    {"credential", "government_id", "financial", "health", "biometric", "contact", "person", "location"}
)
_HIDDEN_LEVELS = frozenset({"high", "medium"})
_TOO_DEEP = "[TOO DEEP]"


def mask(span: Span, value: str) -> str:
    """Return what stands for a value: the name of what it was in square brackets."""
    del value
    return f"[{span.entity}]"


_NAMING = mask
# values that stand close together hide each other: without one, the next can be told
_MOST_ROUNDS = 5


def redact_text(text: str, *, context: str = "", entities: Collection[str] | None = None, mask: Mask = mask) -> str:
    """Return a text with masks in place of personal data and credentials.

    Parameters
    ----------
    text, context, entities
        As of `detect`.
    mask
        Gives what to write for a value; it is handed the span and the value.
    """
    for _ in range(_MOST_ROUNDS):
        spans = detect(text, context=context, entities=entities)
        if not spans:
            break
        pieces: list[str] = []
        position = 0
        for span in spans:
            pieces += (text[position : span.start], mask(span, text[span.start : span.end]))
            position = span.end
        text = "".join([*pieces, text[position:]])
        if mask is not _NAMING:
            # what another mask writes may look like a value again
            break
    return text


def redact(value: T, *, entities: Collection[str] | None = None, mask: Mask = mask) -> T:
    """Return a value of the same shape without personal data and credentials; the one given is not changed.

    Texts are searched. In mappings, dataclasses and models the name of a field counts as well: what is under `password`
    or `first_name` is masked whatever it looks like, and digits under `phone` are a phone number. Numbers and dates
    become texts where they had to be masked.

    Parameters
    ----------
    value
        A text, or mappings, sequences, sets, dataclasses and pydantic models of texts, nested; anything else stays as
        it is.
    entities
        What to look for; None for everything.
    mask
        As of `redact_text`.
    """
    return cast("T", _Redactor(None if entities is None else frozenset(entities), mask).value(value, "", 0))


class _Redactor:
    def __init__(self, entities: frozenset[str] | None, mask_: Mask) -> None:
        self._entities = entities
        self._mask = mask_
        self._above: set[int] = set()

    def value(self, value: Any, name: str, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value, name)
        if isinstance(value, (bytes, bytearray)):
            return self._bytes(bytes(value), name)
        if depth > _DEEPEST or id(value) in self._above:
            return _TOO_DEEP
        self._above.add(id(value))
        try:
            return self._structure(value, name, depth)
        finally:
            self._above.discard(id(value))

    def _text(self, value: str, name: str) -> str:
        entity = self._entity_of(name) if value else ""
        if entity:
            return self._mask(Span(entity, 0, len(value), 0), value)
        return redact_text(value, context=name, entities=self._entities, mask=self._mask)

    def _bytes(self, value: bytes, name: str) -> bytes:
        # every byte is a character here, so that what is no text stays as it is
        text = value.decode("latin-1")
        redacted = self._text(text, name)
        return value if redacted == text else redacted.encode("latin-1", "replace")

    def _entity_of(self, name: str) -> str:
        """Return what stands under a name whatever it looks like, empty if its text decides."""
        if not name:
            return ""
        term = load_terms().classify(name)
        if term is not None and term.category in _HIDDEN_CATEGORIES and term.level in _HIDDEN_LEVELS:
            entity = term.entity or term.category.upper()
        else:
            entity = "AUTH_TOKEN" if is_credential_name(name) else ""
        return entity if self._entities is None or entity in self._entities else ""

    def _structure(self, value: Any, name: str, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self._mapping(cast("Mapping[Any, Any]", value), depth)
        fields: Any = getattr(value, "_fields", None)
        if isinstance(value, tuple) and fields:
            parts = zip(cast("tuple[str, ...]", fields), cast("tuple[Any, ...]", value), strict=True)
            return cast("Any", value).__class__(*(self.value(each, field, depth + 1) for field, each in parts))
        if isinstance(value, (list, tuple, AbstractSet)):
            made = [self.value(each, name, depth + 1) for each in cast("list[Any]", value)]
            return _rebuilt(cast("list[Any]", value), made)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._fields(value, [field.name for field in dataclasses.fields(value)], depth)
        fields = getattr(cast("type[Any]", type(value)), "model_fields", None)
        if isinstance(fields, dict):
            return self._fields(value, list(cast("dict[str, Any]", fields)), depth)
        return self._other(value, name)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        made = {
            self._key(key): self.value(each, key if isinstance(key, str) else "", depth + 1)
            for key, each in value.items()
        }
        return made if type(value) is dict else _rebuilt(value, made)

    def _key(self, key: Any) -> Any:
        return redact_text(key, entities=self._entities, mask=self._mask) if isinstance(key, str) else key

    def _fields(self, value: Any, names: list[str], depth: int) -> Any:
        made = copy.copy(value)
        for name in names:
            try:
                old = getattr(value, name)
            except AttributeError:
                continue
            new = self.value(old, name, depth + 1)
            if new is not old:
                # neither frozen classes nor validation may keep a value from being masked
                object.__setattr__(made, name, new)
        return made

    def _other(self, value: Any, name: str) -> Any:
        """Mask a number, date or other plain value if its text, or the name that it stands under, says so."""
        if type(value).__module__ not in ("builtins", "datetime", "decimal", "uuid", "ipaddress"):
            return value
        if not name and isinstance(value, (int, float)):
            return value
        text = str(value)
        redacted = self._text(text, name)
        return value if redacted == text else redacted


def _rebuilt(value: Any, made: Any) -> Any:
    """Return content as the type of what it was taken from, or plain where that type cannot be made of it."""
    try:
        return type(value)(made)
    except Exception:
        return made
