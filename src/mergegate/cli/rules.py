"""`mergegate rules`: what mergegate looks for."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mergegate.cli.output import write_out
from mergegate.cli.project import installed_plugins, project_rules
from mergegate.config import load_config
from mergegate.rules.rule import Rule


@click.command("rules")
@click.option("--format", "format_", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")
def command(format_: str, config: Path | None) -> None:
    """List the rules: built-in ones, those of plugins and those of the project."""
    rules = list(project_rules(load_config(Path.cwd(), config), installed_plugins()).values())
    rules.sort(key=lambda rule: (rule.family, rule.id))
    write_out([{"text": _text, "json": _json, "markdown": _markdown}[format_](rules)])


def _text(rules: list[Rule]) -> str:
    width = max((len(rule.id) for rule in rules), default=0)
    lines: list[str] = []
    family = ""
    for rule in rules:
        if rule.family != family:
            family = rule.family
            lines.append(f"\n{family}" if lines else family)
        off = "" if rule.enabled else " (off by default)"
        fixable = {"safe": " [fixable]", "unsafe": " [fixable with --unsafe]"}.get(rule.applicability, "")
        grades = f"{rule.severity}, {rule.confidence} confidence"
        lines.append(f"  {rule.id:<{width}}  {rule.pylint or '-':<6} {grades:<26}  {rule.summary}{fixable}{off}")
    return "\n".join([*lines, ""])


def _json(rules: list[Rule]) -> str:
    listed = [
        {
            "id": rule.id,
            "pylint": rule.pylint,
            "family": rule.family,
            "severity": rule.severity.value,
            "confidence": rule.confidence.value,
            "since": rule.since,
            "enabled": rule.enabled,
            "fixable": rule.applicability or None,
            "summary": rule.summary,
            "rationale": rule.rationale,
            "fix": rule.fix,
            "references": list(rule.references),
        }
        for rule in rules
    ]
    return json.dumps(listed, indent=2) + "\n"


def _markdown(rules: list[Rule]) -> str:
    head = "| rule | pylint | family | severity | confidence | what it reports |\n|---|---|---|---|---|---|\n"
    return head + "".join(_row(rule) for rule in rules)


def _row(rule: Rule) -> str:
    summary = " ".join(rule.summary.split()).replace("|", "\\|")
    return f"| `{rule.id}` | {rule.pylint} | {rule.family} | {rule.severity} | {rule.confidence} | {summary} |\n"
