"""Loads rules and knowledge tables: ours from the rules folder, users' from folders of the same layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mergegate.rules.folders import TABLES, TYPES, open_folders, rules_folder
from mergegate.rules.knowledge import read_knowledge
from mergegate.rules.model import Knowledge, Rule
from mergegate.rules.rule_files import read_rule, unique
from mergegate.rules.types_source import load_types


def load_rules(extra_folders: Sequence[Path] = ()) -> dict[str, Rule]:
    """Return all rules by id, sorted.

    Parameters
    ----------
    extra_folders
        Users' folders: `<family>/<id>.toml` for rules, `knowledge/**/*.toml` for tables.

    Raises
    ------
    RuleError
        If a file is malformed, or two rules have one id.
    """
    rules: dict[str, Rule] = {}
    origins: dict[str, str] = {}
    for folder in open_folders(extra_folders):
        for name in folder.rules:
            shown = f"{folder.shown}/{name}"
            unique(rules, origins, read_rule(folder.path / name, shown), shown)
    return dict(sorted(rules.items()))


def load_knowledge(
    extra_folders: Sequence[Path] = (),
    *,
    blocking: Iterable[str] = (),
    safe: Iterable[str] = (),
    handovers: Iterable[str] = (),
) -> Knowledge:
    """Return all knowledge tables as one.

    Users' entries count above ours: `safe = ["requests.*"]` silences all of ours that it covers.

    Parameters
    ----------
    extra_folders
        Users' folders, see `load_rules`.
    blocking
        More names that block.
    safe
        Names that do not block, whatever the tables say.
    handovers
        More functions that run a callable argument off the event loop, or decorators whose functions run there.

    Raises
    ------
    RuleError
        If a file is malformed.
    ConfigError
        If a name is malformed.
    """
    own, *added = [
        [(folder.path / name, f"{folder.shown}/{name}") for name in folder.tables]
        for folder in open_folders(extra_folders)
    ]
    return read_knowledge(
        own,
        [file for files in added for file in files],
        declared=(tuple(blocking), tuple(safe), tuple(handovers)),
        type_table=load_type_table(extra_folders),
    )


def load_type_table(extra_folders: Sequence[Path] = ()) -> tuple[Mapping[str, object], Mapping[str, str]]:
    """Return the type table and its aliases: ours, and what users' folders hold in `knowledge/types`.

    Raises
    ------
    RuleError
        If a file is malformed.
    """
    types: dict[str, object] = {}
    aliases: dict[str, str] = {}
    for folder in (rules_folder(), *extra_folders):
        found_types, found_aliases = load_types(folder / TABLES / TYPES)
        types.update(found_types)
        aliases.update(found_aliases)
    return types, aliases


__all__ = ["load_knowledge", "load_rules", "load_type_table", "rules_folder"]
