"""The table of an installed package: what its callables block on and what they give, as bytes and as knowledge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

import msgspec

from mergegate.finding import Step
from mergegate.rules.model import ArgumentDemand, BlockingBody, Knowledge


class DemandFact(msgspec.Struct, array_like=True, frozen=True):
    """What a body demands of an argument, as `ArgumentDemand` has it."""

    argument: str
    position: int
    demand: Literal["truthy", "falsy", "none", "some"]
    fails_by_default: bool


class BodyFact(msgspec.Struct, array_like=True, frozen=True):
    """A body that blocks, as `BlockingBody` has it."""

    label: str
    grade: Literal["unbounded", "contents"]
    category: str
    scope: str
    is_property: bool
    demands: tuple[DemandFact, ...]
    steps: tuple[tuple[str, int, str], ...]


class PackageTable(msgspec.Struct, array_like=True):
    """What is known of one top-level package.

    Attributes
    ----------
    package
        The distribution, as `name==version`.
    top
        The package's own name.
    modules
        The type table's record of each module, as JSON text: most are never asked for.
    aliases
        Names that stand for something else than the module of the same name.
    bodies
        The bodies that block, each once.
    names
        Dotted names of callables and properties to the body that they run.
    safe
        Methods that do not block though those that they replace do.
    """

    package: str
    top: str
    modules: dict[str, str]
    aliases: dict[str, str]
    bodies: list[BodyFact]
    names: dict[str, int]
    safe: list[str]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(PackageTable)


def encode_table(table: PackageTable) -> bytes:
    """Serialise a table."""
    return _ENCODER.encode(table)


def decode_table(data: bytes) -> PackageTable:
    """Read what `encode_table` wrote.

    Raises
    ------
    ValueError
        If the bytes are no encoded table.
    """
    try:
        table = _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise ValueError(f"no table of a package: {error}") from error
    if not all(0 <= number < len(table.bodies) for number in table.names.values()):
        raise ValueError("no table of a package: a body is missing")
    return table


def with_tables(knowledge: Knowledge, tables: Iterable[PackageTable]) -> Knowledge:
    """Return the knowledge with what is known of installed packages; it never overrules what is there."""
    blocking, safe = dict(knowledge.blocking), set(knowledge.safe)
    types, aliases, installed = dict(knowledge.types), dict(knowledge.aliases), dict(knowledge.installed)
    for table in tables:
        types.update(table.modules)
        aliases.update(table.aliases)
        installed[table.top] = table.package
        bodies = [_body(table.package, fact) for fact in table.bodies]
        for name, number in table.names.items():
            if not _is_known(knowledge, name):
                blocking[name] = bodies[number]
        safe.update(name for name in table.safe if not _is_known(knowledge, name))
    return replace(
        knowledge, blocking=blocking, safe=frozenset(safe), types=types, aliases=aliases, installed=installed
    )


def _is_known(knowledge: Knowledge, name: str) -> bool:
    return knowledge.is_safe(name) or knowledge.lookup(name) is not None


def _body(package: str, fact: BodyFact) -> BlockingBody:
    return BlockingBody(
        names=(),
        grade=fact.grade,
        category=fact.category,
        package=package,
        label=fact.label,
        steps=tuple([Step(*step) for step in fact.steps]),
        scope=fact.scope,
        is_property=fact.is_property,
        demands=tuple([ArgumentDemand(d.argument, d.position, d.demand, d.fails_by_default) for d in fact.demands]),
    )


def table_types(modules: Mapping[str, object]) -> dict[str, str]:
    """Return records of the type table as the texts that a table holds."""
    return {name: msgspec.json.encode(record).decode() for name, record in modules.items()}
