"""`mergegate config`: the settings in force and their schema."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mergegate.cli.output import write_out
from mergegate.config import config_schema, effective, load_config


@click.group("config", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show the settings in force, or the schema of settings."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@command.command("show")
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(path: Path, config: Path | None, format_: str) -> None:
    """Show the settings that hold for PATH, each with where it comes from."""
    found = load_config(path, config)
    settings = effective(found)
    if format_ == "json":
        values = {each.key: {"value": each.value, "source": each.source} for each in settings}
        write_out([json.dumps({"root": str(found.root), "settings": values}, indent=2), "\n"])
        return
    lines = [f"root = {json.dumps(str(found.root))}", f"file = {json.dumps(str(found.file)) if found.file else 'none'}"]
    shown = [(f"{each.key} = {json.dumps(each.value)}", each.source) for each in settings]
    width = max(len(text) for text, _ in shown)
    lines += [f"{text:<{min(width, 60)}}  # {source}" for text, source in shown]
    write_out(["\n".join(lines), "\n"])


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of the settings."""
    write_out([json.dumps(config_schema(), indent=2), "\n"])
