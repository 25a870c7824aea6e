"""What releases after 2.0 deprecate: an opt-in tier."""

from __future__ import annotations

from collections.abc import Iterator

from mergegate.checks.pydantic.models import Models
from mergegate.checks.pydantic.report import Reporter, Where, operations_of, place_of_operation
from mergegate.finding import Finding
from mergegate.syntax.fingerprints import fingerprint
from mergegate.syntax.summary import FunctionFlag

LATER = "pydantic-later-deprecation"


def later_findings(models: Models, reporter: Reporter) -> Iterator[Finding]:
    """Yield findings about `model_fields` of an instance, and validators of made models that take a class."""
    if LATER not in reporter.rules:
        return
    yield from _validators(models, reporter)
    program = models.program
    for module, summary in enumerate(program.modules):
        reads: dict[int, str] = {}
        for node in models.marked.of(module).later:
            _, base, member = summary.rows[node]
            found = models.receivers(program.value(module, base), member)
            if found and all(value[0] == "ins" for value in found):
                reads[node] = member
        for fact, operation in operations_of(program, module) if reads else ():
            name = reads.get(operation.node) if operation.kind == "attribute" else None
            if name is not None:
                message = f"Deprecated since pydantic 2.11: `{name}` read from an instance"
                repair = f"read it from the class: `type(model).{name}`"
                yield from reporter.at(
                    Where(module, place_of_operation(operation), fact.qualname),
                    LATER,
                    message,
                    repair,
                    fix=("member", name, "instance"),
                )


def _validators(models: Models, reporter: Reporter) -> Iterator[Finding]:
    """Yield a finding for each `@model_validator(mode="after")` on a class method."""
    for module, summary in enumerate(models.program.modules):
        for fact in summary.functions:
            if len(fact.decorators) < 2 or fact.flags & FunctionFlag.ALTERNATIVE:
                continue
            if not any(models.row(module, node) == ("g", "classmethod") for node in fact.decorators):
                continue
            for node, place in zip(fact.decorators, fact.places, strict=False):
                if _runs_after(models, module, node):
                    message = 'Deprecated since pydantic 2.12: `@model_validator(mode="after")` on a class method'
                    repair = "take `@classmethod` away, and let the method read and return `self`"
                    yield from reporter.at(Where(module, place, fact.qualname), LATER, message, repair)


def _runs_after(models: Models, module: int, node: int) -> bool:
    row = models.row(module, node)
    if row[0] != "(" or not models.names_of(module, row[1]) & _MODEL_VALIDATORS:
        return False
    # no other of the three modes has its fingerprint
    return any(name == "mode" and models.row(module, given) == _AFTER for name, given in row[3])


_AFTER = ("s", fingerprint("after"))
_MODEL_VALIDATORS = frozenset({"pydantic.model_validator", "pydantic.functional_validators.model_validator"})
