"""JUnit XML for systems that show test results: one suite a family of rules, one failed test a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from mergegate import __version__
from mergegate.finding import Finding
from mergegate.gate.report import Report
from mergegate.reporters import Style
from mergegate.reporters.places import repository_prefix
from mergegate.reporters.plain import printable, printable_path
from mergegate.reporters.text import summary


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
