"""The rules that hold in a project, as reports need them: ours and those of its rule folders, through the cache."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path

from mergegate.cache.keys import key, sources_part
from mergegate.cache.remembered import Digests, times_count
from mergegate.cache.store import Store
from mergegate.config import Config
from mergegate.errors import RuleError
from mergegate.rules.catalogue import compile_catalogue, read_catalogue
from mergegate.rules.folders import open_folders, rule_files, rules_digest
from mergegate.rules.rule import Rule

# what makes the compiled forms of rules and knowledge
READERS = ("rules", "finding.py", "engine")


def rules_of(config: Config) -> Mapping[str, Rule]:
    """Return the rules of a project by id without analysing it; of their examples only the pair that is shown.

    Parameters
    ----------
    config
        The project; its cache is used if it has one.

    Raises
    ------
    RuleError
        If a rule file is malformed.
    """
    folder = config.root / config.cache_dir
    with contextlib.closing(Store(folder)) if folder.is_dir() else contextlib.nullcontext() as store:
        digests = Digests(store if times_count() else None, time.time_ns())
        entry = catalogue_key(digest_of_rules(config, digests), digests)
        return load_catalogue(config, entry, store)


def rule_folders(config: Config) -> list[Path]:
    """Return the rule folders of a project beside ours."""
    return [config.root / folder for folder in config.rule_folders]


def digest_of_rules(config: Config, digests: Digests) -> bytes:
    """Return a digest of all rule files and tables that hold in a project.

    Raises
    ------
    RuleError
        If a folder holds no rules or a file cannot be read.
    """
    folders = open_folders(rule_folders(config))
    return digests.of("rules", rule_files(folders), lambda: bytes.fromhex(rules_digest(folders)))


def catalogue_key(digest: bytes, digests: Digests) -> bytes:
    """Return the key of the compiled form of rules with a digest."""
    return key("rules", sources_part(READERS, digests), digest)


def load_catalogue(config: Config, entry: bytes, store: Store | None) -> Mapping[str, Rule]:
    """Return the rules of a project by id; of their examples only the pair that is shown may be there.

    Parameters
    ----------
    config
        The project.
    entry
        The key of their compiled form.
    store
        The cache; None: they are read from their files.

    Raises
    ------
    RuleError
        If a rule file is malformed.
    """
    stored = store.get(entry) if store is not None else None
    if store is not None and stored is not None:
        with contextlib.suppress(RuleError):
            return read_catalogue(stored)
        store.distrust((entry,))
    # a run without changes needs no parser of rules
    from mergegate.rules.loader import load_rules  # noqa: PLC0415

    rules = load_rules(rule_folders(config))
    if store is not None:
        store.put("rules", entry, compile_catalogue(rules))
    return rules
