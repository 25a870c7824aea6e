"""Text from the analysed code made harmless: nothing in it can steer a terminal, break a line or a parser."""

from __future__ import annotations

import os
import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_TAB = 4


def printable(text: str) -> str:
    """Return text on one line without control characters, lone surrogates and what reorders the reading."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(shown(character) for character in text)


def printable_lines(text: str) -> str:
    """Return text whose lines are printable; line ends become `\\n`."""
    return "\n".join(printable(line) for line in text.splitlines())


def printable_path(path: str) -> str:
    """Return a path as people see it; the bytes of a name that is no text become replacement characters."""
    return printable(os.fsencode(path).decode("utf-8", "replace"))


def clipped(text: str, limit: int) -> str:
    """Return text, cut with an ellipsis if it is longer than `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}\u2026"


def expanded(text: str) -> str:
    """Return a line of code as it is to be shown: printable, tabs as spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " * _TAB if character == "\t" else shown(character) for character in text)


def shown(character: str) -> str:
    """Return what stands for one character."""
    if character.isprintable() or (unicodedata.category(character) == "Cf" and character not in _BIDI):
        return character
    return " " if character.isspace() else "\ufffd"
