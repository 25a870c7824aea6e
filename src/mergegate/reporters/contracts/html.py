"""The report on contracts as a page that loads nothing: figures, and rejected answers beside their schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from xml.etree.ElementTree import Element

from mergegate import __version__
from mergegate.contracts.report import ContractReport
from mergegate.contracts.statistics import Rate, Standing, percent
from mergegate.contracts.verdict import Outcome
from mergegate.reporters.contracts.markdown import bounds, counted
from mergegate.reporters.html.page import head, shipped
from mergegate.reporters.html.tree import element, html
from mergegate.reporters.plain import clipped, printable, printable_lines

_REJECTED = 200
_SCHEMA = 4000
_BAD = (Standing.FAILED, Standing.BROKEN)
_CSS = (
    ".pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}.pair pre{white-space:pre-wrap;overflow-wrap:anywhere}"
)


def write(reports: Sequence[ContractReport]) -> Iterator[str]:
    """Write the page in ASCII."""
    yield from head("mergegate: contracts", f"{shipped('style.css')}\n{_CSS}")
    failed = [each for each in reports if each.standing in _BAD]
    said = f"{len(failed)} of {len(reports)} contracts failed" if failed else f"{len(reports)} contracts, none failed"
    verdict = element("p", said, class_=f"verdict {'bad' if failed else 'good'}")
    yield f"{html(element('header', element('h1', element('span', 'mergegate'), ' ', 'contracts'), verdict))}\n<main>\n"
    yield f"{html(_overview(reports))}\n"
    for each in reports:
        yield from (f"{html(section)}\n" for section in _contract(each))
    yield f"</main>\n{html(element('footer', element('p', f'mergegate {__version__}')))}\n</body>\n</html>\n"


def _overview(reports: Sequence[ContractReport]) -> Element:
    rows = [_row("th", "Contract", "", "Valid", "Interval (95 %)", "Wanted", "What it says")]
    for each in reports:
        wanted = "all" if each.terms.min_rate >= 1 else percent(each.terms.min_rate)
        rows.append(_row("td", each.terms.name, each.standing.value, *_figures(each.rate), wanted, each.text))
    return element("section", element("h2", "All contracts"), element("table", *rows))


def _contract(report: ContractReport) -> Iterator[Element]:
    name = printable(report.terms.name)
    for title, groups in (("model", report.models), ("prompt", report.prompts)):
        if len(groups) > 1:
            yield _groups(f"{name} by {title}", title, groups)
    rejected = report.rejected
    if rejected:
        parts = [_answer(each, report.terms.schema) for each in rejected[:_REJECTED]]
        more = [element("p", f"and {len(rejected) - _REJECTED} more")] if len(rejected) > _REJECTED else []
        yield element("section", element("h2", f"Rejected under {name}"), *parts, *more)


def _groups(title: str, kind: str, groups: Mapping[str, Rate]) -> Element:
    rows = [_row("th", kind.capitalize(), "Valid", "Interval (95 %)")]
    rows += [_row("td", name, *_figures(each)) for name, each in groups.items()]
    return element("section", element("h2", title), element("table", *rows))


def _figures(rate: Rate) -> tuple[str, str]:
    return counted(rate), bounds(rate)


def _row(tag: str, *cells: str) -> Element:
    return element("tr", *(element(tag, printable(each)) for each in cells))


def _answer(outcome: Outcome, schema: Any) -> Element:
    at = f" at {outcome.pointer}" if outcome.pointer else ""
    heading = element("h3", printable(f"{outcome.id}: {outcome.status.value}{at}"))
    pair = element(
        "div",
        element("pre", printable_lines(outcome.excerpt) or "(nothing to show)"),
        element("pre", printable_lines(clipped(_part(schema, outcome.pointer), _SCHEMA))),
        class_="pair",
    )
    said = " / ".join(filter(None, (outcome.provider, outcome.model, outcome.prompt)))
    facts = [element("p", printable(said))] if said else []
    return element("article", heading, element("p", printable(outcome.message)), *facts, pair)


def _part(schema: Any, pointer: str) -> str:
    """Return the part of a schema that is about a place in the answer; all of it where the place cannot be followed."""
    part = schema
    for key in pointer.split("/")[1:]:
        name = key.replace("~1", "/").replace("~0", "~")
        resolved = _resolved(part, schema)
        properties = resolved.get("properties")
        inner = cast("Mapping[str, Any]", properties).get(name) if isinstance(properties, dict) else None
        inner = inner if inner is not None else resolved.get("items") if name.isdigit() else None
        if not isinstance(inner, dict):
            break
        part = cast("Any", inner)
    return json.dumps(_resolved(part, schema) or schema, indent=2, ensure_ascii=False)


def _resolved(part: Any, schema: Any) -> dict[str, Any]:
    for _ in range(10):
        reference = cast("Mapping[str, Any]", part).get("$ref") if isinstance(part, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        part = schema
        for key in reference[2:].split("/"):
            part = (
                cast("Mapping[str, Any]", part).get(key.replace("~1", "/").replace("~0", "~"))
                if isinstance(part, dict)
                else None
            )
    return cast("dict[str, Any]", part) if isinstance(part, dict) else {}
