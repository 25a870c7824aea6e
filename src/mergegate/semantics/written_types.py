"""From abstract values to the JSON types of the type table: the way back from `conversion`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mergegate.rules.json_types import join_types
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.values import Union, Value

_MAX_DEPTH = 5


class Made(NamedTuple):
    """What a call of a generator function makes, as a class of its own: one method of it runs the function's body."""

    function: int
    method: str
    methods: dict[str, Any]


class TypeWriter:
    """Writes types of a linked package.

    Parameters
    ----------
    program
        The package.
    names
        The dotted name of each class of the program; classes that cannot be named from outside are left out.
    function_name
        Gives the dotted name of a function or method, empty if it has none.

    Attributes
    ----------
    made
        The classes that stand for generators and their context managers, by dotted name.
    """

    def __init__(self, program: CallGraph, names: dict[int, str], function_name: Callable[[int], str]) -> None:
        self.program = program
        self.names = names
        self.function_name = function_name
        self.made: dict[str, Made] = {}

    def type_of(self, union: Union, own: int = -1, depth: int = 0) -> Any:
        """Return the type of a union, None if nothing is known.

        Parameters
        ----------
        own
            The class whose member gives it: instances of it are whatever the receiver is.
        """
        if not union or depth > _MAX_DEPTH:
            return None
        return join_types([self._type(value, own, depth + 1) for value in union])

    def _type(self, value: Value, own: int, depth: int) -> Any:
        kind = value[0]
        if kind == "ins":
            return self._instance(value, own, depth)
        if kind == "none":
            return "None"
        if kind == "self":
            return "~Self"
        if kind == "cls":
            name = self._name(value[1])
            return ["type", name] if name else None
        if kind == "tup":
            return ["builtins.tuple", *[self.type_of(part, own, depth) for part in value[1]]]
        if kind in _WRAPPERS:
            return [_WRAPPERS[kind], self.type_of(value[1], own, depth)]
        if kind in _GENERATORS:
            return self._generator(kind, value[1], depth) or [
                _GENERATORS[kind],
                self.type_of(self.program.yielded(value[1]), own, depth),
            ]
        return None

    def _generator(self, kind: str, function: int, depth: int) -> str:
        """Return the class that stands for what a generator function makes, empty if there is none."""
        name = self.function_name(function)
        if not name or kind not in _BODIES:
            return ""
        suffix, method = _BODIES[kind]
        name += suffix
        if name not in self.made:
            methods: dict[str, Any] = {"__iter__": "~Self"} if kind == "gen" else {}
            self.made[name] = Made(function, method, methods)
            methods[method] = self.type_of(self.program.yielded(function), -1, depth)
        return name

    def _instance(self, value: Value, own: int, depth: int) -> Any:
        if value[1] == own:
            return "~Self"
        name = self._name(value[1])
        if not name or not isinstance(value[1], str) or not value[2]:
            return name or None
        if name == "builtins.tuple":
            name = "builtins.tuple..."
        return [name, *[self.type_of(part, own, depth) for part in value[2]]]

    def _name(self, key: object) -> str:
        if isinstance(key, int):
            return self.names.get(key, "")
        name = str(key)
        return name if "(" not in name else ""


_WRAPPERS = {"aw": "await", "call": "call", "with": "with", "awith": "awith"}
# what runs the body of a generator: its next step, or the way into the context that it is
_BODIES = {"gen": ("<generator>", "__next__"), "cm": ("<context>", "__enter__")}
_GENERATORS = {"gen": "typing.Iterator", "agen": "typing.AsyncIterator", "cm": "with", "acm": "awith"}
