"""The conditions on type errors: none may be new, ceilings hold, and nothing may be silenced in their stead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mergegate.config import Config
from mergegate.evidence.packages import Packages
from mergegate.evidence.pyright_output import Output
from mergegate.evidence.silencing import RULE
from mergegate.evidence.types_baseline import Compared
from mergegate.finding import Finding
from mergegate.gate.baseline import TYPES, shown_path
from mergegate.gate.conditions import Condition, Place, Status
from mergegate.gate.selection import matcher
from mergegate.gate.source import Sources

SOURCE = "types"
_PLACES = 100


class Measured(NamedTuple):
    """What was found.

    Attributes
    ----------
    output
        What pyright says.
    packages
        With which packages it ran.
    paths
        The files of the project that it reads.
    silencing
        How many comments silence type errors.
    compared
        All of it, compared with the baseline.
    sources
        The project's files.
    """

    output: Output
    packages: Packages
    paths: tuple[str, ...]
    silencing: int
    compared: Compared
    sources: Sources


def broken(name: str, text: str) -> Condition:
    """Return the condition that there is no usable evidence; `text` says why, and what repairs it."""
    return Condition(SOURCE, name, Status.BROKEN, text=text)


def type_conditions(measured: Measured, config: Config) -> tuple[Condition, ...]:
    """Judge what was found.

    Parameters
    ----------
    measured
        What was found.
    config
        The project's settings.
    """
    return tuple(_conditions(measured, config))


def _conditions(measured: Measured, config: Config) -> Iterator[Condition]:
    settings, output = config.types, measured.output
    if settings.version and settings.version != output.version:
        where = config.place(("types", "version"))
        text = f"pyright {output.version} ran, and {where} demands {settings.version}"
        yield broken("version of pyright", f"{text}; install pyright=={settings.version}")
    yield from _new(measured, config)
    if settings.max_errors is not None:
        yield _limited("type errors in all", output.errors, settings.max_errors)
    for rule, most in settings.max_per_rule.items():
        yield _limited(f"{rule} in all", [each for each in output.errors if each.rule == rule], most)
    for pattern in settings.strict_paths:
        matches = matcher(pattern)
        inside = [each for each in output.errors if matches(each.path)]
        yield _limited(f"type errors in {pattern}", inside, 0, "these files are held at none: repair them")
    if settings.max_silencing is not None:
        yield _figures("silencing comments in all", measured.silencing, settings.max_silencing)


def _new(measured: Measured, config: Config) -> Iterator[Condition]:
    settings, compared = config.types, measured.compared
    fresh = [compared.problems[index] for index in compared.new]
    errors = [each for each in fresh if each.rule != RULE]
    if settings.ratchet:
        reason = not_comparable(compared, measured.output.version) if errors or compared.lost else ""
        if reason:
            yield Condition(SOURCE, "new type errors", Status.BROKEN, str(len(errors)), "at most 0", reason)
        else:
            yield _limited("new type errors", errors, 0, _advice(compared))
    if settings.ratchet_silencing:
        comments = [each for each in fresh if each.rule == RULE]
        text = f"repair what they hide, or accept them: '{TYPES.update} --accept-new'"
        yield _limited("new silencing comments", comments, 0, text)


def not_comparable(compared: Compared, version: str) -> str:
    """Return why new errors need not be the change's, and what to do; empty if they are."""
    shown = shown_path(compared.held.file)
    remake = f"'{TYPES.update} --accept-new'"
    if compared.lost:
        return (
            f"{shown} was made with {listed(compared.lost)} installed, and pyright does not find that here; "
            f"install it where the type errors are measured, or accept those without it: {remake}"
        )
    if compared.made_by:
        return (
            f"{shown} was made by pyright {compared.made_by}, and {version} may find more in the same code; "
            f"install pyright=={compared.made_by}, or accept what this one finds: {remake}"
        )
    if compared.gained:
        return (
            f"{shown} was made without {listed(compared.gained)}, with which pyright finds more in the same code; "
            f"accept it: {remake}"
        )
    return ""


def _advice(compared: Compared) -> str:
    if compared.held.baseline is None and not compared.held.file.exists():
        return f"there is no {shown_path(compared.held.file)}; '{TYPES.create}' accepts those of today"
    return f"repair them, or accept them: '{TYPES.update} --accept-new'"


def _limited(name: str, found: Sequence[Finding], most: int, text: str = "") -> Condition:
    condition = _figures(name, len(found), most, text)
    places = tuple(_places(found)) if condition.status is Status.FAILED else ()
    return Condition(SOURCE, name, condition.status, condition.actual, condition.limit, condition.text, places)


def _figures(name: str, count: int, most: int, text: str = "") -> Condition:
    if count <= most:
        return Condition(SOURCE, name, Status.PASSED, str(count), f"at most {most}")
    advice = text or f"{count - most} too many: '{_LIST}' lists them all"
    return Condition(SOURCE, name, Status.FAILED, str(count), f"at most {most}", advice)


_LIST = "mergegate types --no-baseline"


def _places(found: Iterable[Finding]) -> Iterator[Place]:
    for each in list(found)[:_PLACES]:
        yield Place(each.path, each.line, each.message if each.rule == RULE else f"{each.rule}: {each.message}")


def listed(names: Sequence[str]) -> str:
    """Return some names for a sentence, the first of them if they are many."""
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
