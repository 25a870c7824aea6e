"""Settings of the types: how pyright is run, and what its errors may come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mergegate.config_shapes import Flag, ListOf, TableOf, Text, Whole, option


@dataclass(frozen=True, slots=True, kw_only=True)
class TypesConfig:
    """The conditions on type errors; the table itself says that a project has them."""

    enabled: bool = option(Flag(), "Whether pyright is run; without the table `types` it is not.", True)
    baseline: str = option(
        Text(), "File of the accepted type errors, relative to the project.", "mergegate-types-baseline.json"
    )
    ratchet: bool = option(Flag(), "Whether type errors that the baseline lacks fail.", True)
    ratchet_silencing: bool = option(
        Flag(), "Whether comments that silence type errors fail if the baseline lacks them.", True
    )
    max_errors: int | None = option(Whole(), "How many type errors there may be in all, old ones included.", None)
    max_per_rule: Mapping[str, int] = option(
        TableOf(Whole()), "How many there may be of a rule of pyright, old ones included.", {}
    )
    max_silencing: int | None = option(
        Whole(), "How many comments may silence type errors in all, old ones included.", None
    )
    strict_paths: tuple[str, ...] = option(
        ListOf(Text()), "Files without any type error, old ones included, as .gitignore patterns.", ()
    )
    project: str = option(
        Text(), "Configuration of pyright, relative to the project; else that which pyright finds there.", ""
    )
    version: str = option(Text(), "The version of pyright that has to be installed.", "")
    timeout: int = option(Whole(1), "Seconds after which pyright is ended.", 900)
