"""Attributes, items, iteration, awaiting and entering: what the protocols of a value give."""

from __future__ import annotations

from collections.abc import Sequence

from mergegate.semantics.generics import Generics
from mergegate.semantics.values import (
    DECLARED,
    EXACT,
    MAX_VALUES,
    NO_ARGUMENTS,
    UNKNOWN,
    Arguments,
    ClassKey,
    Union,
    Value,
    a_class,
    how_known,
    join,
)  # fmt: skip


class Attributes(Generics):
    """Member access on values of every kind."""

    # -- attributes ----------------------------------------------------------------------------------------------

    def attribute_of(self, base: Union, name: str) -> Union:
        """Return an attribute of any of the values."""
        return join([self._attribute_of_value(value, name) for value in base]) if base else UNKNOWN

    def _attribute_of_value(self, value: Value, name: str) -> Union:
        kind = value[0]
        if kind == "ins":
            if isinstance(value[1], str):
                return self._external_member(value, name)
            return self._instance_member(value, name)
        if kind == "mod":
            return self._module_member(value, name)
        if kind == "cls":
            return self._class_member(value, name)
        if kind == "x":
            return self.external(f"{value[1]}.{name}")
        if kind == "super":
            return self._super_member(value, name)
        if kind == "tv":
            return self.attribute_of(value[3], name)
        if kind == "xm":
            return (("x", f"{value[1]}.{value[3]}.{name}"),)
        return UNKNOWN

    def _module_member(self, value: Value, name: str) -> Union:
        _, dotted, module = value
        if module >= 0:
            found = self.definition(module, name)
            if found is not None:
                return self.value(*found)
            sub = self.index.find(f"{dotted}.{name}", module)
            return (self.module_value(sub),) if sub >= 0 else self.module_fallback(module)
        target = f"{dotted}.{name}"
        sub = self.index.by_name.get(target)
        if sub:
            return (self.module_value(sub[0]),)
        if self.index.is_prefix(target):
            return (("mod", target, -1),)
        return self.external(target)

    def _class_member(self, receiver: Value, name: str) -> Union:
        """Return an attribute of a class object."""
        key: ClassKey = receiver[1]
        if isinstance(key, str):
            found = self.types.member(key, name)
            if found is None:
                return self.external(f"{key}.{name}")
            if found[1] == "attribute":
                return self.type_value(found[2]) or (("x", f"{key}.{name}"),)
            return (("xm", key, (), name),)
        hit = self.find_method(key, name)
        if hit is not None:
            owner, node = hit
            union = self.value(self.class_module[owner], node)
            if self._is_enum(key) and not any(v[0] == "fn" for v in union):
                return (("ins", key, (), DECLARED),)
            bound: list[Value] = []
            for value in union:
                if value[0] == "fn" and value[2] is None and self.method_kind(value[1]) == "class":
                    bound.append(("fn", value[1], receiver))
                else:
                    bound.append(value)
            return tuple(bound)
        for ancestor in self.mro(key):
            if isinstance(ancestor, str):
                found = self.types.member(ancestor, name)
                if found is not None:
                    if found[1] == "attribute":
                        return self.type_value(found[2], {"Self": (("ins", key, (), DECLARED),)})
                    return (("xm", ancestor, (), name),)
        external = self._opaque_base(self.mro(key))
        return (("x", f"{external}.{name}"),) if external else UNKNOWN

    def _opaque_base(self, ancestors: Sequence[ClassKey]) -> str:
        """Return the first library class that may have members which no table lists; empty if there is none."""
        return next((a for a in ancestors if isinstance(a, str) and a not in _TRANSPARENT_BASES), "")

    def _is_enum(self, key: int) -> bool:
        return any(a in _ENUMS for a in self.mro(key))

    def _instance_member(self, value: Value, name: str) -> Union:
        """Return an attribute of an instance of a class of the program: its own, its class's, a base's."""
        key = value[1]
        for ancestor in self.mro(key):
            if isinstance(ancestor, int):
                found = self._own_attribute(ancestor, name, value)
                if found is not None:
                    return found
            else:
                member = self.types.member(ancestor, name)
                if member is not None:
                    return self._external_member(("ins", ancestor, (), value[3]), name)
        external = self._opaque_base(self.mro(key))
        if external:
            return (("xm", external, (), name),)
        found = UNKNOWN if value[3] == EXACT else self._subclass_attribute(key, name)
        if not found and _MODEL in self.mro(key):
            return (("xm", _MODEL, (), name),)
        return found

    def _subclass_attribute(self, key: int, name: str) -> Union:
        """Return an attribute that a mixin or template class leaves to its subclasses to set."""
        found: list[Union] = []
        for subclass in self.subclasses(key)[:MAX_VALUES]:
            own = self._own_attribute(subclass, name, ("ins", subclass, (), DECLARED))
            if own is not None:
                found.append(own)
        return join(found)

    def _own_attribute(self, key: int, name: str, receiver: Value) -> Union | None:
        fact, module = self.classes[key], self.class_module[key]
        node = fact.names.get(name)
        assigned = fact.attributes.get(name)
        if node is None and assigned is None:
            return None
        found: list[Union] = []
        if node is not None:
            union = self.value(module, node)
            if any(v[0] == "fn" for v in union):
                return self._bind(union, receiver)
            row = self.modules[module].rows[node]
            found.append(self.declared(module, row[2]) or union if row[0] == "&" else union)
        if assigned is not None and not (found and found[0] and found[0] != (("none",),)):
            found.append(self._assigned_attribute(module, assigned))
        union = self.substituted(join(found), receiver)
        return tuple(v for v in union if v[0] not in ("none", "prm")) or union

    def _assigned_attribute(self, module: int, node: int) -> Union:
        """Return what assignments to `self.x` say: declarations and values both count."""
        row = self.modules[module].rows[node]
        if row[0] == "|":
            return join([self._assigned_attribute(module, part) for part in row[1:]])
        if row[0] == "&":
            return join([self.declared(module, row[2]), self.value(module, node)])
        return self.value(module, node)

    def _bind(self, union: Union, receiver: Value) -> Union:
        """Bind functions found in a class to the instance, reading properties."""
        found: list[Union] = []
        for value in union:
            if value[0] != "fn":
                found.append((value,))
            elif self.is_property(value[1]):
                found.append(self.function_result(value[1], receiver, NO_ARGUMENTS))
            elif self.method_kind(value[1]) == "static":
                found.append((value,))
            elif self.method_kind(value[1]) == "class":
                found.append((("fn", value[1], a_class(receiver[1], how_known(receiver))),))
            else:
                found.append((("fn", value[1], receiver),))
        return join(found)

    def is_property(self, function: int) -> bool:
        """Tell whether reading the attribute calls the function; `Callables` gives this its meaning."""
        del function
        return False

    def function_result(self, function: int, receiver: Value | None, arguments: Arguments) -> Union:
        """Return what a call of a function gives; `Callables` gives this its meaning."""
        del function, receiver, arguments
        return UNKNOWN

    def _external_member(self, value: Value, name: str) -> Union:
        key = value[1]
        if value[3] == EXACT and self.is_catalogued(f"{key}().{name}"):
            return (("x", f"{key}().{name}"),)
        found = self.types.member(key, name)
        if found is None:
            return (("xm", key, value[2], name),)
        owner, kind, type_ = found
        if kind == "attribute" and not self.covers_attributes(key):
            union = self.type_value(type_, self.bindings_of(value, owner))
            return union or (("x", f"{key}.{name}"),)
        if kind == "attribute":
            return (("x", f"{key}.{name}"),)
        return (("xm", key, value[2], name),)

    def covers_attributes(self, key: str) -> bool:
        """Tell whether what is known of a class holds for all that is reached through it; see `Dispatch`."""
        del key
        return False

    def _super_member(self, value: Value, name: str) -> Union:
        _, key, receiver = value
        start = receiver[1] if isinstance(receiver[1], int) and self.is_subclass(receiver[1], key) else key
        hit = self.find_method(start, name, after=key)
        if hit is not None:
            owner, node = hit
            union = self.value(self.class_module[owner], node)
            # what follows in the linearisation is known exactly enough: no overrides below are meant
            exact = ("ins", receiver[1], receiver[2], EXACT) if receiver[0] == "ins" else receiver
            return self._bind(union, exact)
        order = self.mro(start)
        after = order[order.index(key) + 1 :] if key in order else order
        for ancestor in after:
            if isinstance(ancestor, str) and self.types.member(ancestor, name) is not None:
                return (("xm", ancestor, (), name),)
        external = self._opaque_base(after)
        return (("xm", external, (), name),) if external else UNKNOWN

    # -- items and iteration -------------------------------------------------------------------------------------

    def subscript_of(self, base: Union, index: object) -> Union:
        """Return one item of a value; `index` is its constant index, or None."""
        found: list[Union] = []
        for value in base:
            kind = value[0]
            if kind == "tup":
                if isinstance(index, int) and -len(value[1]) <= index < len(value[1]):
                    found.append(value[1][index])
                else:
                    found.extend(value[1])
            elif kind == "ins":
                found.append(self._item(value))
            elif kind == "cls":
                found.append((value,))
            elif kind == "x":
                found.append((("x", f"{value[1]}.__getitem__()"),))
        return join(found)

    def _item(self, value: Value) -> Union:
        key, args = value[1], value[2]
        if key in ("builtins.list", "builtins.tuple") and args:
            return args[0]
        if key == "builtins.dict" and len(args) == 2:
            return args[1]
        return self._protocol(value, "__getitem__")

    def element_of(self, base: Union, *, asynchronous: bool = False) -> Union:
        """Return what iterating a value gives."""
        found: list[Union] = []
        for value in base:
            kind = value[0]
            if kind == "tup":
                found.extend(value[1])
            elif kind in ("gen", "agen"):
                found.append(self.yielded(value[1]))
            elif kind == "ins":
                key, args = value[1], value[2]
                if key in _ITERABLES and args:
                    found.append(args[0])
                else:
                    iterator = self._protocol(value, "__aiter__" if asynchronous else "__iter__")
                    found.append(self._next_of(iterator, value, asynchronous=asynchronous))
        return join(found)

    def _next_of(self, iterator: Union, source: Value, *, asynchronous: bool) -> Union:
        found: list[Union] = []
        for value in iterator:
            if value[0] in ("gen", "agen"):
                found.append(self.yielded(value[1]))
            elif value[0] == "ins" and value[1] in _ITERABLES and value[2]:
                found.append(value[2][0])
            elif value[0] == "ins":
                item = self._protocol(value, "__anext__" if asynchronous else "__next__")
                found.append(self.awaited(item) if asynchronous else item)
        del source
        return join(found)

    def _protocol(self, value: Value, method: str) -> Union:
        """Return the result of calling a special method of a value without arguments."""
        member = self._attribute_of_value(value, method)
        return self.call_union(member, NO_ARGUMENTS)

    # -- await and with ------------------------------------------------------------------------------------------

    def awaited(self, base: Union) -> Union:
        """Return what awaiting a value gives."""
        found: list[Union] = []
        for value in base:
            if value[0] == "aw":
                found.append(value[1])
            elif value[0] == "ins" and isinstance(value[1], str):
                if value[2]:
                    found.append(value[2][-1])
                elif self.types.member(value[1], "__await__") is not None:
                    found.append(self.element_of(self._protocol(value, "__await__")))
            elif value[0] == "ins":
                hit = self.find_method(value[1], "__await__")
                if hit is None:
                    continue
        return join(found)

    def entered(self, base: Union, *, asynchronous: bool = False) -> Union:
        """Return what a `with` statement binds for a context manager."""
        found: list[Union] = []
        for value in base:
            kind = value[0]
            if kind in ("cm", "acm", "gen", "agen"):
                found.append(self.yielded(value[1]))
            elif kind in ("with", "awith"):
                found.append(value[1])
            elif kind == "aw" and asynchronous:
                # `async with session.get(...)`: awaitable and context manager at once
                found.append(value[1])
            elif kind == "ins":
                found.append(self._entered_instance(value, asynchronous=asynchronous))
        return join(found)

    def _entered_instance(self, value: Value, *, asynchronous: bool) -> Union:
        result = self._protocol(value, "__aenter__" if asynchronous else "__enter__")
        if asynchronous:
            result = self.awaited(result)
        known = tuple(v for v in result if v[0] not in ("x", "prm"))
        # an `__enter__` of which nothing is known most often returns its own object
        return known or (value,)


_ENUMS = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"})
_MODEL = "pydantic.BaseModel"
# bases that add no members which an instance is used for
_TRANSPARENT_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", _MODEL})
_ITERABLES = frozenset(
    {
        "builtins.list", "builtins.set", "builtins.frozenset", "builtins.tuple", "builtins.dict", "collections.deque",
        *(
            f"{module}.{name}"
            for module in ("typing", "collections.abc")
            for name in (
                "Iterator", "Iterable", "Generator", "Sequence", "MutableSequence", "Collection", "Set", "MutableSet",
                "AsyncIterator", "AsyncIterable", "AsyncGenerator",
            )
        ),
    }
)  # fmt: skip
