"""`mergegate explain`: a rule, or one finding with its whole chain."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from mergegate.cli.baselines import Baselines
from mergegate.cli.output import wants_color, write_out
from mergegate.cli.project import find_project, installed_plugins, project_rules, report_projects
from mergegate.cli.waiting import notice_when_slow
from mergegate.config import Config
from mergegate.config_shapes import guess
from mergegate.engine import analyse
from mergegate.errors import MergegateError
from mergegate.gate.report import combined
from mergegate.plugins.loading import Plugins
from mergegate.reporters import Style, text
from mergegate.reporters.rule_help import rule_markdown
from mergegate.rules.rule import Rule

_FINGERPRINT = re.compile(r"[0-9a-f]{6,64}")


@click.command("explain")
@click.argument("subject", metavar="RULE|FINGERPRINT")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")
def command(subject: str, config: Path | None) -> None:
    """Explain a rule by its id or pylint id, or one finding by (the beginning of) its fingerprint.

    Fingerprints stand in JSON and SARIF reports. To look one up, the project is analysed again.
    """
    plugins = installed_plugins()
    project = find_project((), config)
    rules = project_rules(project, plugins)
    rule = rules.get(subject) or next((each for each in rules.values() if each.pylint == subject.upper()), None)
    if rule is not None:
        write_out([_rule(rule, color=wants_color(sys.stdout))])
    elif _FINGERPRINT.fullmatch(subject):
        write_out(_finding(project, plugins, subject))
    else:
        hint = f"{guess(subject, rules)}'mergegate rules' lists the rules"
        raise MergegateError(f"{subject!r} is neither a rule nor a fingerprint", hint)


def _rule(rule: Rule, *, color: bool) -> str:
    title = f"# {rule.id} ({', '.join(filter(None, (rule.pylint, rule.severity, f'{rule.confidence} confidence')))})"
    markdown = f"{title}\n\n{rule_markdown(rule)}\n"
    if not color:
        return markdown
    # rich is slow to import, so only people at a terminal wait for it
    from rich.console import Console  # noqa: PLC0415
    from rich.markdown import Markdown  # noqa: PLC0415

    console = Console(force_terminal=True, width=min(Console().width, 110))
    with console.capture() as capture:
        console.print(Markdown(markdown))
    return capture.get()


def _finding(project: Config, plugins: Plugins, beginning: str) -> Iterator[str]:
    with notice_when_slow():
        report = combined(
            report_projects(project, (), plugins, _everything, analyse, reported=Baselines(project.root).report)
        )
    found = [result for result in report.results if result.fingerprint.startswith(beginning)]
    if not found:
        hint = "the code has changed since the report; run 'mergegate check --format json' for today's"
        raise MergegateError(f"No finding has the fingerprint {beginning}", hint)
    if len(found) > 1:
        raise MergegateError(
            f"{len(found)} findings have a fingerprint that begins with {beginning}", "give more of it"
        )
    rule = report.rules[found[0].finding.rule]
    yield from text.details(report, found[0], Style(color=wants_color(sys.stdout), show_witness=True))
    yield f"\n{rule.rationale}\n\n'mergegate explain {rule.id}' shows examples.\n"


def _everything(config: Config) -> Config:
    """Return settings that leave nothing out: a fingerprint may come from a run with other options."""
    return config.override(select=("all",), ignore=(), min_confidence="low", per_file_ignores={})
