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
            return self.nodes[".", self.annotation(expression.value), expression.attr]
        if isinstance(expression, ast.BinOp):
            return self.union_annotation(expression)
        if isinstance(expression, ast.Constant):
            return self.constant_annotation(expression.value)
        if isinstance(expression, ast.Tuple | ast.List):
            return self.nodes["T", *[self.annotation(e) for e in expression.elts]]
        if isinstance(expression, ast.Starred):
            return self.annotation(expression.value)
        return UNKNOWN

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
        return self.annotation(self.forward_references[value])

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
            return self.annotation(index.elts[0]) or self.dependency(index.elts[1:])
        return self.nodes["[", base, self.annotation(index)]

    def dependency(self, metadata: list[ast.expr]) -> int:
        """Return the annotation that stands for `Depends(f)` among the metadata of an `Annotated`."""
        for item in metadata:
            if isinstance(item, ast.Call) and item.args:
                return self.nodes["r", self.annotation(item.args[0])]
        return UNKNOWN
