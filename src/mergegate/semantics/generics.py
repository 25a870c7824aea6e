"""Generic classes of the program: what their type variables stand for in an instance."""

from __future__ import annotations

from mergegate.semantics.resolver import Resolver
from mergegate.semantics.values import UNKNOWN, ClassKey, Union, Value, join

_MAX_DEPTH = 6


class Generics(Resolver):
    """Substitution of type variables by the arguments of a receiver's class."""

    _type_variables: dict[int, tuple[Value, ...]]

    def substituted(self, union: Union, receiver: Value) -> Union:
        """Return a union with its type variables replaced by what the receiver binds them to."""
        if receiver[0] != "ins" or not isinstance(receiver[1], int) or not _mentions_variable(union):
            return union
        found: list[Union] = []
        for value in union:
            if value[0] == "tv":
                found.append(self._binding(receiver[1], receiver[2], value, 0) or (value,))
            elif value[0] == "ins" and value[2]:
                args = tuple(self.substituted(a, receiver) for a in value[2])
                found.append((("ins", value[1], args, value[3]),))
            elif value[0] in ("aw", "call", "with", "awith"):
                found.append(((value[0], self.substituted(value[1], receiver)),))
            else:
                found.append((value,))
        return join(found)

    def _binding(self, key: ClassKey, args: tuple[Union, ...], variable: Value, depth: int) -> Union:
        """Return what a class, or one of its bases, binds a type variable to."""
        if not isinstance(key, int) or depth > _MAX_DEPTH:
            return UNKNOWN
        own = dict(zip(self._variables_of(key), args, strict=False))
        if variable in own:
            return own[variable]
        module = self.class_module[key]
        for node in self.classes[key].bases:
            row = self.row(module, node)
            if row[0] != "[":
                continue
            passed = [self.declared(module, part) for part in self.arguments(module, row[2])]
            resolved = tuple(join([own.get(v, (v,)) if v[0] == "tv" else (v,) for v in p]) if p else p for p in passed)
            for base in self.base_values(module, row[1]):
                found = self._binding(base[1], resolved, variable, depth + 1) if base[0] == "cls" else UNKNOWN
                if found:
                    return found
        return UNKNOWN

    def _variables_of(self, key: int) -> tuple[Value, ...]:
        """Return the type variables of a class, in the order in which arguments bind them."""
        known = self._type_variables.get(key)
        if known is None:
            module = self.class_module[key]
            found: dict[Value, None] = {}
            for node in self.classes[key].bases:
                row = self.row(module, node)
                if row[0] == "[":
                    for part in self.arguments(module, row[2]):
                        found.update((v, None) for v in self.declared(module, part) if v[0] == "tv")
            known = self._type_variables[key] = tuple(found)
        return known


def _mentions_variable(union: Union) -> bool:
    return any(
        v[0] == "tv"
        or (v[0] == "ins" and any(_mentions_variable(a) for a in v[2]))
        or (v[0] in ("aw", "call", "with", "awith") and _mentions_variable(v[1]))
        for v in union
    )
