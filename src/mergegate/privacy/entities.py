"""Entities: the kinds of values that are personal data, with the forms in which they are written."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from mergegate.errors import RuleError
from mergegate.privacy.checks import Check, find_check
from mergegate.rules.folders import PRIVACY
from mergegate.rules.tables import read_table

_TABLE = "entities.toml"
_BEFORE = r"(?<![\w])"
_AFTER = r"(?!\w)"


class Form(NamedTuple):
    """One way to write a value.

    Attributes
    ----------
    number
        Its place among all forms; earlier ones win.
    entity
        What it is.
    pattern
        Finds it, with what must not stand behind it.
    before
        Matches, without length, where one may begin: looked at afterwards, as expressions that begin with characters
        are searched for several times faster.
    shapes
        Pieces of a text's shape without which it cannot be there; empty: nothing is known.
    least
        A character and how often a text has to hold it at least.
    run
        The length of a run of letters and digits without which it cannot be there.
    check
        The test that a match has to pass, None if the form is enough.
    near
        Words of which one has to stand close to it; empty if none has to.
    unless
        Words right before it by which it is something else.
    """

    number: int
    entity: str
    pattern: re.Pattern[str]
    before: re.Pattern[str]
    shapes: tuple[str, ...]
    least: tuple[str, int]
    run: int
    check: Check | None
    near: tuple[str, ...]
    unless: frozenset[str]


class Entity(NamedTuple):
    """A kind of personal data.

    Attributes
    ----------
    name
        As other detectors call it.
    category, level
        As of a term.
    good, bad
        Texts that hold such values, in brackets, or none.
    """

    name: str
    category: str
    level: str
    good: tuple[str, ...]
    bad: tuple[str, ...]


class Entities(NamedTuple):
    """All entities and their forms."""

    entities: tuple[Entity, ...]
    forms: tuple[Form, ...]


@lru_cache(maxsize=1)
def load_entities() -> Entities:
    """Return the entities that come with the rules.

    Raises
    ------
    RuleError
        If their table is malformed.
    """
    entities: list[Entity] = []
    forms: list[Form] = []
    try:
        for row in read_table(PRIVACY, _TABLE)["entity"]:
            entities.append(Entity(row["name"], row["category"], row["level"], tuple(row["good"]), tuple(row["bad"])))
            forms.extend(_form(row["name"], each, len(forms) + n) for n, each in enumerate(row["forms"]))
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise RuleError(f"the table {_TABLE} is malformed: {error}", "install mergegate again") from error
    return Entities(tuple(entities), tuple(forms))


def _form(entity: str, row: dict[str, Any], number: int) -> Form:
    pattern = re.compile(f"(?:{row['pattern']})(?:{row.get('after', _AFTER)})")
    before = re.compile(row.get("before", _BEFORE))
    check = find_check(row["check"]) if "check" in row else None
    least = row.get("least", {"character": "", "times": 0})
    return Form(
        number, entity, pattern, before, tuple(row.get("shapes", ())),
        (least["character"], least["times"]), row.get("run", 0), check, tuple(row.get("near", ())),
        frozenset(row.get("unless", ())),
    )  # fmt: skip
