"""Arguments of `Field` and of functions that make constrained types: refused, renamed, or no longer known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mergegate.checks.pydantic.models import Models
from mergegate.checks.pydantic.report import Reporter, Where, operations_of, place_of_operation
from mergegate.finding import Finding
from mergegate.syntax.summary import Row

REFUSED, DEPRECATED = "pydantic-field-argument-refused", "pydantic-field-argument-deprecated"


class Verdict(NamedTuple):
    """What is wrong with a call."""

    rule: str
    message: str
    repair: str
    fix: tuple[str, ...] = ()


def field_findings(models: Models, reporter: Reporter) -> Iterator[Finding]:
    """Yield a finding for each call with arguments that pydantic 2 does not take."""
    program = models.program
    for module, summary in enumerate(program.modules):
        verdicts: dict[int, list[Verdict]] = {}
        for node in models.marked.of(module).calls:
            found = list(_verdicts(models, module, summary.rows[node]))
            if found:
                verdicts[node] = found
        for fact, operation in operations_of(program, module) if verdicts else ():
            if operation.kind in ("call", "annotate"):
                for verdict in verdicts.get(operation.node, ()):
                    place = place_of_operation(operation)
                    yield from reporter.at(
                        Where(module, place, fact.qualname),
                        verdict.rule,
                        verdict.message,
                        verdict.repair,
                        fix=verdict.fix,
                    )


def _verdicts(models: Models, module: int, row: Row) -> Iterator[Verdict]:
    names = models.names_of(module, row[1])
    if not names:
        return
    given = [name for name, node in row[3] if models.row(module, node) != ("k", "None")]
    if names & models.names.field_names:
        yield from _of_field(models, [name for name in given if name != "**"])
        return
    for name in names:
        function = name.rpartition(".")[2]
        refused = models.names.constrained.get(function)
        if refused is None or name not in (f"pydantic.{function}", f"pydantic.types.{function}"):
            continue
        for argument in given:
            if argument in refused:
                new = refused[argument]
                repair = f"write `{new}=`" if new else "leave it out, and check in a validator"
                message = f"Breaks under pydantic 2: `{function}()` takes no `{argument}`"
                yield Verdict(REFUSED, message, repair, ("argument", function, argument))


def _of_field(models: Models, given: list[str]) -> Iterator[Verdict]:
    table = models.names
    extra: list[str] = []
    for argument in given:
        if argument in table.field_refused:
            message = f"Breaks under pydantic 2: `Field()` takes no `{argument}`"
            yield Verdict(REFUSED, message, table.field_refused[argument], ("argument", "Field", argument))
        elif argument in table.field_renamed:
            new = table.field_renamed[argument]
            repair = f"write `{new}=`" if new else "leave it out, or use `exclude=`"
            if new == "frozen":
                repair = "write `frozen=True` for `allow_mutation=False`"
            message = f"Deprecated in pydantic 2: the argument `{argument}` of `Field()`"
            yield Verdict(DEPRECATED, message, repair, ("argument", "Field", argument))
        elif argument not in table.field_accepted:
            extra.append(argument)
    if extra:
        told = ", ".join(f"`{name}`" for name in extra)
        message = f"Deprecated in pydantic 2: extra arguments of `Field()` ({told})"
        yield Verdict(DEPRECATED, message, _home_of(extra), ("extras", *extra))


def _home_of(extra: list[str]) -> str:
    if "env" in extra:
        return "write `validation_alias=` for `env=` (`AliasChoices(...)` for several names)"
    if "example" in extra:
        return "write `examples=[...]`, or `json_schema_extra={...}` for what the schema is to show"
    return "write `json_schema_extra={...}`"
