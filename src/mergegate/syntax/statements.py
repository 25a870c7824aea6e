"""Reading simple statements, imports and definitions, in one pass over each body."""

from __future__ import annotations

import ast
import sys

from mergegate.syntax.alternatives import STDLIB, place_of
from mergegate.syntax.expressions import EXPRESSIONS
from mergegate.syntax.patterns import PatternReader
from mergegate.syntax.scope import Scope
from mergegate.syntax.summary import NONE, UNKNOWN, ClassFact, Flag, FunctionFlag


class StatementReader(PatternReader):
    """Handlers for statements."""

    # -- expressions and assignments -----------------------------------------------------------------------------

    def read_expression(self, statement: ast.Expr) -> None:
        value = statement.value
        if value.__class__ is not ast.Constant:
            self.read_outcome(value, Flag.STATEMENT)

    def read_assign(self, statement: ast.Assign) -> None:
        targets, value = statement.targets, statement.value
        target = targets[0]
        if type(target) is ast.Name and len(targets) == 1:
            if self.scope.is_class:
                self.note_member(target.id, statement)
            self.bind(target.id, self.read_kept(value, target.id))
            self.scope.lookups[target.id] = value
            if target.id == "__all__":
                self.add_exports(value)
            return
        node = self.read(value)
        for target in targets:
            self.assign(target, node)

    def note_member(self, name: str, statement: ast.Assign | ast.AnnAssign) -> None:
        """Note where a class body binds a name."""
        annotated = Flag.ANNOTATED if isinstance(statement, ast.AnnAssign) else 0
        self.scope.members.append((name, self.flags | annotated, place_of(statement)))

    def read_kept(self, value: ast.expr, name: str) -> int:
        """Read a value that only `name` keeps."""
        scope = self.scope
        if scope.is_class and isinstance(value, ast.Lambda):
            return self.function(value, "<lambda>", method=True)
        if type(value) is not ast.Call or scope.is_class or scope.parent is None:
            return EXPRESSIONS[value.__class__](self, value)
        operations = scope.operations
        known = len(operations)
        node = self.read_call(value)
        if len(operations) > known and operations[-1][1] == node:
            scope.assigned_calls.append((name, len(operations) - 1))
        return node

    def read_annotated(self, statement: ast.AnnAssign) -> None:
        annotation = self.annotation(statement.annotation)
        target, value = statement.target, statement.value
        if self.scope.is_class and isinstance(target, ast.Name):
            self.note_member(target.id, statement)
        if value is None:
            node = self.nodes["@", annotation] if annotation else UNKNOWN
        else:
            kept = self.read_kept(value, target.id) if isinstance(target, ast.Name) else self.read(value)
            node = self.nodes["&", kept, annotation] if annotation else kept
            if isinstance(target, ast.Name):
                self.scope.lookups[target.id] = value
                if target.id == "__all__":
                    self.add_exports(value)
        self.assign(target, node)

    def read_augmented(self, statement: ast.AugAssign) -> None:
        target = statement.target
        held = self.read(target)
        node = self.read(statement.value)
        self.used(held)
        self.used(node)
        if isinstance(target, ast.Name) and target.id == "__all__":
            self.add_exports(statement.value)
        row = self.rows[node]
        if isinstance(statement.op, ast.Div):
            self.assign(target, self.nodes["/", held, node])
        elif row[0] in ("L", "S", "D"):
            self.extend(target, node)
        elif row[0] in ("T", "T*"):
            self.extend(target, self.nodes["L", self.nodes["e", node]])

    def read_delete(self, statement: ast.Delete) -> None:
        for target in statement.targets:
            if isinstance(target, ast.Name):
                self.scope.loads.add(target.id)
                self.scope.forget(target.id)
            elif isinstance(target, ast.Subscript):
                base = self.read(target.value)
                self.used(base)
                self.operator("__delitem__", base, target)
                self.read(target.slice)
            else:
                self.read(target)

    # -- leaving -------------------------------------------------------------------------------------------------

    def read_return(self, statement: ast.Return) -> None:
        value = statement.value
        node = EXPRESSIONS[value.__class__](self, value) if value is not None else NONE
        self.scope.results.append((node, self.scope.guard))
        self.scope.dead = True

    def read_raise(self, statement: ast.Raise) -> None:
        for part in (statement.exc, statement.cause):
            if part is not None:
                self.read(part)
        self.scope.dead = True
        self.scope.flags |= FunctionFlag.RAISES

    def read_assert(self, statement: ast.Assert) -> None:
        self.read(statement.test)
        self.scope.flags |= FunctionFlag.RAISES
        self.assume(statement.test, True)
        if statement.msg is not None:
            mark = self.scope.mark()
            self.read(statement.msg)
            self.leave(mark)

    # -- names ---------------------------------------------------------------------------------------------------

    def read_global(self, statement: ast.Global) -> None:
        scope = self.scope
        scope.global_names = scope.global_names.union(statement.names)
        scope.special = scope.special.union(statement.names)

    def read_nonlocal(self, statement: ast.Nonlocal) -> None:
        scope = self.scope
        scope.nonlocal_names = scope.nonlocal_names.union(statement.names)
        scope.special = scope.special.union(statement.names)

    def read_pass(self, statement: ast.Pass) -> None:
        """Pass over a statement that neither binds nor executes anything."""

    def read_type_alias(self, statement: ast.stmt) -> None:
        """Read `type Name[T] = value`, whose value is a type expression."""
        mark = len(self.scope.log)
        self.bind_type_parameters(statement)
        node = self.annotation(statement.value)  # type: ignore[attr-defined]
        self.scope.rollback(mark)
        self.assign(statement.name, node)  # type: ignore[attr-defined]

    def read_import(self, statement: ast.Import) -> None:
        for alias in statement.names:
            top = alias.name.partition(".")[0]
            self.facts.imports[alias.name] = None
            if top not in STDLIB:
                self.operation("import", self.nodes["m", 0, alias.name, ""], alias)
            module = alias.name if alias.asname else top
            name = alias.asname or top
            self.bind(name, self.nodes["m", 0, module, ""])
            if self.scope.parent is None:
                self.imported[name] = top not in STDLIB

    def read_import_from(self, statement: ast.ImportFrom) -> None:
        module = statement.module or ""
        level = statement.level or 0
        foreign = False
        if not level:
            self.facts.imports[module] = None
            foreign = module.partition(".")[0] not in STDLIB
        for alias in statement.names:
            if alias.name == "*":
                self.facts.stars[level, module] = None
            else:
                node = self.nodes["m", level, module, alias.name]
                if foreign:
                    self.operation("import", node, alias)
                self.bind(alias.asname or alias.name, node)

    # -- definitions ---------------------------------------------------------------------------------------------

    def read_function(self, statement: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        decorators = tuple([self.read(d) for d in statement.decorator_list])
        places = tuple([place_of(d) for d in statement.decorator_list])
        node = self.function(
            statement, statement.name, method=self.scope.is_class, decorators=decorators, places=places
        )
        replaces = not any(_is_companion(d) for d in statement.decorator_list)
        if replaces or statement.name not in self.scope.env:
            self.bind(statement.name, node)

    def read_class(self, statement: ast.ClassDef) -> None:
        outer = self.scope
        decorators = tuple([self.read(d) for d in statement.decorator_list])
        mark = len(outer.log)
        self.bind_type_parameters(statement)
        bases = tuple([self.base(b) for b in statement.bases])
        keywords = tuple([(k.arg, self.annotation(k.value)) for k in statement.keywords if k.arg])
        index = len(self.facts.classes)
        fact = ClassFact(
            statement.name, self.qualify(statement.name), statement.lineno, statement.col_offset,
            outer.function, bases, keywords, decorators, {}, {}, self.flags & Flag.ALTERNATIVE,
        )  # fmt: skip
        self.facts.classes.append(fact)
        node = self.nodes["c", index]
        if outer.definitions is not None:
            # methods may name the class before its body ends
            outer.definitions.setdefault(statement.name, []).append(node)
        self.scope = self.class_scope(outer, index)
        self.block(statement.body)
        fact.names.update({name: held for name, held in self.scope.env.items() if isinstance(name, str)})
        fact.places = tuple(self.scope.members)
        outer.awaits = self.scope.awaits
        self.scope = outer
        outer.rollback(mark)
        self.bind(statement.name, node)

    def class_scope(self, outer: Scope, index: int) -> Scope:
        """Return the scope of a class body: what it executes belongs to the function around it."""
        scope = Scope(outer.function, outer, class_index=index, is_class=True)
        scope.operations, scope.guards, scope.guard_ids = outer.operations, outer.guards, outer.guard_ids
        scope.guard, scope.awaits = outer.guard, outer.awaits
        return scope

    def base(self, expression: ast.expr) -> int:
        """Read a base class; one that a call makes is executed here."""
        if isinstance(expression, ast.Call | ast.IfExp):
            return self.read(expression)
        return self.annotation(expression)

    def add_exports(self, value: ast.expr) -> None:
        """Read what is assigned or added to `__all__`, as far as it is written out."""
        if self.scope.parent is not None:
            return
        if isinstance(value, ast.BinOp):
            self.add_exports(value.left)
            self.add_exports(value.right)
        elif isinstance(value, ast.List | ast.Tuple):
            written = [e.value for e in value.elts if isinstance(e, ast.Constant)]
            names = [name for name in written if isinstance(name, str) and name.isidentifier()]
            self.facts.exports = (*(self.facts.exports or ()), *names)


def _is_companion(decorator: ast.expr) -> bool:
    """Tell `@x.setter`, `@x.deleter` and `@overload`: their functions do not replace the name they stand under."""
    if isinstance(decorator, ast.Attribute):
        return decorator.attr in ("setter", "deleter", "overload", "register")
    return isinstance(decorator, ast.Name) and decorator.id == "overload"


StatementReader.statement_handlers = {
    ast.Expr: StatementReader.read_expression,
    ast.Assign: StatementReader.read_assign,
    ast.AnnAssign: StatementReader.read_annotated,
    ast.AugAssign: StatementReader.read_augmented,
    ast.Return: StatementReader.read_return,
    ast.Raise: StatementReader.read_raise,
    ast.Break: StatementReader.read_jump,
    ast.Continue: StatementReader.read_jump,
    ast.Assert: StatementReader.read_assert,
    ast.Delete: StatementReader.read_delete,
    ast.Global: StatementReader.read_global,
    ast.Nonlocal: StatementReader.read_nonlocal,
    ast.Pass: StatementReader.read_pass,
    ast.Import: StatementReader.read_import,
    ast.ImportFrom: StatementReader.read_import_from,
    ast.If: StatementReader.read_if,
    ast.While: StatementReader.read_while,
    ast.For: StatementReader.read_for,
    ast.AsyncFor: StatementReader.read_for,
    ast.Try: StatementReader.read_try,
    ast.TryStar: StatementReader.read_try,
    ast.With: StatementReader.read_with,
    ast.AsyncWith: StatementReader.read_with,
    ast.Match: StatementReader.read_match,
    ast.FunctionDef: StatementReader.read_function,
    ast.AsyncFunctionDef: StatementReader.read_function,
    ast.ClassDef: StatementReader.read_class,
}
if sys.version_info >= (3, 12):
    StatementReader.statement_handlers[ast.TypeAlias] = StatementReader.read_type_alias
