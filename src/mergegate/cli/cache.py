"""`mergegate cache`: what the cache holds, and its deletion."""

from __future__ import annotations

from pathlib import Path

import click

from mergegate.cache import store
from mergegate.cli.output import write_out
from mergegate.config import load_config
from mergegate.errors import MergegateError

_CONFIG = click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")


@click.group("cache", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show or delete the cache."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@command.command("info")
@_CONFIG
def info(config: Path | None) -> None:
    """Show where the cache of this project is and what it holds."""
    found = store.info(_folder(config))
    entries = ", ".join(f"{count} {kind}" for kind, count in found.entries.items()) or "nothing"
    write_out([f"{found.folder}: {_size(found.bytes)}, holds {entries}\n"])


@command.command("clean")
@_CONFIG
def clean(config: Path | None) -> None:
    """Delete the cache of this project."""
    folder = _folder(config)
    try:
        freed = store.clean(folder)
    except OSError as error:
        reason = f"The cache in {folder} cannot be deleted: {error.strerror}"
        raise MergegateError(reason, "delete the folder yourself, or run without it: --no-cache") from None
    write_out([f"{folder}: deleted, {_size(freed)} freed\n"])


def _folder(config: Path | None) -> Path:
    found = load_config(Path.cwd(), config)
    return found.root / found.cache_dir


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 100_000 else f"{count / 1000:.1f} kB"
