"""From types of the generated table to abstract values, with type variables replaced by what an instance binds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mergegate.semantics.symbols import Symbols
from mergegate.semantics.values import DECLARED, NONE, UNKNOWN, Union, Value, join

Bindings = Mapping[str, Union]
_NO_BINDINGS: Bindings = {}


class TypeConversion(Symbols):
    """Reads the JSON types of the type table."""

    def type_value(self, type_: object, bindings: Bindings = _NO_BINDINGS) -> Union:
        """Return the union that a JSON type stands for.

        Parameters
        ----------
        type_
            A type as the type table writes it.
        bindings
            What the class's own type variables, and `~Self`, stand for.
        """
        if type_ is None:
            return UNKNOWN
        if isinstance(type_, str):
            if type_[0] == "~":
                return bindings.get(type_[1:], UNKNOWN)
            if type_ == "None":
                return NONE
            return (("ins", type_, (), DECLARED),)
        head, *parts = cast("list[Any]", type_)
        if head == "|":
            return join([self.type_value(p, bindings) for p in parts])
        converted = [self.type_value(p, bindings) for p in parts]
        if head in _WRAPPERS:
            inner = converted[0] if converted else UNKNOWN
            if head == "type":
                return tuple(("cls", v[1]) for v in inner if v[0] == "ins")
            return ((_WRAPPERS[head], inner),)
        if head == "builtins.tuple":
            return (("tup", tuple(converted)),)
        if head == "builtins.tuple...":
            return (("ins", "builtins.tuple", tuple(converted), DECLARED),)
        return (("ins", head, tuple(converted), DECLARED),)

    def bindings_of(self, value: Value, ancestor: str) -> dict[str, Union]:
        """Return what the type variables of `ancestor` stand for in an instance of one of its descendants."""
        bindings: dict[str, Union] = {"Self": (value,)}
        found = self._ancestor_args(value[1], value[2], ancestor, 0)
        if found:
            info = self.types.klass(ancestor)
            if info is not None:
                bindings.update(zip(info.typevars, found, strict=False))
        return bindings

    def _ancestor_args(self, key: object, args: tuple[Union, ...], ancestor: str, depth: int) -> tuple[Union, ...]:
        if key == ancestor:
            return args
        info = self.types.klass(key) if isinstance(key, str) else None
        if info is None or depth > 8:
            return ()
        bindings = dict(zip(info.typevars, args, strict=False))
        for base, base_args in zip(info.bases, info.base_args, strict=False):
            converted = tuple(self.type_value(a, bindings) for a in base_args or ())
            found = self._ancestor_args(base, converted, ancestor, depth + 1)
            if found:
                return found
        return ()


_WRAPPERS = {"type": "type", "call": "call", "await": "aw", "with": "with", "awith": "awith"}
