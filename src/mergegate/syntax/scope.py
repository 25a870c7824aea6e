"""Scopes under extraction: the node table, what each name holds at this point, and the guards around it."""

from __future__ import annotations

from typing import Any

from mergegate.syntax.summary import ClassFact, FunctionFact, Parameter, Row

Env = dict[str | int, int]


class Scope:
    """A function, class body or module body while it is being read.

    Attributes
    ----------
    env
        What each name (and each narrowed or assigned attribute node) holds here; empty when `dead`.
    definitions
        Every node ever bound to a name, for functions nested inside.
    """

    __slots__ = (
        "assigned_calls", "breaks", "class_index", "dead", "definitions", "env", "facts", "flags", "function", "global_names",
        "guard", "guard_ids", "guards", "is_class", "loads", "operations", "parent", "results", "seen_attributes",
        "self_node", "yields",
    )  # fmt: skip

    def __init__(self, function: int, parent: Scope | None, *, class_index: int = -1, is_class: bool = False) -> None:
        self.function = function
        self.parent = parent
        self.class_index = class_index
        self.is_class = is_class
        self.env: Env = {}
        self.dead = False
        self.definitions: dict[str, list[int]] = {}
        self.loads: set[str] = set()
        self.operations: list[list[Any]] = []
        self.flags = 0
        self.facts = 0
        self.guard = 0
        self.guards: list[list[tuple[int, str]]] = [[]]
        self.guard_ids: dict[tuple[tuple[int, str], ...], int] = {(): 0}
        self.global_names: set[str] = set()
        self.results: list[tuple[int, int]] = []
        self.yields: list[int] = []
        self.breaks: list[list[Env]] = []
        self.self_node = -1
        self.seen_attributes: set[int] = set()
        self.assigned_calls: list[tuple[str, int]] = []

    def guarded_by(self, conditions: list[tuple[int, str]]) -> int:
        """Return the id of the current guard extended by `conditions`."""
        key = (*map(tuple, self.guards[self.guard]), *conditions)
        known = self.guard_ids.get(key)
        if known is None:
            known = self.guard_ids[key] = len(self.guards)
            self.guards.append(list(key))
        return known


class NodeTable:
    """The hash-consed table of value rows of one module."""

    __slots__ = ("ids", "rows", "variables")

    def __init__(self) -> None:
        self.rows: list[Row] = [("?",)]
        self.ids: dict[Row, int] = {("?",): 0}
        self.variables: list[list[int]] = []

    def intern(self, row: Row) -> int:
        """Return the index of `row`, adding it if it is new."""
        node = self.ids.get(row)
        if node is None:
            node = self.ids[row] = len(self.rows)
            self.rows.append(row)
        return node

    def union(self, nodes: list[int]) -> int:
        """Return a node for "any of `nodes`", flattened and without repeats."""
        flat: dict[int, None] = {}
        for node in nodes:
            row = self.rows[node]
            if row[0] == "|":
                flat.update(dict.fromkeys(row[1:]))
            else:
                flat[node] = None
        flat.pop(0, None)
        if len(flat) < 2:
            return next(iter(flat), 0)
        return self.intern(("|", *list(flat)[:MAX_UNION]))

    def merge(self, left: Env, right: Env) -> Env:
        """Return what holds after two branches meet."""
        if left is right:
            return left
        merged = dict(left)
        for name, node in right.items():
            other = merged.get(name)
            if other != node:
                if other is not None:
                    merged[name] = self.union([other, node])
                elif name.__class__ is str:
                    merged[name] = node
        for name in left:
            # an attribute known on one path only is no longer known
            if name.__class__ is int and name not in right:
                del merged[name]
        return merged


MAX_UNION = 12


class ModuleFacts:
    """The facts gathered so far, shared by all scopes of the module."""

    __slots__ = ("classes", "exports", "functions", "global_definitions", "imports", "scopes", "stars")

    def __init__(self) -> None:
        self.functions: list[FunctionFact] = []
        self.scopes: list[Scope | None] = []
        self.classes: list[ClassFact] = []
        self.imports: dict[str, None] = {}
        self.stars: list[tuple[int, str]] = []
        self.exports: list[str] | None = None
        self.global_definitions: dict[str, list[int]] = {}


__all__ = ["Env", "ModuleFacts", "NodeTable", "Parameter", "Scope"]
