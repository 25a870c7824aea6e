"""A page for people: one file without any address to load, with filters, source lines and whole chains."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from mergegate import __version__
from mergegate.gate.report import Report, Result
from mergegate.gate.verdict import is_open
from mergegate.reporters import Style
from mergegate.reporters.html.findings import Cards
from mergegate.reporters.html.overview import conditions, counts, file_table, filters, rule_table, rule_texts
from mergegate.reporters.html.page import head, shipped
from mergegate.reporters.html.tree import element, html, prose
from mergegate.reporters.plain import printable
from mergegate.reporters.verdict import headline

_SECTIONS = {
    "new": "New findings",
    "baselined": "Baselined: known before",
    "suppressed": "Suppressed by a comment or waiver",
}


def write(report: Report, style: Style) -> Iterator[str]:
    """Write the page in ASCII; without JavaScript all is there but the filters."""
    del style
    css, script = shipped("style.css"), shipped("script.js")
    title = f"mergegate: {_verdict(report)} in {printable(report.root.name) or 'project'}"
    yield from head(title, css, script)
    yield from _body(report)
    yield f"{html(element('script', script))}\n</body>\n</html>\n"


def _body(report: Report) -> Iterator[str]:
    yield f"{html(element('a', 'Skip to the findings', href='#findings', class_='skip'))}\n"
    heading = element("h1", element("span", "mergegate"), " ", printable(report.root.name) or "project")
    verdict = element("p", _verdict(report), class_=f"verdict {'good' if _is_good(report) else 'bad'}")
    warnings = [element("p", *prose(each), class_="warning") for each in report.warnings]
    yield f"{html(element('header', heading, verdict, counts(report), *warnings))}\n"
    if report.conditions:
        yield f"{html(conditions(report.conditions))}\n"
    if report.results:
        yield f"{html(rule_table(report))}\n{html(file_table(report))}\n{html(filters(report))}\n"
    yield '<main id="findings" tabindex="-1">\n'
    cards = Cards(report)
    for status, title in _SECTIONS.items():
        yield from _section(cards, status, title, [each for each in report.results if each.status == status])
    if report.results:
        yield f"{html(element('p', 'No finding matches the filters.', id='nothing', hidden=''))}\n"
    yield "</main>\n"
    if report.results:
        yield f"{html(rule_texts(report))}\n"
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    yield f"{html(element('footer', element('p', f'mergegate {__version__}, {moment}')))}\n"


def _section(cards: Cards, status: str, title: str, results: list[Result]) -> Iterator[str]:
    if not results:
        return
    count = element("span", f"{len(results):,}", class_="count")
    heading = html(element("h2", f"{title} ", count))
    if status == "new":
        yield f'<section class="status" data-status="new">\n{heading}\n'
        yield from cards.write(results)
        yield "</section>\n"
    else:
        # what blocks nobody stays behind a click, with and without JavaScript
        yield f'<details class="status" data-status="{status}">\n<summary>{heading}</summary>\n'
        yield from cards.write(results)
        yield "</details>\n"


def _is_good(report: Report) -> bool:
    return is_open(report.conditions) if report.conditions else not report.new


def _verdict(report: Report) -> str:
    if report.conditions:
        return headline(report.conditions).capitalize()
    new = len(report.new)
    return f"{new:,} new finding{'' if new == 1 else 's'}" if new else "No new findings"
