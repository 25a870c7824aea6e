"""What rule files and knowledge tables say, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mergegate.finding import Confidence, Step
from mergegate.rules.rule import Example, ExampleFile, Rule


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on one argument of a call; just one of the tests is given.

    Attributes
    ----------
    argument, position
        The keyword and the 0-based position (receiver not counted) that pass it; position None: keyword only.
    given
        Whether the argument is passed at all.
    equals, has_equals
        The constant that it is (None, a bool or a number); `has_equals` tells a wanted None from no test.
    mentions
        A name that stands in the argument, as in `fcntl.LOCK_EX | fcntl.LOCK_NB`.
    type
        A class (dotted name) of which the argument is an instance.
    """

    argument: str
    position: int | None = None
    given: bool | None = None
    equals: object = None
    has_equals: bool = False
    mentions: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Blocking:
    """Calls that hold their thread.

    Attributes
    ----------
    grade
        `unbounded` (network, process, sleep, wait), `contents` (file contents or many files), `metadata` (one system
        call on the file system) or `first-use` (only until something is cached).
    category
        What it waits for: picks the rule that reports it (see `CATEGORIES`).
    replacement
        Key of the `Replacement` that the message offers; empty: run it in a thread.
    free_when, blocks_when
        Any `free_when` that holds makes the call harmless; if there are `blocks_when`, one of them must hold.
    free_beside, blocks_beside
        Methods that the same function calls on the same object: with one of `free_beside` it has made sure that the
        call does not wait (`future.done()`); if there are `blocks_beside`, there must be one of them for the call to
        have anything to wait for (`executor.submit()`).
    follows
        Names of calls that make the object this is called on: where such a call is reported in the same function,
        this one would only repeat it (`open()` and the `read()` of its handle).
    confidence
        The most that a finding about these calls deserves, below what its rule says; None: no such limit.
    verified
        The releases of the packages in which the names were found, such as `httpx 0.28.1`; none for the stdlib.
    """

    names: tuple[str, ...]
    grade: str
    category: str
    replacement: str = ""
    free_when: tuple[Condition, ...] = ()
    blocks_when: tuple[Condition, ...] = ()
    follows: tuple[str, ...] = ()
    note: str = ""
    verified: tuple[str, ...] = ()
    confidence: Confidence | None = None
    free_beside: tuple[str, ...] = ()
    blocks_beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArgumentDemand:
    """What a body demands of an argument before it blocks.

    Attributes
    ----------
    argument, position
        The keyword and the 0-based position (receiver not counted) that pass it; position -1: keyword only.
    demand
        What the argument must be: `truthy`, `falsy`, `none` or `some` (not None).
    fails_by_default
        Whether it is not, where it is left out.
    """

    argument: str
    position: int
    demand: Literal["truthy", "falsy", "none", "some"]
    fails_by_default: bool


@dataclass(frozen=True, slots=True)
class BlockingBody(Blocking):
    """A callable of an installed package whose body blocks: no table says so, its source does.

    Attributes
    ----------
    package
        The distribution, as `name==version`.
    label
        How messages call it, such as `Client.get()`.
    steps
        The chain through the installed package, from the callable's own body down to what blocks.
    scope
        The function whose body blocks, at the place of the last step.
    is_property
        Whether reading the attribute runs the body.
    demands
        What all must hold before the body blocks.
    """

    package: str = ""
    label: str = ""
    steps: tuple[Step, ...] = ()
    scope: str = ""
    is_property: bool = False
    demands: tuple[ArgumentDemand, ...] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """Library functions that call one of their arguments on the caller's thread (`functools.reduce`, `call_soon`)."""

    names: tuple[str, ...]
    argument: str
    position: int | None


@dataclass(frozen=True, slots=True)
class LoopEntry:
    """Methods that a framework runs on the event loop although they are plain `def`."""

    base: str
    methods: tuple[str, ...]
    unless_defined: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What to write instead of a blocking call: by libraries that the file imports, else the default sentence."""

    id: str
    default: str
    by_import: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All knowledge tables, indexed by dotted name.

    Names ending in `.*` stand for every name below; the most specific entry decides. Such a pattern reaches through
    attributes (`openai.OpenAI.*` covers `openai.OpenAI.chat.completions.create`) but neither into what a call
    returned (`openai.OpenAI.chat.completions.create().to_json`) nor to special methods (`openai.OpenAI.__enter__`).

    Attributes
    ----------
    callers
        Functions that call an argument on the caller's thread.
    handovers
        Functions that run a callable argument on another thread or process, or in the background.
    decorators
        Dotted name of a decorator to its effect, one of `EFFECTS`.
    types
        The type table, see `mergegate.semantics.type_table`.
    aliases
        Other public paths of a name, to the canonical one.
    barriers
        Top-level packages whose bodies are never looked into.
    installed
        Top-level packages of which installed bodies are known, each with its distribution as `name==version`.
    optional
        Callables that give None where nothing is found, each with the most arguments with which it does.
    never_returns
        Callables that always raise or end the process.
    """

    blocking: Mapping[str, Blocking]
    safe: frozenset[str]
    callers: Mapping[str, Caller]
    decorators: Mapping[str, str]
    loop_entries: tuple[LoopEntry, ...]
    replacements: Mapping[str, Replacement]
    types: Mapping[str, object]
    aliases: Mapping[str, str]
    handovers: frozenset[str] = frozenset()
    barriers: frozenset[str] = frozenset()
    installed: Mapping[str, str] = field(default_factory=dict[str, str])
    optional: Mapping[str, int] = field(default_factory=dict[str, int])
    never_returns: frozenset[str] = frozenset()

    def lookup(self, name: str) -> Blocking | None:
        """Return the entry for a dotted name, or None if nothing is known or it is known to be safe."""
        verdict = self._verdict(name)
        return verdict if isinstance(verdict, Blocking) else None

    def is_safe(self, name: str) -> bool:
        """Tell whether a name is known not to block: no entry that is as specific says otherwise."""
        return self._verdict(name) is True

    def _verdict(self, name: str) -> Blocking | bool:
        """Return the most specific entry for a name: what blocks, True (safe) or False (nothing known)."""
        entry = self.blocking.get(name)
        if entry is not None:
            return entry
        if name in self.safe:
            return True
        name, _, last = name.rpartition(".")
        if last.startswith("__") or last.endswith(")"):
            return False
        while name:
            pattern = f"{name}.*"
            entry = self.blocking.get(pattern)
            if entry is not None:
                return entry
            if pattern in self.safe:
                return True
            if name.endswith(")"):
                return False
            name = name.rpartition(".")[0]
        return False


GRADES = ("unbounded", "contents", "metadata", "first-use")
CATEGORIES = (
    "sleep", "process", "network", "database", "cloud", "ai", "input", "other-unbounded",
    "file", "metadata", "wait", "lock", "loop",
)  # fmt: skip
EFFECTS = (
    "thread", "coroutine", "task", "loop", "command", "cache", "transparent", "property", "cached-property", "static",
    "class", "contextmanager", "asynccontextmanager",
)  # fmt: skip

__all__ = [
    "CATEGORIES", "EFFECTS", "GRADES", "Blocking", "BlockingBody", "Caller", "Condition", "Example", "ExampleFile",
    "Knowledge", "LoopEntry", "Replacement", "Rule",
]  # fmt: skip
