"""Attributes that may hold None: declared to, or set to None by their own class."""

from __future__ import annotations

from mergegate.checks.optional.likely import Likely
from mergegate.checks.optional.reasons import Reason
from mergegate.finding import Confidence, Step
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.values import ClassKey
from mergegate.syntax.summary import NONE, Row


class OptionalAttributes:
    """What is known of the attributes of the program's classes."""

    def __init__(self, program: CallGraph, likely: Likely) -> None:
        self.program = program
        self.likely = likely
        self._known: dict[tuple[int, str], Reason | None] = {}

    def reason(self, key: ClassKey, name: str) -> Reason | None:
        """Return why an attribute of an instance may be None; None if nothing says so."""
        if not isinstance(key, int) or name not in self.likely.attributes:
            return None
        if (key, name) not in self._known:
            self._known[key, name] = self._find(key, name)
        return self._known[key, name]

    def _find(self, key: int, name: str) -> Reason | None:
        for ancestor in self.program.mro(key):
            if not isinstance(ancestor, int):
                continue
            fact = self.program.classes[ancestor]
            module = self.program.class_module[ancestor]
            rows = self.program.modules[module].rows
            nodes = [node for node in (fact.names.get(name), fact.attributes.get(name)) if node is not None]
            if not nodes:
                continue
            declarations = [part for node in nodes for part in _parts(rows, node) if rows[part][0] in "&@"]
            path = self.program.paths[module]
            line = next((place[0] for each, _, place in fact.places if each == name), fact.line)
            where = f"`{fact.name}.{name}`"
            if declarations:
                # what declares it, decides
                if not any(("none",) in self.program.declared(module, rows[each][-1]) for each in declarations):
                    return None
                step = Step(path, line, f"{where} is declared to hold None")
                return Reason("attribute", where, Confidence.MEDIUM, (step,))
            parts = [part for node in nodes for part in _parts(rows, node)]
            if NONE in parts and any(part != NONE and rows[part][0] != "?" for part in parts):
                step = Step(path, line, f"{where} is set to None")
                return Reason("attribute", where, Confidence.LOW, (step,))
            return None
        return None


def _parts(rows: list[Row], node: int) -> list[int]:
    row = rows[node]
    if row[0] == "|":
        return [each for part in row[1:] for each in _parts(rows, part)]
    return [node]
