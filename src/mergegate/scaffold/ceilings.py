"""Ceilings on type errors that are offered to a project that wants them judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

ERRORS = "max-errors"
PER_RULE = "max-per-rule"
# the most that a project should have, old errors included
_CUSTOMARY = ((ERRORS, 50), ("reportOptionalMemberAccess", 4))


class Ceiling(NamedTuple):
    """A ceiling.

    Attributes
    ----------
    name
        `max-errors`, or a rule of pyright.
    most
        How many errors there may be.
    aim
        Says what it is to become, if there are more than is customary.
    """

    name: str
    most: int
    aim: str = ""


class Ceilings(NamedTuple):
    """What there is to offer.

    Attributes
    ----------
    parts
        The ceilings, that of all errors first.
    pyright
        The version of pyright that measured the project, empty if none did.
    """

    parts: tuple[Ceiling, ...]
    pyright: str = ""


def customary() -> Ceilings:
    """Return what is customary, for a project of which nothing is measured."""
    return Ceilings(tuple(Ceiling(name, most) for name, most in _CUSTOMARY))


def held(errors: Iterable[tuple[str, str]], include: Sequence[str], pyright: str) -> Ceilings:
    """Return ceilings that hold today: where there are more errors than is customary, as many as there are.

    Parameters
    ----------
    errors
        The file, relative to the project, and the rule of each error.
    include
        The folders that pyright is going to read; empty: those that it did read.
    pyright
        The version that found them.
    """
    rules = [rule for path, rule in errors if not include or _is_inside(path, include)]
    parts: list[Ceiling] = []
    for name, most in _CUSTOMARY:
        found = len(rules) if name == ERRORS else rules.count(name)
        aim = f"as it is now: lower it to {most}" if found > most else ""
        parts.append(Ceiling(name, max(most, found), aim))
    return Ceilings(tuple(parts), pyright)


def _is_inside(path: str, folders: Sequence[str]) -> bool:
    return any(PurePosixPath(path).is_relative_to(folder) for folder in folders)
