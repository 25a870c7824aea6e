"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import click

from mergegate.config import Config
from mergegate.finding import Confidence
from mergegate.reporters import FORMATS

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


def _targets(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path], ...]:
    """Split `FORMAT=FILE`."""
    targets: list[tuple[str, Path]] = []
    for value in values:
        format_, _, file = value.partition("=")
        if not format_ or not file:
            message = f"{value!r} is not FORMAT=FILE, as in sarif=report.sarif"
            raise click.BadParameter(message, context, parameter)
        targets.append((format_, Path(file)))
    return tuple(targets)


_REPORTING = (
    click.option(
        "--format", "format_", default="text", show_default=True, metavar="FORMAT",
        help=f"Format of the report: {', '.join(FORMATS)}, or one that a plugin adds.",
    ),
    click.option("--output", type=PATH, metavar="FILE", help="Write the report to a file instead of standard output."),
    click.option(
        "--report", "reports", multiple=True, callback=_targets, metavar="FORMAT=FILE",
        help="Write a further report to a file; may be repeated.",
    ),
)  # fmt: skip
_COMPARISON = (
    click.option("--baseline", type=PATH, metavar="FILE", help="Baseline to compare with, not the configured one."),
    click.option("--no-baseline", is_flag=True, help="Report all findings, whatever the baseline holds."),
    click.option(
        "--base", metavar="COMMIT", default="",
        help="Refuse what the baseline accepts beyond that of this commit or branch.  "
        "[default in CI: the target branch]",
    ),
    click.option("--allow-growth", is_flag=True, help="Let the baseline accept more than that of the base."),
    click.option("--ci/--no-ci", default=None, help="Whether to leave the baseline as it is.  [default: if CI is set]"),
    click.option(
        "--since", metavar="BASE",
        help="Report only what this branch or commit does not have yet; compared is the commit at which HEAD left it.",
    ),
    click.option("--no-merge-base", is_flag=True, help="With --since, compare with BASE itself."),
)  # fmt: skip
_RUNNING = (
    click.option("--jobs", type=click.IntRange(0), help="Worker processes; 0: as many as processors."),
    click.option("--no-cache", is_flag=True, help="Neither read nor write the cache."),
    click.option("--verify-cache", is_flag=True, help="Analyse with and without the cache and compare the findings."),
    click.option(
        "--no-stat-cache", is_flag=True, help="Read every file, even if size and time say that it is unchanged."
    ),
)  # fmt: skip


def selecting(command: _Function) -> _Function:
    """Add the options that say which findings count."""
    return _decorated(command, _SELECTION)


def reporting(command: _Function) -> _Function:
    """Add the options that say in which formats and where to report."""
    return _decorated(command, _REPORTING)


def comparing(command: _Function) -> _Function:
    """Add the options that say what is not new."""
    return _decorated(command, _COMPARISON)


def running(command: _Function) -> _Function:
    """Add the options that say how to analyse."""
    return _decorated(command, _RUNNING)


def _decorated(command: _Function, options: Sequence[Callable[[_Function], _Function]]) -> _Function:
    for decorate in reversed(options):
        command = decorate(command)
    return command


class Targets(NamedTuple):
    """Where reports go: those of `reporting`."""

    format_: str
    output: Path | None
    reports: tuple[tuple[str, Path], ...]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Pick them from a command's options."""
        return cls(*(given[name] for name in cls._fields))


class ComparisonOptions(NamedTuple):
    """What is not new: the options of `comparing`."""

    baseline: Path | None
    no_baseline: bool
    base: str
    allow_growth: bool
    ci: bool | None
    since: str | None
    no_merge_base: bool

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Pick them from a command's options."""
        return cls(*(given[name] for name in cls._fields))


class Overrides(NamedTuple):
    """The settings that the command line gives."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_confidence: str | None = None
    jobs: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Pick them from a command's options."""
        return cls(**{name: given[name] for name in cls._fields if name in given})

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
