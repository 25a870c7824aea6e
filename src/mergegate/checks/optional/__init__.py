"""Unguarded Optionals: values used as if they were never None, by what gives them and what every way rules out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mergegate.checks.optional.callers import Callers
from mergegate.checks.optional.lookups import Lookups
from mergegate.checks.optional.reasons import Reason
from mergegate.checks.optional.sieve import Sieve
from mergegate.finding import Confidence, Finding, Step
from mergegate.nullness.expressions import Use
from mergegate.rules.model import Knowledge, Rule
from mergegate.semantics.callgraph import CallGraph
from mergegate.syntax.summary import FunctionFlag

_TESTS = ("tests/", "test/", "testing/")


def check(program: CallGraph, rules: Sequence[Rule], knowledge: Knowledge) -> Iterable[Finding]:
    """Yield a finding for each use, without a guard, of what may be None.

    Parameters
    ----------
    rules
        The rules to report; which forms of use each is about stands in `_RULES`.
    """
    yield from _OptionalCheck(program, rules, knowledge).findings()


class _OptionalCheck:
    def __init__(self, program: CallGraph, rules: Sequence[Rule], knowledge: Knowledge) -> None:
        self.program = program
        self.rules = {rule.id: rule for rule in rules}
        self.lookups = Lookups(program, knowledge)
        self.callers = Callers(program)
        self.sieve = Sieve(self.lookups)

    def findings(self) -> Iterator[Finding]:
        """Yield the findings of all functions."""
        for module in range(len(self.program.modules)):
            for function in self._units(module):
                yield from self._in_function(function)

    def _units(self, module: int) -> list[int]:
        """Return the functions to run: those that stand in no other, with all that stands in them."""
        facts = self.program.modules[module].functions
        found: dict[int, None] = {}
        for number in self.sieve.functions(module):
            while facts[number].parent > 0 and (facts[number].owner < 0 or facts[number].flags & FunctionFlag.LAMBDA):
                number = facts[number].parent
            if facts[number].flags & FunctionFlag.LAMBDA:
                number = 0
            found[self.program.function_base[module] + number] = None
        return list(found)

    def _in_function(self, function: int) -> Iterator[Finding]:
        run = self.lookups.functions.run(function)
        if run is None or run.failed:
            return
        seen: set[tuple[int, int]] = set()
        for use in sorted(run.uses.values(), key=lambda use: use.place):
            rule = self.rules.get(_RULES[use.form])
            if rule is None or use.place[:2] in seen:
                continue
            reasons = [reason for number in sorted(use.origins) for reason in self.lookups.resolved(number)]
            found = [why for reason in reasons if (why := self._why(use, reason)) is not None]
            if found:
                seen.add(use.place[:2])
                yield self._finding(function, rule, use, run.offset, max(found, key=lambda why: why.confidence.rank))

    def _why(self, use: Use, reason: Reason) -> Reason | None:
        if reason.function >= 0:
            return self._parameter(reason)
        if reason.kind == "literal" and use.certain:
            return reason._replace(confidence=Confidence.HIGH)
        return reason

    def _parameter(self, reason: Reason) -> Reason | None:
        """Return why a parameter may be None, if its annotation, its default or a caller says so."""
        program = self.program
        fact = program.functions[reason.function]
        parameter = fact.parameters[reason.position]
        module = program.function_module[reason.function]
        explicit = reason.kind == "declared parameter"
        if reason.kind == "plain parameter":
            return None
        if fact.decorators and not self.lookups.is_plain(reason.function):
            # a decorator may well pass what callers leave out
            explicit = False
        step = Step(
            program.paths[module], fact.line, f"`{parameter.name}` is {'declared' if explicit else 'by default'} None"
        )
        known = self.callers.of(reason.function, reason.position)
        if known.none is not None and (explicit or not fact.decorators):
            return reason._replace(confidence=Confidence.HIGH, steps=(*reason.steps, step, known.none))
        if not explicit:
            return reason._replace(confidence=Confidence.LOW, steps=(*reason.steps, step))
        sure = Confidence.MEDIUM if known.calls else Confidence.HIGH
        return reason._replace(confidence=sure, steps=(*reason.steps, step))

    def _finding(self, function: int, rule: Rule, use: Use, offset: int, why: Reason) -> Finding:
        program = self.program
        module = program.function_module[function]
        path = program.paths[module]
        line, column, height, end = use.place
        line += offset
        if use.functions:
            start, indentation = use.functions[-1]
            inner = self.lookups.at(module, start + offset, indentation)
            function = inner if inner >= 0 else function
        scope = program.functions[function].qualname if function != program.function_base[module] else ""
        in_test = path.startswith(_TESTS) or any(f"/{part}" in path for part in _TESTS)
        lowest = min(rule.confidence, why.confidence, key=lambda each: each.rank)
        if in_test or use.caught:
            lowest = lowest.lowered()
        if self.lookups.functions.lines(module).says(line, _SILENCED):
            # its author has answered a type checker that says the same
            lowest = Confidence.LOW
        where = f" ({why.steps[-1].path}:{why.steps[-1].line})" if why.steps else ""
        clause = _CLAUSES.get(why.kind, _CALL).format(why.text)
        name = use.text if use.text.isidentifier() else "value"
        bind = "" if use.text.isidentifier() else f"bind it, `{name} = {use.text}`, and "
        return Finding(
            rule=rule.id,
            family=rule.family,
            severity=rule.severity,
            confidence=lowest,
            path=path,
            line=line,
            column=column,
            end_line=line + height,
            end_column=end,
            message=f"`{use.text}` may be None where {_SAYS[use.form]}: {clause}{where}",
            help=f"{bind}say what happens without it before: `if {name} is None: raise ...`, or return early",
            cause=f"{path}:{scope}:{use.text}",
            scope=scope,
            witness=why.steps,
        )


_SILENCED = (b"reportOptional", b"union-attr")
_CALL = "{} may give None"
_CLAUSES = {
    "literal": "{} is assigned before", "parameter": "{} may be None", "declared parameter": "{} may be None",
    "attribute": "{} may hold None", "variable": "{} may be None", "declared": "{} may be None as declared",
}  # fmt: skip
_RULES = {
    "attribute": "optional-member-access", "subscript": "optional-member-access", "call": "optional-member-access",
    "iteration": "optional-iteration", "membership": "optional-iteration", "context": "optional-operand",
    "operand": "optional-operand", "await": "optional-operand",
}  # fmt: skip
_SAYS = {
    "attribute": "its attribute is used", "subscript": "it is subscripted", "call": "it is called",
    "iteration": "it is iterated or unpacked", "membership": "`in` looks into it", "context": "`with` enters it",
    "operand": "an operator takes it", "await": "it is awaited",
}  # fmt: skip
