"""What a new major version of a library makes of the names of the old one: tables under `knowledge/migrations`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mergegate.errors import RuleError
from mergegate.rules.folders import MIGRATIONS, TABLES, rules_folder
from mergegate.rules.names import expand


@dataclass(frozen=True, slots=True)
class PydanticNames:
    """What becomes of pydantic 1 under pydantic 2.

    Attributes
    ----------
    refused
        Module to the names that cannot be imported from it.
    warned
        Module to the names that warn when they are imported.
    deprecated
        Dotted names that warn only when they are used.
    models, settings
        Dotted names of classes whose subclasses are models, and of those whose subclasses are settings.
    foreign
        Packages whose models follow rules of their own.
    instead
        Name to what to write instead.
    moved, moved_unsafe
        Name to the dotted name of the same thing; `moved_unsafe` of what asks for a further package, or is private.
    spelled_out
        Name to the expression that it stood for.
    config_renamed, config_removed, config_settings
        Key of `Config` to its new name; to what to do without it; the same for settings alone.
    config_deleted
        Those of the removed keys that can go without a word.
    field_names, field_accepted, field_refused, field_renamed
        Dotted names of `Field`; the arguments that it takes; those that raise and those that warn, to what to write.
    constrained
        Function to its refused arguments, each with its new name or nothing.
    methods, attributes, attributes_gone
        Members of models to what replaces them; an empty text: nothing does.
    method_arguments
        Method to the arguments that it still takes.
    types_with_validate
        Dotted names of the types that are no models and whose `validate` is gone.
    """

    refused: Mapping[str, frozenset[str]]
    warned: Mapping[str, frozenset[str]]
    deprecated: frozenset[str]
    models: frozenset[str]
    settings: frozenset[str]
    foreign: tuple[str, ...]
    instead: Mapping[str, str]
    moved: Mapping[str, str]
    moved_unsafe: Mapping[str, str]
    spelled_out: Mapping[str, str]
    config_deleted: frozenset[str]
    config_renamed: Mapping[str, str]
    config_removed: Mapping[str, str]
    config_settings: Mapping[str, str]
    field_names: frozenset[str]
    field_accepted: frozenset[str]
    field_refused: Mapping[str, str]
    field_renamed: Mapping[str, str]
    constrained: Mapping[str, Mapping[str, str]]
    methods: Mapping[str, str]
    attributes: Mapping[str, str]
    attributes_gone: Mapping[str, str]
    method_arguments: Mapping[str, frozenset[str]]
    types_with_validate: frozenset[str]


@lru_cache(maxsize=1)
def pydantic_names() -> PydanticNames:
    """Return the table, read when it is first asked for: most programs do not need it.

    Raises
    ------
    RuleError
        If its files cannot be read.
    """
    folder = rules_folder() / TABLES / MIGRATIONS
    try:
        table = tomllib.loads((folder / "pydantic.toml").read_text(encoding="utf-8"))
        probed = json.loads((folder / "pydantic_names.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuleError(f"{folder}: cannot be read: {error}", "install mergegate again") from error
    return _names(table, probed)


def _names(table: dict[str, Any], probed: dict[str, Any]) -> PydanticNames:
    return PydanticNames(
        refused={module: frozenset(names) for module, names in probed["refused"].items()},
        warned={module: frozenset(names) for module, names in probed["warned"].items()},
        deprecated=frozenset(expand(table["deprecated"])),
        models=frozenset(table["models"]),
        settings=frozenset(table["settings"]),
        foreign=tuple(table["foreign"]),
        instead=table["names"],
        moved=table["moved"],
        moved_unsafe=table["moved_unsafe"],
        spelled_out=table["spelled_out"],
        config_deleted=frozenset(table["config_deleted"]),
        config_renamed=table["config_renamed"],
        config_removed=table["config_removed"],
        config_settings=table["config_settings"],
        field_names=frozenset(table["field"]["names"]),
        field_accepted=frozenset(table["field"]["accepted"]),
        field_refused=table["field_refused"],
        field_renamed=table["field_renamed"],
        constrained=table["constrained"],
        methods=table["methods"],
        attributes=table["attributes"],
        attributes_gone=table["attributes_gone"],
        types_with_validate=frozenset(
            f"pydantic.{home}{name}" for home in ("", "types.", "networks.") for name in table["types_with_validate"]
        ),
        method_arguments={name: frozenset(taken) for name, taken in table["method_arguments"].items()},
    )
