"""Scopes under extraction: the node table, what each name holds at this point, and the guards around it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any

from mergegate.syntax.summary import FIRST_ROWS, ClassFact, FunctionFact, Guard, OperationRow, Place, Row

# a name, or the node of an attribute that was assigned or narrowed
Key = str | int
# what differs between two points of a body; None: no longer known
Changes = dict[Key, int | None]

MAX_UNION = 12
MAX_GUARD = 8
MAX_HELD = 24
_FIRST_NODES = {row: node for node, row in enumerate(FIRST_ROWS)}


class NodeTable(dict[Row, int]):
    """The hash-consed table of the value rows of one module: indexing with a row gives its node, new or known.

    A dict that fills itself: a known row costs one lookup in C, a third of what a method that asks and adds takes.
    """

    __slots__ = ("rows", "variables")

    def __init__(self) -> None:
        super().__init__(_FIRST_NODES)
        self.rows: list[Row] = [*FIRST_ROWS]
        self.variables: list[list[int]] = []

    def __missing__(self, row: Row) -> int:
        rows = self.rows
        node = self[row] = len(rows)
        rows.append(row)
        return node

    def union(self, nodes: Iterable[int]) -> int:
        """Return a node for "any of `nodes`", flattened, without repeats and bounded."""
        flat: dict[int, None] = {}
        rows = self.rows
        for node in nodes:
            if node and node not in flat:
                row = rows[node]
                if row[0] == "|":
                    flat.update(dict.fromkeys(row[1:]))
                else:
                    flat[node] = None
        if len(flat) < 2:
            return next(iter(flat), 0)
        return self["|", *flat] if len(flat) <= MAX_UNION else self["|", *list(flat)[:MAX_UNION]]

    def variable(self, nodes: Iterable[int]) -> int:
        """Return the node of a new variable that may hold `nodes`, and later more."""
        self.variables.append(list(nodes))
        return self["v", len(self.variables) - 1]

    def hold(self, variable: int, node: int) -> None:
        """Let a variable hold one node more."""
        slot: int = self.rows[variable][1]
        held = self.variables[slot]
        if node != variable and node not in held and len(held) < MAX_HELD:
            held.append(node)


class Scope:
    """A function, class body or module body while it is being read.

    Attributes
    ----------
    env
        What each name (and each narrowed or assigned attribute node) holds here.
    log
        What `env` held before each change, so that a branch is undone at the cost of its changes, not of its size.
    dead
        Whether this point is not reached.
    entry
        What its parameters hold when it begins.
    enclosing
        The functions around it, from the inside out.
    definitions
        In functions: every node ever bound to a name, for functions nested inside.
    special
        Names that assignments here do not bind here: global and nonlocal ones.
    lookups
        What was last assigned to each name by a statement of its own.
    loops
        For each loop around this point: where its body began, and what held at each `break` and `continue`.
    cells
        In functions: variables of the names that nested functions rebind.
    members
        In class bodies: what `ClassFact.places` says.
    bases
        What `FunctionFact.bases` says. In `env`, `~node` is set where a node is known not to be None.
    variants
        Nodes that are a parameter unless it meets a demand: what is left of it where a branch may have rebound it.
    """

    __slots__ = (
        "assigned_calls", "awaits", "bases", "cells", "class_index", "dead", "definitions", "enclosing", "entry",
        "env", "flags",
        "function", "global_names", "guard", "guard_ids", "guards", "is_class", "loads", "log", "lookups", "loops",
        "members", "nonlocal_names", "operations", "parent", "results", "seen_attributes", "special", "variants",
        "walrus", "yields",
    )  # fmt: skip

    def __init__(self, function: int, parent: Scope | None, *, class_index: int = -1, is_class: bool = False) -> None:
        self.function = function
        self.parent = parent
        self.class_index = class_index
        self.is_class = is_class
        self.enclosing: tuple[Scope, ...] = ()
        if parent is not None and parent.parent is not None:
            self.enclosing = parent.enclosing if parent.is_class else (parent, *parent.enclosing)
        self.env: dict[Key, int] = {}
        self.entry: dict[str, int] = {}
        self.log: list[tuple[Key, int | None]] = []
        self.dead = False
        self.definitions: dict[str, list[int]] | None = None if parent is None or is_class else {}
        self.cells: dict[str, int] = {}
        self.special: frozenset[str] = frozenset()
        self.global_names: frozenset[str] = frozenset()
        self.nonlocal_names: frozenset[str] = frozenset()
        self.loads: set[str] = set()
        self.lookups: dict[str, ast.expr] = {}
        self.operations: list[OperationRow] = []
        self.bases: set[int] = set()
        self.flags = 0
        self.guard = 0
        self.guards: list[Guard] = [()]
        # by the guard that is extended and the conditions added
        self.guard_ids: dict[tuple[Any, ...], int] = {}
        self.results: list[tuple[int, int]] = []
        self.yields: list[int] = []
        self.loops: list[tuple[int, list[Changes], list[Changes]]] = []
        self.seen_attributes: set[Any] = set()
        self.assigned_calls: list[tuple[str, int]] = []
        self.awaits = 0
        self.walrus: list[tuple[str, int]] = []
        self.members: list[tuple[str, int, Place]] = []
        self.variants: dict[int, tuple[int, str]] = {}

    def set(self, key: Key, node: int) -> None:
        """Let a name or attribute hold `node` from here on."""
        env = self.env
        self.log.append((key, env.get(key)))
        env[key] = node

    def forget(self, key: Key) -> None:
        """Let a name or attribute be unknown from here on."""
        if key in self.env:
            self.log.append((key, self.env.pop(key)))

    def mark(self) -> tuple[int, int]:
        """Return where the log and the names bound with `:=` stand."""
        return len(self.log), len(self.walrus)

    def changes(self, mark: int) -> Changes:
        """Return what differs from when the log was `mark` long."""
        if len(self.log) == mark:
            return {}
        env = self.env
        return {key: env.get(key) for key, _ in self.log[mark:]}

    def rollback(self, mark: int) -> None:
        """Return to what held when the log was `mark` long."""
        env, log = self.env, self.log
        while len(log) > mark:
            key, old = log.pop()
            if old is not None:
                env[key] = old
            else:
                env.pop(key, None)

    def apply(self, changes: Changes) -> None:
        """Make changes once more."""
        for key, node in changes.items():
            if node is None:
                self.forget(key)
            else:
                self.set(key, node)

    def guarded_by(self, conditions: Sequence[tuple[int, str]]) -> int:
        """Return the id of the current guard extended by `conditions`."""
        step = (self.guard, *conditions)
        known = self.guard_ids.get(step)
        if known is None:
            known = self.guard_ids[step] = self._extended_guard(conditions)
        return known

    def _extended_guard(self, conditions: Sequence[tuple[int, str]]) -> int:
        guard = self.guards[self.guard]
        added = [condition for condition in dict.fromkeys(conditions) if condition not in guard]
        if not added or len(guard) + len(added) > MAX_GUARD:
            return self.guard
        extended = (*guard, *added)
        known = self.guard_ids.get((0, *extended))
        if known is None:
            known = self.guard_ids[0, *extended] = len(self.guards)
            self.guards.append(extended)
        return known


class ModuleFacts:
    """The facts gathered so far, shared by all scopes of the module."""

    __slots__ = (
        "classes",
        "exports",
        "extensions",
        "functions",
        "global_definitions",
        "imports",
        "receivers",
        "scopes",
        "stars",
    )

    def __init__(self) -> None:
        self.functions: list[FunctionFact] = []
        self.scopes: list[Scope] = []
        self.classes: list[ClassFact] = []
        self.imports: dict[str, None] = {}
        self.stars: dict[tuple[int, str], None] = {}
        self.exports: tuple[str, ...] | None = None
        self.global_definitions: dict[str, list[int]] = {}
        # (class, attribute, container) of what is put into attributes that may be assigned elsewhere
        self.extensions: list[tuple[int, str, int]] = []
        # the class of each node that stands for `self` or `cls`
        self.receivers: dict[int, int] = {}
