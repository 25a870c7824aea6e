"""The rules and knowledge that hold in a project: ours, those of its rule folders and what its settings declare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mergegate.cache.keys import key, settings_part, sources_part
from mergegate.cache.store import Store
from mergegate.config import AsyncConfig, BlockingName, Config
from mergegate.errors import RuleError
from mergegate.rules.loader import (
    compile_rules,
    load_knowledge,
    load_rules,
    read_compiled,
    rules_digest,
    types_folder,
)
from mergegate.rules.model import Knowledge, Replacement, Rule
from mergegate.rules.types_source import load_types

_READERS = ("rules", "finding.py")
# the kind of waiting that stands for how long a declared callable blocks, and so for the rule that reports it
_CATEGORIES = {"contents": "file", "metadata": "metadata"}


def rule_folders(config: Config) -> list[Path]:
    """Return the rule folders of a project."""
    return [config.root / folder for folder in config.rule_folders]


def load_vocabulary(config: Config, store: Store | None = None) -> tuple[dict[str, Rule], Knowledge]:
    """Return the rules by id and the knowledge of a project.

    Parameters
    ----------
    config
        The project.
    store
        The cache for their compiled form; None: they are read from their files.

    Raises
    ------
    MergegateError
        If a rule file, a table or a declared name is malformed.
    """
    folders = rule_folders(config)
    declared = config.async_
    if store is None:
        rules, knowledge = _read(folders, declared)
    else:
        names = [[entry.name for entry in declared.blocking], declared.safe, declared.hand_overs]
        digest = rules_digest(folders).encode()
        rules, knowledge = _compiled(
            store, key("rules", sources_part(_READERS), digest, settings_part(names)), lambda: _read(folders, declared)
        )
    return rules, _with_details(knowledge, declared.blocking)


def _read(folders: Sequence[Path], declared: AsyncConfig) -> tuple[dict[str, Rule], Knowledge]:
    knowledge = load_knowledge(
        folders,
        blocking=[entry.name for entry in declared.blocking],
        safe=declared.safe,
        handovers=declared.hand_overs,
    )
    return load_rules(folders), knowledge


def _compiled(
    store: Store, entry: bytes, read: Callable[[], tuple[dict[str, Rule], Knowledge]]
) -> tuple[dict[str, Rule], Knowledge]:
    stored = store.get(entry)
    if stored is not None:
        try:
            return read_compiled(stored, *load_types(types_folder()))
        except RuleError:
            store.distrust((entry,))
    rules, knowledge = read()
    store.put("rules", entry, compile_rules(rules, knowledge))
    return rules, knowledge


def _with_details(knowledge: Knowledge, declared: Sequence[BlockingName]) -> Knowledge:
    """Add how long declared callables block and what replaces them."""
    if not declared:
        return knowledge
    blocking = dict(knowledge.blocking)
    replacements = dict(knowledge.replacements)
    for entry in declared:
        details = blocking[entry.name]
        offer = ""
        if entry.replacement:
            offer = f"configured:{entry.name}"
            replacements[offer] = Replacement(offer, entry.replacement)
        category = _CATEGORIES.get(entry.grade, details.category)
        blocking[entry.name] = replace(details, grade=entry.grade, category=category, replacement=offer)
    return replace(knowledge, blocking=blocking, replacements=replacements)
