"""The parts of a project for which there are customary floors of coverage."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, cast

from mergegate.scaffold.changes import read_text
from mergegate.scaffold.facts import Facts

TOTAL = "total"
_TOTAL_FLOOR = 75
# what such folders are called, and the percentage that their tests are to cover
_PARTS = (
    (("services", "service"), 80),
    (("routes", "routers", "endpoints"), 70),
    (("utils", "util", "helpers"), 90),
)
_FRONTEND_FLOOR = 60
_NO_PARTS = {"tests", "test", "docs", "doc", "examples", "example", "benchmarks", "scripts", "migrations"}
_NEVER = {"node_modules", "dist", "build", "venv"}
_SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".vue", ".svelte")
# beyond so many folders of one name the name alone is the pattern
_NAMED = 3
_DEPTH = 2
_REPORT = "coverage/lcov.info"


class Floor(NamedTuple):
    """The floor of a component.

    Attributes
    ----------
    pattern
        Its `.gitignore` pattern, or `total`.
    percent
        What its tests are to cover.
    aim
        Says what the floor is to become, if tests cover less than is customary.
    """

    pattern: str
    percent: int
    aim: str = ""


class Floors(NamedTuple):
    """What there is to offer.

    Attributes
    ----------
    parts
        The components, `total` last.
    reports
        Reports of other languages that are there.
    awaited
        Reports that the tests of other languages could write.
    """

    parts: tuple[Floor, ...]
    reports: tuple[str, ...]
    awaited: tuple[str, ...]


def offered(facts: Facts) -> Floors | None:
    """Return the floors that fit a project, None if nothing measures what its tests cover."""
    if "coverage" not in facts.metadata.tools:
        return None
    frontends = [folder for folder in _packages(facts.root) if _has_scripts(facts.root / folder)]
    parts = [Floor(pattern, percent) for names, percent in _PARTS for pattern in _patterns(facts.files, names)]
    parts += [Floor(f"{folder}/", _FRONTEND_FLOOR) for folder in frontends]
    reports = [f"{folder}/{_REPORT}" for folder in frontends]
    there = [each for each in reports if (facts.root / each).is_file()]
    return Floors(
        (*parts, Floor(TOTAL, _TOTAL_FLOOR)), tuple(there), tuple(each for each in reports if each not in there)
    )


def reached(floors: Floors, covered: Mapping[str, int]) -> Floors:
    """Return floors that hold today: where tests cover less than is customary, what they do cover.

    Parameters
    ----------
    floors
        The customary ones.
    covered
        What tests cover of each component, in whole percent, as far as that is known.
    """
    parts = [
        Floor(each.pattern, covered[each.pattern], f"as it is now: raise it to {each.percent}")
        if covered.get(each.pattern, each.percent) < each.percent
        else each
        for each in floors.parts
    ]
    return floors._replace(parts=tuple(parts))


def _patterns(files: Iterable[str], names: tuple[str, ...]) -> Iterator[str]:
    """Yield what matches the outermost folders of these names that hold Python files."""
    found: dict[str, str] = {}
    for path in files:
        parts = PurePosixPath(path).parts[:-1]
        at = next((number for number, part in enumerate(parts) if part in names), None)
        if at is not None and _NO_PARTS.isdisjoint(parts):
            found["/".join(parts[: at + 1])] = parts[at]
    if len(found) > _NAMED:
        yield from (f"{name}/" for name in sorted(set(found.values())))
    else:
        # a lone name would match at any depth
        yield from (f"{folder}/" if "/" in folder else f"/{folder}/" for folder in sorted(found))


def _packages(root: Path) -> Iterator[str]:
    """Yield the folders with a `package.json` that names what runs tests, the root apart."""
    for folder, folders, names in os.walk(root):
        inner = Path(folder).relative_to(root)
        folders[:] = sorted(each for each in folders if each not in _NEVER and not each.startswith("."))
        if len(inner.parts) >= _DEPTH:
            folders.clear()
        if inner.parts and "package.json" in names:
            folders.clear()
            if _is_tested(Path(folder) / "package.json"):
                yield inner.as_posix()


def _is_tested(file: Path) -> bool:
    try:
        document: object = json.loads(read_text(file) or "")
    except ValueError:
        return False
    scripts = cast("Mapping[str, Any]", document).get("scripts") if isinstance(document, dict) else None
    return isinstance(scripts, dict) and any(str(name).startswith("test") for name in cast("dict[str, Any]", scripts))


def _has_scripts(folder: Path) -> bool:
    for _, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each not in _NEVER and not each.startswith(".")]
        if any(name.endswith(_SCRIPTS) and ".config." not in name for name in names):
            return True
    return False
