"""What an abstract run asks of the program around the function: where None comes from, and what calls do."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from mergegate.nullness.values import SOMETHING, Origins, Shape, State, Value


class Called(NamedTuple):
    """What a call does.

    Attributes
    ----------
    value
        What it gives.
    never
        It does not come back.
    ensured
        Arguments that are not None where it comes back.
    if_true, if_false
        Arguments that are not None if what it gives is truthy, or falsy.
    known
        Whether its body has been read: what it does not ensure, it does not.
    clears
        Attributes of its receiver that it may set to None.
    """

    value: Value = SOMETHING
    never: bool = False
    ensured: tuple[ast.expr, ...] = ()
    if_true: tuple[ast.expr, ...] = ()
    if_false: tuple[ast.expr, ...] = ()
    known: bool = False
    clears: tuple[str, ...] = ()


NOTHING = Called()


class Argument(NamedTuple):
    """An argument of a call: its name (empty: by position, `*` and `**`: spread), and what it is."""

    name: str
    expression: ast.expr
    value: Value


class Oracle(Protocol):
    """The program around a function.

    Attributes
    ----------
    literals
        The numbers of reasons that stand for a None written there.
    """

    literals: set[int]

    @property
    def has_lookups(self) -> bool:
        """Whether the function calls a method `get`."""
        ...

    def literal(self, line: int) -> int:
        """Return the number of the reason that None is written there."""
        ...

    def parameters(self, definition: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> dict[str, Value]:
        """Return what the parameters of a function hold when it starts."""
        ...

    def call(self, call: ast.Call, arguments: Sequence[Argument], state: State, *, awaited: bool) -> Called:
        """Return what a call does."""
        ...

    def attribute(self, base: Shape, name: str, expression: ast.Attribute) -> Value:
        """Return what an attribute may hold."""
        ...

    def element(self, base: Shape) -> Value:
        """Return what an element of an iterable may be."""
        ...

    def item(self, base: Shape, index: int | str | None) -> Value:
        """Return what a subscript may give; `index` is its constant, if it has one."""
        ...

    def name(self, name: str, line: int) -> Value:
        """Return what a name of the module may hold."""
        ...

    def annotation(self, annotation: ast.expr | str) -> Value:
        """Return what a variable with an annotation may hold."""
        ...

    def never_empty(self, origins: Origins) -> bool:
        """Tell whether what is falsy is None: as far as guards go, of a lookup it is."""
        ...

    def admits(self, held: Value) -> bool:
        """Tell whether a value may be None, as far as its declaration says."""
        ...

    def ends(self, call: ast.Call) -> bool:
        """Tell whether a call never comes back, its callee followed for it."""
        ...

    def says(self, held: Value) -> bool:
        """Tell whether anything is known of a value: its type, or that it may be None."""
        ...

    def swallows(self, manager: ast.expr) -> bool:
        """Tell whether a context manager may end an exception."""
        ...
