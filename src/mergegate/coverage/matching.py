"""Pairs of statements that are the same: in one file under another name, or moved with their function to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from mergegate.coverage.statements import Key

Same = Callable[[Key], object]
"""Gives what has to be equal."""


def match_keys(new: Counter[Key], free: Counter[Key], same: Same) -> None:
    """Take pairs of a new statement and a free one that are the same in some way out of both.

    Parameters
    ----------
    new, free
        The statements; both are changed.
    same
        Gives what has to be equal.
    """
    if not new or not free:
        return
    by: dict[object, list[Key]] = {}
    for key in sorted(free.elements()):
        by.setdefault(same(key), []).append(key)
    for key in sorted(new.elements()):
        fitting = by.get(same(key))
        if fitting:
            _subtract(free, fitting.pop())
            _subtract(new, key)


def match_across(files: Sequence[tuple[Counter[Key], Counter[Key]]]) -> None:
    """Let free statements stand for new ones of other files, if they have moved with their function.

    Parameters
    ----------
    files
        The new and the free statements of each file; they are changed.
    """
    waiting = [index for index, (new, _) in enumerate(files) if new]
    giving = [index for index, (_, free) in enumerate(files) if free]
    for same in (_itself, _in_function):
        for taker in waiting:
            for giver in giving:
                if giver != taker:
                    match_keys(files[taker][0], files[giver][1], same)


def same_code(key: Key) -> object:
    """Return what is the same of a statement whose function got another name."""
    return key.code


def same_place(key: Key) -> object:
    """Return what is the same of a statement that was edited."""
    return key.scope


def _itself(key: Key) -> object:
    return key


def _in_function(key: Key) -> object:
    # of a method that became a function, or went to another class
    return key.function, key.code


def _subtract(counter: Counter[Key], key: Key) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
