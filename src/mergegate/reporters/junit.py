"""JUnit XML for systems that show test results: one suite a family of rules, one failed test a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from mergegate import __version__
from mergegate.finding import Finding
from mergegate.gate.conditions import Condition, Status
from mergegate.gate.report import Report
from mergegate.reporters import Style
from mergegate.reporters.places import repository_prefix
from mergegate.reporters.plain import printable, printable_path
from mergegate.reporters.text import summary
from mergegate.reporters.verdict import entry, headline, places

_OUTCOMES = {
    Status.FAILED: "failure", Status.BROKEN: "error", Status.ABSENT: "skipped", Status.UNDECIDED: "skipped"
}  # fmt: skip


def write(report: Report, style: Style) -> Iterator[str]:
    """Write the new findings as one XML document in ASCII; paths are relative to the repository's root.

    A family without new findings has one passed test, for a report without any test counts as a mistake in many
    systems.
    """
    del style
    by_family: dict[str, dict[str, list[Finding]]] = {rule.family: {} for rule in report.rules.values()}
    for result in report.new:
        finding = result.finding
        by_family.setdefault(finding.family, {}).setdefault(finding.path, []).append(finding)
    root = Element("testsuites")
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    for index, family in enumerate(sorted(by_family)):
        suite = _suite(report, family, by_family[family])
        suite.attrib.update(timestamp=moment, package="mergegate", id=str(index))
        root.append(suite)
    if report.conditions:
        suite = _gate(report.conditions)
        suite.attrib.update(timestamp=moment, package="mergegate", id=str(len(by_family)))
        root.append(suite)
    yield tostring(root, encoding="us-ascii", xml_declaration=True).decode("ascii")
    yield "\n"


def _suite(report: Report, family: str, files: dict[str, list[Finding]]) -> Element:
    counts = {"tests": max(1, len(files)), "failures": len(files), "errors": 0, "skipped": 0}
    suite = Element("testsuite", name=family, hostname="localhost", time="0")
    suite.attrib.update((name, str(count)) for name, count in counts.items())
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", name="mergegate", value=__version__)
    prefix = repository_prefix(report.root)
    for path, findings in files.items():
        _test(suite, family, printable_path(prefix + path)).append(_failure(report, findings, prefix))
    if not files:
        _test(suite, family, "no new findings")
    SubElement(suite, "system-out").text = summary(report)
    SubElement(suite, "system-err").text = "\n".join(map(printable, report.warnings))
    return suite


def _gate(conditions: Sequence[Condition]) -> Element:
    """Return the suite of the verdict: one test a condition."""
    statuses = Counter(condition.status for condition in conditions)
    counts = {
        "tests": len(conditions), "failures": statuses[Status.FAILED], "errors": statuses[Status.BROKEN],
        "skipped": statuses[Status.ABSENT] + statuses[Status.UNDECIDED],
    }  # fmt: skip
    suite = Element("testsuite", name="gate", hostname="localhost", time="0")
    suite.attrib.update((name, str(count)) for name, count in counts.items())
    SubElement(suite, "properties")
    for condition in conditions:
        told = entry(condition)
        test = _test(suite, "gate", f"{told.source}: {printable(condition.name)}")
        kind = _OUTCOMES.get(condition.status)
        if kind == "skipped":
            SubElement(test, kind, {"message": told.text} if told.text else {})
        elif kind:
            outcome = SubElement(test, kind, message=f"{told.figure}; {told.text}", type=str(condition.status))
            outcome.text = "\n".join(places(condition))
    SubElement(suite, "system-out").text = headline(conditions)
    SubElement(suite, "system-err").text = ""
    return suite


def _test(suite: Element, family: str, name: str) -> Element:
    return SubElement(suite, "testcase", name=name, classname=f"mergegate.{family}", time="0")


def _failure(report: Report, findings: Sequence[Finding], prefix: str) -> Element:
    first, others = findings[0], len(findings) - 1
    more = f" (and {others} more)" if others else ""
    failure = Element("failure", message=printable(first.message) + more, type=first.rule)
    failure.text = "\n\n".join("\n".join(_lines(report, finding, prefix)) for finding in findings)
    return failure


def _lines(report: Report, finding: Finding, prefix: str) -> Iterator[str]:
    column = report.sources[finding.path].characters(finding.line, finding.column) + 1
    place = f"{printable_path(prefix + finding.path)}:{finding.line}:{column}"
    yield f"{place}: {finding.severity} {finding.rule}: {printable(finding.message)}"
    for step in finding.witness:
        yield f"  {printable_path(prefix + step.path)}:{step.line} {printable(step.text)}"
    if finding.help:
        yield f"  help: {printable(finding.help)}"
