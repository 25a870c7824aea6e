"""The shape of the call graph: edges, blocking primitives, and nodes that stand for more or less than one function."""

from __future__ import annotations

from typing import NamedTuple

from mergegate.rules.model import Blocking


class Edge(NamedTuple):
    """One thing that an operation runs.

    Attributes
    ----------
    operation
        Index of the operation in its function.
    target
        A function's id, a group's id (from `Dispatch.first_group` on), or ``-1 - n`` for primitive n.
    uncertain
        1 if only some receivers lead there (an override in a subclass).
    first_use
        Whether it runs only the first time.
    method
        Name of the method if it was looked up on the function's own `self`: a caller that knows the receiver better
        looks it up again.
    """

    operation: int
    target: int
    uncertain: int
    first_use: bool
    method: str = ""


class Primitive(NamedTuple):
    """A blocking primitive as it was met: the knowledge entry and the dotted name that matched."""

    entry: Blocking
    name: str


class Virtual(NamedTuple):
    """A method looked up on a receiver whose class is one of several: any of the overrides may run."""

    targets: tuple[int, ...]


class Special(NamedTuple):
    """A function as one kind of call runs it.

    Attributes
    ----------
    guards
        The guards that the constants among the arguments leave open; None: all.
    receiver
        The class of the receiver, or -1 if it is not better known than inside the function.
    exact
        Whether the receiver is of just that class, not of a subclass.
    """

    function: int
    guards: frozenset[int] | None
    receiver: int
    exact: bool
