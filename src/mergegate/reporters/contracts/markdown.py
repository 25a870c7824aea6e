"""The report on contracts as a comment or a summary: a table, and the rejected answers of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mergegate.contracts.report import ContractReport
from mergegate.contracts.statistics import Rate, Standing, percent
from mergegate.reporters.markdown_text import code, code_block, prose
from mergegate.reporters.plain import printable

_MARKS = {
    Standing.PASSED: "\u2705", Standing.FAILED: "\u274c", Standing.UNDECIDED: "\u2754", Standing.BROKEN: "\u2757"
}  # fmt: skip
_REJECTED = 20
_TEXT, _NAME = 300, 100


def write(reports: Sequence[ContractReport]) -> Iterator[str]:
    """Write the report."""
    yield "## Contracts\n\n"
    yield "| | contract | valid | interval (95 %) | wanted | |\n|---|---|---|---|---|---|\n"
    for each in reports:
        wanted = "all" if each.terms.min_rate >= 1 else percent(each.terms.min_rate)
        bad = ", ".join(f"{count} {status}" for status, count in each.statuses.items() if status != "ok")
        yield (
            f"| {_MARKS[each.standing]} {each.standing} | {code(each.terms.name, _NAME)} | {counted(each.rate)} "
            f"| {bounds(each.rate)} | {wanted} | {prose(bad or each.text, _TEXT)} |\n"
        )
    for each in reports:
        yield from _contract(each)


def counted(rate: Rate) -> str:
    """Return how many answers passed, and of how many prompts where that is less."""
    return f"{rate.passed} of {rate.total}{f' ({rate.prompts} prompts)' if rate.prompts != rate.total else ''}"


def bounds(rate: Rate) -> str:
    """Return an interval in percent."""
    return f"{percent(rate.interval.low)} to {percent(rate.interval.high)}" if rate.total else ""


def _contract(report: ContractReport) -> Iterator[str]:
    if len(report.models) > 1:
        yield f"\n### Models on {code(report.terms.name, _NAME)}\n\n"
        yield "| model | valid | interval (95 %) |\n|---|---|---|\n"
        for name, each in report.models.items():
            yield f"| {code(name, _NAME)} | {counted(each)} | {bounds(each)} |\n"
    rejected = report.rejected
    if not rejected:
        return
    yield f"\n### Rejected under {code(report.terms.name, _NAME)}\n\n"
    for each in rejected[:_REJECTED]:
        at = f" at {code(each.pointer, _NAME)}" if each.pointer else ""
        yield f"- {code(each.id, _TEXT)}: **{each.status.value.replace('_', ' ')}**{at}: {prose(each.message, _TEXT)}\n"
        if each.excerpt:
            yield "\n" + "".join(f"  {line}\n" for line in code_block(printable(each.excerpt)).splitlines()) + "\n"
    if len(rejected) > _REJECTED:
        yield f"- and {len(rejected) - _REJECTED} more\n"
