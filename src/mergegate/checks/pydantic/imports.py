"""Names that pydantic 2 refuses, or lets in with a warning: imported, or read from the module."""

from __future__ import annotations

from collections.abc import Iterator

from mergegate.checks.pydantic.models import Models
from mergegate.checks.pydantic.report import Reporter, Where, place_of_operation
from mergegate.finding import Finding
from mergegate.rules.migrations import PydanticNames
from mergegate.syntax.summary import Row

REFUSED, MOVED = "pydantic-import-refused", "pydantic-name-deprecated"


def import_findings(models: Models, reporter: Reporter) -> Iterator[Finding]:
    """Yield a finding for each import of a name, and for each use of `pydantic.name`."""
    program = models.program
    for module, summary in enumerate(program.modules):
        for fact, operation in models.marked.operations(module):
            row = summary.rows[operation.node]
            if operation.kind == "import":
                dotted = f"{row[2]}.{row[3]}" if row[3] else ""
            elif operation.kind in ("attribute", "annotate", "call"):
                dotted = _read_from_module(models, module, summary.rows[int(row[1])] if row[0] == "(" else row)
            else:
                continue
            if dotted.startswith("pydantic."):
                where = Where(module, place_of_operation(operation), fact.qualname)
                yield from _verdict(models, reporter, where, dotted)


def _read_from_module(models: Models, module: int, row: Row) -> str:
    """Return the dotted name that `pydantic.x` or `pydantic.x.y` stands for, else nothing."""
    if row[0] != ".":
        return ""
    base = row[1]
    while models.row(module, base)[0] == ".":
        base = models.row(module, base)[1]
    if models.row(module, base)[0] not in "gm":
        return ""
    owners = models.program.value(module, row[1])
    if len(owners) != 1 or owners[0][0] not in ("mod", "x") or not _is_module(models.names, str(owners[0][1])):
        return ""
    return f"{owners[0][1]}.{row[2]}"


def _is_module(names: PydanticNames, dotted: str) -> bool:
    return dotted == "pydantic" or dotted in names.refused or dotted in names.warned


def _verdict(models: Models, reporter: Reporter, where: Where, dotted: str) -> Iterator[Finding]:
    names = models.names
    home, _, name = dotted.rpartition(".")
    repair = names.instead.get(name, "")
    if name in names.refused.get(home, ()):
        rule, message = REFUSED, f"Breaks under pydantic 2: `{dotted}` can no longer be imported"
    elif dotted in names.deprecated or name in names.warned.get(home, ()):
        rule, message = MOVED, f"Deprecated in pydantic 2: `{dotted}`"
    else:
        return
    fix = ("name", dotted, *(("exported",) if models.is_exported(where.module, name) else ()))
    yield from reporter.at(where, rule, message, repair or _general(home), fix=fix)


def _general(home: str) -> str:
    if home == "pydantic.errors":
        return "raise `pydantic_core.PydanticCustomError`, and tell errors apart by their `type`"
    return (
        "it has no successor: see https://docs.pydantic.dev/latest/migration/, or import it from `pydantic.v1` for now"
    )
