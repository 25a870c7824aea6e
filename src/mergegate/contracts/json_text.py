"""Strict JSON at a position of a text: the value, or where and why there is none, and whether the text just ended."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple, NoReturn

MAX_DEPTH = 200
"""So deep may arrays and objects be nested; consumers in other languages stop at about that depth, too."""

_LITERALS = ("true", "false", "null")
_CUT_NUMBER = re.compile(r"\.|[eE][+-]?")
_CUT_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_LEXEME = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_WINDOW = 4096
_GROWTH = 4


class Parsed(NamedTuple):
    """A value that JSON's grammar allows.

    Attributes
    ----------
    value
        The value.
    end
        Where it ends in the text.
    problem
        Why it is refused all the same, empty if it is not: a number that is none, half a character, too deep.
    duplicates
        Keys that stand twice in one object.
    """

    value: Any
    end: int
    problem: str = ""
    duplicates: tuple[str, ...] = ()


class Broken(NamedTuple):
    """Not a value of JSON.

    Attributes
    ----------
    position
        Up to here the text could have become one.
    reason
        What is wrong there.
    cut
        Whether nothing is wrong but that the text ends.
    """

    position: int
    reason: str
    cut: bool


def read_value(text: str, start: int) -> Parsed | Broken:
    """Read the array, object or scalar that begins at a position, in time that is linear in its length.

    Parameters
    ----------
    text
        Any text.
    start
        Where the value begins.
    """
    if start == 0:
        return _read(text)
    # an error counts the lines before it, so that many in one long text would take time without end
    size = min(len(text) - start, _WINDOW)
    while True:
        window = text[start : start + size]
        found = _read(window)
        whole = start + size >= len(text)
        if isinstance(found, Parsed):
            # a number at the end of a window may go on behind it
            if whole or found.end < len(window):
                return found._replace(end=start + found.end)
        elif whole or not found.cut:
            return found._replace(position=start + found.position)
        size *= _GROWTH


def balanced_end(text: str, start: int, opened: str = "") -> int:
    """Return where the bracket at a position is closed, -1 if nowhere; strings are skipped, mismatches are forgiven.

    Parameters
    ----------
    text
        Any text.
    start
        Where the bracket stands; if there are others before it that are open, where to begin to look.
    opened
        Those brackets.
    """
    stack = [*opened]
    for match in _LEXEME.finditer(text, start):
        lexeme = match[0]
        if lexeme == '"':
            return -1
        if lexeme in "[{":
            stack.append(lexeme)
        elif lexeme in "]}":
            opener = "[" if lexeme == "]" else "{"
            if opener in stack:
                while stack.pop() != opener:
                    pass
            if not stack:
                return match.end()
    return -1


class _Notes:
    """What the standard library would let pass."""

    def __init__(self) -> None:
        self.duplicates: list[str] = []
        self.problem = ""

    def pairs(self, items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            seen: set[str] = set()
            for key, _ in items:
                if key in seen and key not in self.duplicates:
                    self.duplicates.append(key)
                seen.add(key)
        return made

    def constant(self, name: str) -> float:
        self.problem = self.problem or f"{name} is no JSON number"
        return float(name)

    def number(self, text: str) -> float:
        value = float(text)
        if math.isinf(value):
            self.problem = self.problem or "a number is too large"
        return value

    def huge(self, text: str) -> int | float:
        try:
            return int(text)
        except ValueError:
            self.problem = self.problem or "a number has too many digits"
            return math.inf


class _DoubtfulError(Exception):
    """There is something in it that the standard library would let pass."""


def _unique(items: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(items)
    if len(made) != len(items):
        raise _DoubtfulError
    return made


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _DoubtfulError
    return value


def _no_constant(name: str) -> NoReturn:
    raise _DoubtfulError(name)


# made once, for most texts hold nothing doubtful
_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)


def _read(text: str) -> Parsed | Broken:
    try:
        return _decoded(text, _STRICT, _Notes())
    except _DoubtfulError:
        pass
    except ValueError:
        # a whole number with more digits than this Python converts
        return _noted(text, huge=True)
    try:
        return _noted(text, huge=False)
    except ValueError:
        return _noted(text, huge=True)


def _noted(text: str, *, huge: bool) -> Parsed | Broken:
    notes = _Notes()
    decoder = json.JSONDecoder(
        object_pairs_hook=notes.pairs, parse_constant=notes.constant, parse_float=notes.number,
        parse_int=notes.huge if huge else None,
    )  # fmt: skip
    return _decoded(text, decoder, notes)


def _decoded(text: str, decoder: json.JSONDecoder, notes: _Notes) -> Parsed | Broken:
    try:
        value, end = decoder.raw_decode(text)
    except json.JSONDecodeError as error:
        return Broken(error.pos, error.msg, _is_cut(text, error))
    except RecursionError:
        return _too_deep(text)
    return _judged(text, value, end, notes)


def _judged(text: str, value: Any, end: int, notes: _Notes) -> Parsed:
    piece = text if end == len(text) else text[:end]
    problem = notes.problem
    try:
        raw = piece.encode()
    except UnicodeEncodeError:
        return Parsed(value, end, "half of a surrogate pair stands in it", tuple(notes.duplicates))
    if not problem and "\\u" in piece and _SURROGATE.search(piece) and _is_halved(value):
        problem = "half of a surrogate pair stands in it"
    if not problem and piece.count("[") + piece.count("{") > MAX_DEPTH and _is_deep(raw, piece):
        problem = _DEEP
    return Parsed(value, end, problem, tuple(notes.duplicates))


def _is_halved(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


_DEEP = f"it is nested more than {MAX_DEPTH} deep"


def _too_deep(text: str) -> Parsed | Broken:
    end = balanced_end(text, 0)
    return Broken(len(text), "the text ends", True) if end < 0 else Parsed(None, end, _DEEP)


def _is_deep(raw: bytes, text: str) -> bool:
    brackets = raw.translate(None, _NOT_BRACKETS)
    if len(brackets) <= MAX_DEPTH:
        return False
    # closing pairs vanish from the inside out; brackets within strings may hinder that, then it is counted
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if not brackets:
            return False
    depth = 0
    for match in _LEXEME.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif match[0] in "]}":
            depth -= 1
    return False


def _is_cut(text: str, error: json.JSONDecodeError) -> bool:
    """Tell whether a text that is no JSON is the beginning of one."""
    tail = text[error.pos :].rstrip(" \t\n\r")
    if not tail or error.msg.startswith("Unterminated string"):
        return True
    if error.msg.startswith("Invalid") and "escape" in error.msg:
        return error.pos >= len(text) - 8 and _CUT_ESCAPE.search(text, max(0, len(text) - 6)) is not None
    if error.msg.startswith("Expecting value"):
        return tail == "-" or any(word.startswith(tail) and word != tail for word in _LITERALS)
    return bool(_CUT_NUMBER.fullmatch(tail)) and text[error.pos - 1 : error.pos].isdigit()
