"""Construction: what making an instance runs besides `__init__`: validators of models, default factories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mergegate.semantics.calls import UNKNOWN_ROW, Calls
from mergegate.semantics.values import Arguments
from mergegate.syntax.summary import Row


class Factory(NamedTuple):
    """A field that calls a factory when its constructor gets no value for it; `node` is the factory."""

    field: str
    module: int
    node: int


class Construction(Calls):
    """Questions about what the constructors of classes of the program run."""

    _hooks: dict[int, tuple[list[int], list[Factory]]]

    def hook_guards(self, hook: int, key: int, arguments: Arguments) -> frozenset[int] | None:
        """Return the guards of a hook of a class that a constructor call leaves open; None: all."""
        guards = self.fact(hook).guards
        if len(guards) < 2 or arguments.module < 0 or self._has_unpacking(arguments):
            return None
        open_guards = frozenset(
            number
            for number, conditions in enumerate(guards)
            if not any(
                index == 0 and self.is_refuted(demand, lambda path: self._field_row(key, path, arguments))
                for index, demand in conditions
            )
        )
        return open_guards if len(open_guards) < len(guards) else None

    def _field_row(self, key: int, path: str, arguments: Arguments) -> Row:
        """Return the constant that a field holds after a constructor call; the unknown row if that is open."""
        if path[:1] != ".":
            return UNKNOWN_ROW
        for name, node in arguments.keywords:
            if name == path[1:]:
                return self.constant(arguments.module, node)
        ancestors = self.mro(key)
        custom = self.find_method(key, "__init__")
        if (arguments.positional and custom is None) or not _SETTINGS.isdisjoint(ancestors):
            return UNKNOWN_ROW
        for ancestor in ancestors:
            node = self.classes[ancestor].names.get(path[1:], 0) if isinstance(ancestor, int) else 0
            if node and isinstance(ancestor, int):
                return self._default_row(self.class_module[ancestor], node)
        return UNKNOWN_ROW

    def _default_row(self, module: int, node: int) -> Row:
        """Return the constant that a field holds by default."""
        row = self.row(module, node)
        if row[0] == "&":
            row = self.row(module, row[1])
        if row[0] != "(":
            return row if row[0] in "k#s" else UNKNOWN_ROW
        keywords = dict(row[3])
        if not _ALIASES.isdisjoint(keywords) or not any(
            v[0] in ("x", "cls") and v[1] in _FIELDS for v in self.value(module, row[1])
        ):
            return UNKNOWN_ROW
        factory = keywords.get("default_factory") or keywords.get("factory")
        if factory:
            made = {v[1] for v in self.value(module, factory) if v[0] in ("x", "cls")}
            return _EMPTY if made and made <= _EMPTY_FACTORIES else UNKNOWN_ROW
        default = keywords.get("default") or (row[2][0] if row[2] else 0)
        return self.row(module, default) if default else UNKNOWN_ROW

    def construction_hooks(self, key: int) -> tuple[list[int], list[Factory]]:
        """Return the (validators, default factories) of a class, those of its bases included."""
        known = self._hooks.get(key)
        if known is None:
            validators: list[int] = []
            factories: list[Factory] = []
            for ancestor in self.mro(key):
                if isinstance(ancestor, int):
                    self._add_hooks(ancestor, validators, factories)
            known = self._hooks[key] = (validators, factories)
        return known

    def _add_hooks(self, key: int, validators: list[int], factories: list[Factory]) -> None:
        module = self.class_module[key]
        for name, node in self.classes[key].names.items():
            row = self.row(module, node)
            if row[0] == "l":
                function = self.function_base[module] + row[1]
                if self._is_validator(module, self.fact(function).decorators):
                    validators.append(function)
            elif row[0] in "(&":
                factory = self._default_factory(module, self.row(module, row[1]) if row[0] == "&" else row)
                if factory:
                    factories.append(Factory(name, module, factory))

    def _is_validator(self, module: int, decorators: Sequence[int]) -> bool:
        for node in decorators:
            row = self.row(module, node)
            for value in self.value(module, row[1] if row[0] == "(" else node):
                if value[0] in ("x", "cls") and value[1] in _VALIDATORS:
                    return True
        return False

    def _default_factory(self, module: int, row: Row) -> int:
        """Return the node passed as `default_factory` (or attrs' `factory`) to a field, or 0."""
        if row[0] != "(":
            return 0
        factory = next((node for key, node in row[3] if key in ("default_factory", "factory")), 0)
        if factory and any(v[0] in ("x", "cls") and v[1] in _FIELDS for v in self.value(module, row[1])):
            return factory
        return 0


# an empty container is false and there, as the number is
_EMPTY: Row = ("#", 0)
_EMPTY_FACTORIES = frozenset({"builtins.dict", "builtins.list", "builtins.set", "builtins.tuple", "builtins.str"})
_ALIASES = frozenset({"alias", "validation_alias", "init"})
# what takes the values of its fields from the environment
_SETTINGS = frozenset({"pydantic_settings.BaseSettings", "pydantic.BaseSettings"})
_VALIDATORS = frozenset(
    f"pydantic.{name}" for name in ("model_validator", "field_validator", "root_validator", "validator")
)
_FIELDS = frozenset(
    {"dataclasses.field", "pydantic.Field", "pydantic.PrivateAttr", "pydantic.fields.Field", "attr.ib", "attrs.field"}
    | {"attr.field", "sqlmodel.Field"}
)
