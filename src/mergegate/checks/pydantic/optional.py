"""Optional fields without a default, which pydantic 1 did not require: reported beside other traces of pydantic 1."""

from __future__ import annotations

from collections.abc import Iterator

from mergegate.checks.pydantic.models import Models
from mergegate.checks.pydantic.report import Reporter, Where
from mergegate.finding import Finding
from mergegate.syntax.summary import NONE, Flag, Row

OPTIONAL = "pydantic-optional-without-default"


def optional_findings(models: Models, reporter: Reporter, traced: set[str]) -> Iterator[Finding]:
    """Yield a finding for each field `x: Optional[T]` or `x: Any` of a model.

    Parameters
    ----------
    traced
        The files with other traces of pydantic 1: elsewhere such a field is legal code for pydantic 2.
    """
    if OPTIONAL not in reporter.rules:
        return
    for _, module, fact in models.all():
        if models.program.paths[module] not in traced:
            continue
        for name, flags, place in fact.places:
            row = models.row(module, fact.names.get(name, 0))
            if not flags & Flag.ALTERNATIVE and row[0] == "@" and _admits_none(models, module, row[1]):
                message = (
                    f"Silently changed by pydantic 2: the field `{name}` of the model `{fact.name}` is now required"
                )
                repair = "write `= None`, unless it is to be required"
                yield from reporter.at(
                    Where(module, place, fact.qualname), OPTIONAL, message, repair, fix=("optional",)
                )


def _admits_none(models: Models, module: int, node: int) -> bool:
    row: Row = models.row(module, node)
    if row[0] == "|":
        return NONE in row[1:]
    head = row[1] if row[0] == "[" else node
    names = [str(v[1]) for v in models.program.value(module, head) if v[0] in ("x", "cls")]
    return bool(names) and names[0] in (("typing.Optional",) if row[0] == "[" else ("typing.Any",))
