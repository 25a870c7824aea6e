"""Dependencies: tables of the installed packages that a project uses and no knowledge table covers, cached.

A project's imports name the packages of the first round, the imports of those packages the ones of the second. Each
round is remembered under all that it depends on, so that the key of a whole run is known without reading any package.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from mergegate.cache.keys import ENGINE, EXTRACTOR, digest, key, settings_part, sources_part
from mergegate.cache.store import Store
from mergegate.config import Config
from mergegate.config_shapes import plain
from mergegate.engine.environment import Environment
from mergegate.engine.installed import Installed, Packages
from mergegate.engine.stack import on_fresh_stack

if TYPE_CHECKING:
    from mergegate.engine.closure import Closure
    from mergegate.engine.vocabulary import Vocabulary
    from mergegate.rules.model import Knowledge
    from mergegate.semantics.package_table import PackageTable
    from mergegate.syntax.summary import ModuleSummary

_ROUNDS = 2
_MAX_PACKAGES = 64
Mentions = dict[str, set[str]]
"""Top-level packages, each with the dotted names below it that are imported."""


class Dependencies:
    """The installed packages that one run consults.

    Parameters
    ----------
    config
        The project.
    store
        The cache; None: everything is computed.
    trust_stat
        Whether a `RECORD` of equal times is taken as unchanged unread.

    Attributes
    ----------
    cached
        The keys of the entries that came out of the cache.
    tables
        A digest of the tables that the knowledge was extended by.
    """

    def __init__(self, config: Config, store: Store | None, *, trust_stat: bool = False) -> None:
        self.config = config
        self.store = store
        self.environment = Environment(config.root, config.python, os.environ) if config.dependencies else None
        self._active = self.environment is not None and bool(self.environment.folders)
        if self.environment is not None:
            remembered = store if trust_stat else None
            self.packages = Packages(self.environment, remembered, config.root.as_posix(), time.time_ns())
        self._rounds: list[list[str]] = []
        self.cached: list[bytes] = []
        self.tables = b""
        self._closures: dict[str, tuple[frozenset[str], Closure]] = {}

    # -- the key of a run ----------------------------------------------------------------------------------------

    def known_part(self, base: bytes) -> bytes | None:
        """Return what packages add to the key of a run, None if it is not known yet which ones the run consults.

        Parameters
        ----------
        base
            The key of everything else.
        """
        if not self._active or self.store is None:
            return b""
        facts = b""
        for _ in range(_ROUNDS):
            stored = self.store.get(key("consulted", base, facts))
            names = _names(stored)
            if names is None:
                return None
            facts += self._facts(names)
        self.packages.remember()
        return facts

    def found_part(self, base: bytes) -> bytes:
        """Return the same once the packages have been consulted, and remember which they were."""
        if not self._active or self.store is None:
            return b""
        facts = b""
        for names in self._rounds:
            self.store.put("consulted", key("consulted", base, facts), json.dumps(names).encode())
            facts += self._facts(names)
        self.packages.remember()
        return facts

    def _facts(self, names: Iterable[str]) -> bytes:
        """Return a digest of what is installed under some names; that nothing is, is a fact too."""
        found = [(name, self.packages.find(name)) for name in names]
        facts = [[name, each.distribution, each.digest.hex()] if each else [name] for name, each in found]
        return digest(json.dumps(facts).encode())

    # -- the knowledge of a run ----------------------------------------------------------------------------------

    def extend(self, vocabulary: Vocabulary, modules: Sequence[tuple[str, ModuleSummary]]) -> Knowledge:
        """Return the knowledge with tables of the packages that a program uses.

        Parameters
        ----------
        vocabulary
            The knowledge.
        modules
            (path, summary) of the program's modules.
        """
        knowledge = vocabulary.knowledge
        if not self._active:
            return knowledge
        from mergegate.semantics.package_table import with_tables  # noqa: PLC0415  (a run without changes needs none)

        chosen = _Choice(knowledge, self.config)
        uses = chosen.of_program(modules, self.config.src) if _may_block_a_loop(modules, knowledge) else {}
        wanted: dict[str, set[str]] = {}
        mentions: dict[str, Mentions] = {}
        self._rounds = []
        for _ in range(_ROUNDS):
            self._rounds.append(sorted(uses.keys() - wanted.keys())[:_MAX_PACKAGES])
            for name, entries in uses.items():
                if name in wanted or name in self._rounds[-1]:
                    wanted.setdefault(name, set()).update(entries)
            uses = dict[str, set[str]]()
            for name, entries in sorted(wanted.items()):
                installed = self.packages.find(name)
                if installed is not None:
                    mentions[name] = self._mentions(name, installed, entries, chosen)
                    for other, below in mentions[name].items():
                        uses.setdefault(other, set()).update(below)
        tables: dict[str, PackageTable] = {}
        keys: dict[str, bytes] = {}
        for name in _in_order(mentions):
            used = sorted(other for other in mentions[name] if other in tables)
            basis = with_tables(knowledge, [tables[other] for other in used])
            settings = settings_part([sorted(wanted[name]), plain(self.config.async_)])
            installed = self.packages.find(name)
            assert installed is not None
            keys[name] = key(
                "package", sources_part(ENGINE), vocabulary.key, settings, installed.distribution.encode(),
                installed.digest, *[keys[other] for other in used],
            )  # fmt: skip
            tables[name] = self._table(keys[name], name, installed, wanted[name], basis)
        self.tables = key("tables", *keys.values())
        return with_tables(knowledge, tables.values())

    def _mentions(self, name: str, installed: Installed, entries: set[str], chosen: _Choice) -> Mentions:
        """Return which packages an installed one uses."""
        entry = key("imports", sources_part(EXTRACTOR), installed.digest, json.dumps(sorted(entries)).encode())
        names = _names(self._stored(entry))
        if names is None:
            names = sorted(self._reach(name, installed, entries).imports)
            if self.store is not None:
                self.store.put("imports", entry, json.dumps(names).encode())
        return chosen.of_package(name, names)

    def _table(
        self, entry: bytes, name: str, installed: Installed, entries: set[str], knowledge: Knowledge
    ) -> PackageTable:
        from mergegate.semantics.package_table import decode_table, encode_table  # noqa: PLC0415
        from mergegate.semantics.packages import link_package  # noqa: PLC0415
        from mergegate.syntax.codec import decode  # noqa: PLC0415

        stored = self._stored(entry)
        if stored is not None and self.store is not None:
            try:
                return decode_table(stored)
            except ValueError:
                self.store.distrust((entry,))
        closure = self._reach(name, installed, entries)
        del self._closures[name]
        modules = [(path, decode(encoded)) for path, encoded in closure.modules]
        table = on_fresh_stack(lambda: link_package(name, installed.distribution, modules, knowledge))
        if self.store is not None:
            self.store.put("package", entry, encode_table(table))
        return table

    def _stored(self, entry: bytes) -> bytes | None:
        stored = self.store.get(entry) if self.store is not None else None
        if stored is not None:
            self.cached.append(entry)
        return stored

    def _reach(self, name: str, installed: Installed, entries: set[str]) -> Closure:
        """Return what imports reach in a package, kept until its table is made."""
        from mergegate.engine.closure import reach  # noqa: PLC0415

        wanted = frozenset(entries)
        known = self._closures.get(name)
        if known is None or known[0] != wanted:
            known = self._closures[name] = (wanted, reach(installed.place, wanted))
        return known[1]


class _Choice:
    """Chooses the packages to look into: those of which nothing is known and that are worth it."""

    def __init__(self, knowledge: Knowledge, config: Config) -> None:
        from mergegate.rules.names import expand  # noqa: PLC0415

        # a name that the settings declare speaks for itself, not for its package
        declared = {*expand(entry.name for entry in config.async_.blocking), *expand(config.async_.safe)}
        names = [*(knowledge.blocking.keys() - declared), *(knowledge.safe - declared), *knowledge.types]
        self._known = {name.partition(".")[0] for name in names} | knowledge.barriers | sys.stdlib_module_names

    def of_program(self, modules: Sequence[tuple[str, ModuleSummary]], source_roots: Sequence[str]) -> Mentions:
        """Return what the modules of a program import from elsewhere."""
        from mergegate.engine.closure import imported  # noqa: PLC0415
        from mergegate.semantics.modules import ModuleIndex  # noqa: PLC0415

        index = ModuleIndex([path for path, _ in modules], source_roots, self._known.__contains__)
        names = {name for path, summary in modules for name in imported(path, summary)}
        own = {name for name in index.by_name if "." not in name} | index.prefixes
        return self._grouped(names, own)

    def of_package(self, top: str, names: Iterable[str]) -> Mentions:
        """Return what a package imports from elsewhere."""
        return self._grouped(names, {top})

    def _grouped(self, names: Iterable[str], own: set[str]) -> Mentions:
        found: Mentions = {}
        for name in names:
            top = name.partition(".")[0]
            if top and top not in own and top not in self._known:
                found.setdefault(top, set()).add(name)
        return found


def _may_block_a_loop(modules: Sequence[tuple[str, ModuleSummary]], knowledge: Knowledge) -> bool:
    """Tell whether anything in a program runs on an event loop; nobody waits for what the others call."""
    from mergegate.syntax.summary import FunctionFlag  # noqa: PLC0415

    bases = {entry.base.partition(".")[0] for entry in knowledge.loop_entries}
    return any(
        any(fact.flags & FunctionFlag.ASYNC for fact in summary.functions)
        or any(name.partition(".")[0] in bases for name in summary.imports)
        for _, summary in modules
    )


def _in_order(mentions: Mapping[str, Mentions]) -> list[str]:
    """Return packages so that each stands behind those that it uses, as far as they do not use each other."""
    order: dict[str, None] = {}
    visiting: set[str] = set()

    def visit(name: str) -> None:
        if name not in visiting:
            visiting.add(name)
            for other in sorted(mentions[name].keys() & mentions.keys()):
                visit(other)
            order[name] = None

    for name in sorted(mentions):
        visit(name)
    return list(order)


def _names(stored: bytes | None) -> list[str] | None:
    """Return the names of a stored list, None if it is none."""
    if stored is not None:
        with contextlib.suppress(ValueError):
            names = json.loads(stored)
            if isinstance(names, list) and all(isinstance(name, str) for name in cast("list[object]", names)):
                return cast("list[str]", names)
    return None
