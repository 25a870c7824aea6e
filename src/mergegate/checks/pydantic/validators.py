"""`@validator` and `@root_validator` in every form, and what of them pydantic 2 refuses."""

from __future__ import annotations

from collections.abc import Iterator

from mergegate.checks.pydantic.models import Models
from mergegate.checks.pydantic.report import Reporter, Where, operations_of, place_of_operation
from mergegate.finding import Finding
from mergegate.syntax.summary import FunctionFact, FunctionFlag

REFUSED, DEPRECATED = "pydantic-validator-refused", "pydantic-validator-deprecated"
_HOMES = ("pydantic.", "pydantic.class_validators.")
_VALIDATOR = frozenset(f"{home}validator" for home in _HOMES)
_ROOT = frozenset(f"{home}root_validator" for home in _HOMES)
# arguments of a validating function that pydantic 2 no longer passes
_NOT_PASSED = ("field", "config")


def validator_findings(models: Models, reporter: Reporter) -> Iterator[Finding]:
    """Yield a finding for each validator of the old form."""
    program = models.program
    for module, summary in enumerate(program.modules):
        makers = {
            node for node in models.marked.of(module).makers if models.names_of(module, node) & (_VALIDATOR | _ROOT)
        }
        if not makers:
            continue
        placed: set[tuple[int, int]] = set()
        for fact in summary.functions:
            for node, place in zip(fact.decorators, fact.places, strict=False):
                if models.callee(module, node) in makers:
                    placed.add(place[:2])
                    if not fact.flags & FunctionFlag.ALTERNATIVE:
                        rule, message, repair = _verdict(models, module, node, fact)
                        where = Where(module, place, fact.qualname)
                        yield from reporter.at(where, rule, message, repair, fix=_fix(models, module, node, fact))
        for fact, operation in operations_of(program, module):
            row = summary.rows[operation.node]
            if operation.kind != "call" or row[0] != "(" or row[1] not in makers:
                continue
            if (operation.line, operation.column) not in placed:
                rule, message, repair = _verdict(models, module, operation.node, None)
                place = place_of_operation(operation)
                where = Where(module, place, fact.qualname)
                yield from reporter.at(where, rule, message, repair, fix=("validator-call",))


_SPELLED = frozenset({"validator", "root_validator"})


def _fix(models: Models, module: int, node: int, fact: FunctionFact) -> tuple[str, ...]:
    marks = ["exported"] if any(models.is_exported(module, name) for name in _SPELLED) else []
    if not models.names_of(module, models.callee(module, node)) & _ROOT:
        return ("validator", *marks)
    owner = models.program.class_base[module] + fact.owner if fact.owner >= 0 else None
    return ("root-validator", *marks, *(("orm",) if owner is not None and models.is_orm(owner) else ()))


def _verdict(models: Models, module: int, node: int, fact: FunctionFact | None) -> tuple[str, str, str]:
    """Return (rule, message, repair) for a decorator, or for the call of one with a function."""
    row = models.row(module, node)
    called = row[0] == "("
    given: dict[str, str] = {}
    if called:
        given = {name: str(models.row(module, value)[1:2] or "") for name, value in row[3]}
    if models.names_of(module, models.callee(module, node)) & _ROOT:
        return _root(given)
    return _of_field(given, fact, bare=not called)


def _root(given: dict[str, str]) -> tuple[str, str, str]:
    if "True" in given.get("pre", ""):
        repair = "write `@model_validator(mode='before')` over `@classmethod`; its argument need not be a dict"
        return DEPRECATED, "Deprecated in pydantic 2: `@root_validator(pre=True)`", repair
    repair = "write `@model_validator(mode='after')` on a method that reads `self` and returns it"
    if "True" in given.get("skip_on_failure", "") or "**" in given:
        return DEPRECATED, "Deprecated in pydantic 2: `@root_validator`", repair
    message = "Breaks under pydantic 2: `@root_validator` without `pre=True` or `skip_on_failure=True` raises"
    return REFUSED, message, repair


def _of_field(given: dict[str, str], fact: FunctionFact | None, *, bare: bool) -> tuple[str, str, str]:
    parameters = [parameter.name for parameter in fact.parameters[1:]] if fact is not None else []
    missing = [name for name in parameters if name in _NOT_PASSED]
    if bare:
        message = "Breaks under pydantic 2: `@validator` names no field"
        return REFUSED, message, "write `@field_validator('field')` over `@classmethod`"
    if missing:
        told = " and ".join(f"`{name}`" for name in missing)
        repair = "take `info: ValidationInfo` instead: `info.field_name`, `info.config`, `info.data`"
        return REFUSED, f"Breaks under pydantic 2: a validator gets no {told}", repair
    if "whole" in given:
        return REFUSED, "Breaks under pydantic 2: `@validator` takes no `whole`", "leave it out, and `each_item` too"
    hints = ["write `@field_validator(...)` over `@classmethod`"]
    if "True" in given.get("pre", ""):
        hints[0] = "write `@field_validator(..., mode='before')` over `@classmethod`"
    if "True" in given.get("always", ""):
        hints.append("with `validate_default=True` in the `Field()`, for `always=True`")
    if "True" in given.get("each_item", ""):
        hints.append("with `Annotated[item, AfterValidator(...)]` as the type of the items, for `each_item=True`")
    if "values" in parameters:
        hints.append("read `info.data` instead of `values`")
    if fact is not None and any(p.kind == "**" for p in fact.parameters):
        hints.append("take `info: ValidationInfo` instead of `**kwargs`")
    return DEPRECATED, "Deprecated in pydantic 2: `@validator`", "; ".join(hints)
