"""The rules and knowledge that hold in a project: ours, those of its rule folders and what its settings declare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mergegate.cache.keys import key, settings_part, sources_part
from mergegate.cache.store import Store
from mergegate.config import AsyncConfig, BlockingName, Config
from mergegate.config_shapes import plain
from mergegate.errors import RuleError
from mergegate.rules.loader import (
    compile_rules,
    load_knowledge,
    load_rules,
    load_type_table,
    read_compiled,
    rules_digest,
)
from mergegate.rules.model import Knowledge, Replacement, Rule

Vocabulary = tuple[Mapping[str, Rule], Knowledge]

_READERS = ("rules", "finding.py", "engine")
# the kind of waiting that stands for how long a declared callable blocks, and so for the rule that reports it
_CATEGORIES = {"contents": "file", "metadata": "metadata"}


def rule_folders(config: Config) -> list[Path]:
    """Return the rule folders of a project."""
    return [config.root / folder for folder in config.rule_folders]


def load_vocabulary(config: Config, store: Store | None = None) -> Vocabulary:
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
    return _read(folders, config.async_) if store is None else _through(store, config, folders)


def compiled_key(config: Config) -> bytes:
    """Return the key of the compiled form of a project's rules and knowledge."""
    digest = rules_digest(rule_folders(config)).encode()
    return key("rules", sources_part(_READERS), digest, settings_part(plain(config.async_)))


def _read(folders: Sequence[Path], declared: AsyncConfig) -> Vocabulary:
    knowledge = load_knowledge(
        folders,
        blocking=[entry.name for entry in declared.blocking],
        safe=declared.safe,
        handovers=declared.hand_overs,
    )
    return load_rules(folders), _with_details(knowledge, declared.blocking)


def _through(store: Store, config: Config, folders: Sequence[Path]) -> Vocabulary:
    """Read the compiled form from the cache, or the files, which then are compiled for the next time."""
    entry = compiled_key(config)
    stored = store.get(entry)
    if stored is not None:
        try:
            return read_compiled(stored, *load_type_table(folders))
        except RuleError:
            store.distrust((entry,))
    rules, knowledge = _read(folders, config.async_)
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
