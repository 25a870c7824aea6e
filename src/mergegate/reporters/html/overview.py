"""What stands around the findings of the HTML report: figures, the table of rules, filters, the text of the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, fromstring

from markdown_it import MarkdownIt

from mergegate.finding import Confidence, Severity
from mergegate.gate.conditions import Condition
from mergegate.gate.report import Report
from mergegate.reporters.arrangement import by_cause
from mergegate.reporters.html.tree import Node, element, prose
from mergegate.reporters.plain import printable, printable_lines, printable_path
from mergegate.reporters.rule_help import rule_markdown
from mergegate.reporters.verdict import places

_MOST_FILES = 200
_STATUSES = ("new", "baselined", "suppressed")


def counts(report: Report) -> Element:
    """Return the figures of a report."""
    severities = Counter(result.finding.severity for result in report.new)
    statuses = Counter(result.status for result in report.results)
    causes = len(by_cause(report.new))
    figures = [(severity.value, f"{severity}s" if severity is not Severity.INFO else "info", severities[severity])
               for severity in Severity]  # fmt: skip
    parts: list[Node] = [_figure(name, count, kind) for kind, name, count in figures]
    parts.append(_figure("causes", causes))
    parts += [_figure(status, statuses[status]) for status in ("baselined", "suppressed") if statuses[status]]
    hidden = sum(report.hidden.values())
    if hidden:
        parts.append(_figure("hidden: --min-confidence shows them", hidden))
    parts += [_figure("files", report.files), _figure("lines", report.lines)]
    return element("dl", *parts, class_="figures")


def _figure(name: str, count: int, kind: str = "") -> Element:
    class_ = f"figure {kind}" if kind and count else "figure"
    return element("div", element("dt", name), element("dd", f"{count:,}"), class_=class_)


def conditions(given: Sequence[Condition]) -> Element:
    """Return the verdict of the merge gate, with the places at which conditions failed."""
    head = [element("th", name, scope="col") for name in ("Verdict", "Condition")]
    head += [element("th", name, scope="col", class_="number") for name in ("found", "allowed")]
    rows: list[Node] = []
    for each in given:
        name = element("th", printable(f"{each.source}: {each.name}"), scope="row")
        if each.text:
            name.append(element("span", *prose(each.text)))
        if each.status.exit_code and each.places:
            at = [element("li", line) for line in places(each)]
            name.append(element("details", element("summary", "where"), element("ul", *at)))
        status = element("td", each.status.value, class_=f"outcome {each.status.name.lower()}")
        figures = [element("td", printable(text), class_="number") for text in (each.actual, each.limit)]
        rows.append(element("tr", status, name, *figures))
    table = element("table", element("thead", element("tr", *head)), element("tbody", *rows))
    heading = element("h2", "The gate")
    return element("section", heading, element("div", table, class_="scroll"), class_="overview gate")


def rule_table(report: Report) -> Element:
    """Return how many findings each rule has."""
    by_rule: dict[str, Counter[str]] = {}
    for result in report.results:
        by_rule.setdefault(result.finding.rule, Counter())[result.status] += 1
    causes = Counter(group[0].finding.rule for group in by_cause(report.new))
    shown = [status for status in _STATUSES if any(each[status] for each in by_rule.values())]
    head = [element("th", "Rule", scope="col"), element("th", "causes", scope="col", class_="number")]
    head += [element("th", status, scope="col", class_="number") for status in shown]
    rows: list[Node] = []
    for rule, numbers in sorted(by_rule.items(), key=lambda item: (-item[1]["new"], item[0])):
        name = element("a", rule, href=f"#rule-{rule}", class_="rule")
        summary = report.rules[rule].summary if rule in report.rules else ""
        cells: list[Node] = [element("th", name, element("span", *prose(summary)), scope="row")]
        cells += [
            element("td", f"{number:,}", class_="number") for number in (causes[rule], *(numbers[s] for s in shown))
        ]
        rows.append(element("tr", *cells))
    table = element("table", element("thead", element("tr", *head)), element("tbody", *rows))
    return element("section", element("h2", "By rule"), element("div", table, class_="scroll"), class_="overview")


def file_table(report: Report) -> Element:
    """Return how many findings each file has and of which rules, the files with most new ones first."""
    by_file: dict[str, Counter[str]] = {}
    rules: dict[str, Counter[str]] = {}
    for result in report.results:
        by_file.setdefault(result.finding.path, Counter())[result.status] += 1
        rules.setdefault(result.finding.path, Counter())[result.finding.rule] += 1
    shown = [status for status in _STATUSES if any(each[status] for each in by_file.values())]
    head = [element("th", "File", scope="col")]
    head += [element("th", status, scope="col", class_="number") for status in shown]
    rows: list[Node] = []
    ranked = sorted(by_file.items(), key=lambda item: (-item[1]["new"], -item[1].total(), item[0]))
    for path, numbers in ranked[:_MOST_FILES]:
        named = ", ".join(f"{rule} {count}" for rule, count in rules[path].most_common())
        name = element("th", element("code", printable_path(path)), element("span", named), scope="row")
        rows.append(element("tr", name, *(element("td", f"{numbers[s]:,}", class_="number") for s in shown)))
    table = element("table", element("thead", element("tr", *head)), element("tbody", *rows))
    parts: list[Node] = [element("div", table, class_="scroll")]
    if len(ranked) > _MOST_FILES:
        parts.append(element("p", f"{len(ranked) - _MOST_FILES:,} more files"))
    heading = element("h2", "By file ", element("span", f"{len(ranked):,}", class_="count"))
    # a page of few findings is not to begin with a long table
    return element("details", element("summary", heading), *parts, class_="overview files")


def filters(report: Report) -> Element:
    """Return the form that narrows the findings down; a script shows it."""
    findings = [result.finding for result in report.results]
    present = {result.status for result in report.results}
    search = element("input", type="search", id="text", name="text", autocomplete="off", spellcheck="false",
                     placeholder="message, path, code \u2026")  # fmt: skip
    reset = element("button", "Reset", type="reset")
    return element(
        "form",
        element("p", element("label", "Text", for_="text"), search, class_="wide"),
        _choice("status", "Status", [(status, status) for status in _STATUSES if status in present]),
        _choice("family", "Family", _same({finding.family for finding in findings})),
        _choice("rule", "Rule", _same({finding.rule for finding in findings})),
        _choice("severity", "Severity", [(each.value, each.value) for each in Severity]),
        _choice("confidence", "Confidence", [(each.value, each.value) for each in Confidence]),
        element("p", reset),
        element("output", "", id="count", for_="text status family rule severity confidence"),
        id="filter", hidden="", role="search", aria_label="Filter the findings",
    )  # fmt: skip


def _same(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(names)]


def _choice(name: str, label: str, options: list[tuple[str, str]]) -> Element:
    offered = [element("option", text, value=value) for value, text in options]
    select = element("select", element("option", "any", value=""), *offered, id=name, name=name)
    return element("p", element("label", label, for_=name), select)


def rule_texts(report: Report) -> Element:
    """Return why each rule with findings is there and how to repair what it finds."""
    # raw HTML in a rule's text stays text, and links that run scripts are no links
    markdown = MarkdownIt("commonmark", {"html": False})
    parts: list[Node] = [element("h2", "The rules")]
    for name in sorted({result.finding.rule for result in report.results}):
        rule = report.rules.get(name)
        text: Node = "A plugin reports it; it has no text."
        if rule is not None:
            rendered = markdown.render(printable_lines(rule_markdown(rule)))
            text = fromstring(f'<div class="text">{rendered}</div>')  # noqa: S314 - the renderer's own XHTML
            for heading in text.iter("h2"):
                heading.tag = "h3"
        title = element("summary", element("strong", name), f" {rule.summary if rule else ''}")
        parts.append(element("details", title, text, id=f"rule-{name}"))
    return element("section", *parts, class_="rules")
