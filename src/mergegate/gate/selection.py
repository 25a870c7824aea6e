"""Selection: which of the findings are reported, by rule, place, severity and confidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mergegate.config import Config
from mergegate.finding import Confidence, Finding, Severity
from mergegate.rules.selection import EVERYTHING, selected_rules

if TYPE_CHECKING:
    from mergegate.rules.rule import Rule


class Selector:
    """Answers what a project reports.

    Parameters
    ----------
    config
        The project's settings, the command line's included; `Config.check_rules` has accepted their names.
    rules
        The known rules by id.
    paths
        Files and folders to report on, POSIX and relative to the root; `.` or none: everything.
    """

    def __init__(self, config: Config, rules: Mapping[str, Rule], paths: Collection[str] = ()) -> None:
        self.selected = selected_rules(rules, config.select, config.ignore)
        self._floor = Confidence(config.min_confidence).rank
        self._severities = {name: Severity(severity) for name, severity in config.severity.items()}
        self._ignored_in = [(matcher(p), frozenset(names)) for p, names in config.per_file_ignores.items()]
        self._paths = () if "." in paths else tuple(paths)

    def wants(self, finding: Finding) -> bool:
        """Tell whether a finding is reported, confidence apart."""
        return finding.rule in self.selected and self.covers(finding.path) and not self._ignored(finding)

    def confident(self, finding: Finding) -> bool:
        """Tell whether a finding reaches the minimal confidence."""
        return finding.confidence.rank >= self._floor

    def covers(self, path: str) -> bool:
        """Tell whether a file lies in the selected paths."""
        return not self._paths or any(within(path, folder) for folder in self._paths)

    def graded(self, finding: Finding) -> Finding:
        """Return the finding with the severity that the settings give its rule or family."""
        given = self._severities
        if not given:
            return finding
        severity = given.get(finding.rule) or given.get(finding.family) or given.get(EVERYTHING)
        return replace(finding, severity=severity) if severity else finding

    def _ignored(self, finding: Finding) -> bool:
        return any(
            not names.isdisjoint((finding.rule, finding.family, EVERYTHING)) and matches(finding.path)
            for matches, names in self._ignored_in
        )


def within(path: str, folder: str) -> bool:
    """Tell whether a path is `folder` or lies below it; both are POSIX paths relative to the root."""
    return path == folder or path.startswith(f"{folder}/")


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a path, relative to the root, matches a .gitignore pattern."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - only projects with patterns pay for it

    return GitIgnoreSpec.from_lines([pattern]).match_file
