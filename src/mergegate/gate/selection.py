"""Selection: which of the findings are reported, by rule, place, severity and confidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from mergegate.errors import ConfigError
from mergegate.finding import Confidence, Finding, Severity
from mergegate.rules.model import Rule

EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class Selection:
    """What to report.

    Attributes
    ----------
    select, ignore
        Rule ids, families, or `all`. The more specific name wins; of equally specific ones, `ignore`. An empty `select`
        means every rule that is enabled by default.
    min_confidence
        Findings below it are counted, not reported.
    severities
        Severity by rule id or family, instead of the rule's own.
    per_file_ignores
        Rule ids or families not reported in files that match a pattern (gitignore syntax, relative to the root).
    paths
        Files and folders to report on, relative to the root; `.` or none: everything.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_confidence: Confidence = Confidence.HIGH
    severities: Mapping[str, Severity] = field(default_factory=dict[str, Severity])
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    paths: tuple[str, ...] = ()


class Selector:
    """Answers for one program what a `Selection` reports.

    Parameters
    ----------
    selection
        What the user asked for.
    rules
        The known rules by id.

    Raises
    ------
    ConfigError
        If the selection names something that is neither a rule nor a family.
    """

    def __init__(self, selection: Selection, rules: Mapping[str, Rule]) -> None:
        families = {rule.family for rule in rules.values()}
        names = (*selection.select, *selection.ignore, *selection.severities)
        for name in (*names, *(name for ignored in selection.per_file_ignores.values() for name in ignored)):
            if name not in rules and name not in families and name != EVERYTHING:
                raise ConfigError(f"{name!r} is neither a rule nor a family", _advice(name, [*rules, *families]))
        self.selection = selection
        self.selected = frozenset(rule.id for rule in rules.values() if _is_selected(rule, selection))
        self._ignored_in = [(_matcher(p), frozenset(names)) for p, names in selection.per_file_ignores.items()]
        self._everywhere = not selection.paths or "." in selection.paths

    def wants(self, finding: Finding) -> bool:
        """Tell whether a finding is reported, confidence apart."""
        return finding.rule in self.selected and self.covers(finding.path) and not self._ignored(finding)

    def confident(self, finding: Finding) -> bool:
        """Tell whether a finding reaches the minimal confidence."""
        return finding.confidence.rank >= self.selection.min_confidence.rank

    def covers(self, path: str) -> bool:
        """Tell whether a file lies in the selected paths."""
        return self._everywhere or any(within(path, folder) for folder in self.selection.paths)

    def graded(self, finding: Finding) -> Finding:
        """Return the finding with the severity that the user gave its rule or family."""
        given = self.selection.severities
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


def _is_selected(rule: Rule, selection: Selection) -> bool:
    for name in (rule.id, rule.family, EVERYTHING):
        if name in selection.ignore:
            return False
        if name in selection.select:
            return rule.enabled or name != rule.family
    return rule.enabled and not selection.select


def _advice(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"did you mean {close[0]!r}?" if close else "'mergegate rules' lists them"


def _matcher(pattern: str) -> Callable[[str], bool]:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - only projects with per-file ignores pay for it

    return GitIgnoreSpec.from_lines([pattern]).match_file


__all__ = ["EVERYTHING", "Selection", "Selector", "within"]


def parse_names(values: Sequence[str]) -> tuple[str, ...]:
    """Split comma-separated names as given on the command line."""
    return tuple(name for value in values for part in value.split(",") if (name := part.strip()))
