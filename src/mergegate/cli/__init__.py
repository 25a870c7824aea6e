"""The command line: one module per command, imported when it is called."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code.

    0: clean. 1: new findings. 2: a usage, configuration or internal error, or nothing was analysed that should have
    been. 3: broken or missing evidence. Each but 0 comes with one line on standard error that says how to go on.

    Parameters
    ----------
    arguments
        What stands behind the program's name; None: this process's arguments.
    """
    # the process ends with the command, and what it makes (modules, then a whole program) lives until then: walking
    # that again and again in search of garbage costs more than making it, so the collector rests before the imports
    gc.disable()
    from mergegate.cli.running import run  # noqa: PLC0415

    code = run(arguments)
    # the interpreter collects once more at its end, whatever is disabled: what is frozen it leaves alone
    gc.freeze()
    sys.exit(code)
