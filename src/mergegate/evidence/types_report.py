"""Type errors as a report, so that every format that shows findings shows them."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import replace
from importlib.resources import files

from mergegate.config import Config
from mergegate.evidence.pyright_output import FAMILY
from mergegate.evidence.silencing import RULE
from mergegate.evidence.types import TypesOutcome
from mergegate.finding import Confidence, Severity
from mergegate.gate.identity import Fingerprints
from mergegate.gate.report import Report, Result
from mergegate.gate.selection import within
from mergegate.gate.source import Sources
from mergegate.rules.rule import Rule

_PAGE = "https://github.com/microsoft/pyright/blob/main/docs/configuration.md"
_WHY = "pyright reports it."


def types_report(outcome: TypesOutcome, config: Config, paths: Collection[str] = ()) -> Report:
    """Return the report on a measurement.

    Parameters
    ----------
    outcome
        What has become of it.
    config
        The project's settings.
    paths
        Files and folders to report on, relative to the root; none: everything.
    """
    measured = outcome.measured
    if measured is None:
        nothing = Sources(lambda path: (config.root / path).read_bytes())
        return Report(config.root, (), {}, {}, nothing, 0, 0, 0, 0.0, conditions=outcome.conditions)
    compared = measured.compared
    prints = Fingerprints(lambda: compared.identities)
    results = [
        Result(each, "baselined" if index in compared.known else "new", prints, index)
        for index, each in enumerate(compared.problems)
        if not paths or any(within(each.path, folder) for folder in paths)
    ]
    listed = {(each.finding.path, each.finding.line) for each in results if each.status == "new"}
    conditions = tuple(
        replace(each, places=tuple(place for place in each.places if (place.path, place.line) not in listed))
        for each in outcome.conditions
    )
    output = measured.output
    lines = sum(len(measured.sources[path].lines) for path in measured.paths)
    return Report(
        config.root, tuple(results), {}, {rule.id: rule for rule in _rules({each.finding.rule for each in results})},
        measured.sources, output.files, lines, 0, output.seconds, conditions=conditions,
    )  # fmt: skip


def _rules(names: Collection[str]) -> Iterator[Rule]:
    """Return the text of rules, of ours and of pyright's."""
    known = tomllib.loads(files(__package__ or "").joinpath("pyright_rules.toml").read_text(encoding="utf-8"))
    for name in sorted(names):
        text = known.get(name, {})
        own = name == RULE
        severity = Severity.WARNING if own else Severity.ERROR
        link = f"{_PAGE}#{name}" if name.startswith("report") else ""
        yield Rule(
            name, "", FAMILY, severity, Confidence.HIGH, "", "pyright", text.get("summary", ""),
            "What it hides is found by nobody, so such comments are ratcheted beside the errors." if own else _WHY,
            text.get("fix", "Follow the message."), references=(link,) if link else (),
        )  # fmt: skip
