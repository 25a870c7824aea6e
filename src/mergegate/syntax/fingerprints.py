"""Fingerprints of string constants: what tells two apart, and too little to say what either of them is.

A guard such as `if name.startswith("oidc/")` is decided by the constants that callers pass. No string can be stored for
that, since it may be a password. A fingerprint keeps 20 bits: eight of a checksum of the whole text, four of each of
its first two characters and of its last. Different fingerprints prove different texts; equal ones prove nothing, so
a test can be refuted by them and never confirmed.
"""

from __future__ import annotations

from zlib import crc32

# what is longer is prose, not a choice
MAX_LENGTH = 64
EMPTY = 0

_CHECK, _FIRST, _SECOND, _LAST = 0, 8, 12, 16
_BYTE, _CLASS = 0xFF, 15


def fingerprint(text: str) -> int:
    """Return the fingerprint of a text; only that of the empty text is 0."""
    if not text:
        return EMPTY
    second = _kind(text[1]) if len(text) > 1 else 0
    check = crc32(text.encode("utf-8", "surrogatepass")) & _BYTE
    return check << _CHECK | _kind(text[0]) << _FIRST | second << _SECOND | _kind(text[-1]) << _LAST


def is_other(one: int, other: int) -> bool:
    """Tell whether two fingerprints are certainly those of different texts."""
    return one != other


def cannot_start(text: int, start: int) -> bool:
    """Tell whether a text certainly does not begin like another, which may have any length."""
    for shift in (_FIRST, _SECOND):
        wanted = start >> shift & _CLASS
        if wanted and text >> shift & _CLASS != wanted:
            return True
    return False


def cannot_end(text: int, end: int) -> bool:
    """Tell whether a text certainly does not end like another."""
    return bool(end) and text >> _LAST & _CLASS != end >> _LAST & _CLASS


def _kind(character: str) -> int:
    """Return one of fifteen classes of characters, from 1; small and capital letters share none."""
    code = ord(character)
    if "a" <= character <= "z":
        return code % 8 + 1
    return code % 5 + 9 if "A" <= character <= "Z" else code % 2 + 14
