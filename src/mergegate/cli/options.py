"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from mergegate.config import Config
from mergegate.finding import Confidence

_Function = TypeVar("_Function", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)
CONFIG = click.option("--config", type=PATH, metavar="FILE", help="Configuration file; its folder is the project.")


def names(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Split comma-separated names of rules and families."""
    del context, parameter
    return tuple(name for value in values for part in value.split(",") if (name := part.strip()))


_SELECTION = (
    click.option(
        "--select", multiple=True, callback=names, metavar="NAMES",
        help="Report only these rules or families (comma-separated).",
    ),
    click.option(
        "--ignore", multiple=True, callback=names, metavar="NAMES", help="Do not report these rules or families."
    ),
    click.option(
        "--min-confidence", type=click.Choice([each.value for each in Confidence]),
        help="Report findings of at least this confidence; the last line counts the others.  [default: high]",
    ),
)  # fmt: skip


def selecting(command: _Function) -> _Function:
    """Add the options that say which findings count."""
    for decorate in reversed(_SELECTION):
        command = decorate(command)
    return command


class Overrides(NamedTuple):
    """The settings that the command line gives."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_confidence: str | None = None
    jobs: int | None = None

    def on(self, config: Config) -> Config:
        """Put them over a project's settings; what is ignored comes on top of what the project ignores."""
        changes: dict[str, object] = {
            "select": self.select or None,
            "ignore": (*config.ignore, *self.ignore) if self.ignore else None,
            "min_confidence": self.min_confidence,
            "jobs": self.jobs,
        }
        given = {name: value for name, value in changes.items() if value is not None}
        return config.override("command line", **given) if given else config
