"""Reading displays of containers, and what takes items out of them."""

from __future__ import annotations

import ast

from mergegate.syntax.functions import FunctionReader
from mergegate.syntax.summary import ELLIPSIS, UNKNOWN

_LONG_TUPLE = 50


class DisplayReader(FunctionReader):
    """Handlers for lists, sets, tuples, mappings, subscripts and slices."""

    def read_subscript(self, expression: ast.Subscript) -> int:
        base = self.read(expression.value)
        self.operator("__getitem__", base, expression)
        self.used(base)
        return self.nodes["[", base, self.read(expression.slice)]

    def read_slice(self, expression: ast.Slice) -> int:
        for part in (expression.lower, expression.upper, expression.step):
            if part is not None:
                self.read(part)
        return ELLIPSIS

    def read_starred(self, expression: ast.Starred) -> int:
        node = self.read(expression.value)
        self.used(node)
        return self.nodes["*", node]

    def read_sequence(self, expression: ast.List | ast.Set) -> int:
        element = self.nodes.union([self.element(e) for e in expression.elts])
        return self.nodes["L" if isinstance(expression, ast.List) else "S", element]

    def element(self, expression: ast.expr) -> int:
        """Read what a list or set display takes in: `*x` gives the elements of x."""
        if isinstance(expression, ast.Starred):
            node = self.read(expression.value)
            self.used(node)
            return self.nodes["e", node]
        return self.read(expression)

    def read_tuple(self, expression: ast.Tuple) -> int:
        if len(expression.elts) > _LONG_TUPLE:
            return self.nodes["T*", self.nodes.union([self.element(e) for e in expression.elts])]
        return self.nodes["T", *[self.read(e) for e in expression.elts]]

    def read_dict(self, expression: ast.Dict) -> int:
        keys: list[int] = []
        values: list[int] = []
        for key, value in zip(expression.keys, expression.values, strict=True):
            if key is not None:
                keys.append(self.read(key))
                values.append(self.read(value))
            else:
                values.append(self.nodes["[", self.read(value), UNKNOWN])
        return self.nodes["D", self.nodes.union(keys), self.nodes.union(values)]
