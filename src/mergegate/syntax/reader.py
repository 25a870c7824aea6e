"""The state of one module's extraction: its scopes, what names hold, and what is recorded as executed."""

from __future__ import annotations

import ast

from mergegate.syntax.scope import ModuleFacts, NodeTable, Scope
from mergegate.syntax.summary import UNKNOWN, OperationKind

Placed = ast.expr | ast.stmt | ast.alias
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Reader:
    """Names and operations; the classes above read expressions and statements."""

    def __init__(self) -> None:
        self.nodes = NodeTable()
        self.rows = self.nodes.rows
        self.facts = ModuleFacts()
        self.scope = Scope(0, None)
        self.flags: int = 0
        self.deferred: list[tuple[Scope, FunctionNode]] = []
        # the names of each function that functions nested in it rebind
        self.rebound: dict[ast.AST, frozenset[str]] = {}
        # names that `import` binds to whole modules, at module level: whether from outside the standard library
        self.imported: dict[str, bool] = {}
        # how many quoted annotations are being read, whose parts have no place of their own
        self.quoted = 0
        self.forward_references: dict[str, ast.expr | None] = {}

    def read(self, expression: ast.expr) -> int:
        """Return the node of an expression, recording what evaluating it executes."""
        raise NotImplementedError(expression)

    # -- names ---------------------------------------------------------------------------------------------------

    def free_name(self, identifier: str) -> int:
        """Look a name up that the current scope does not hold: in the enclosing functions, then in the module."""
        scope = self.scope
        if scope.enclosing and identifier not in scope.global_names:
            for outer in scope.enclosing:
                node = self.closed_over(outer, identifier, now=scope.is_class)
                if node is not None:
                    outer.loads.add(identifier)
                    return node
        return self.nodes["g", identifier]

    def closed_over(self, scope: Scope, identifier: str, *, now: bool) -> int | None:
        """Return what a name of an enclosing function may hold: at this point, or whenever a nested function runs."""
        if now and identifier in scope.env:
            return scope.env[identifier]
        cell = scope.cells.get(identifier)
        if cell is not None:
            return cell
        known = scope.definitions.get(identifier) if scope.definitions else None
        if known is None:
            return scope.entry.get(identifier)
        if len(known) > 1 or identifier in scope.entry:
            known[:] = [self.nodes.union((scope.entry.get(identifier, UNKNOWN), *known))]
        return known[0]

    def bind(self, identifier: str, node: int) -> None:
        """Bind a name in the current scope."""
        scope = self.scope
        if identifier in scope.special:
            self.bind_elsewhere(identifier, node)
            return
        env = scope.env
        scope.log.append((identifier, env.get(identifier)))
        env[identifier] = node
        definitions = scope.definitions
        if definitions is not None:
            known = definitions.get(identifier)
            if known is None:
                definitions[identifier] = [node]
            else:
                known.append(node)

    def bind_elsewhere(self, identifier: str, node: int) -> None:
        """Bind a global name, or one that several functions share."""
        scope = self.scope
        if identifier in scope.global_names:
            self.facts.global_definitions.setdefault(identifier, []).append(node)
            return
        owner = scope
        while identifier in owner.nonlocal_names and owner.parent is not None:
            owner = owner.parent
            while owner.is_class and owner.parent is not None:
                owner = owner.parent
        cell = owner.cells.get(identifier)
        if cell is None:
            cell = owner.cells[identifier] = self.nodes.variable((owner.definitions or {}).get(identifier, ()))
        self.nodes.hold(cell, node)
        if owner is scope:
            scope.set(identifier, cell)

    def receiver_class(self, node: int) -> int:
        """Return the class whose `self` or `cls` a node is, or -1."""
        return self.facts.receivers.get(node, -1)

    def add_attribute(self, owner: int, attribute: str, node: int) -> None:
        """Record an assignment to an attribute of `self`."""
        attributes = self.facts.classes[owner].attributes
        known = attributes.get(attribute, 0)
        attributes[attribute] = self.nodes.union((known, node)) if known else node

    # -- operations ----------------------------------------------------------------------------------------------

    def operation(self, kind: OperationKind, node: int, place: Placed, flags: int = 0) -> None:
        """Record that something is executed at `place`."""
        scope = self.scope
        line = place.lineno
        scope.operations.append(
            (
                kind, node, flags | self.flags, scope.guard, line, place.col_offset,
                (place.end_lineno or line) - line, place.end_col_offset or 0,
            )
        )  # fmt: skip

    def used(self, node: int) -> None:
        """Note a use of a node that None does not support."""
        scope = self.scope
        if ~node not in scope.env:
            scope.bases.add(node)

    def operator(self, method: OperationKind, container: int, place: ast.expr) -> None:
        """Record an operator on what may be an instance whose class defines it; one stands for all of its kind."""
        if self.rows[container][0] in WITHOUT_PROPERTIES:
            return
        scope = self.scope
        key = (method, container, self.flags, scope.guard)
        if key not in scope.seen_attributes:
            scope.seen_attributes.add(key)
            self.operation(method, container, place)


# rows of values on which neither properties nor operators of own classes can be met
WITHOUT_PROPERTIES = frozenset({"?", "k", "#", "s", "b", "L", "S", "G", "D", "T", "T*", "l", "c"})
