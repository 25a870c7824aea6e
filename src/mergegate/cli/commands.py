"""The top-level command and its sub-commands, each loaded only when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

from mergegate import __version__
from mergegate.config_shapes import guess

# name -> (module, one line for the overview, so that `--help` imports none of them)
_COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("mergegate.cli.init", "Set a project up: settings, hooks, CI and the first baseline."),
    "check": ("mergegate.cli.check", "Report what is wrong in a project."),
    "fix": ("mergegate.cli.fix", "Repair what can be repaired, and say what is left."),
    "gate": ("mergegate.cli.gate", "Decide whether a change may be merged: one verdict over all evidence."),
    "baseline": ("mergegate.cli.baseline", "Accept the findings of today, so that only new ones block."),
    "coverage": ("mergegate.cli.coverage", "Judge what tests cover, and say which tests are missing."),
    "types": ("mergegate.cli.types", "Report new type errors, or accept those of today."),
    "contracts": ("mergegate.cli.contracts", "Keep the schemas of what models answer compatible."),
    "redact": ("mergegate.cli.redact", "Mask personal data and credentials in texts."),
    "explain": ("mergegate.cli.explain", "Explain a rule, or one finding by its fingerprint."),
    "rules": ("mergegate.cli.rules", "List the rules."),
    "config": ("mergegate.cli.config", "Show the settings in force, or the schema of settings."),
    "cache": ("mergegate.cli.cache", "Show or delete the cache."),
    "completion": ("mergegate.cli.completion", "Print a script that completes commands in a shell."),
}


class LazyGroup(click.Group):
    """A group that imports the module of a command when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the overview."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        del ctx
        known = _COMMANDS.get(cmd_name)
        if known is None:
            return None
        command = import_module(known[0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the overview without importing the commands."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            ctx.fail(
                f"There is no command {args[0]!r}: {guess(args[0], _COMMANDS)}'{ctx.command_path} --help' lists them"
            )
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """The merge gate for Python projects: cross-module findings with the chain that proves them.

    Exit codes: 0 clean, 1 new findings, 2 usage, configuration or internal error, 3 broken or missing evidence.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
