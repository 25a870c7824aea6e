"""`mergegate redact`: mask personal data and credentials in texts, or say where they stand."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import click

from mergegate.cli.output import write_out
from mergegate.config_shapes import guess
from mergegate.errors import MergegateError


@click.command("redact")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help='Read rows {"id", "text"}, write {"id", "spans": [[entity, start, end]]}.'
)
@click.option("--entity", "wanted", multiple=True, metavar="NAME", help="Look for this entity only; may be repeated.")
@click.option("--list", "listed", is_flag=True, help="List the entities and leave.")
def command(files: tuple[Path, ...], as_json: bool, wanted: tuple[str, ...], listed: bool) -> None:
    """Mask personal data and credentials in FILES, or in standard input, and write the result to standard output.

    With --json the input is one JSON object a line, or one array of them; offsets are in characters. Nothing that was
    found is printed itself. Needs the extra `privacy`.
    """
    # the package itself says which extra is missing
    from mergegate.privacy import entity_names  # noqa: PLC0415

    names = entity_names()
    if listed:
        write_out(f"{name}\n" for name in names)
        return
    for name in wanted:
        if name not in names:
            raise MergegateError(f"There is no entity {name!r}", f"{guess(name, names)}--list shows all")
    entities = frozenset(wanted) or None
    for path in files or (None,):
        data = _read(path)
        shown = str(path) if path else "standard input"
        write_out(_spans(data, shown, entities) if as_json else _masked(data, entities))


def _read(path: Path | None) -> bytes:
    if path is None:
        return cast("BinaryIO", sys.stdin.buffer).read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise MergegateError(f"{path} cannot be read: {error.strerror}") from error


def _masked(data: bytes, entities: frozenset[str] | None) -> Iterator[str]:
    from mergegate.privacy import redact_text  # noqa: PLC0415

    # keys of several lines are one value
    yield redact_text(data.decode("utf-8", "replace"), entities=entities)


def _spans(data: bytes, shown: str, entities: frozenset[str] | None) -> Iterator[str]:
    from mergegate.privacy import detect  # noqa: PLC0415

    for where, row in _rows(data, shown):
        fields = cast("dict[str, Any]", row) if isinstance(row, dict) else {}
        if not isinstance(fields.get("text"), str) or "id" not in fields:
            raise MergegateError(f"{where}: this is no row", 'expected: {"id": ..., "text": "..."}')
        spans = [[span.entity, span.start, span.end] for span in detect(fields["text"], entities=entities)]
        yield json.dumps({"id": fields["id"], "spans": spans}, ensure_ascii=False) + "\n"


def _rows(data: bytes, shown: str) -> Iterator[tuple[str, Any]]:
    text = data.decode("utf-8", "surrogateescape")
    if text.lstrip().startswith("["):
        rows = _parsed(text, shown)
        yield from ((f"{shown}, element {n}", row) for n, row in enumerate(rows, 1))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{shown}, line {number}"
            yield where, _parsed(line, where)


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MergegateError(f"{where}: this is no JSON: {error}") from error
