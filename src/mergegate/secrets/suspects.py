"""Suspects: the lines of Python code that may give a credential to a name, found without parsing.

Parsing costs more than all else here, and hardly any file has such a line. What this lets through is judged again, with
the syntax at hand; what it drops is lost, so it asks less: a telling name and a literal that could be a credential, on
one line or with the literal on the line below.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from mergegate.secrets.names import NameClass
from mergegate.secrets.tables import Tables

# every telling name has one of these in it
_STEMS = (
    b"pass", b"pwd", b"secret", b"token", b"key", b"auth", b"cred", b"bearer", b"dsn", b"mnemonic", b"salt", b"pepper",
    b"cookie", b"session", b"license", b"cert", b"signature", b"sid", b"nonce", b"pat", b"conn", b"senha",
    b"contrasena", b"motdepasse", b"database_url", b"db_url", b"otp_seed",
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_LITERAL = re.compile(r"""(?P<quote>["'])(?P<value>(?:[^"'\\\n]|\\.|(?!(?P=quote))["'])*)(?P=quote)""")
_OPEN_END = (b"(", b"=", b"[", b"{", b":", b",", b"or", b"\\")
_DEFINITION = re.compile(rb"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
_SCHEMES = ("bearer", "basic", "token")
_AHEAD = 2
_SIGNATURE = 12


def suspect_lines(data: bytes, tables: Tables) -> set[int]:
    """Return the 1-based numbers of the lines that may give a credential to a name.

    Parameters
    ----------
    data
        The code.
    tables
        What names and values are judged by.
    """
    lower = data.lower()
    lines = data.split(b"\n")
    numbers = set(_lines_with(lower, _STEMS))
    found: set[int] = set()
    callees = _last_names(tables)
    for number in numbers:
        found.update(_suspicious(lines, number, tables))
    known = callees | _own_callees(lines, numbers, tables)
    for number in _lines_with(data, tuple(f"{name}(".encode() for name in known)):
        if number - 1 < len(lines) and _may_be_given(lines[number - 1], tables):
            found.add(number)
    return found


def _lines_with(data: bytes, parts: tuple[bytes, ...]) -> Iterator[int]:
    starts: list[int] = []
    for part in parts:
        position = data.find(part)
        if position >= 0 and not starts:
            starts = _line_starts(data)
        while position >= 0:
            yield bisect_right(starts, position)
            position = data.find(part, position + len(part))


def _line_starts(data: bytes) -> list[int]:
    starts = [0]
    position = data.find(b"\n")
    while position >= 0:
        starts.append(position + 1)
        position = data.find(b"\n", position + 1)
    return starts


def _suspicious(lines: list[bytes], number: int, tables: Tables) -> Iterator[int]:
    """Yield a line, and those below it, if a name in it may hold a literal in them."""
    line = lines[number - 1]
    ahead = [line]
    if line.rstrip().endswith(_OPEN_END):
        ahead += lines[number : number + _AHEAD]
    if not any(b'"' in each or b"'" in each for each in ahead):
        return
    names = _NAME.findall(line.decode("utf-8", "replace"))
    kinds = {tables.names.classify(name) for name in names}
    strongest = NameClass.STRONG if NameClass.STRONG in kinds else NameClass.WEAK if NameClass.WEAK in kinds else None
    if strongest is None:
        return
    for offset, each in enumerate(ahead):
        if _may_hold(each, "", strongest, tables):
            yield number + offset


def _may_hold(line: bytes, name: str, kind: NameClass, tables: Tables) -> bool:
    for found in _LITERAL.finditer(line.decode("utf-8", "replace")):
        scheme, _, rest = found["value"].partition(" ")
        value = rest if scheme.lower() in _SCHEMES else found["value"]
        if tables.values.is_default(value) or not tables.values.why_not(value, name, kind):
            return True
    return False


def _may_be_given(line: bytes, tables: Tables) -> bool:
    """Tell whether a call may be given a credential without its name; a plain word there is hardly one."""
    values = (found["value"] for found in _LITERAL.finditer(line.decode("utf-8", "replace")))
    return any(
        not value.isalpha() and not tables.values.why_not(value, "password", NameClass.STRONG) for value in values
    )


def _own_callees(lines: list[bytes], numbers: set[int], tables: Tables) -> set[str]:
    """Return the names of functions and classes that take a credential, by the names of parameters and fields."""
    found: set[str] = set()
    for number in numbers:
        names = _NAME.findall(lines[number - 1].decode("utf-8", "replace"))
        if not any(tables.names.classify(name) is NameClass.STRONG for name in names):
            continue
        for above in range(number, max(0, number - _SIGNATURE), -1):
            definition = _DEFINITION.match(lines[above - 1])
            if definition is not None:
                found.add(definition[1].decode("utf-8", "replace"))
                break
    return found


def _last_names(tables: Tables) -> set[str]:
    return {name.rpartition(".")[2] for name in tables.positions}
