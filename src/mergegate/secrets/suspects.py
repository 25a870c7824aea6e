"""Suspects: the lines of Python code that may give a credential to a name, found without parsing.

Parsing costs more than all else here, and hardly any file has such a line. What this lets through is judged again, with
the syntax at hand; what it drops is lost, so it asks less: a telling name and a literal that could be a credential, on
one line or with the literal on the line below.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

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
_OPEN_END = ("(", "=", "[", "{", ":", ",", "or", "\\")
_DEFINITION = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
_IMPORT = b"import"
_WORD = re.compile(rb"\w+")
_SCHEMES = ("bearer", "basic", "token")
_AHEAD = 2
_SIGNATURE = 12


def suspect_lines(data: bytes, tables: Tables, *, whole: bool = True) -> set[int]:
    """Return the 1-based numbers of the lines that may give a credential to a name.

    Parameters
    ----------
    data
        The code.
    tables
        What names and values are judged by.
    whole
        Whether the code imports what it calls itself, unlike the cell of a notebook.
    """
    starts = _Starts(data)
    numbers = sorted(set(starts.lines_with(data.lower(), _STEMS)))
    known = _within_reach(data, tables.positions) if whole else tables.positions
    callees = {name.rpartition(".")[2] for name in known}
    if not numbers and not callees:
        return set()
    lines = data.decode("utf-8", "replace").split("\n")
    found: set[int] = set()
    for number in numbers:
        strongest = _strongest(lines[number - 1], tables)
        if strongest is not None:
            found.update(_suspicious(lines, number, strongest, tables))
        if strongest is NameClass.STRONG:
            callees.update(_defined_above(lines, number))
    for number in starts.lines_with(data, [f"{name}(".encode() for name in callees]):
        if _may_be_given(lines[number - 1], tables):
            found.add(number)
    return found


class _Starts:
    """Where the lines of a text start, worked out for whoever first finds something in it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts: list[int] = []

    def lines_with(self, data: bytes, parts: Iterable[bytes]) -> Iterator[int]:
        """Yield the line of each of some parts in the text, which may be given in lower case."""
        find = data.find
        for part in parts:
            position = find(part)
            if position >= 0 and not self._starts:
                lengths = [len(line) + 1 for line in self._data.split(b"\n")]
                self._starts = [0, *accumulate(lengths)]
            while position >= 0:
                number = bisect_right(self._starts, position)
                yield number
                # no part goes over the end of a line, and once on a line is enough
                position = find(part, self._starts[number])


def _within_reach(data: bytes, positions: Iterable[str]) -> list[str]:
    """Return those of some dotted names whose package the code imports."""
    imported: set[bytes] = set()
    position = data.find(_IMPORT)
    while position >= 0:
        end = data.find(b"\n", position)
        end = end if end >= 0 else len(data)
        imported.update(_WORD.findall(data, data.rfind(b"\n", 0, position) + 1, end))
        position = data.find(_IMPORT, end)
    return [name for name in positions if name.partition(".")[0].encode() in imported]


def _strongest(line: str, tables: Tables) -> NameClass | None:
    """Return the most that a name on a line says of its value, None if none says anything."""
    kinds = set(map(tables.names.classify, _NAME.findall(line)))
    return NameClass.STRONG if NameClass.STRONG in kinds else NameClass.WEAK if NameClass.WEAK in kinds else None


def _suspicious(lines: list[str], number: int, strongest: NameClass, tables: Tables) -> Iterator[int]:
    """Yield a line with a telling name, and those below it, if the name may hold a literal in them."""
    line = lines[number - 1]
    ahead = [line]
    if line.rstrip().endswith(_OPEN_END):
        ahead += lines[number : number + _AHEAD]
    for offset, each in enumerate(ahead):
        if ('"' in each or "'" in each) and _may_hold(each, strongest, tables):
            yield number + offset


def _may_hold(line: str, kind: NameClass, tables: Tables) -> bool:
    for found in _LITERAL.finditer(line):
        scheme, _, rest = found["value"].partition(" ")
        value = rest if scheme.lower() in _SCHEMES else found["value"]
        if tables.values.is_default(value) or not tables.values.why_not(value, "", kind):
            return True
    return False


def _may_be_given(line: str, tables: Tables) -> bool:
    """Tell whether a call may be given a credential without its name; a plain word there is hardly one."""
    values = (found["value"] for found in _LITERAL.finditer(line))
    return any(
        not value.isalpha() and not tables.values.why_not(value, "password", NameClass.STRONG) for value in values
    )


def _defined_above(lines: list[str], number: int) -> Iterator[str]:
    """Yield the function or class that a line with a parameter or field belongs to."""
    for above in range(number, max(0, number - _SIGNATURE), -1):
        definition = _DEFINITION.match(lines[above - 1])
        if definition is not None:
            yield definition[1]
            return
