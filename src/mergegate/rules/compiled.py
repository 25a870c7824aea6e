"""The compiled form of knowledge: one JSON text that reads back several times faster than the TOML files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

from mergegate.errors import RuleError
from mergegate.finding import Confidence
from mergegate.rules.model import (
    Blocking,
    Caller,
    Condition,
    Knowledge,
    LoopEntry,
    Replacement,
)

_VERSION = 3


def compile_knowledge(knowledge: Knowledge) -> bytes:
    """Return knowledge as JSON, for `read_compiled`.

    The type table is left out: it is stored in JSON already.
    """
    entries = {id(entry): entry for entry in knowledge.blocking.values()}
    numbers = {key: number for number, key in enumerate(entries)}
    callers = {id(caller): caller for caller in knowledge.callers.values()}
    document = {
        "version": _VERSION,
        "blocking": [_row(entry) for entry in entries.values()],
        "names": {name: numbers[id(entry)] for name, entry in knowledge.blocking.items()},
        "safe": sorted(knowledge.safe),
        "handovers": sorted(knowledge.handovers),
        "barriers": sorted(knowledge.barriers),
        "never_returns": sorted(knowledge.never_returns),
        "callers": [_row(caller) for caller in callers.values()],
        "decorators": dict(knowledge.decorators),
        "loop_entries": [_row(entry) for entry in knowledge.loop_entries],
        "optional": dict(knowledge.optional),
        "replacements": [_row(replacement) for replacement in knowledge.replacements.values()],
    }
    return json.dumps(document, separators=(",", ":"), default=_row).encode()


def read_compiled(data: bytes, types: Mapping[str, object], aliases: Mapping[str, str]) -> Knowledge:
    """Return what `compile_knowledge` was given.

    Parameters
    ----------
    data
        The compiled form.
    types, aliases
        The type table.

    Raises
    ------
    RuleError
        If the data is damaged or of another version.
    """
    try:
        document = json.loads(data)
        if document["version"] != _VERSION:
            raise ValueError(document["version"])
        return _knowledge(document, types, aliases)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise RuleError("the compiled knowledge is damaged", "clear the cache: mergegate cache clean") from error


def _knowledge(document: Any, types: Mapping[str, object], aliases: Mapping[str, str]) -> Knowledge:
    entries: list[Blocking] = [_blocking(row) for row in document["blocking"]]
    callers = [Caller(tuple(names), argument, position) for names, argument, position in document["callers"]]
    replacements = [Replacement(*row) for row in document["replacements"]]
    return Knowledge(
        blocking={name: entries[int(number)] for name, number in document["names"].items()},
        safe=frozenset(document["safe"]),
        callers={name: caller for caller in callers for name in caller.names},
        decorators=document["decorators"],
        loop_entries=tuple([_loop_entry(*row) for row in document["loop_entries"]]),
        replacements={replacement.id: replacement for replacement in replacements},
        types=types,
        aliases=aliases,
        handovers=frozenset(document["handovers"]),
        barriers=frozenset(document["barriers"]),
        optional=document["optional"],
        never_returns=frozenset(document["never_returns"]),
    )


def _row(value: Any) -> list[Any]:
    """Return the fields of a dataclass in order; what they hold follows through `default`."""
    return [_plain(getattr(value, field.name)) for field in fields(value)]


def _plain(value: Any) -> Any:
    return dict(cast("Mapping[Any, Any]", value)) if isinstance(value, Mapping) else value


def _loop_entry(base: str, methods: list[str], unless_defined: str, note: str) -> LoopEntry:
    return LoopEntry(base, tuple(methods), unless_defined, note)


def _blocking(row: list[Any]) -> Blocking:
    values = dict(zip([field.name for field in fields(Blocking)], row, strict=True))
    for name in ("names", "follows", "verified", "free_beside", "blocks_beside"):
        values[name] = tuple(values[name])
    for name in ("free_when", "blocks_when"):
        values[name] = _conditions(values[name])
    limit = values["confidence"]
    values["confidence"] = Confidence(limit) if limit else None
    return Blocking(**values)


def _conditions(rows: list[Any]) -> tuple[Condition, ...]:
    return tuple([Condition(*row) for row in rows])
