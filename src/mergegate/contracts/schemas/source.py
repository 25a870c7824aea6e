"""Schema files: read strictly, with the line on which each part stands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from mergegate.contracts.schemas.json_data import Json, Pointer
from mergegate.errors import MergegateError

_BLANK = " \t\n\r"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


class SchemaError(MergegateError):
    """A schema cannot be read or is malformed, or what it refers to cannot be had."""


def read_json(path: Path, shown: str = "") -> Json:
    """Read a JSON file strictly: no key twice, no NaN, a bounded depth.

    Parameters
    ----------
    path
        The file.
    shown
        How messages call it; empty: by its path.

    Raises
    ------
    SchemaError
        If it cannot be read or is no such JSON.
    """
    shown = shown or str(path)
    text = read_text(path, shown)
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise SchemaError(f"{shown}:{error.lineno}: this is no JSON: {error.msg}") from None
    except RecursionError:
        raise SchemaError(f"{shown}: is nested too deeply") from None
    except ValueError as error:
        raise SchemaError(f"{shown}: {error}") from None


def read_text(path: Path, shown: str = "") -> str:
    """Read a file as UTF-8; `shown` is how messages call it, its path if empty.

    Raises
    ------
    SchemaError
        If it cannot be read or is no UTF-8.
    """
    shown = shown or str(path)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SchemaError(f"{shown}: cannot be read: {error.strerror}", "correct the path") from None
    except UnicodeDecodeError:
        raise SchemaError(f"{shown}: is not UTF-8") from None


def line_of(text: str, pointer: Pointer) -> int:
    """Return the 1-based line on which the member at a pointer stands in JSON text: that of its key, if it has one.

    A pointer that leads nowhere has the line of the last part on the way that exists.
    """
    return text.count("\n", 0, offset_of(text, pointer)) + 1


def offset_of(text: str, pointer: Pointer) -> int:
    """Return the offset of the member at a pointer in JSON text, which must be JSON."""
    position = _skip(text, 0)
    shown = position
    for part in pointer:
        found = _member(text, position, part)
        if found is None:
            break
        shown, position = found
    return shown


def _member(text: str, start: int, part: str | int) -> tuple[int, int] | None:
    """Return where a member of the object or array at `start` is shown, and where its value starts."""
    if text[start : start + 1] not in ("{", "["):
        return None
    named = text[start] == "{"
    position = _skip(text, start + 1)
    index = 0
    while text[position : position + 1] not in ("}", "]", ""):
        shown = position
        name: str | int = index
        if named:
            end = _string_end(text, position)
            name = json.loads(text[position:end], strict=False)
            position = _skip(text, _skip(text, end) + 1)
        if str(name) == str(part):
            return shown, position
        position = _skip(text, _value_end(text, position))
        if text[position : position + 1] == ",":
            position = _skip(text, position + 1)
        index += 1
    return None


def _value_end(text: str, start: int) -> int:
    depth = 0
    position = start
    while position < len(text):
        char = text[position]
        if char == '"':
            position = _string_end(text, position)
            if not depth:
                return position
            continue
        if char in "{[":
            depth += 1
        elif char in "}]":
            if not depth:
                return position
            depth -= 1
            if not depth:
                return position + 1
        elif char == "," and not depth:
            return position
        position += 1
    return position


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _BLANK:
        position += 1
    return position


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return table


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text} is too large")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _string_end(text: str, start: int) -> int:
    found = _STRING.match(text, start)
    return found.end() if found else len(text)
