"""Locations in a SARIF log."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from mergegate.finding import Finding, Step
from mergegate.gate.report import Report
from mergegate.reporters.line_hash import line_hashes
from mergegate.reporters.places import repository_prefix

_MOST_STEPS = 1000
"""GitHub shows that many steps of a code flow."""

Json = dict[str, Any]


class SarifPlaces:
    """Builds the locations of one report.

    Attributes
    ----------
    base
        The name of the folder to which the addresses of all files are relative: the repository's root.
    """

    base = "%SRCROOT%"

    def __init__(self, report: Report) -> None:
        self.sources = report.sources
        self.prefix = repository_prefix(report.root)
        self._reported: defaultdict[str, set[int]] = defaultdict(set)
        for result in report.results:
            self._reported[result.finding.path].add(result.finding.line)
        self._hashes: dict[str, dict[int, str]] = {}

    def line_hash(self, finding: Finding) -> str:
        """Return GitHub's hash of the reported line; empty if there is no such line."""
        path = finding.path
        if path not in self._hashes:
            try:
                data = self.sources.read(path)
            except (OSError, KeyError):
                self._hashes[path] = {}
            else:
                self._hashes[path] = line_hashes(data, self._reported[path])
        return self._hashes[path].get(finding.line, "")

    def of_finding(self, finding: Finding) -> Json:
        """Return the location of a finding: of a call over several lines the first line.

        A pull request shows an alert only if all of its lines have been changed.
        """
        source = self.sources[finding.path]
        start = source.utf16(finding.line, finding.column) + 1
        # no line is longer than the number of its characters counted as four bytes each
        last = finding.end_column if finding.end_line == finding.line else 4 * len(source.line(finding.line))
        region: Json = {
            "startLine": max(1, finding.line),
            "startColumn": start,
            "endLine": max(1, finding.line),
            "endColumn": max(start, source.utf16(finding.line, last) + 1),
        }
        location: Json = {"physicalLocation": self._physical(finding.path, region)}
        if finding.scope:
            location["logicalLocations"] = [{"fullyQualifiedName": finding.scope}]
        return location

    def of_witness(self, finding: Finding, text: Callable[[str], str]) -> list[Json]:
        """Return the steps of a finding's witness, the finding's own place first.

        Parameters
        ----------
        finding
            It has a witness.
        text
            Turns text into message text.
        """
        steps: list[Json] = []
        first = finding.witness[0]
        if (first.path, first.line) != (finding.path, finding.line):
            message = {"text": text(finding.message) or finding.rule}
            steps.append({"location": {**self.of_finding(finding), "message": message}})
        steps.extend(self._step(step, text) for step in finding.witness)
        return [*steps[: _MOST_STEPS - 1], steps[-1]] if len(steps) > _MOST_STEPS else steps

    def _step(self, step: Step, text: Callable[[str], str]) -> Json:
        physical = self._physical(step.path, {"startLine": max(1, step.line)})
        return {"location": {"physicalLocation": physical, "message": {"text": text(step.text) or "call"}}}

    def _physical(self, path: str, region: Json) -> Json:
        # the bytes of the name are encoded, so a name that is no valid text stays the same file
        uri = quote(os.fsencode(self.prefix + path), safe="/")
        return {"artifactLocation": {"uri": uri, "uriBaseId": self.base}, "region": region}
