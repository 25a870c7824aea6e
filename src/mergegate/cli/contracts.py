"""`mergegate contracts`: schemas of what models answer, compared with their lock, each other and providers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from mergegate.cli.contract_report import contract_report
from mergegate.cli.examination import Writing
from mergegate.cli.options import CONFIG, reporting
from mergegate.cli.output import write_out
from mergegate.cli.project import find_project, installed_plugins
from mergegate.config import Config
from mergegate.contracts.schemas.compatibility import Compatibility, compare
from mergegate.contracts.schemas.declared import Declared, declared
from mergegate.contracts.schemas.findings import findings
from mergegate.contracts.schemas.json_data import shown
from mergegate.contracts.schemas.judgement import Verdict, counted, judge, updated
from mergegate.contracts.schemas.lock import FILE, UPDATE, Lock, read, write
from mergegate.contracts.schemas.normal import Schema, load
from mergegate.contracts.schemas.provider_lint import lint, lint_findings, providers
from mergegate.errors import MergegateError
from mergegate.finding import Finding, Severity
from mergegate.gate.conditions import exit_code

_UNTIL = "--waive needs --until with a date, as in --until 2030-12-31"
_WORDS = {True: "yes", False: "no", None: "undecided"}


@click.group("contracts")
def command() -> None:
    """Keep the schemas of what models answer compatible: against a lock, against each other, for providers.

    Contracts stand in `[tool.mergegate.contracts.NAME]` and in files `*.contract.toml`. Needs the extra `contracts`.
    """


@command.command("check")
@click.argument("names", nargs=-1)
@reporting
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if a policy is broken.")
@CONFIG
def check(names: tuple[str, ...], exit_zero: bool, config: Path | None, **given: Any) -> int:
    """Compare the contracts NAMES (default: all) with contracts.lock.json.

    Exit codes: 1 if a change breaks the policy of a contract, 3 if the lock is missing, broken or not up to date.
    """
    writing = Writing(installed_plugins(), given)
    project = find_project((), config)
    contracts = _declared(project, names)
    verdicts = judge(read(project.root / FILE), contracts, date.today(), whole=not names)
    report = contract_report(project, [each for verdict in verdicts for each in findings(verdict)], verdicts)
    writing.write(report, show_witness=True)
    code = exit_code(report.conditions)
    if code:
        click.echo(f"mergegate: {_closed(verdicts, code)}", err=True)
    return 0 if exit_zero and code == 1 else code


@command.command("lock")
@click.argument("names", nargs=-1)
@click.option("--accept", default="", metavar="REASON", help="Lock changes that the policy forbids, too, and say why.")
@click.option("--waive", default="", metavar="REASON", help="Let such changes pass without locking them; with --until.")
@click.option("--until", metavar="DATE", default="", help="The last day on which they pass, as 2030-12-31.")
@click.option("--remake", is_flag=True, help="Make the lock anew, whatever it holds; its history is lost.")
@CONFIG
def lock(  # noqa: PLR0917 - click passes all by name
    names: tuple[str, ...], accept: str, waive: str, until: str, remake: bool, config: Path | None
) -> None:
    """Write contracts.lock.json: the contracts NAMES (default: all) as they are now.

    Changes that a contract's policy forbids are refused unless they are accepted or waived.
    """
    if accept and waive:
        raise click.UsageError("--accept and --waive exclude each other")
    waiver = (waive, _day(until, _UNTIL)) if waive else None
    project = find_project((), config)
    file = project.root / FILE
    known = read(file) if file.exists() and not remake else None
    before = known or Lock()
    verdicts = judge(before, _declared(project, names), date.today(), whole=not names)
    after = updated(before, verdicts, accept=accept, waiver=waiver)
    written = write(file, after, known, project.root / project.cache_dir)
    text = "written; commit it" if written else "up to date"
    count = len(after.entries)
    told = f"{count} contract{'' if count == 1 else 's'}, {', '.join(counted(verdicts)) or 'none'}"
    write_out((f"{FILE}: {told}; {text}\n",))


@command.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--formats/--no-formats", default=None, help="Whether `format` is a condition and not only a remark.")
@click.option("--draft", metavar="DRAFT", help="Draft of both, where they do not say it, as 2020-12.")
@click.option("--seed", type=int, default=0, help="Where arbitrary choices come from.")
@click.option("--budget", type=click.IntRange(1), default=500, show_default=True, metavar="MS", help="Time to search.")
@CONFIG
def diff(  # noqa: PLR0917 - click passes all by name
    old: str, new: str | None, format_: str, formats: bool | None, draft: str | None, seed: int, budget: int,
    config: Path | None,
) -> None:  # fmt: skip
    """Say what has changed between two schemas: the files OLD and NEW, or the contract OLD and its lock.

    For each direction in which they are not compatible a value is shown that one side admits and the other does not.
    """
    if new is None:
        one, other = _locked(old, config, formats)
    else:
        one = load(Path(old), draft=draft, formats=bool(formats))
        other = load(Path(new), draft=draft, formats=bool(formats))
    found = compare(one, other, draft=draft, seed=seed, budget_ms=budget)
    write_out(_as_json(found) if format_ == "json" else _as_text(found))


@command.command("lint")
@click.argument("names", nargs=-1, metavar="[NAMES OR FILES]")
@reporting
@click.option(
    "--provider", "chosen", multiple=True, metavar="NAME", help="A provider; default: those of each contract."
)
@click.option("--model", metavar="NAME", help="The model, for limits that hold for some models only.")
@click.option("--asof", metavar="DATE", default="", help="The day whose limits count, as 2026-01-31.  [default: today]")
@click.option("--list", "listed", is_flag=True, help="List the providers and leave.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if a provider refuses a schema.")
@CONFIG
def lint_command(  # noqa: PLR0917 - click passes all by name
    names: tuple[str, ...], chosen: tuple[str, ...], model: str | None, asof: str, listed: bool, exit_zero: bool,
    config: Path | None, **given: Any,
) -> int:  # fmt: skip
    """Say what providers refuse in contracts or schema files, or leave unenforced.

    Without NAMES all contracts that name providers are looked at. Exit code 1: a provider refuses a schema.
    """
    if listed:
        write_out(f"{name}\n" for name in providers())
        return 0
    writing = Writing(installed_plugins(), given)
    project = find_project((), config)
    day = _day(asof, "--asof needs a date, as in --asof 2026-01-31") if asof else None
    found: list[Finding] = []
    for contract in _linted(project, names, chosen):
        for provider in chosen or contract.providers:
            remarks = lint(contract.schema, provider, model=model, asof=day)
            found += lint_findings(contract.schema, contract.source, remarks)
    writing.write(contract_report(project, found), show_witness=False)
    refused = sum(each.severity is Severity.ERROR for each in found)
    if refused and not exit_zero:
        places = "place" if refused == 1 else "places"
        click.echo(f"mergegate: a provider refuses {refused} {places}; change the schema as the messages say", err=True)
    return 1 if refused and not exit_zero else 0


def _linted(project: Config, names: Sequence[str], chosen: Sequence[str]) -> list[Declared]:
    files = [Path(name) for name in names if name.endswith(".json")]
    others = [name for name in names if not name.endswith(".json")]
    contracts = declared(project, others) if others or not files else []
    for file in files:
        inside = file.absolute().is_relative_to(project.root)
        shown = file.absolute().relative_to(project.root).as_posix() if inside else str(file)
        contracts.append(Declared(file.stem, load(file, shown=shown), shown))
    if not chosen and not any(each.providers for each in contracts):
        hint = f"add the key providers to a contract, or give --provider; known: {', '.join(providers())}"
        raise MergegateError("No provider is named", hint)
    return contracts


def _declared(project: Config, names: Sequence[str]) -> list[Declared]:
    contracts = declared(project, names)
    if not contracts:
        hint = "declare one as [tool.mergegate.contracts.NAME] with the key schema, or in NAME.contract.toml"
        raise MergegateError("There is no contract in this project", hint)
    return contracts


def _locked(name: str, config: Path | None, formats: bool | None) -> tuple[Schema, Schema]:
    project = find_project((), config)
    contract = declared(project, (name,))[0]
    entry = read(project.root / FILE).entries.get(name)
    if entry is None:
        raise MergegateError(f"The contract {name!r} is not locked", f"'{UPDATE}' locks it")
    locked = entry.schema(entry.latest, name)
    if formats is None:
        return locked, contract.schema
    one, other = (
        Schema(each.document, each.draft, formats=formats, shown=each.shown) for each in (locked, contract.schema)
    )
    return one, other


def _day(text: str, problem: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.UsageError(problem) from None


def _closed(verdicts: Sequence[Verdict], code: int) -> str:
    names = [each.name for each in verdicts if each.exit_code == code]
    if code == 1:
        return f"a policy is broken by {', '.join(names)}; widen the change, or accept it: '{UPDATE} --accept REASON'"
    return f"{FILE} is not up to date for {', '.join(names)}; run '{UPDATE}' and commit it"


def _as_text(found: Compatibility) -> Iterator[str]:
    for each in found.changes:
        yield f"{each.pointer or '/'}: {each.message} ({each.direction})\n"
    yield f"backward (old answers still fit): {_WORDS[found.backward]}\n"
    if found.backward is False:
        yield f"  was valid and is not: {shown(found.backward_proof, 2000)}\n"
    yield f"forward (old consumers accept new answers): {_WORDS[found.forward]}\n"
    if found.forward is False:
        yield f"  is valid and was not: {shown(found.forward_proof, 2000)}\n"
    yield f"prompt drift (a model reads another text): {_WORDS[found.prompt_drift]}\n"


def _as_json(found: Compatibility) -> Iterator[str]:
    made: dict[str, Any] = {
        "version": 1, "backward": found.backward, "forward": found.forward, "full": found.full,
        "prompt_drift": found.prompt_drift,
        "changes": [
            {"pointer": each.pointer, "kind": each.kind, "direction": each.direction, "message": each.message}
            for each in found.changes
        ],
    }  # fmt: skip
    if found.backward is False:
        made["backward_proof"] = found.backward_proof
    if found.forward is False:
        made["forward_proof"] = found.forward_proof
    yield json.dumps(made, indent=2) + "\n"
