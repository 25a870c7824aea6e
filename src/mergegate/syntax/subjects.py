"""Subjects of tests: which parameter of the function a test looks at, and what its outcome demands of it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import NamedTuple

from mergegate.syntax.annotations import AnnotationReader
from mergegate.syntax.demands import either, members, of_part, strings
from mergegate.syntax.summary import Demand, Row

# what a branch demands of parameters of the function: all of (index, demand)
Demands = list[tuple[int, str]]


class Subject(NamedTuple):
    """A parameter: its place, what of it is meant (see `demands`), and a demand that spares it from the test."""

    parameter: int
    path: str = ""
    unless: str = ""


class SubjectReader(AnnotationReader):
    """Finds the parameter behind an expression."""

    def subject(self, expression: ast.expr) -> Subject | None:
        """Return the parameter of this function that an expression stands for, None if it is anything else."""
        if isinstance(expression, ast.NamedExpr):
            expression = expression.value
        if isinstance(expression, ast.Name):
            return self.named_subject(expression)
        if isinstance(expression, ast.Attribute):
            return self.field_subject(expression)
        if isinstance(expression, ast.Call):
            return self.item_subject(expression)
        return None

    def named_subject(self, expression: ast.Name) -> Subject | None:
        scope = self.scope
        node = scope.env.get(expression.id)
        if node is None:
            return None
        row = self.undeclared(node)
        if row[0] == "p":
            return Subject(row[2]) if row[1] == scope.function else None
        if row[0] == "(":
            assigned = scope.lookups.get(expression.id)
            return self.item_subject(assigned) if isinstance(assigned, ast.Call) and self.is_item(row[1]) else None
        variant = scope.variants.get(node)
        return Subject(variant[0], unless=variant[1]) if variant is not None and variant[1] else None

    def undeclared(self, node: int) -> Row:
        """Return the row of a node; of `x: bool = value`, that of the value."""
        row = self.rows[node]
        if row[0] == "&":
            row = self.rows[int(row[1])]
        return row

    def is_item(self, node: int) -> bool:
        """Tell whether a callee is that of `parameter.get(...)`."""
        callee = self.rows[node]
        return callee[0] == "." and callee[2] in _LOOK_UPS and str(self.rows[int(callee[1])][0]) == "p"

    def field_subject(self, expression: ast.Attribute) -> Subject | None:
        """Read `self.field` in what a constructor runs on the new instance."""
        owner = expression.value
        if not isinstance(owner, ast.Name):
            return None
        scope = self.scope
        node = scope.env.get(owner.id)
        if node is None or self.rows[node] != ("p", scope.function, 0) or not self.is_hook():
            return None
        # an attribute that the function has assigned by now is no longer what the constructor was given
        return None if self.nodes[".", node, expression.attr] in scope.env else Subject(0, f".{expression.attr}")

    def is_hook(self) -> bool:
        """Tell whether the function is run on each new instance of its class."""
        fact = self.facts.functions[self.scope.function]
        if fact.owner < 0 or fact.parameters[0].name != "self":
            return False
        if fact.name in _HOOKS:
            return True
        rows = [self.rows[node] for node in fact.decorators]
        return any((self.rows[row[1]] if row[0] == "(" else row)[-1] in _VALIDATORS for row in rows)

    def item_subject(self, expression: ast.Call) -> Subject | None:
        """Read `kwargs.get("key")`: an item of a `**` parameter; and `self.field.get(...)`, which is of the field."""
        func, arguments = expression.func, expression.args
        if not isinstance(func, ast.Attribute) or func.attr not in _LOOK_UPS or not arguments or expression.keywords:
            return None
        if len(arguments) > 1 and not (isinstance(arguments[1], ast.Constant) and not arguments[1].value):
            return None
        if isinstance(func.value, ast.Attribute):
            return self.field_subject(func.value)
        holder = self.named_subject(func.value) if isinstance(func.value, ast.Name) else None
        key = arguments[0]
        if holder is None or holder.path or not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            return None
        mapping = self.facts.functions[self.scope.function].parameters[holder.parameter].kind == "**"
        return Subject(holder.parameter, f":{key.value}") if mapping and key.value.isidentifier() else None

    # -- demands -------------------------------------------------------------------------------------------------

    def demand(self, expression: ast.expr, demand: Demand, demands: Demands) -> None:
        """Note a demand about truth or presence, if the expression stands for a parameter."""
        subject = self.subject(expression)
        if subject is None or subject.unless:
            return
        if subject.path and demand not in ("truthy", "some"):
            return
        if subject.path[:1] == "." and demand == "some" and not isinstance(expression, ast.Attribute):
            return
        demands.append((subject.parameter, of_part(demand, subject.path)))

    def demand_text(self, expression: ast.expr, kind: str, value: ast.expr, demands: Demands) -> None:
        """Note that a parameter must equal, begin or end like one of the constants in `value`."""
        subject = self.subject(expression)
        if subject is None or (isinstance(expression, ast.Call) and subject.path[:1] == "."):
            return
        wanted = _texts(value)
        if wanted:
            test = strings(kind, wanted)
        elif kind == "=":
            test = _members(value)
        else:
            return
        if test:
            tests = [of_part(test, subject.path), *([subject.unless] if subject.unless else ())]
            demands.append((subject.parameter, either(tests)))


def _parts(value: ast.expr) -> Sequence[ast.expr]:
    if isinstance(value, ast.Tuple | ast.List | ast.Set):
        return value.elts[:_MAX_PARTS] if len(value.elts) <= _MAX_PARTS else ()
    return (value,)


def _texts(value: ast.expr) -> list[str]:
    """Return the strings that are written out, empty if any part is something else."""
    found = [part.value for part in _parts(value) if isinstance(part, ast.Constant)]
    texts = [text for text in found if isinstance(text, str)]
    return texts if len(texts) == len(_parts(value)) else []


def _members(value: ast.expr) -> str:
    """Return the demand to be one of the members of one enum that are written out; empty for anything else."""
    found: dict[str, list[str]] = {}
    for part in _parts(value):
        if not isinstance(part, ast.Attribute) or not part.attr.isupper():
            return ""
        owner = part.value
        name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        found.setdefault(name, []).append(part.attr)
    owners = [owner for owner in found if owner[:1].isupper() and not owner.isupper()]
    return members(owners[0], found[owners[0]]) if len(owners) == len(found) == 1 else ""


_LOOK_UPS = frozenset({"get", "pop"})
_HOOKS = frozenset({"__post_init__", "model_post_init", "__attrs_post_init__"})
_VALIDATORS = frozenset({"model_validator", "root_validator"})
_MAX_PARTS = 24
