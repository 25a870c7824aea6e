"""Unguarded Optionals: values used as if they were never None, by what the functions that give them say and do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mergegate.finding import Confidence, Finding, Step
from mergegate.rules.model import Knowledge, Rule
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.values import EXACT, Value, how_known
from mergegate.syntax.summary import Dereference, Flag, FunctionFlag, Operation, Place

_MAX_HOPS = 8
_TESTS = ("tests/", "test/", "testing/")


def check(program: CallGraph, rules: Sequence[Rule], knowledge: Knowledge) -> Iterable[Finding]:
    """Yield a finding for each use, without a guard, of what a call gives that may be None.

    Parameters
    ----------
    rules
        The rules to report; each names the forms of use that it is about in its id, see `rules/optional`.
    """
    yield from _OptionalCheck(program, rules, knowledge).findings()


class _Why(NamedTuple):
    """Why a call may give None: in words, the places that prove it, and how sure that is."""

    text: str
    steps: tuple[Step, ...]
    confidence: Confidence


class _OptionalCheck:
    def __init__(self, program: CallGraph, rules: Sequence[Rule], knowledge: Knowledge) -> None:
        self.program = program
        self.rules = {rule.id: rule for rule in rules}
        self.optional = knowledge.optional
        self.known: dict[int, _Why | None] = {}

    def findings(self) -> Iterator[Finding]:
        """Yield the findings of all functions."""
        for function, fact in enumerate(self.program.functions):
            if fact.nullness.uses:
                yield from self._in_function(function)

    def _in_function(self, function: int) -> Iterator[Finding]:
        fact = self.program.functions[function]
        calls = {_place(each): each for each in fact.operations if each.kind == "call"}
        seen: set[Place] = set()
        for use in sorted(fact.nullness.uses, key=lambda use: (use.place, not use.certain)):
            rule = self.rules.get(_RULES[use.form])
            if rule is None or use.place in seen:
                continue
            why = self._why(function, use, calls)
            if why is not None:
                seen.add(use.place)
                yield self._finding(function, rule, use, why)

    def _why(self, function: int, use: Dereference, calls: dict[Place, Operation]) -> _Why | None:
        """Return why the value of a use may be None, the surest reason of all."""
        path = self.program.paths[self.program.function_module[function]]
        found: list[_Why] = []
        for place in use.calls:
            operation = calls.get(place)
            if operation is not None and not operation.flags & Flag.ALTERNATIVE:
                why = self._of_call(function, operation, 0)
                if why is not None:
                    found.append(why._replace(steps=(Step(path, place[0], f"{why.text} gives the value"), *why.steps)))
        if use.certain and not use.calls and use.lines:
            step = Step(path, use.lines[0], "None is assigned here")
            found.append(_Why("every assignment that reaches this place", (step,), Confidence.MEDIUM))
        return max(found, key=lambda why: why.confidence.rank, default=None)

    def _of_call(self, function: int, operation: Operation, depth: int) -> _Why | None:
        module = self.program.function_module[function]
        row = self.program.modules[module].rows[operation.node]
        if row[0] != "(" or depth > _MAX_HOPS:
            return None
        values = self.program.value(module, row[1])
        count = len(row[2]) + len(row[3])
        reasons = [self._of_value(value, count, operation, depth) for value in values]
        # a receiver that may be of several classes may be of just the one that finds what it looks for
        if not reasons or any(reason is None for reason in reasons):
            return None
        return reasons[0]

    def _of_value(self, value: Value, count: int, operation: Operation, depth: int) -> _Why | None:
        if value[0] in ("x", "xm"):
            name = str(value[1]) if value[0] == "x" else f"{value[1]}.{value[3]}"
            most = self.optional.get(name, self.optional.get(self.program.types.canonical(name)))
            if most is None or count > most:
                return None
            limit = Confidence.MEDIUM if name.endswith(_BY_KEY) else Confidence.HIGH
            return _Why(f"`{name.removeprefix('builtins.')}()`", (), limit)
        if value[0] != "fn":
            return None
        target, receiver = int(value[1]), value[2]
        fact = self.program.fact(target)
        awaited = bool(operation.flags & Flag.AWAITED)
        if self.program.is_async(target) is not awaited or fact.flags & (FunctionFlag.GENERATOR | FunctionFlag.STUB):
            return None
        if fact.decorators and not all(self._keeps(target, node) for node in fact.decorators):
            return None
        why = self._of_function(target, depth + 1)
        if why is None or receiver is None or how_known(receiver) == EXACT or not isinstance(receiver[1], int):
            return why
        if self.program.overriding(receiver[1], fact.name):
            return why._replace(confidence=Confidence.MEDIUM)
        return why

    def _keeps(self, function: int, node: int) -> bool:
        values = self.program.value(self.program.function_module[function], node)
        return bool(values) and all(
            v[0] in ("x", "cls") and self.program.decorator_effects.get(str(v[1])) in ("transparent", "static", "class")
            for v in values
        )

    def _of_function(self, function: int, depth: int) -> _Why | None:
        """Return why a function of the program may give None."""
        if function in self.known:
            return self.known[function]
        self.known[function] = None  # what calls itself gives no None by that
        fact, flow = self.program.functions[function], self.program.functions[function].nullness
        path = self.program.paths[self.program.function_module[function]]
        name = f"`{fact.qualname}()`"
        found: _Why | None = None
        if flow.lines:
            found = _Why(name, (Step(path, flow.lines[0], f"{name} gives None here"),), Confidence.HIGH)
            if len(fact.guards) > 1 or any(parameter.default for parameter in fact.parameters):
                # its own parameters may decide which way it takes
                found = found._replace(confidence=Confidence.MEDIUM)
            if flow.declared < 0:
                found = None  # its author says that the way is not taken; type checkers report it there
        elif flow.declared > 0:
            # without a way of its own: handed on, or overridden
            found = _Why(name, (Step(path, fact.line, f"{name} is declared to give None"),), Confidence.MEDIUM)
        if found is None or found.confidence is not Confidence.HIGH:
            found = self._handed_on(function, depth) or found
        self.known[function] = found
        return found

    def _handed_on(self, function: int, depth: int) -> _Why | None:
        fact = self.program.functions[function]
        if not fact.nullness.calls or fact.nullness.declared < 0:
            return None
        path = self.program.paths[self.program.function_module[function]]
        calls = {_place(each): each for each in fact.operations if each.kind == "call"}
        for place in fact.nullness.calls:
            why = self._of_call(function, calls[place], depth) if place in calls else None
            if why is not None:
                name = f"`{fact.qualname}()`"
                step = Step(path, place[0], f"{name} hands on what {why.text} gives")
                return _Why(name, (step, *why.steps), why.confidence)
        return None

    def _finding(self, function: int, rule: Rule, use: Dereference, why: _Why) -> Finding:
        program = self.program
        path = program.paths[program.function_module[function]]
        line, column, height, end = use.place
        in_test = path.startswith(_TESTS) or any(f"/{part}" in path for part in _TESTS)
        lowest = min(rule.confidence, why.confidence, key=lambda each: each.rank)
        where = f" ({why.steps[-1].path}:{why.steps[-1].line})"
        name = use.text if use.text.isidentifier() else "value"
        bind = "" if use.text.isidentifier() else f"bind it, `{name} = {use.text}`, and "
        return Finding(
            rule=rule.id,
            family=rule.family,
            severity=rule.severity,
            confidence=lowest.lowered() if in_test else lowest,
            path=path,
            line=line,
            column=column,
            end_line=line + height,
            end_column=end,
            message=f"`{use.text}` may be None where {_SAYS[use.form]}: {why.text}{where} may give None",
            help=f"{bind}say what happens without it before: `if {name} is None: raise ...`, or return early",
            scope=program.functions[function].qualname if function else "",
            witness=why.steps,
        )


def _place(operation: Operation) -> Place:
    return operation.line, operation.column, operation.height, operation.end_column


# whether a key is there is often known from elsewhere
_BY_KEY = (".get", "getenv", ".findtext", "current_task", "currentframe")
_RULES = {
    "attribute": "optional-member-access", "subscript": "optional-member-access", "call": "optional-member-access",
    "iteration": "optional-iteration", "membership": "optional-iteration", "context": "optional-operand",
    "operand": "optional-operand",
}  # fmt: skip
_SAYS = {
    "attribute": "its attribute is used", "subscript": "it is subscripted", "call": "it is called",
    "iteration": "it is iterated or unpacked", "membership": "`in` looks into it", "context": "`with` enters it",
    "operand": "an operator takes it",
}  # fmt: skip
