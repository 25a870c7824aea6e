"""Demands: what a branch asks of a parameter, as short texts that a summary can hold.

A demand is one of the four `Demand`s about truth and presence, or a test on strings or enum members:

=============== ===========================================================
``=12,345``     equal to one of the strings with these fingerprints
``^12,345``     begins like one of them; ``$`` ends like one of them
``.Mode:A,B``   one of these members of an enum
=============== ===========================================================

Behind ``@`` stands what of the parameter is meant, if not itself: ``@.field`` an attribute of it, ``@:key`` an item of
a `**` parameter. ``|`` separates demands of which one must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from mergegate.syntax.fingerprints import EMPTY, cannot_end, cannot_start, fingerprint, is_other
from mergegate.syntax.summary import DEMANDS, Row


class Alternative(NamedTuple):
    """One demand: what of the parameter is meant (`path`), the kind of the test, and what it compares with."""

    path: str
    kind: str
    prints: tuple[int, ...] = ()
    owner: str = ""
    members: tuple[str, ...] = ()


def strings(kind: str, texts: Iterable[str]) -> str:
    """Return the demand that a string test of a kind (``=``, ``^`` or ``$``) makes."""
    return kind + ",".join(str(fingerprint(text)) for text in dict.fromkeys(texts))


def members(owner: str, names: Iterable[str]) -> str:
    """Return the demand to be one of some members of an enum."""
    return f".{owner}:{','.join(dict.fromkeys(names))}"


def of_part(demand: str, path: str) -> str:
    """Return a demand on an attribute or item of the parameter."""
    return f"{demand}@{path}" if path else demand


def either(demands: Iterable[str]) -> str:
    """Return the demand that one of several holds."""
    return "|".join(dict.fromkeys(demands))


@lru_cache(maxsize=4096)
def alternatives(demand: str) -> tuple[Alternative, ...]:
    """Return the tests of which one must hold; what nobody wrote holds always."""
    return tuple([_test(part) for part in demand.split("|")])


def _test(text: str) -> Alternative:
    head, _, path = text.partition("@")
    kind = head[:1]
    if head in DEMANDS:
        return Alternative(path, head)
    if kind == ".":
        owner, _, names = head[1:].partition(":")
        return Alternative(path, kind, owner=owner, members=tuple(names.split(",")))
    prints = head[1:].split(",")
    if kind in _STRING_TESTS and all(part.isdecimal() for part in prints):
        return Alternative(path, kind, tuple(map(int, prints)))
    return Alternative(path, "?")


def fails(row: Row, test: Alternative) -> bool:
    """Tell whether a constant certainly does not pass a test.

    Parameters
    ----------
    row
        The row of what is passed; of an enum member ``("E", class, name)``.
    """
    kind = test.kind
    if kind in DEMANDS:
        return contradicts(row, kind)
    if row[0] == "k":
        return kind in _STRING_TESTS or (kind == "." and row[1] == "None")
    if kind == ".":
        return row[0] == "E" and row[1] == test.owner and row[2] not in test.members
    if row[0] == "#":
        return kind in _STRING_TESTS
    if row[0] == "s" and len(row) > 1:
        differs = _STRING_TESTS.get(kind)
        return differs is not None and all(differs(row[1], other) for other in test.prints)
    return False


def contradicts(row: Row, wanted: str) -> bool:
    """Tell whether a constant argument cannot be what a demand about truth and presence asks."""
    kind = row[0]
    if kind == "k" and row[1] in ("True", "False", "None"):
        truth = row[1] == "True"
        absent = row[1] == "None"
    elif kind == "#":
        truth, absent = bool(row[1]), False
    elif kind == "s" and len(row) > 1:
        truth, absent = row[1] != EMPTY, False
    elif kind in _PRESENT and wanted in ("none", "some"):
        # an object made on the spot, or written out, is there
        truth, absent = True, False
    else:
        return False
    return {"truthy": not truth, "falsy": truth, "none": not absent, "some": absent}.get(wanted, False)


_STRING_TESTS: dict[str, Callable[[int, int], bool]] = {"=": is_other, "^": cannot_start, "$": cannot_end}
# rows of what is never None
_PRESENT = frozenset("(clsbLSGDT/E")
