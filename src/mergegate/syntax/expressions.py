"""Reading expressions: each becomes a node of the table, and each call, property access and iteration an operation."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from mergegate.syntax.scope import Env, ModuleFacts, NodeTable, Scope
from mergegate.syntax.summary import UNKNOWN, Flag, FunctionFlag, Parameter

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class ExpressionReader:
    """State of one module's extraction, and the handlers for expressions."""

    def __init__(self) -> None:
        self.table = NodeTable()
        self.facts = ModuleFacts()
        self.scope = Scope(0, None)
        self.flags = 0
        self.deferred: list[tuple[Scope, FunctionNode]] = []
        self.annotations: dict[str, int] = {}

    # -- names ---------------------------------------------------------------------------------------------------

    def name(self, identifier: str) -> int:
        """Return what `identifier` holds at this point of the current scope."""
        scope = self.scope
        node = scope.env.get(identifier)
        scope.loads.add(identifier)
        if node is not None and identifier not in scope.global_names:
            return node
        return self.free_name(scope, identifier)

    def free_name(self, scope: Scope, identifier: str) -> int:
        """Look a name up in the enclosing functions, then in the module."""
        if identifier not in scope.global_names:
            parent = scope.parent
            while parent is not None and parent.parent is not None:
                if not parent.is_class:
                    if scope.is_class and identifier in parent.env:
                        parent.loads.add(identifier)
                        return parent.env[identifier]
                    if identifier in parent.definitions:
                        parent.loads.add(identifier)
                        return self.table.union(parent.definitions[identifier])
                parent = parent.parent
        return self.table.intern(("g", identifier))

    def bind(self, identifier: str, node: int) -> None:
        """Bind a name in the current scope."""
        scope = self.scope
        if identifier in scope.global_names:
            self.facts.global_definitions.setdefault(identifier, []).append(node)
            return
        scope.env[identifier] = node
        known = scope.definitions.get(identifier)
        if known is None:
            scope.definitions[identifier] = [node]
        else:
            known.append(node)

    # -- operations ----------------------------------------------------------------------------------------------

    def operation(self, kind: str, node: int, place: ast.expr | ast.stmt, flags: int = 0) -> None:
        """Record that something is executed at `place`."""
        scope = self.scope
        scope.operations.append(
            [
                kind, node, flags | self.flags, scope.guard,
                place.lineno, place.col_offset, place.end_lineno or place.lineno, place.end_col_offset or 0,
            ]
        )  # fmt: skip

    # -- expressions ---------------------------------------------------------------------------------------------

    def read(self, expression: ast.expr) -> int:
        """Return the node of an expression, recording what evaluating it executes."""
        return _HANDLERS[expression.__class__](self, expression)

    def read_name(self, expression: ast.Name) -> int:
        return self.name(expression.id)

    def read_attribute(self, expression: ast.Attribute) -> int:
        node = self.attribute_node(expression)
        scope = self.scope
        if node not in scope.seen_attributes:
            scope.seen_attributes.add(node)
            row = self.table.rows[node]
            if row[0] == "." and self.table.rows[row[1]][0] != "m":
                self.operation("attribute", node, expression)
        return node

    def attribute_node(self, expression: ast.Attribute) -> int:
        value = expression.value
        base = _HANDLERS[value.__class__](self, value)
        node = self.table.intern((".", base, expression.attr))
        return self.scope.env.get(node, node)

    def read_call(self, expression: ast.Call) -> int:
        func = expression.func
        if func.__class__ is ast.Attribute:
            callee = self.attribute_node(func)  # type: ignore[arg-type]
        else:
            callee = _HANDLERS[func.__class__](self, func)
        positional = tuple([_HANDLERS[a.__class__](self, a) for a in expression.args])
        if expression.keywords:
            keywords = tuple([(k.arg or "**", _HANDLERS[k.value.__class__](self, k.value)) for k in expression.keywords])
        else:
            keywords = ()
        special = self.special_call(expression, positional)
        if special is not None:
            return special
        node = self.table.intern(("(", callee, positional, keywords))
        self.operation("call", node, expression)
        return node

    def special_call(self, expression: ast.Call, positional: tuple[int, ...]) -> int | None:
        """Return the node of a call whose meaning is in its syntax: `cast`, `super()`, `getattr` with a literal."""
        func = expression.func
        if func.__class__ is not ast.Name:
            self.note_element(expression, positional)
            return None
        name: str = func.id  # type: ignore[attr-defined]
        if name == "cast" and len(positional) == 2:
            return self.table.intern(("&", positional[1], self.annotation(expression.args[0])))
        if name == "super" and not positional:
            scope: Scope | None = self.scope
            while scope is not None and scope.class_index < 0:
                scope = scope.parent
            return self.table.intern(("^", scope.class_index)) if scope is not None else None
        if name == "getattr" and len(positional) >= 2:
            key = expression.args[1]
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value.isidentifier():
                return self.table.intern((".", positional[0], key.value))
        if name in _LOOP_PROBES:
            self.scope.facts |= FunctionFlag.CHECKS_LOOP
        return None

    def note_element(self, expression: ast.Call, positional: tuple[int, ...]) -> None:
        """Learn the element type of a container from `x.append(value)`."""
        func = expression.func
        if not isinstance(func, ast.Attribute):
            return
        if func.attr in _LOOP_PROBES:
            self.scope.facts |= FunctionFlag.CHECKS_LOOP
        if func.attr in ("append", "add", "appendleft") and len(positional) == 1:
            self.extend(func.value, self.table.intern(("L", positional[0])))

    def extend(self, target: ast.expr, container: int) -> None:
        """Add `container` to what the variable or attribute `target` may hold."""
        scope = self.scope
        if isinstance(target, ast.Name):
            known = scope.env.get(target.id)
            if known is not None and self.table.rows[known][0] in "LSD|T&":
                self.bind(target.id, self.table.union([known, container]))
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            base = scope.env.get(target.value.id)
            if base is not None and base == scope.self_node:
                self.add_attribute(target.attr, container)

    def add_attribute(self, attribute: str, node: int) -> None:
        """Record an assignment to an attribute of `self`."""
        attributes = self.facts.classes[self.scope.class_index].attributes
        known = attributes.get(attribute, 0)
        attributes[attribute] = node if not known else self.table.union([known, node])

    def read_constant(self, expression: ast.Constant) -> int:
        value = expression.value
        kind = value.__class__
        if kind is str:
            return self.table.intern(("s",))
        if kind is bytes:
            return self.table.intern(("b",))
        if kind is int or kind is float:
            return self.table.intern(("#", value if abs(value) < 1e9 else 1e9))  # type: ignore[arg-type,operator]
        if kind is complex:
            return UNKNOWN
        return self.table.intern(("k", "..." if value is ... else repr(value)))

    def read_joined(self, expression: ast.JoinedStr) -> int:
        for part in expression.values:
            if part.__class__ is ast.FormattedValue:
                self.read_formatted(part)  # type: ignore[arg-type]
        return self.table.intern(("s",))

    def read_formatted(self, expression: ast.FormattedValue) -> int:
        value = expression.value
        _HANDLERS[value.__class__](self, value)
        if expression.format_spec is not None:
            self.read(expression.format_spec)
        return UNKNOWN

    def read_binary(self, expression: ast.BinOp) -> int:
        # the left spine of a long concatenation is walked, not recursed into
        spine = [expression]
        left = expression.left
        while left.__class__ is ast.BinOp:
            spine.append(left)  # type: ignore[arg-type]
            left = left.left  # type: ignore[attr-defined]
        node = self.read(left)
        for part in reversed(spine):
            right = self.read(part.right)
            kind = part.op.__class__
            if kind is ast.Div:
                node = self.table.intern(("/", node, right))
            elif kind is ast.BitOr:
                node = self.table.union([node, right])
            elif self.table.rows[node][0] not in "sbLT":
                node = right if self.table.rows[right][0] in "sbLT" else UNKNOWN
        return node

    def read_unary(self, expression: ast.UnaryOp) -> int:
        operand = self.read(expression.operand)
        row = self.table.rows[operand]
        if expression.op.__class__ is ast.USub and row[0] == "#":
            return self.table.intern(("#", -row[1]))
        return UNKNOWN

    def read_boolean(self, expression: ast.BoolOp) -> int:
        env = self.scope.env
        self.scope.env = dict(env)
        nodes: list[int] = []
        for value in expression.values:
            nodes.append(self.read(value))
            self.assume(value, isinstance(expression.op, ast.And))
        self.scope.env = self.table.merge(env, self.scope.env) if len(self.scope.env) != len(env) else env
        return self.table.union(nodes)

    def assume(self, test: ast.expr, truth: bool) -> None:
        """Narrow the current scope by the outcome of a test; `ConditionReader` gives this its meaning."""

    def read_compare(self, expression: ast.Compare) -> int:
        self.read(expression.left)
        for value in expression.comparators:
            self.read(value)
        return UNKNOWN

    def read_conditional(self, expression: ast.IfExp) -> int:
        self.read(expression.test)
        env = self.scope.env
        self.scope.env = dict(env)
        self.assume(expression.test, True)
        body = self.read(expression.body)
        self.scope.env = dict(env)
        self.assume(expression.test, False)
        other = self.read(expression.orelse)
        self.scope.env = env
        return self.table.union([body, other])

    def read_subscript(self, expression: ast.Subscript) -> int:
        base = self.read(expression.value)
        index = self.read(expression.slice)
        node = self.table.intern(("[", base, index))
        return self.scope.env.get(node, node)

    def read_slice(self, expression: ast.Slice) -> int:
        for part in (expression.lower, expression.upper, expression.step):
            if part is not None:
                self.read(part)
        return self.table.intern(("k", "..."))

    def read_lambda(self, expression: ast.Lambda) -> int:
        return self.function(expression, "<lambda>")

    def read_await(self, expression: ast.Await) -> int:
        value = expression.value
        node = self.read(value)
        if value.__class__ is ast.Call:
            self.scope.operations[-1][2] |= Flag.AWAITED
        elif value.__class__ in (ast.IfExp, ast.BoolOp):
            for operation in reversed(self.scope.operations[-4:]):
                if operation[0] == "call" and operation[4] >= value.lineno:
                    operation[2] |= Flag.AWAITED
        return self.table.intern(("w", node))

    def read_yield(self, expression: ast.Yield) -> int:
        self.scope.flags |= FunctionFlag.GENERATOR
        if expression.value is not None:
            self.scope.yields.append(self.read(expression.value))
        return UNKNOWN

    def read_yield_from(self, expression: ast.YieldFrom) -> int:
        self.scope.flags |= FunctionFlag.GENERATOR
        node = self.read(expression.value)
        self.scope.yields.append(self.table.intern(("e", node)))
        self.operation("iterate", node, expression)
        return UNKNOWN

    def read_starred(self, expression: ast.Starred) -> int:
        return self.table.intern(("*", self.read(expression.value)))

    def read_named(self, expression: ast.NamedExpr) -> int:
        node = self.read(expression.value)
        self.bind(expression.target.id, node)
        return node

    def read_sequence(self, expression: ast.List | ast.Set) -> int:
        element = self.table.union([self.read(e) for e in expression.elts])
        return self.table.intern(("L" if isinstance(expression, ast.List) else "S", element))

    def read_tuple(self, expression: ast.Tuple) -> int:
        return self.table.intern(("T", *[self.read(e) for e in expression.elts]))

    def read_dict(self, expression: ast.Dict) -> int:
        keys = self.table.union([self.read(k) for k in expression.keys if k is not None])
        values: list[int] = []
        for key, value in zip(expression.keys, expression.values, strict=True):
            node = self.read(value)
            values.append(node if key is not None else self.table.intern(("[", node, 0)))
        return self.table.intern(("D", keys, self.table.union(values)))

    def read_comprehension(self, expression: Any) -> int:
        env = self.scope.env
        self.scope.env = dict(env)
        for generator in expression.generators:
            iterable = self.read(generator.iter)
            if generator.is_async:
                if generator.iter.__class__ is ast.Call:
                    self.scope.operations[-1][2] |= Flag.AWAITED
                self.assign(generator.target, self.table.intern(("E", iterable)))
            else:
                self.operation("iterate", iterable, generator.iter)
                self.assign(generator.target, self.table.intern(("e", iterable)))
            for condition in generator.ifs:
                self.read(condition)
                self.assume(condition, True)
        if expression.__class__ is ast.DictComp:
            node = self.table.intern(("D", self.read(expression.key), self.read(expression.value)))
        else:
            node = self.table.intern((_COMPREHENSIONS[expression.__class__], self.read(expression.elt)))
        self.scope.env = env
        return node

    def read_unknown(self, expression: ast.expr) -> int:
        """Read the parts of an expression kind that has no value of interest (template strings of newer Pythons)."""
        for part in ast.iter_child_nodes(expression):
            if isinstance(part, ast.expr):
                self.read(part)
        return UNKNOWN

    # -- annotations ---------------------------------------------------------------------------------------------

    def annotation(self, expression: ast.expr | None) -> int:
        """Return the node of a type expression; nothing is executed by it."""
        if expression is None:
            return UNKNOWN
        kind = expression.__class__
        if kind is ast.Name:
            identifier: str = expression.id  # type: ignore[attr-defined]
            node = self.scope.env.get(identifier)
            return node if node is not None else self.free_name(self.scope, identifier)
        if kind is ast.Constant:
            return self.constant_annotation(expression.value)  # type: ignore[attr-defined]
        if isinstance(expression, ast.Attribute):
            return self.table.intern((".", self.annotation(expression.value), expression.attr))
        if isinstance(expression, ast.Subscript):
            return self.subscript_annotation(expression)
        if isinstance(expression, ast.BinOp) and expression.op.__class__ is ast.BitOr:
            return self.table.union([self.annotation(expression.left), self.annotation(expression.right)])
        if isinstance(expression, ast.Tuple | ast.List):
            return self.table.intern(("T", *[self.annotation(e) for e in expression.elts]))
        return UNKNOWN

    def constant_annotation(self, value: object) -> int:
        if value is None:
            return self.table.intern(("k", "None"))
        if value is ...:
            return self.table.intern(("k", "..."))
        if not isinstance(value, str) or len(value) > 500:
            return UNKNOWN
        try:
            return self.annotation(ast.parse(value.strip(), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return UNKNOWN

    def subscript_annotation(self, expression: ast.Subscript) -> int:
        base = self.annotation(expression.value)
        index = expression.slice
        last = expression.value
        label = last.attr if isinstance(last, ast.Attribute) else last.id if isinstance(last, ast.Name) else ""
        if label == "Literal":
            return self.table.intern(("[", base, 0))
        if label == "Annotated" and isinstance(index, ast.Tuple) and index.elts:
            first = self.annotation(index.elts[0])
            # `Annotated[T, Depends(f)]`: T says what arrives, f is only evaluated by the framework
            return first or self.dependency(index.elts[1:])
        return self.table.intern(("[", base, self.annotation(index)))

    def dependency(self, metadata: list[ast.expr]) -> int:
        """Return the annotation node that stands for `Depends(f)` among the metadata of an `Annotated`."""
        for item in metadata:
            if isinstance(item, ast.Call) and item.args:
                return self.table.intern(("r", self.annotation(item.args[0])))
        return UNKNOWN

    # -- functions -----------------------------------------------------------------------------------------------

    def function(self, definition: FunctionNode, name: str) -> int:
        """Register a function and put off its body until the enclosing scope is complete."""
        index = len(self.facts.scopes)
        self.facts.scopes.append(None)
        outer = self.scope
        in_class = outer.is_class
        scope = Scope(index, outer, class_index=outer.class_index if in_class else -1)
        self.facts.scopes[index] = scope
        scope.results = []
        parameters = self.parameters(definition.args)
        for position, parameter in enumerate(parameters):
            scope.env[parameter.name] = node = self.table.intern(("p", index, position))
            scope.definitions[parameter.name] = [node]
            if parameter.kind == "*":
                scope.env[parameter.name] = self.table.intern(("T*", node))
        if in_class and parameters and not _is_static(definition):
            scope.self_node = scope.env[parameters[0].name]
        self.start_function(index, definition, name, parameters)
        self.deferred.append((scope, definition))
        return self.table.intern(("l", index))

    def start_function(self, index: int, definition: FunctionNode, name: str, parameters: list[Parameter]) -> None:
        """Record the head of a function; `StatementReader` gives this its meaning."""
        raise AssertionError((index, definition, name, parameters))

    def assign(self, target: ast.expr, node: int) -> None:
        """Bind a target; `StatementReader` gives this its meaning."""
        raise AssertionError((target, node))

    def parameters(self, arguments: ast.arguments) -> list[Parameter]:
        """Read a parameter list; defaults are evaluated here, annotations are not."""
        found: list[Parameter] = []
        ordinary = [(a, "p") for a in arguments.posonlyargs] + [(a, "a") for a in arguments.args]
        defaults = [UNKNOWN] * (len(ordinary) - len(arguments.defaults)) + [self.read(d) for d in arguments.defaults]
        for (argument, kind), default in zip(ordinary, defaults, strict=True):
            found.append(Parameter(argument.arg, kind, self.annotation(argument.annotation), default))
        if arguments.vararg is not None:
            found.append(Parameter(arguments.vararg.arg, "*", self.annotation(arguments.vararg.annotation), UNKNOWN))
        for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            default = self.read(value) if value is not None else UNKNOWN
            found.append(Parameter(argument.arg, "k", self.annotation(argument.annotation), default))
        if arguments.kwarg is not None:
            found.append(Parameter(arguments.kwarg.arg, "**", self.annotation(arguments.kwarg.annotation), UNKNOWN))
        return found


def _is_static(definition: FunctionNode) -> bool:
    if isinstance(definition, ast.Lambda):
        return True
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in definition.decorator_list)


_LOOP_PROBES = frozenset({"get_running_loop", "is_running", "_get_running_loop"})

_COMPREHENSIONS = {ast.ListComp: "L", ast.SetComp: "S", ast.GeneratorExp: "G"}

_HANDLERS: dict[type[ast.AST], Callable[[ExpressionReader, Any], int]] = {
    ast.Name: ExpressionReader.read_name,
    ast.Attribute: ExpressionReader.read_attribute,
    ast.Call: ExpressionReader.read_call,
    ast.Constant: ExpressionReader.read_constant,
    ast.JoinedStr: ExpressionReader.read_joined,
    ast.FormattedValue: ExpressionReader.read_formatted,
    ast.BinOp: ExpressionReader.read_binary,
    ast.UnaryOp: ExpressionReader.read_unary,
    ast.BoolOp: ExpressionReader.read_boolean,
    ast.Compare: ExpressionReader.read_compare,
    ast.IfExp: ExpressionReader.read_conditional,
    ast.Subscript: ExpressionReader.read_subscript,
    ast.Slice: ExpressionReader.read_slice,
    ast.Lambda: ExpressionReader.read_lambda,
    ast.Await: ExpressionReader.read_await,
    ast.Yield: ExpressionReader.read_yield,
    ast.YieldFrom: ExpressionReader.read_yield_from,
    ast.Starred: ExpressionReader.read_starred,
    ast.NamedExpr: ExpressionReader.read_named,
    ast.List: ExpressionReader.read_sequence,
    ast.Set: ExpressionReader.read_sequence,
    ast.Tuple: ExpressionReader.read_tuple,
    ast.Dict: ExpressionReader.read_dict,
    ast.ListComp: ExpressionReader.read_comprehension,
    ast.SetComp: ExpressionReader.read_comprehension,
    ast.GeneratorExp: ExpressionReader.read_comprehension,
    ast.DictComp: ExpressionReader.read_comprehension,
}
for _newer in ("TemplateStr", "Interpolation"):
    if hasattr(ast, _newer):
        _HANDLERS[getattr(ast, _newer)] = ExpressionReader.read_unknown

__all__ = ["Env", "ExpressionReader"]
