"""Credentials in texts: tokens by their form, and what stands behind a name that says password, key or token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from mergegate.privacy.spans import Span
from mergegate.rules.folders import SECRETS, TABLES, rules_folder
from mergegate.secrets.names import NameClass
from mergegate.secrets.tables import Tables, load_tables

TOKEN, WEB_TOKEN, KEY, PASSWORD, HEADER, CLOUD = (
    "AUTH_TOKEN", "JSON_WEB_TOKEN", "ENCRYPTION_KEY", "PASSWORD", "BASIC_AUTH_HEADER", "AWS_CREDENTIALS"
)  # fmt: skip
CREDENTIALS = (TOKEN, WEB_TOKEN, KEY, PASSWORD, HEADER, CLOUD)
_SHORTEST_TOKEN = 20
_NAMED = re.compile(
    r"""(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{1,60})["']?\s{0,3}[:=]\s{0,3}(?P<quote>["']?)(?P<value>[^\s"',;&<>]{4,400})"""
)
_MASK = re.compile(r"\[[A-Z_]{3,}")
_SCHEME = re.compile(r"(?P<scheme>[Bb]earer|BEARER|[Bb]asic|[Tt]oken)\s+(?P<value>[A-Za-z0-9+/=._~-]{8,4000})")
_IN_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@'\"<>]{0,80}:(?P<value>[^\s/@'\"<>]{1,200})@")
# how a state is written where a value could stand: `password: incorrect`
_STATES = frozenset({
    "absent", "bad", "blank", "changed", "correct", "different", "disabled", "empty", "enabled", "encrypted",
    "expired", "failed", "false", "forbidden", "found", "hidden", "incorrect", "invalid", "loaded", "malformed",
    "masked", "mismatch", "missing", "must", "none", "null", "okay", "optional", "present", "provided",
    "redacted", "removed", "required", "reset", "revoked", "rotated", "saved", "secret", "sent", "should",
    "string", "true", "type", "undefined", "unknown", "unset", "updated", "valid", "value", "verified", "wrong",
})  # fmt: skip


def find_credentials(text: str) -> Iterator[Span]:
    """Yield the credentials in a text.

    Parameters
    ----------
    text
        Any text; offsets are in its characters.
    """
    tables = _tables()
    if len(text) >= _SHORTEST_TOKEN:
        # one byte a character, so that offsets stay
        for match in tables.formats.find(text.encode("latin-1", "replace")):
            # of a key, the match is its first line
            yield Span(_entity(match.provider), match.start, max(match.end, match.start + len(match.value)), 0)
    if ":" in text or "=" in text:
        yield from _named(text, tables)
        if "://" in text and "@" in text:
            yield from (Span(PASSWORD, *found.span("value"), 1) for found in _IN_URL.finditer(text))
    for found in _SCHEME.finditer(text):
        value = found["value"]
        if any(map(str.isdigit, value)) or tables.values.pairs.is_random(value):
            yield Span(HEADER if found["scheme"].lower() == "basic" else TOKEN, *found.span("value"), 2)


def is_credential_name(name: str) -> bool:
    """Tell whether what a name holds is a credential whatever it looks like."""
    return _tables().names.classify(name) is NameClass.STRONG


def _entity(provider: str) -> str:
    return {"PEM": KEY, "JWT": WEB_TOKEN, "AWS": CLOUD}.get(provider, TOKEN)


def _named(text: str, tables: Tables) -> Iterator[Span]:
    position = 0
    while (found := _NAMED.search(text, position)) is not None:
        # what is no value may be the next name: `name=password=value`
        position = found.start("value")
        kind = tables.names.classify(found["name"])
        if kind is NameClass.NONE:
            continue
        value = found["value"].rstrip(")]}.")
        if value.lower() in _STATES or _MASK.search(value) or tables.values.why_not(value, found["name"], kind):
            continue
        plain = value.isalpha() and not tables.values.pairs.is_random(value)
        # a plain word behind `password:` is more often a remark than a password
        if plain and not (found["quote"] or found[0][len(found["name"])] == "="):
            continue
        entity = PASSWORD if "pass" in found["name"].lower() or "pwd" in found["name"].lower() else TOKEN
        start = found.start("value")
        position = start + len(value)
        yield Span(entity, start, position, 1)


@lru_cache(maxsize=1)
def _tables() -> Tables:
    return load_tables(rules_folder() / TABLES / SECRETS)
