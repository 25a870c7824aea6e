"""Binding targets: names, attributes, items, unpacking, and what containers are filled with."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mergegate.syntax.conditions import ConditionReader
from mergegate.syntax.summary import NONE

_CONTAINER_ROWS = frozenset({"L", "S", "D", "|", "T", "&", "v"})


class BindingReader(ConditionReader):
    """Assignment to targets of every shape."""

    def assign(self, target: ast.expr, node: int) -> None:
        """Bind a target to a node."""
        if isinstance(target, ast.Name):
            self.bind(target.id, node)
        elif isinstance(target, ast.Attribute):
            self.assign_attribute(target, node)
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpack(target.elts, node)
        elif isinstance(target, ast.Subscript):
            base = self.read(target.value)
            self.used(base)
            self.operator("__setitem__", base, target)
            self.extend(target.value, self.nodes["D", self.read(target.slice), node])
        elif isinstance(target, ast.Starred):
            self.assign(target.value, node)

    def assign_attribute(self, target: ast.Attribute, node: int) -> None:
        """Bind an attribute, of `self` for all methods of its class."""
        base = self.read(target.value)
        place = self.nodes[".", base, target.attr]
        self.used(base)
        self.scope.forget(~place)
        if self.rows[node][0] == "k":
            # a method called next may well fill what was just emptied: the class knows more than this line
            self.scope.forget(place)
        else:
            self.scope.set(place, node)
        owner = self.receiver_class(base)
        if owner >= 0:
            self.add_attribute(owner, target.attr, node)
            if node == NONE:
                fact = self.facts.functions[self.scope.function]
                if target.attr not in fact.clears:
                    fact.clears = (*fact.clears, target.attr)

    def unpack(self, targets: Sequence[ast.expr], node: int) -> None:
        """Bind each target to its part of a value."""
        row = self.rows[node]
        self.used(node)
        count = len(targets)
        starred = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), count)
        whole = row[0] == "T" and len(row) == count + 1 and starred == count
        parts: tuple[int, ...] = row[1:] if whole else ()
        if any(self.rows[part][0] == "*" for part in parts):
            whole = False
        for position, target in enumerate(targets):
            if whole:
                part = row[position + 1]
            elif position == starred:
                self.assign(target, self.nodes["L", self.nodes["e", node]])
                continue
            else:
                part = self.nodes["u", node, position if position < starred else position - count]
            self.assign(target, part)

    def extend(self, target: ast.expr, container: int) -> None:
        """Add `container` to what the variable or attribute `target` may hold."""
        if isinstance(target, ast.Name):
            known = self.scope.env.get(target.id)
            if known is not None and self.rows[known][0] in _CONTAINER_ROWS:
                self.bind(target.id, self.nodes.union((known, container)))
            elif known is None and target.id in self.scope.global_names:
                self.bind(target.id, container)
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            base = self.scope.env.get(target.value.id)
            owner = self.receiver_class(base) if base is not None else -1
            if owner >= 0:
                # only a class that assigns the attribute says what it is; others just use a base's
                self.facts.extensions.append((owner, target.attr, container))
