"""Members of classes: linearisation, lookup in program and external classes, and overrides in subclasses."""

from __future__ import annotations

from mergegate.semantics.conversion import TypeConversion
from mergegate.semantics.hierarchy import linearise
from mergegate.semantics.values import UNKNOWN, ClassKey, Union


class Members(TypeConversion):
    """Questions about classes of the program and outside."""

    _mros: dict[ClassKey, tuple[ClassKey, ...]]
    _subclasses: dict[ClassKey, list[int]]
    _busy: set[ClassKey]
    _overriding: dict[tuple[ClassKey, str], list[int]]

    def prepare_hierarchy(self) -> None:
        """Linearise all classes of the program and note their subclasses."""
        self._mros = {}
        self._busy = set()
        self._overriding = {}
        self._subclasses = {}
        for key in range(len(self.classes)):
            for ancestor in self.mro(key)[1:]:
                self._subclasses.setdefault(ancestor, []).append(key)

    def base_values(self, module: int, node: int) -> Union:
        """Return what a base-class expression stands for; `Resolver` gives this its meaning."""
        del module, node
        return UNKNOWN

    def mro(self, key: ClassKey) -> tuple[ClassKey, ...]:
        """Return the linearisation of a class; bases that are not known end it silently (see `has_unknown_base`)."""
        known = self._mros.get(key)
        if known is not None:
            return known
        if isinstance(key, str):
            order: tuple[ClassKey, ...] = tuple(self.types.mro(key)) or (key,)
        elif key in self._busy:
            return (key,)
        else:
            self._busy.add(key)
            bases = [list(self.mro(base)) for base in self.bases(key)]
            order = tuple(linearise(key, bases))
            self._busy.discard(key)
        self._mros[key] = order
        return order

    def bases(self, key: int) -> list[ClassKey]:
        """Return the base classes of a class of the program, external ones by dotted name."""
        found: list[ClassKey] = []
        fact, module = self.classes[key], self.class_module[key]
        for node in fact.bases:
            for value in self.base_values(module, node):
                if (value[0] in ("cls", "ins") and value[1] != key) or value[0] == "x":
                    found.append(value[1])
                else:
                    continue
                break
        return list(dict.fromkeys(found))

    def is_subclass(self, key: ClassKey, ancestor: ClassKey) -> bool:
        """Tell whether a class is known to descend from (or be) another."""
        return key == ancestor or ancestor in self.mro(key)

    def own_member(self, key: int, name: str) -> int | None:
        """Return the node that a class of the program binds to `name` in its body."""
        return self.classes[key].names.get(name)

    def find_method(self, key: ClassKey, name: str, after: ClassKey | None = None) -> tuple[int, int] | None:
        """Return (class, node) of the first class of the program in the linearisation that binds `name`.

        Parameters
        ----------
        after
            Start behind this class (for `super()`).
        """
        skipping = after is not None
        for ancestor in self.mro(key):
            if skipping:
                skipping = ancestor != after
                continue
            if isinstance(ancestor, int):
                node = self.classes[ancestor].names.get(name)
                if node is not None:
                    return ancestor, node
        return None

    def subclasses(self, key: ClassKey) -> list[int]:
        """Return all classes of the program that descend from `key`."""
        return self._subclasses.get(key, [])

    def overriding(self, key: ClassKey, name: str) -> list[int]:
        """Return the classes whose `name` subclasses of `key` have instead of its own: subclasses or their mixins."""
        known = self._overriding.get((key, name))
        if known is None:
            own = self.find_method(key, name)
            found: dict[int, None] = {}
            for subclass in self.subclasses(key):
                hit = self.find_method(subclass, name)
                if hit is not None and hit != own:
                    found[hit[0]] = None
            known = self._overriding[key, name] = list(found)
        return known
