"""Reading type expressions: annotations, bases and the second argument of `isinstance`. Nothing is executed by them."""

from __future__ import annotations

import ast

from mergegate.syntax.reader import Reader
from mergegate.syntax.summary import ELLIPSIS, NONE, UNKNOWN

_MAX_FORWARD_REFERENCE = 500


class AnnotationReader(Reader):
    """Type expressions as nodes."""

    def annotation(self, expression: ast.expr | None) -> int:
        """Return the node of a type expression."""
        # names and subscripts are nine tenths of all annotations
        kind = expression.__class__
        if kind is ast.Name:
            node = self.scope.env.get(expression.id)  # type: ignore[union-attr]
            return node if node is not None else self.free_name(expression.id)  # type: ignore[union-attr]
        if isinstance(expression, ast.Subscript):
            return self.subscript_annotation(expression)
        if isinstance(expression, ast.Attribute):
            return self.attribute_annotation(expression)
        if isinstance(expression, ast.BinOp):
            return self.union_annotation(expression)
        if isinstance(expression, ast.Constant):
            return self.constant_annotation(expression.value)
        if isinstance(expression, ast.Tuple | ast.List):
            return self.nodes["T", *[self.annotation(e) for e in expression.elts]]
        if isinstance(expression, ast.Starred):
            return self.annotation(expression.value)
        if isinstance(expression, ast.Call):
            self.called_annotation(expression)
        return UNKNOWN

    def attribute_annotation(self, expression: ast.Attribute) -> int:
        """Read `module.Name` and `package.module.Name`."""
        value = expression.value
        node = self.nodes[".", self.annotation(value), expression.attr]
        while isinstance(value, ast.Attribute):
            value = value.value
        if isinstance(value, ast.Name) and self.imported.get(value.id) and not self.quoted:
            scope = self.scope
            key = (node, self.flags)
            if key not in scope.seen_attributes:
                scope.seen_attributes.add(key)
                self.operation("annotate", node, expression)
        return node

    def called_annotation(self, expression: ast.Call) -> None:
        """Read `conlist(int, min_items=1)`: what a library makes of it is not known, but what is passed is."""
        callee = self.annotation(expression.func)
        positional = tuple([self.annotation(argument) for argument in expression.args])
        keywords = tuple(
            [(keyword.arg or "**", self.passed_in_annotation(keyword.value)) for keyword in expression.keywords]
        )
        if not self.quoted:
            self.operation("annotate", self.nodes["(", callee, positional, keywords], expression)

    def passed_in_annotation(self, expression: ast.expr) -> int:
        """Read an argument of a call in an annotation, as far as it is a constant."""
        if isinstance(expression, ast.Constant):
            return self.read(expression)
        return self.annotation(expression)

    def union_annotation(self, expression: ast.BinOp) -> int:
        """Read `A | B | C`."""
        parts: list[int] = []
        left: ast.expr = expression
        while isinstance(left, ast.BinOp) and isinstance(left.op, ast.BitOr):
            parts.append(self.annotation(left.right))
            left = left.left
        if not parts:
            return UNKNOWN
        return self.nodes.union([self.annotation(left), *reversed(parts)])

    def constant_annotation(self, value: object) -> int:
        """Read None, `...` or a forward reference."""
        if value is None:
            return NONE
        if value is ...:
            return ELLIPSIS
        if not isinstance(value, str) or len(value) > _MAX_FORWARD_REFERENCE:
            return UNKNOWN
        if value not in self.forward_references:
            try:
                self.forward_references[value] = ast.parse(value.strip(), mode="eval").body
            except (SyntaxError, ValueError, MemoryError):
                self.forward_references[value] = None
        self.quoted += 1
        node = self.annotation(self.forward_references[value])
        self.quoted -= 1
        return node

    def subscript_annotation(self, expression: ast.Subscript) -> int:
        """Read `List[X]`, `Literal[...]`, `Annotated[T, ...]`."""
        base = self.annotation(expression.value)
        index = expression.slice
        last = expression.value
        label = last.id if isinstance(last, ast.Name) else last.attr if isinstance(last, ast.Attribute) else ""
        if label == "Literal":
            return self.nodes["[", base, UNKNOWN]
        if label == "Annotated" and isinstance(index, ast.Tuple) and index.elts:
            # `Annotated[T, Depends(f)]`: T says what arrives, f is only evaluated by the framework
            for item in index.elts[1:]:
                if isinstance(item, ast.Call):
                    self.called_annotation(item)
            return self.annotation(index.elts[0]) or self.dependency(index.elts[1:])
        return self.nodes["[", base, self.annotation(index)]

    def dependency(self, metadata: list[ast.expr]) -> int:
        """Return the annotation that stands for `Depends(f)` among the metadata of an `Annotated`."""
        for item in metadata:
            if isinstance(item, ast.Call) and item.args:
                return self.nodes["r", self.annotation(item.args[0])]
        return UNKNOWN
