"""Checksums and encodings by which an issuer's tokens can be told from made-up ones, without asking anybody."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from zlib import crc32

_B62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base62_crc32(token: str) -> bool:
    """Tell whether the last six characters are the CRC-32 of those between prefix and them, in base 62.

    GitHub describes the layout in "Behind GitHub's new authentication token formats"; npm uses the same.
    """
    body = token.rpartition("_")[2]
    value, digits = crc32(body[:-6].encode()), ""
    while value:
        value, digit = divmod(value, 62)
        digits = _B62[digit] + digits
    return body[-6:] == digits.rjust(6, "0")


def atlassian_crc32(token: str) -> bool:
    """Tell whether the eight hexadecimal digits at the end are the CRC-32 of what stands before."""
    body, _, digits = token.rpartition("=")
    return digits.lower() in (f"{crc32(text.encode()):08x}" for text in (body, f"{body}="))


def base58check(token: str) -> bool:
    """Tell whether the last four bytes are the beginning of the double SHA-256 of the others."""
    value = 0
    for character in token:
        index = _B58.find(character)
        if index < 0:
            return False
        value = value * 58 + index
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


def discord(token: str) -> bool:
    """Tell whether the first part is a user's number."""
    try:
        return _decoded(token.partition(".")[0]).decode("ascii").isdigit()
    except (ValueError, UnicodeDecodeError):
        return False


def jwt_header(token: str) -> Mapping[str, object] | None:
    """Return the header of a JSON Web Token, None if it is none."""
    return _json(token.partition(".")[0], "alg")


def jwt_payload(token: str) -> Mapping[str, object]:
    """Return the claims of a JSON Web Token, empty if they cannot be read."""
    return _json(token.split(".")[1]) or {}


def _json(part: str, key: str = "") -> Mapping[str, object] | None:
    try:
        value = json.loads(_decoded(part))
    except (ValueError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) and (not key or key in value) else None  # pyright: ignore[reportUnknownVariableType]


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(text) from error


CHECKSUMS: Mapping[str, Callable[[str], bool]] = {
    "atlassian-crc32": atlassian_crc32,
    "base58check": base58check,
    "base62-crc32": base62_crc32,
    "discord": discord,
}
"""The tests by the names that tables of formats use."""
