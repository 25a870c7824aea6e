"""From knowledge tables to one `Knowledge`: any table file may hold entries of any kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mergegate.errors import ConfigError
from mergegate.finding import Confidence
from mergegate.rules.model import (
    CATEGORIES,
    EFFECTS,
    GRADES,
    Blocking,
    Caller,
    Condition,
    Knowledge,
    LoopEntry,
    Replacement,
)
from mergegate.rules.names import SHAPE, covers, expand, first_malformed
from mergegate.rules.reading import Table, read_toml

_KINDS = (
    "blocking", "safe", "handovers", "barriers", "caller", "decorators", "loop_entry", "replacement", "optional",
    "never_returns",
)  # fmt: skip
_DECLARED = "declared as blocking in the configuration"


class KnowledgeBuilder:
    """Collects tables.

    Our own tables must not contradict each other; what users say counts above ours, over all that their names cover.
    """

    def __init__(self) -> None:
        self.blocking: dict[str, Blocking] = {}
        self.safe: set[str] = set()
        self.handovers: set[str] = set()
        self.barriers: set[str] = set()
        self.never_returns: set[str] = set()
        self.callers: dict[str, Caller] = {}
        self.decorators: dict[str, str] = {}
        self.loop_entries: list[LoopEntry] = []
        self.replacements: dict[str, Replacement] = {}
        self.optional: dict[str, int] = {}
        self._wanted: list[tuple[Table, str]] = []
        self._overridable: set[str] = set()

    def add_file(self, path: Path, shown: str, *, overriding: bool = False) -> None:
        """Read one file of tables.

        Parameters
        ----------
        path
            The file.
        shown
            How messages call it.
        overriding
            Whether its entries replace those read before instead of contradicting them.

        Raises
        ------
        RuleError
            If anything in the file is not as it should be.
        """
        top = read_toml(path, shown).expecting(*_KINDS)
        if overriding:
            self._overridable.update(self.blocking, self.safe)
        for table in top.tables("blocking"):
            entry = self._blocking(table)
            for name in entry.names:
                self._claim(name, table, "names")
                self.blocking[name] = entry
        for name in _names(top, "safe"):
            self._claim(name, top, "safe")
            self.safe.add(name)
        self.handovers.update(_names(top, "handovers"))
        self.barriers.update(_names(top, "barriers"))
        self.never_returns.update(_names(top, "never_returns"))
        self._add_callables(top)
        for table in top.tables("optional"):
            table.expecting("names", "arguments")
            self.optional.update(dict.fromkeys(_names(table, "names", required=True), table.position("arguments") or 0))
        for table in top.tables("loop_entry"):
            self.loop_entries.extend(_loop_entries(table))
        for table in top.tables("replacement"):
            replacement = _replacement(table)
            if replacement.id in self.replacements and not overriding:
                raise table.fail("id", f"{replacement.id!r} is already given", "an id of its own")
            self.replacements[replacement.id] = replacement

    def declare(self, blocking: Iterable[str], safe: Iterable[str], handovers: Iterable[str]) -> None:
        """Add the names that a configuration declares.

        Raises
        ------
        ConfigError
            If one of them is not a dotted name.
        """
        declared = {"blocking": expand(blocking), "safe": expand(safe), "handovers": expand(handovers)}
        for option, names in declared.items():
            wrong = first_malformed(names)
            if wrong is not None:
                raise ConfigError(f"{option}: {wrong!r} is not a name", f"allowed: {SHAPE}")
        self._overridable.update(self.blocking, self.safe)
        for name in declared["blocking"]:
            self._forget(name)
            self.blocking[name] = Blocking((name,), "unbounded", "other-unbounded", note=_DECLARED)
        for name in declared["safe"]:
            self._forget(name)
            self.blocking.pop(name, None)
            self.safe.add(name)
        for name in declared["handovers"]:
            self.handovers.add(name)
            # a hand-over that decorates makes its function run in a thread
            self.decorators.setdefault(name, "thread")

    def build(self, types: Mapping[str, object], aliases: Mapping[str, str]) -> Knowledge:
        """Return what was collected.

        Parameters
        ----------
        types, aliases
            The type table.

        Raises
        ------
        RuleError
            If an entry offers a replacement that no table describes.
        """
        for table, replacement in self._wanted:
            if replacement not in self.replacements:
                raise table.fail("replacement", f"{replacement!r} is not known", ", ".join(sorted(self.replacements)))
        return Knowledge(
            blocking=self.blocking,
            safe=frozenset(self.safe),
            callers=self.callers,
            decorators=self.decorators,
            loop_entries=tuple(self.loop_entries),
            replacements=self.replacements,
            types=types,
            aliases=aliases,
            handovers=frozenset(self.handovers),
            barriers=frozenset(self.barriers),
            optional=self.optional,
            never_returns=frozenset(self.never_returns),
        )

    def _blocking(self, table: Table) -> Blocking:
        table.expecting(
            "names", "grade", "category", "replacement", "free_when", "blocks_when", "follows", "note", "verified",
            "confidence", "free_beside", "blocks_beside",
        )  # fmt: skip
        limit = table.choice("confidence", tuple(Confidence), "")
        entry = Blocking(
            names=_names(table, "names", required=True),
            grade=table.choice("grade", GRADES),
            category=table.choice("category", CATEGORIES),
            replacement=table.text("replacement", ""),
            free_when=_conditions(table, "free_when"),
            blocks_when=_conditions(table, "blocks_when"),
            follows=_names(table, "follows"),
            note=table.text("note", ""),
            verified=table.texts("verified", single=True),
            confidence=Confidence(limit) if limit else None,
            free_beside=table.texts("free_beside"),
            blocks_beside=table.texts("blocks_beside"),
        )
        if entry.replacement:
            self._wanted.append((table, entry.replacement))
        return entry

    def _add_callables(self, top: Table) -> None:
        for table in top.tables("caller"):
            caller = _caller(table)
            self.callers.update(dict.fromkeys(caller.names, caller))
        if "decorators" in top:
            effects = top.table("decorators").expecting(*EFFECTS)
            for effect in EFFECTS:
                self.decorators.update(dict.fromkeys(_names(effects, effect), effect))

    def _claim(self, name: str, table: Table, key: str) -> None:
        """Make room for an entry: over those read before if it overrides, but not twice in one set of tables."""
        if self._overridable:
            self._forget(name)
        if name in self.blocking or name in self.safe:
            raise table.fail(key, f"{name!r} already stands in an entry", "one entry for each name")

    def _forget(self, name: str) -> None:
        """Drop what a name covers of the entries that may be overridden."""
        covered = [known for known in self._overridable if covers(name, known)] if name.endswith(".*") else [name]
        for known in self._overridable.intersection(covered):
            self._overridable.discard(known)
            self.blocking.pop(known, None)
            self.safe.discard(known)


def read_knowledge(
    own: Sequence[tuple[Path, str]],
    added: Sequence[tuple[Path, str]],
    *,
    declared: tuple[Iterable[str], Iterable[str], Iterable[str]],
    type_table: tuple[Mapping[str, object], Mapping[str, str]],
) -> Knowledge:
    """Read our own tables, then users' tables, then the names that a configuration declares.

    Parameters
    ----------
    own, added
        Files with how messages call them.
    declared
        Names that block, that are safe, and that hand a callable over.
    type_table
        The types and their aliases.

    Raises
    ------
    RuleError, ConfigError
        If a file, or a declared name, is malformed.
    """
    builder = KnowledgeBuilder()
    for path, shown in own:
        builder.add_file(path, shown)
    for path, shown in added:
        builder.add_file(path, shown, overriding=True)
    builder.declare(*declared)
    return builder.build(*type_table)


def _names(table: Table, key: str, *, required: bool = False) -> tuple[str, ...]:
    """Return dotted names, with braces written out."""
    names = expand(table.texts(key, required=required))
    wrong = first_malformed(names)
    if wrong is not None:
        raise table.fail(key, f"{wrong!r} is not a name", SHAPE)
    return tuple(names)


def _conditions(table: Table, key: str) -> tuple[Condition, ...]:
    return tuple([condition for part in table.tables(key) for condition in _tests(part)])


def _tests(table: Table) -> list[Condition]:
    """Return one condition for each type that a table lists, or its only test."""
    table.expecting("argument", "position", *_TESTS)
    argument, position = table.text("argument"), table.position("position")
    given = [test for test in _TESTS if test in table]
    if len(given) != 1:
        raise table.fail("", f"has {len(given)} tests", f"just one of {', '.join(_TESTS)}")
    match given[0]:
        case "given":
            return [Condition(argument, position, given=table.flag("given", default=True))]
        case "equals":
            return [Condition(argument, position, equals=table.constant("equals"), has_equals=True)]
        case "none":
            if not table.flag("none", default=True):
                raise table.fail("none", "is false", "true, or leave it out")
            return [Condition(argument, position, has_equals=True)]
        case "mentions":
            return [Condition(argument, position, mentions=table.text("mentions"))]
        case _:
            return [Condition(argument, position, type=name) for name in _types(table)]


def _types(table: Table) -> tuple[str, ...]:
    return tuple(expand(table.texts("type", required=True, single=True)))


def _caller(table: Table) -> Caller:
    table.expecting("names", "argument", "position")
    return Caller(_names(table, "names", required=True), table.text("argument"), table.position("position"))


def _loop_entries(table: Table) -> list[LoopEntry]:
    """Return an entry for each method; `{method}` in `unless_defined` stands for its name."""
    table.expecting("bases", "methods", "unless_defined", "note", "verified")
    methods = table.texts("methods", required=True)
    twin, note = table.text("unless_defined", ""), table.text("note", "")
    table.texts("verified", single=True)
    groups = [((method,), twin.format(method=method)) for method in methods] if twin else [(methods, "")]
    return [
        LoopEntry(base, group, other, note) for base in _names(table, "bases", required=True) for group, other in groups
    ]


def _replacement(table: Table) -> Replacement:
    table.expecting("id", "default", "by_import")
    return Replacement(table.text("id"), table.text("default"), table.mapping("by_import"))


_TESTS = ("given", "equals", "none", "mentions", "type")
