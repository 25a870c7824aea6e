"""The command line: one module per command, imported when it is called; this one starts it and ends it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NoReturn

import click

from mergegate.cli.commands import cli
from mergegate.errors import MergegateError

PROGRAM = "mergegate"
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code.

    0: clean. 1: new findings. 2: a usage, configuration or internal error, or nothing was analysed that should have
    been. 3: broken or missing evidence. Each but 0 comes with one line on standard error that says how to go on.

    Parameters
    ----------
    arguments
        What stands behind the program's name; None: this process's arguments.
    """
    for stream in (sys.stdout, sys.stderr):
        # what the terminal's encoding lacks is shown escaped instead of ending the run
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
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
