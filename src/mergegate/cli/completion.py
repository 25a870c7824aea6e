"""`mergegate completion`: shell completion scripts."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from mergegate.cli.output import write_out

_SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a script that completes commands and options; let your shell read it at its start.

    bash: eval "$(mergegate completion bash)". zsh: the same with zsh. fish: mergegate completion fish | source.
    """
    made = get_completion_class(shell)
    root = context.find_root()
    assert made is not None
    # the base class's method: bash's own first starts a bash to complain about old versions of it
    script = ShellComplete.source(made(root.command, {}, "mergegate", "_MERGEGATE_COMPLETE"))
    write_out([script, "\n"])
