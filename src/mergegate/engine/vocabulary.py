"""The knowledge that holds in a project beside its rules: ours, that of its rule folders, what its settings declare."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mergegate.cache.store import Store
from mergegate.config import AsyncConfig, BlockingName, Config
from mergegate.engine.catalogue import rule_folders
from mergegate.errors import RuleError
from mergegate.rules.compiled import compile_knowledge, read_compiled
from mergegate.rules.loader import load_knowledge, load_type_table
from mergegate.rules.model import Knowledge, Replacement, Rule

# the kind of waiting that stands for how long a declared callable blocks, and so for the rule that reports it
_CATEGORIES = {"contents": "file", "metadata": "metadata"}


class Vocabulary(NamedTuple):
    """What to look for in a project; `key` changes when anything in the knowledge does."""

    rules: Mapping[str, Rule]
    knowledge: Knowledge
    key: bytes


def load_vocabulary(config: Config, rules: Mapping[str, Rule], key: bytes, store: Store | None) -> Vocabulary:
    """Return the rules of a project with its knowledge.

    Parameters
    ----------
    config
        The project.
    rules
        Its rules by id.
    key
        The key of the compiled form of its knowledge.
    store
        The cache; None: the knowledge is read from its files.

    Raises
    ------
    MergegateError
        If a table or a declared name is malformed.
    """
    return Vocabulary(rules, _knowledge(config, key, store), key)


def _knowledge(config: Config, key: bytes, store: Store | None) -> Knowledge:
    """Read the compiled form from the cache, or the files, which then are compiled for the next time."""
    folders = rule_folders(config)
    stored = store.get(key) if store is not None else None
    if store is not None and stored is not None:
        with contextlib.suppress(RuleError):
            return read_compiled(stored, *load_type_table(folders))
        store.distrust((key,))
    knowledge = _read(folders, config.async_)
    if store is not None:
        store.put("knowledge", key, compile_knowledge(knowledge))
    return knowledge


def _read(folders: Sequence[Path], declared: AsyncConfig) -> Knowledge:
    knowledge = load_knowledge(
        folders,
        blocking=[entry.name for entry in declared.blocking],
        safe=declared.safe,
        handovers=declared.hand_overs,
    )
    return _with_details(knowledge, declared.blocking)


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
