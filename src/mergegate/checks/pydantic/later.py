"""What releases after 2.0 deprecate: an opt-in tier."""

from __future__ import annotations

from collections.abc import Iterator

from mergegate.checks.pydantic.models import Models
from mergegate.checks.pydantic.report import Reporter, Where, operations_of, place_of_operation
from mergegate.finding import Finding

LATER = "pydantic-later-deprecation"


def later_findings(models: Models, reporter: Reporter) -> Iterator[Finding]:
    """Yield findings about reads of `model_fields` from an instance."""
    if LATER not in reporter.rules:
        return
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
                    Where(module, place_of_operation(operation), fact.qualname), LATER, message, repair
                )
