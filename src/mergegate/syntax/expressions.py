"""Reading expressions: each becomes a node of the table, and each call, property access and iteration an operation."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from mergegate.syntax.alternatives import STDLIB, asks_for_version
from mergegate.syntax.displays import DisplayReader
from mergegate.syntax.fingerprints import MAX_LENGTH, fingerprint
from mergegate.syntax.reader import WITHOUT_PROPERTIES
from mergegate.syntax.scope import Scope
from mergegate.syntax.summary import (
    BYTES,
    ELLIPSIS,
    FALSE,
    NONE,
    STRING,
    TRUE,
    UNKNOWN,
    Flag,
    FunctionFlag,
)  # fmt: skip


class ExpressionReader(DisplayReader):
    """Handlers for expressions.

    The handlers of the four kinds that make up nine tenths of all expressions look others up in `EXPRESSIONS` directly
    instead of calling `read`.
    """

    def read(self, expression: ast.expr) -> int:
        """Return the node of an expression, recording what evaluating it executes."""
        return EXPRESSIONS[expression.__class__](self, expression)

    def read_outcome(self, expression: ast.expr, flags: int) -> int:
        """Read an expression whose own value is awaited or dropped: `flags` go to the calls that may make the value."""
        handler = _OUTCOMES.get(expression.__class__)
        return self.read(expression) if handler is None else handler(self, expression, flags)

    # -- names, attributes, calls --------------------------------------------------------------------------------

    def read_name(self, expression: ast.Name) -> int:
        identifier = expression.id
        scope = self.scope
        scope.loads.add(identifier)
        node = scope.env.get(identifier)
        if node is not None:
            return node
        return self.free_name(identifier) if scope.enclosing else self.nodes["g", identifier]

    def read_attribute(self, expression: ast.Attribute) -> int:
        value = expression.value
        base = EXPRESSIONS[value.__class__](self, value)
        node = self.nodes[".", base, expression.attr]
        scope = self.scope
        if ~base not in scope.env:
            scope.bases.add(base)
        held = scope.env.get(node)
        if held is not None:
            return held
        # one read stands for all under the same conditions
        key = (node, self.flags, scope.guard) if self.flags or scope.guard else node
        # but for special names, which are rare
        if key not in scope.seen_attributes or expression.attr.startswith("__"):
            scope.seen_attributes.add(key)
            # a property can only be met on an instance
            row = self.rows[base]
            kind = row[0]
            if kind == "g" and row[1] in self.imported:
                kind = "m" if self.imported[row[1]] else "?"
            elif kind == "m" and not row[3] and row[2].partition(".")[0] in STDLIB:
                kind = "?"
            if kind not in WITHOUT_PROPERTIES:
                self.operation("attribute", node, expression)
        return node

    def read_call(self, expression: ast.Call, flags: int = 0) -> int:
        func = expression.func
        if type(func) is ast.Attribute:
            value = func.value
            base = EXPRESSIONS[value.__class__](self, value)
            callee = self.nodes[".", base, func.attr]
            env = self.scope.env
            if ~base not in env:
                self.scope.bases.add(base)
            callee = env.get(callee, callee)
            label = func.attr if func.attr in _SPECIAL_METHODS else ""
        else:
            callee = EXPRESSIONS[func.__class__](self, func)
            self.used(callee)
            label = func.id if type(func) is ast.Name and func.id in _SPECIAL_FUNCTIONS else ""
        # loops, since a comprehension costs a function call of its own before Python 3.12
        positional: tuple[int, ...] = ()
        if expression.args:
            arguments: list[int] = []
            for argument in expression.args:
                node = EXPRESSIONS[argument.__class__](self, argument)
                if node == STRING and argument.__class__ is ast.Constant:
                    node = self.text_argument(argument.value, func)  # type: ignore[union-attr]
                arguments.append(node)
            positional = tuple(arguments)
        keywords: tuple[tuple[str, int], ...] = ()
        if expression.keywords:
            named: list[tuple[str, int]] = []
            for keyword in expression.keywords:
                value = keyword.value
                node = EXPRESSIONS[value.__class__](self, value)
                if node == STRING and value.__class__ is ast.Constant and not _SECRET(keyword.arg or ""):
                    # `TypeVar("T", bound="Base")` writes a type
                    is_type = keyword.arg == "bound"
                    node = self.annotation(value) if is_type else self.text_argument(value.value, func)  # type: ignore[union-attr]
                named.append((keyword.arg or "**", node))
            keywords = tuple(named)
        if label:
            special = self.special_call(label, expression, positional)
            if special is not None:
                return special
        node = self.nodes["(", callee, positional, keywords]
        scope = self.scope
        line = expression.lineno
        scope.operations.append(
            (
                "call", node, flags | self.flags, scope.guard, line, expression.col_offset,
                (expression.end_lineno or line) - line, expression.end_col_offset or 0,
            )
        )  # fmt: skip
        return node

    def text_argument(self, text: str, func: ast.expr) -> int:
        """Return the node of a string constant that a call passes: with its fingerprint, where a guard may ask."""
        if len(text) > MAX_LENGTH or (" " in text) or (type(func) is ast.Attribute and func.attr in _UNASKING):
            return STRING
        return self.nodes["s", fingerprint(text)]

    def special_call(self, label: str, expression: ast.Call, positional: tuple[int, ...]) -> int | None:
        """Return the node of a call whose meaning is in its syntax, None if it is an ordinary call after all."""
        func, arguments = expression.func, expression.args
        if label in _LOOP_PROBES:
            self.scope.flags |= FunctionFlag.CHECKS_LOOP
        elif isinstance(func, ast.Attribute):
            if len(positional) == 1:
                element = self.nodes["e", positional[0]] if label == "extend" else positional[0]
                self.extend(func.value, self.nodes["L", element])
        elif label == "cast":
            if len(positional) == 2:
                return self.nodes["&", positional[1], self.annotation(arguments[0])]
        elif label == "super":
            if not positional:
                return self.super_node()
        elif len(positional) >= 2 and isinstance(arguments[1], ast.Constant):
            return self.reflective_call(label, arguments[1].value, positional)
        return None

    def super_node(self) -> int | None:
        """Return the node of `super()` in a method or in a function nested in one."""
        scope: Scope | None = self.scope
        while scope is not None and scope.class_index < 0:
            scope = scope.parent
        return self.nodes["^", scope.class_index] if scope is not None else None

    def reflective_call(self, label: str, key: object, positional: tuple[int, ...]) -> int | None:
        """Return the node of `getattr(x, "name"[, default])`; note the attribute that `setattr` fills."""
        if not isinstance(key, str) or not key.isidentifier():
            return None
        if label == "getattr":
            node = self.nodes[".", positional[0], key]
            return self.nodes.union((node, positional[2])) if len(positional) > 2 else node
        owner = self.receiver_class(positional[0])
        if label == "setattr" and len(positional) == 3 and owner >= 0:
            self.add_attribute(owner, key, positional[2])
        return None

    # -- constants and operators ---------------------------------------------------------------------------------

    def read_constant(self, expression: ast.Constant) -> int:
        value = expression.value
        kind = type(value)
        if kind is str:
            return STRING
        if kind is bool:
            return TRUE if value else FALSE
        if isinstance(value, int | float):
            return self.nodes["#", value if abs(value) < _LARGE else _LARGE]
        return _CONSTANTS.get(value.__class__, UNKNOWN)

    def read_joined(self, expression: ast.JoinedStr) -> int:
        for part in expression.values:
            if part.__class__ is not ast.Constant:
                self.read(part)
        return STRING

    def read_formatted(self, expression: ast.FormattedValue) -> int:
        self.read(expression.value)
        if expression.format_spec is not None:
            self.read(expression.format_spec)
        return UNKNOWN

    def read_binary(self, expression: ast.BinOp) -> int:
        # the left spine of a long concatenation is walked, not recursed into
        spine = [expression]
        left = expression.left
        while isinstance(left, ast.BinOp):
            spine.append(left)
            left = left.left
        node = self.read(left)
        self.used(node)
        for part in reversed(spine):
            right = self.read(part.right)
            self.used(right)
            node = self.combine(node, part.op, right)
        return node

    def combine(self, left: int, operator: ast.operator, right: int) -> int:
        """Return the node of a binary operation."""
        if isinstance(operator, ast.Div):
            return self.nodes["/", left, right]
        if isinstance(operator, ast.BitOr):
            return self.nodes.union((left, right))
        if self.rows[left][0] in _CONCATENABLE:
            return left
        return right if self.rows[right][0] in _CONCATENABLE else UNKNOWN

    def read_unary(self, expression: ast.UnaryOp) -> int:
        node = self.read(expression.operand)
        row = self.rows[node]
        if not isinstance(expression.op, ast.Not):
            self.used(node)
        if row[0] == "#" and isinstance(expression.op, ast.USub):
            return self.nodes["#", -row[1]]
        return UNKNOWN

    def read_boolean(self, expression: ast.BoolOp, flags: int = 0) -> int:
        scope = self.scope
        mark = scope.mark()
        truth = isinstance(expression.op, ast.And)
        nodes: list[int] = []
        last = expression.values[-1]
        for value in expression.values:
            nodes.append(self.read_outcome(value, flags) if flags else self.read(value))
            if value is not last:
                self.assume(value, truth)
        self.leave(mark)
        # a true `and` gives its last value, and the others only if they are false
        return nodes[-1] if truth else self.nodes.union(nodes)

    def read_compare(self, expression: ast.Compare) -> int:
        left = self.read(expression.left)
        for operator, value in zip(expression.ops, expression.comparators, strict=True):
            node = self.read(value)
            if isinstance(operator, ast.In | ast.NotIn):
                self.operator("__contains__", node, expression)
                self.used(node)
            elif not isinstance(operator, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
                self.used(left)
                self.used(node)
            left = node
        return UNKNOWN

    def read_conditional(self, expression: ast.IfExp, flags: int = 0) -> int:
        self.read(expression.test)
        mark, outer = self.scope.mark(), self.flags
        if asks_for_version(expression.test):
            self.flags |= Flag.ALTERNATIVE
        self.assume(expression.test, True)
        body = self.read_outcome(expression.body, flags)
        self.leave(mark)
        self.assume(expression.test, False)
        other = self.read_outcome(expression.orelse, flags)
        self.leave(mark)
        self.flags = outer
        return self.nodes.union((body, other))

    def leave(self, mark: tuple[int, int]) -> None:
        """Take back what was assumed inside an expression; names bound with `:=` stay bound."""
        scope = self.scope
        if len(scope.log) > mark[0]:
            scope.rollback(mark[0])
            for name, node in scope.walrus[mark[1] :]:
                self.bind(name, node)

    # -- scopes inside expressions -------------------------------------------------------------------------------

    def read_lambda(self, expression: ast.Lambda) -> int:
        return self.function(expression, "<lambda>", method=False)

    def read_named(self, expression: ast.NamedExpr, flags: int = 0) -> int:
        node = self.read_outcome(expression.value, flags & Flag.AWAITED)
        self.bind(expression.target.id, node)
        self.scope.walrus.append((expression.target.id, node))
        return node

    def read_comprehension(self, expression: Any) -> int:
        mark = self.scope.mark()
        for generator in expression.generators:
            self.assign(generator.target, self.element_of(generator.iter, asynchronous=generator.is_async))
            for condition in generator.ifs:
                self.read(condition)
                self.assume(condition, True)
        if isinstance(expression, ast.DictComp):
            node = self.nodes["D", self.read(expression.key), self.read(expression.value)]
        else:
            node = self.nodes[_COMPREHENSIONS[expression.__class__], self.read(expression.elt)]
        self.leave(mark)
        return node

    def element_of(self, source: ast.expr, *, asynchronous: bool) -> int:
        """Read what a `for` or `async for` runs over; return the node of its elements."""
        if asynchronous:
            self.scope.awaits += 1
            node = self.read_outcome(source, Flag.AWAITED)
            self.used(node)
            return self.nodes["E", node]
        iterable = self.read(source)
        self.used(iterable)
        self.operation("iterate", iterable, source)
        return self.nodes["e", iterable]

    def read_await(self, expression: ast.Await) -> int:
        self.scope.awaits += 1
        node = self.read_outcome(expression.value, Flag.AWAITED)
        self.used(node)
        return self.nodes["w", node]

    def read_yield(self, expression: ast.Yield) -> int:
        self.scope.flags |= FunctionFlag.GENERATOR
        if expression.value is not None:
            self.scope.yields.append(self.read(expression.value))
        return UNKNOWN

    def read_yield_from(self, expression: ast.YieldFrom) -> int:
        self.scope.flags |= FunctionFlag.GENERATOR
        node = self.read(expression.value)
        self.used(node)
        self.scope.yields.append(self.nodes["e", node])
        self.operation("iterate", node, expression)
        return UNKNOWN

    def read_unknown(self, expression: ast.expr) -> int:
        """Read the parts of an expression kind that has no value of interest (template strings of newer Pythons)."""
        for part in ast.iter_child_nodes(expression):
            if isinstance(part, ast.expr):
                self.read(part)
        return UNKNOWN


_LARGE = 1e9
# what passes of these is no choice that a function of the program makes, but for each a row of its own
_UNASKING = frozenset(
    {
        "add_argument", "append", "critical", "debug", "decode", "encode", "endswith", "error", "exception", "find",
        "format", "get", "getenv", "info", "join", "log", "lstrip", "pop", "print", "replace", "rstrip", "setdefault",
        "split", "startswith", "strip", "sub", "warning", "write",
    }
)  # fmt: skip
_SECRET = re.compile(r"(?i)secret|passw|pwd|token|credential|api_?key|passphrase").search
_CONSTANTS: dict[type, int] = {bytes: BYTES, type(None): NONE, type(...): ELLIPSIS}
_LOOP_PROBES = frozenset({"get_running_loop", "is_running", "_get_running_loop"})
_SPECIAL_FUNCTIONS = _LOOP_PROBES | {"cast", "super", "getattr", "setattr"}
_SPECIAL_METHODS = _LOOP_PROBES | {"append", "add", "appendleft", "extend"}
_CONCATENABLE = frozenset({"s", "b", "L", "T"})
_COMPREHENSIONS: dict[type, str] = {ast.ListComp: "L", ast.SetComp: "S", ast.GeneratorExp: "G"}

EXPRESSIONS: dict[type[ast.AST], Callable[[ExpressionReader, Any], int]] = {
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
# those that may hand on the value of a call inside
_OUTCOMES: dict[type[ast.AST], Callable[[ExpressionReader, Any, int], int]] = {
    ast.Call: ExpressionReader.read_call,
    ast.IfExp: ExpressionReader.read_conditional,
    ast.BoolOp: ExpressionReader.read_boolean,
    ast.NamedExpr: ExpressionReader.read_named,
}
for _newer in ("TemplateStr", "Interpolation"):
    if hasattr(ast, _newer):
        EXPRESSIONS[getattr(ast, _newer)] = ExpressionReader.read_unknown
