"""Contracts that files declare: in the settings and in `*.contract.toml`; those of models are known to pytest alone."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mergegate.config import Config, find_files
from mergegate.config_contracts import ContractConfig
from mergegate.config_shapes import Section, WrongValue, guess
from mergegate.contracts.schemas.normal import Schema, load
from mergegate.errors import ConfigError, MergegateError

SUFFIX = ".contract.toml"


@dataclass(frozen=True, slots=True)
class Declared:
    """A contract whose schema has been read.

    Attributes
    ----------
    name
        Its name, under which it is locked.
    schema
        The schema.
    source
        Where the schema comes from: a path relative to the project, or `model:` and the dotted name of a class.
    policy
        Which changes of the schema the lock lets pass.
    level
        `error` or `warn`: whether a change that the policy forbids fails.
    providers
        Providers whose subset of JSON Schema it has to keep to.
    """

    name: str
    schema: Schema
    source: str
    policy: str = "backward"
    level: str = "error"
    providers: tuple[str, ...] = ()


def declared(config: Config, names: Sequence[str] = ()) -> list[Declared]:
    """Return the contracts of a project that files declare, by name.

    Parameters
    ----------
    config
        The project's settings.
    names
        Only these; empty: all.

    Raises
    ------
    MergegateError
        If there is none of such a name, two have one, or a schema cannot be read.
    """
    found: dict[str, tuple[ContractConfig, Path, str]] = {}
    for name, settings in config.contracts.items():
        found[name] = (settings, config.root, config.place(("contracts", name)))
    for file in find_files(config, wants=lambda path: path.endswith(SUFFIX)).others:
        path = config.root / file.path
        name = path.name.removesuffix(SUFFIX)
        if name in found:
            message = f"{file.path}: there is a contract {name!r} already, in {found[name][2]}"
            raise MergegateError(message, "give one of them another name")
        found[name] = (_read(path, file.path), path.parent, file.path)
    for name in names:
        if name not in found:
            hint = f"{guess(name, found)}known: {', '.join(sorted(found)) or 'none'}"
            raise MergegateError(f"There is no contract {name!r}", hint)
    return [_loaded(name, *found[name], config.root) for name in sorted(names or found)]


def _loaded(name: str, settings: ContractConfig, folder: Path, place: str, root: Path) -> Declared:
    file = folder / settings.schema
    if not file.is_file():
        raise MergegateError(
            f'{place}: the contract {name!r} names the schema "{settings.schema}", which does not exist'
        )
    inside = file.resolve().is_relative_to(root.resolve())
    source = file.resolve().relative_to(root.resolve()).as_posix() if inside else str(file)
    schema = load(file, formats=settings.formats, shown=source)
    return Declared(name, schema, source, settings.policy, settings.level, settings.providers)


def _read(path: Path, shown: str) -> ContractConfig:
    try:
        return Section(ContractConfig).read(tomllib.loads(path.read_text(encoding="utf-8")), ())
    except OSError as error:
        raise ConfigError(f"{shown}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{shown}: is not valid TOML: {error}") from None
    except WrongValue as wrong:
        keys = ".".join(map(str, wrong.path))
        raise ConfigError(f"{shown}: {f'{keys} ' if keys else ''}{wrong.message}", wrong.hint) from None
