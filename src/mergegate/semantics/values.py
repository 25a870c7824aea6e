"""Abstract values: what an expression may be, as small tuples, so that they can be shared, compared and hashed.

============================ ==================================================================
value                        meaning
============================ ==================================================================
``("mod", name, index)``     a module; index in the program, or -1 if it is not part of it
``("cls", key)``             a class: an int (class of the program) or a dotted name; a third item says how it is
                             known if a subclass may stand in
``("ins", key, args, how)``  an instance; `how` see below
``("fn", id, receiver)``     a function of the program, bound to a receiver or None
``("x", path)``              something external by its dotted path; ``f()`` is what f returned
``("xm", key, args, name)``  a method of an instance of the external class `key`
``("aw", union)``            an awaitable of a value
``("gen", id)``              a running generator; ``agen``, ``cm``, ``acm`` likewise
``("tup", unions)``          a tuple of known length
``("call", union)``          a callable of which only the result is known
``("part", union)``          `functools.partial` over a callable
``("super", key, receiver)`` `super()`
``("prm", id, index)``       a parameter about which nothing else is known
``("tv", module, name, bound)`` a type variable, with what it is bound to if nothing binds it more closely
``("self",)``                the receiver, where an annotation says `Self`
``("none",)``                None
============================ ==================================================================

A union is a tuple of values; the empty union means unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

Value = tuple[Any, ...]
Keywords = Sequence[Sequence[Any]]
Union = tuple[Value, ...]
ClassKey = int | str

# how an instance or a class is known: by declaration (subclasses possible), by construction, as the own receiver
DECLARED, EXACT, SELF = 0, 1, 2

UNKNOWN: Union = ()
NONE: Union = (("none",),)
MAX_VALUES = 10


class Arguments(NamedTuple):
    """What a call passes: nodes of a module, positional and by keyword (`**` for an unpacked mapping)."""

    module: int
    positional: Sequence[int]
    keywords: Keywords


# a call of which the arguments are not at hand: by a library, a protocol, a decorator
NO_ARGUMENTS = Arguments(-1, (), ())


def instance(key: ClassKey, args: tuple[Union, ...] = (), how: int = DECLARED) -> Value:
    """Return an instance value."""
    return ("ins", key, args, how)


def a_class(key: ClassKey, how: int) -> Value:
    """Return a class value, known as an instance of it would be."""
    return ("cls", key) if how == EXACT else ("cls", key, how)


def how_known(receiver: Value) -> int:
    """Return how the class of an instance, or a class itself, is known."""
    if receiver[0] == "ins":
        return receiver[3]
    return receiver[2] if len(receiver) > 2 else EXACT


def join(unions: list[Union]) -> Union:
    """Return the union of unions, in order of appearance and bounded."""
    if len(unions) == 1:
        return unions[0]
    seen: dict[Value, None] = {}
    for union in unions:
        for value in union:
            seen[value] = None
    return tuple(seen)[:MAX_VALUES]


def one(dotted: str, *args: Union) -> Union:
    """Return the union of just one declared instance of an external class."""
    return (("ins", dotted, args, DECLARED),)


STR = one("builtins.str")
BYTES = one("builtins.bytes")
