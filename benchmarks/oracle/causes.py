"""Why a callee was not resolved: the innermost part of its expression that the linked program cannot evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from benchmarks.oracle.answers import OurAnswers, Target
from benchmarks.oracle.sampling import Call
from mergegate.semantics.values import Value

_UNPACKED = {
    "e": "element of {}", "E": "async element of {}", "u": "unpacked part of {}", "w": "awaited {}",
    "n": "what `with {}` binds", "N": "what `async with {}` binds", "[": "item of {}", "i": "{} known by isinstance",
}  # fmt: skip
_DEPTH = 12


def cause(answers: OurAnswers, call: Call, targets: list[Target]) -> str:
    """Return why a call has no exact target, or "" if it has one."""
    if any(target.exact for target in targets):
        return ""
    for target in targets:
        return f"result of {target.name.partition('()')[0]}() is not known"
    callee = answers.callee(call)
    if callee is None:
        return "no operation was extracted"
    module, nodes = callee
    return _Explainer(answers, module).explain(nodes[0])


class _Explainer:
    def __init__(self, answers: OurAnswers, module: int) -> None:
        self.graph = answers.graph
        self.module = module

    def explain(self, node: int, depth: int = 0) -> str:
        """Follow an expression to where knowledge ends."""
        row = self.graph.modules[self.module].rows[node]
        kind = row[0]
        if depth > _DEPTH:
            return "too deep"
        if kind == ".":
            base = self.graph.value(self.module, row[1])
            return f"attribute .{row[2]} of {self.describe(base)}" if base else self.explain(row[1], depth + 1)
        if kind == "(":
            callee = self.graph.value(self.module, row[1])
            return f"result of {self.describe(callee)}" if callee else self.explain(row[1], depth + 1)
        if kind in _UNPACKED:
            base = self.graph.value(self.module, row[1])
            return _UNPACKED[kind].format(self.describe(base)) if base else self.explain(row[1], depth + 1)
        if kind in ("@", "&"):
            return f"annotation {self.spell(row[1] if kind == '@' else row[2])}"
        if kind in ("|", "v"):
            summary = self.graph.modules[self.module]
            parts = cast("Sequence[int]", row[1:] if kind == "|" else summary.variables[int(row[1])])
            reasons = [self.explain(part, depth + 1) for part in parts if summary.rows[part][0] != "k"]
            return next((reason for reason in reasons if reason), "empty union")
        if kind == "p":
            return self._parameter(row)
        if kind == "?":
            return "an expression that extraction does not model"
        return f"row {kind!r} {self.spell(node)}"

    def _parameter(self, row: Sequence[int]) -> str:
        function, position = row[1:3]
        fact = self.graph.modules[self.module].functions[function]
        parameter = fact.parameters[position]
        if parameter.annotation:
            return f"parameter annotated {self.spell(parameter.annotation)}"
        return f"parameter without annotation{' in a lambda' if fact.name == '<lambda>' else ''}"

    def describe(self, union: tuple[Value, ...]) -> str:
        """Name the values of a union."""
        return " | ".join(self._describe(value) for value in union[:3])

    def _describe(self, value: Value) -> str:
        kind, graph = value[0], self.graph
        if kind == "fn":
            return f"project function {graph.fact(value[1]).qualname}"
        if kind in ("cls", "ins"):
            name = value[1] if isinstance(value[1], str) else f"project class {graph.classes[int(value[1])].qualname}"
            return name if kind == "ins" else f"class {name}"
        if kind == "prm":
            position: int = value[2]
            parameter = graph.fact(value[1]).parameters[position]
            return "parameter with an annotation" if parameter.annotation else "parameter without annotation"
        if kind in ("x", "mod"):
            return str(value[1])
        return f"{value[1]}.{value[3]}" if kind == "xm" else f"<{kind}>"

    def spell(self, node: int, depth: int = 0) -> str:
        """Write an expression down, roughly."""
        row = self.graph.modules[self.module].rows[node]
        kind = row[0]
        if depth > _DEPTH:
            return "…"
        if kind == "g":
            return str(row[1])
        if kind == "m":
            return ".".join(part for part in ("." * row[1] + row[2], row[3]) if part)
        if kind == ".":
            return f"{self.spell(row[1], depth + 1)}.{row[2]}"
        if kind == "[":
            return f"{self.spell(row[1], depth + 1)}[{self.spell(row[2], depth + 1)}]"
        if kind == "(":
            return f"{self.spell(row[1], depth + 1)}()"
        if kind in ("|", "T"):
            return ", ".join(self.spell(part, depth + 1) for part in row[1:4])
        return str(row[1]) if kind in ("k", "#") else f"<{kind}>"
