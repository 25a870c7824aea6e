"""Construction: what making an instance runs besides `__init__`: validators of models, default factories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mergegate.semantics.calls import Calls
from mergegate.syntax.summary import Row


class Factory(NamedTuple):
    """A field that calls a factory when its constructor gets no value for it; `node` is the factory."""

    field: str
    module: int
    node: int


class Construction(Calls):
    """Questions about what the constructors of classes of the program run."""

    _hooks: dict[int, tuple[list[int], list[Factory]]]

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


_VALIDATORS = frozenset(
    f"pydantic.{name}" for name in ("model_validator", "field_validator", "root_validator", "validator")
)
_FIELDS = frozenset(
    {"dataclasses.field", "pydantic.Field", "pydantic.PrivateAttr", "pydantic.fields.Field", "attr.ib", "attrs.field"}
    | {"attr.field", "sqlmodel.Field"}
)
