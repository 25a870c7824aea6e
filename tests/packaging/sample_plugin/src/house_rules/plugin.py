"""A rule with its own algorithm, a format, and evidence for the merge gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mergegate.config import Config
from mergegate.finding import Finding
from mergegate.gate.conditions import Condition, Place, Status
from mergegate.gate.report import Report
from mergegate.plugins.hooks import hookimpl
from mergegate.reporters import Style
from mergegate.rules.model import Knowledge, Rule
from mergegate.semantics.callgraph import CallGraph


@hookimpl
def mergegate_rule_folders() -> list[Path]:
    return [Path(__file__).with_name("rules")]


@hookimpl
def mergegate_checks() -> Mapping[str, Callable[..., Iterator[Finding]]]:
    return {"house_names": _names}


@hookimpl
def mergegate_reporters() -> Mapping[str, Callable[..., Iterator[str]]]:
    return {"places": _places}


@hookimpl
def mergegate_evidence() -> Mapping[str, Callable[[Config], Callable[[], Sequence[Condition]]]]:
    return {"licences": _licences}


def _names(program: CallGraph, rules: Sequence[Rule], knowledge: Knowledge) -> Iterator[Finding]:
    """Report functions named `do_it`."""
    for rule in rules:
        for path, module in zip(program.paths, program.modules, strict=True):
            for function in module.functions:
                if function.name == "do_it":
                    yield Finding(
                        rule.id, rule.family, rule.severity, rule.confidence, path, function.line, function.column,
                        function.line, function.column + 3, "do_it() does not say what it does", "name what is done",
                    )  # fmt: skip


def _places(report: Report, style: Style) -> Iterator[str]:
    for result in report.new:
        yield f"{result.finding.path} {result.finding.line} {result.finding.rule}\n"


def _licences(config: Config) -> Callable[[], Sequence[Condition]]:
    """Ask for a file with the licence."""

    def finish() -> Sequence[Condition]:
        if (config.root / "LICENSE").exists():
            return [Condition("licences", "licence file", Status.PASSED)]
        return [
            Condition(
                "licences",
                "licence file",
                Status.FAILED,
                text="add LICENSE",
                places=(Place("app.py", 1, "unlicensed"),),
            )
        ]

    return finish
