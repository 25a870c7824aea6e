"""The report on coverage as one page for people, without any address to load: progress, floors, gaps and a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from xml.etree.ElementTree import Element

from mergegate import __version__
from mergegate.coverage.gaps import Gap, Step
from mergegate.coverage.model import Figure, FileCoverage, spelled
from mergegate.coverage.overview import Overview, Point
from mergegate.gate.conditions import Condition, Status
from mergegate.reporters.coverage.markdown import MODULE
from mergegate.reporters.html.page import head, shipped
from mergegate.reporters.html.tree import Node, element, html, prose
from mergegate.reporters.plain import clipped, printable, printable_path

_WIDTH, _HEIGHT, _MARGIN = 900, 190, 36
_LINES = 160


def write(overview: Overview, limit: int) -> Iterator[str]:
    """Write the page in ASCII."""
    css = (
        f"{shipped('style.css')}\n{files(__package__ or '').joinpath('style.css').read_text(encoding='utf-8').strip()}"
    )
    figure = overview.measurement.figure
    name = printable(overview.name) or "project"
    yield from head(f"mergegate: {figure} covered in {name}", css)
    failed = [each for each in overview.conditions if each.status in (Status.FAILED, Status.BROKEN)]
    heading = element("h1", element("span", "mergegate"), " ", f"coverage of {name}")
    verdict = element("p", f"{figure} covered", class_=f"verdict {'bad' if failed else 'good'}")
    notes = [element("p", *prose(each), class_="warning") for each in overview.notes]
    yield f"{html(element('header', heading, verdict, *map(_condition, failed), *notes))}\n<main>\n"
    sections = (
        _progress(overview.history),
        _floors(overview),
        *map(_step, overview.steps),
        _gaps(overview.gaps, limit),
        _files(overview),
    )
    for section in sections:
        if section is not None:
            yield f"{html(section)}\n"
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    yield f"</main>\n{html(element('footer', element('p', f'mergegate {__version__}, {moment}')))}\n</body>\n</html>\n"


def _condition(condition: Condition) -> Element:
    figure = f" {condition.actual} ({condition.limit})" if condition.actual else ""
    return element("p", element("strong", printable(condition.name)), f"{printable(figure)}: ", *prose(condition.text),
                   class_="warning")  # fmt: skip


def _progress(points: Sequence[Point]) -> Element | None:
    """Return how the baseline went, as a line."""
    if len(points) < 2:
        return None
    shares = [_share(each.figure) for each in points]
    low = max(0, int(min(shares)) - 2)
    high = min(100, int(max(shares)) + 2)
    span, step = max(1, high - low), (_WIDTH - 2 * _MARGIN) / (len(points) - 1)
    places = [
        (_MARGIN + step * index, _HEIGHT - 24 - (share - low) / span * (_HEIGHT - 40))
        for index, share in enumerate(shares)
    ]
    parts: list[Node] = []
    for value in (low, high):
        y = _HEIGHT - 24 - (value - low) / span * (_HEIGHT - 40)
        parts.append(
            element("line", x1=str(_MARGIN), x2=str(_WIDTH - _MARGIN), y1=f"{y:.1f}", y2=f"{y:.1f}", class_="grid")
        )
        parts.append(element("text", f"{value} %", x="0", y=f"{y + 4:.1f}"))
    parts.append(element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places), class_="line"))
    for (x, y), point in zip(places, points, strict=True):
        label = element("title", f"{point.day}: {point.figure}")
        parts.append(element("circle", label, cx=f"{x:.1f}", cy=f"{y:.1f}", r="3", class_="dot"))
    parts.append(element("text", points[0].day, x=str(_MARGIN), y=str(_HEIGHT - 4)))
    parts.append(element("text", points[-1].day, x=str(_WIDTH - _MARGIN), y=str(_HEIGHT - 4), text_anchor="end"))
    title = f"The baseline went from {points[0].figure} on {points[0].day} to {points[-1].figure} on {points[-1].day}"
    chart = element("svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=title, class_="chart")
    return element("section", element("h2", "Progress"), element("p", title), chart)


def _share(figure: Figure) -> float:
    return figure.covered * 100 / figure.total if figure.total else 100.0


def _floors(overview: Overview) -> Element | None:
    if not overview.floors:
        return None
    rows = [
        (
            [element("code", printable(name))],
            [str(figure), _bar(figure, floor)] if figure.total else ["no measured file matches"],
            [f"{floor:g} %"],
            [str(figure.lacks(floor) or "nothing")] if figure.total else ["?"],
        )
        for name, (figure, floor) in overview.floors.items()
    ]
    return element("section", element("h2", "Floors"), _table(("Component", "Covered", "Floor", "Lacks"), rows, 2))


def _bar(figure: Figure, floor: float) -> Element:
    covered = element("rect", width=f"{_share(figure):.2f}", height="10", class_="covered")
    mark = element("line", x1=f"{floor:g}", x2=f"{floor:g}", y1="0", y2="10", class_="floor")
    whole = element("rect", width="100", height="10", class_="all")
    low = "" if figure.reaches(floor) else " low"
    return element("svg", whole, covered, mark, viewBox="0 0 100 10", preserveAspectRatio="none", class_=f"bar{low}",
                   aria_hidden="true")  # fmt: skip


def _step(step: Step) -> Element:
    title = element("h2", "From ", str(step.now), f" to {step.floor:g} % in ", element("code", printable(step.name)))
    count = len(step.functions)
    text = f"Test {'this function' if count == 1 else f'these {count} functions'}; that makes {step.then}."
    items = [element("li", *_place(gap), f": {gap.gain} more") for gap in step.functions]
    return element("section", title, element("p", text), element("ol", *items))


def _gaps(gaps: Sequence[Gap], limit: int) -> Element:
    title = element("h2", "What to test first")
    if not gaps:
        return element("section", title, element("p", "Everything that was measured is covered."))
    rows = [
        (
            _place(gap),
            [str(gap.gain)],
            [str(gap.statements.total)],
            [str(gap.changes)],
            [str(gap.findings)],
            [clipped(spelled(gap.lines), _LINES)],
        )
        for gap in gaps[:limit]
    ]
    head_ = ("Function", "Missing", "Statements", "Changes", "Findings", "Lines")
    more = len(gaps) - limit
    rest = [element("p", f"{more} more functions: --limit shows them.")] if more > 0 else []
    text = "By what is not covered, how often its file changed in 500 commits, and what mergegate finds in it."
    return element("section", title, element("p", text), _table(head_, rows, 1), *rest)


def _files(overview: Overview) -> Element:
    def order(item: tuple[str, FileCoverage]) -> tuple[int, str]:
        return item[1].figure.covered - item[1].figure.total, item[0]

    rows = [
        (
            [element("code", printable_path(path))],
            [str(each.figure), _bar(each.figure, 0)],
            [f"{each.lines.covered} / {each.lines.total}"],
            [f"{each.ways.covered} / {each.ways.total}"],
        )
        for path, each in sorted(overview.measurement.files.items(), key=order)
    ]
    summary = element("summary", element("h2", f"Files ({len(rows)})"))
    table = _table(("File", "Covered", "Statements", "Branches"), rows, 1)
    return element("details", summary, table, class_="files")


def _place(gap: Gap) -> list[Node]:
    where = element("span", f"{printable_path(gap.path)}:{gap.line}", class_="at")
    return [element("code", printable(gap.name)) if gap.name else MODULE, " ", where]


def _table(head_: Sequence[str], rows: Sequence[Sequence[Sequence[Node]]], numbers_from: int) -> Element:
    def kind(index: int) -> dict[str, str]:
        return {"class_": "number"} if index >= numbers_from else {}

    titles = [element("th", title, scope="col", **kind(index)) for index, title in enumerate(head_)]
    lines = [element("tr", *(element("td", *cell, **kind(index)) for index, cell in enumerate(row))) for row in rows]
    table = element("table", element("thead", element("tr", *titles)), element("tbody", *lines))
    return element("div", table, class_="scroll")
