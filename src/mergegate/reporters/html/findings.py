"""The findings of the HTML report: a card for each cause, with its line, its chain, what to do and where else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from mergegate.finding import Finding, Step
from mergegate.gate.report import Report, Result
from mergegate.reporters.arrangement import by_cause, most_relevant_first
from mergegate.reporters.html.code import excerpt, line_of
from mergegate.reporters.html.tree import Node, element, html, prose
from mergegate.reporters.places import line_links
from mergegate.reporters.plain import printable, printable_path

_DETAILED = 5000
"""So many places have their lines and chains; a browser takes no pleasure in more."""

_AROUND = 2


class Cards:
    """Writes the cards of a report.

    Parameters
    ----------
    report
        The report.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        self.links = line_links(report.root)
        self.written = 0
        self.names: set[str] = set()
        # the lines of code that the current card shows already: its places share the end of their chains
        self.lines: set[tuple[str, int]] = set()

    def write(self, results: Sequence[Result]) -> Iterator[str]:
        """Write a card for each cause of some results, the worst first."""
        for group in by_cause(most_relevant_first(self.report, results)):
            yield html(self._card(group))
            yield "\n"

    def _card(self, group: Sequence[Result]) -> Element:
        first = group[0].finding
        self.lines = set()
        severity = element("span", first.severity.value, class_=f"severity {first.severity}")
        heading = element("h3", severity, " ", *prose(_headline(first)))
        parts: list[Node] = [heading, self._facts(first), self._place(group[0], folded=False)]
        if first.help:
            parts.append(element("p", element("strong", "How to fix: "), *prose(first.help), class_="help"))
        if len(group) > 1:
            count = len(group) - 1
            text = f"{count} more place{'' if count == 1 else 's'} with this cause"
            others = [self._place(result, folded=True) for result in group[1:]]
            parts.append(element("details", element("summary", text), *others, class_="others"))
        return element("article", *parts, data_rule=first.rule, data_family=first.family, class_="cause")

    def _facts(self, finding: Finding) -> Element:
        rule = element("a", finding.rule, href=f"#rule-{finding.rule}", class_="rule")
        return element("p", rule, f" \u00b7 {finding.confidence} confidence", class_="facts")

    def _title(self, finding: Finding) -> list[Node]:
        """Return where a place is: file, line, column, function."""
        title: list[Node] = [self._where(finding)]
        return [*title, " in ", element("code", printable(finding.scope))] if finding.scope else title

    def _place(self, result: Result, *, folded: bool) -> Element:
        """Return a place with its line and its chain."""
        finding = result.finding
        self.written += 1
        title = self._title(finding)
        fingerprint = element("code", result.fingerprint, class_="print", title="Fingerprint")
        parts: list[Node] = [element("p", *([] if folded else [element("span", *title)]), fingerprint, class_="where")]
        if self.written <= _DETAILED:
            around = 0 if folded else _AROUND
            code = excerpt(self.report.sources[finding.path], finding, around)
            parts += [each for each in (code, self._chain(finding)) if each is not None]
        if result.reason:
            parts.append(element("p", "Suppressed: ", printable(result.reason), class_="reason"))
        given = {"data_severity": finding.severity.value, "data_confidence": finding.confidence.value}
        # the projects of a workspace may share fingerprints, a page may not
        if result.fingerprint not in self.names:
            self.names.add(result.fingerprint)
            given["id"] = f"f-{result.fingerprint}"
        if folded:
            return element("details", element("summary", *title), *parts, class_="place", **given)
        return element("div", *parts, class_="place", **given)

    def _where(self, finding: Finding) -> Element:
        column = self.report.sources[finding.path].characters(finding.line, finding.column) + 1
        return self._at(finding.path, finding.line, f":{column}")

    def _at(self, path: str, line: int, column: str = "") -> Element:
        shown = f"{printable_path(path)}:{line}{column}"
        address = self.links(path, line)
        if address:
            return element("a", shown, href=address, class_="at", rel="noreferrer")
        return element("span", shown, class_="at")

    def _chain(self, finding: Finding) -> Element | None:
        own = (finding.path, finding.line)
        if all((step.path, step.line) == own for step in finding.witness):
            return None
        return element("ol", *(self._step(step, own) for step in finding.witness), class_="chain")

    def _step(self, step: Step, own: tuple[str, int]) -> Element:
        parts: list[Node] = [element("code", printable(step.text)), " ", self._at(step.path, step.line)]
        place = step.path, step.line
        if place != own and place not in self.lines:
            self.lines.add(place)
            line = line_of(self.report.sources[step.path], step)
            parts += [line] if line is not None else []
        return element("li", *parts)


def _headline(finding: Finding) -> str:
    """Return the message without the chain, which is shown below it."""
    if len(finding.witness) < 2:
        return finding.message
    head, found, chain = finding.message.partition(f": {finding.witness[0].text} (")
    return head if found and chain else finding.message
