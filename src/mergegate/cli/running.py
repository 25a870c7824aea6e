"""Runs a command and turns each way in which it can fail into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

import click

from mergegate.cli.commands import cli
from mergegate.errors import MergegateError

PROGRAM = "mergegate"
_INTERRUPTED = 130


def run(arguments: Sequence[str] | None) -> int:
    """Run the command line and return its exit code; the parameter is that of `mergegate.cli.main`."""
    for stream in (sys.stdout, sys.stderr):
        # what the terminal's encoding lacks is shown escaped instead of ending the run
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        result = cli.main(arguments, prog_name=PROGRAM, standalone_mode=False)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else PROGRAM
        return _fail(error.format_message(), f"'{command} --help' shows what there is", 2)
    except click.ClickException as error:
        return _fail(error.format_message(), "", 2)
    except (KeyboardInterrupt, click.Abort):
        return _fail("Interrupted", "", _INTERRUPTED)
    except MergegateError as error:
        return _fail(error.message, error.hint, error.exit_code)
    except Exception as error:
        if os.environ.get("MERGEGATE_DEBUG"):
            raise
        reason = f"Internal error: {type(error).__name__}: {error}"
        return _fail(reason, f"set MERGEGATE_DEBUG=1 to see where, and report it; this is {PROGRAM}'s fault", 2)
    return result if isinstance(result, int) else 0


def _fail(message: str, hint: str, code: int) -> int:
    sentence = " ".join(message.split()).rstrip(".")
    click.echo(f"{PROGRAM}: {sentence}{f'; {hint}' if hint else ''}", err=True)
    return code
