"""Types of values as far as None is concerned: shapes are followed through the program when they must be."""

from __future__ import annotations

import ast
from functools import partial

from mergegate.nullness.values import Shape, last_name
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.values import DECLARED, NONE, UNKNOWN, Union, join


class ShapeResolver:
    """Turns shapes into unions of values."""

    def __init__(self, program: CallGraph) -> None:
        self.program = program
        self._known: dict[Shape, Union] = {}

    def union(self, shape: Shape) -> Union:
        """Return what a value of a shape may be, None left out."""
        if not shape:
            return UNKNOWN
        known = self._known.get(shape)
        if known is None:
            known = self._known[shape] = without_none(self._find(shape))
        return known

    def _find(self, shape: Shape) -> Union:
        kind, program = shape[0], self.program
        if kind == "p":
            function, position = shape[1:]
            return program.parameter_value(function, position)
        if kind == "n":
            return program.value(shape[1], shape[2])
        if kind == "a":
            return program.attribute_of(self.union(shape[1]), shape[2])
        if kind == "e":
            return program.element_of(self.union(shape[1]))
        if kind == "i":
            return program.subscript_of(self.union(shape[1]), shape[2])
        if kind == "u":
            return shape[1]
        if kind == "|":
            return join([self.union(part) for part in shape[1:]])
        return UNKNOWN

    # -- annotations ---------------------------------------------------------------------------------------------

    def annotated(self, module: int, annotation: ast.expr | str) -> Union:
        """Return what an annotation in a function admits, None included."""
        if isinstance(annotation, str):
            try:
                annotation = ast.parse(annotation, mode="eval").body
            except (SyntaxError, ValueError):
                return UNKNOWN
        inner = partial(self.annotated, module)
        match annotation:
            case ast.Constant(value=None):
                return NONE
            case ast.Constant(value=str(text)):
                return inner(text)
            case ast.BinOp(op=ast.BitOr()):
                return join([inner(annotation.left), inner(annotation.right)])
            case ast.Subscript():
                parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
                return self._subscripted(module, annotation.value, parts)
            case ast.Name():
                return self._named(module, annotation.id)
            case _:
                return UNKNOWN

    def _subscripted(self, module: int, head: ast.expr, parts: list[ast.expr]) -> Union:
        name = last_name(head)
        if name == "Optional":
            return join([self.annotated(module, parts[0]), NONE])
        if name == "Union":
            return join([self.annotated(module, part) for part in parts])
        if name in ("Annotated", "Final", "ClassVar"):
            return self.annotated(module, parts[0])
        arguments = tuple([self.annotated(module, part) for part in parts])
        if name in ("tuple", "Tuple"):
            if len(parts) == 2 and isinstance(parts[1], ast.Constant) and parts[1].value is ...:
                return (("ins", "builtins.tuple", arguments[:1], DECLARED),)
            return (("tup", arguments),)
        return tuple(
            [("ins", value[1], arguments, DECLARED) for value in self._named(module, name) if value[0] == "ins"]
        )

    def _named(self, module: int, name: str) -> Union:
        found = self.program.definition(module, name)
        if found is not None:
            return self.program.declared(*found)
        return self.program.instances(self.program.external(f"builtins.{_BUILTIN.get(name, name)}"))


def without_none(union: Union) -> Union:
    """Return a union without None."""
    return tuple([value for value in union if value[0] != "none"]) if NONE[0] in union else union


_BUILTIN = {"List": "list", "Dict": "dict", "Set": "set"}
