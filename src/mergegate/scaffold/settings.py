"""Settings in TOML, only ever added at the end of a file, so that nothing of what stands in it changes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from mergegate.config_file import OWN_FILE, PYPROJECT
from mergegate.scaffold.ceilings import ERRORS, PER_RULE, Ceilings
from mergegate.scaffold.changes import Change, Note, Step, appended, read_text
from mergegate.scaffold.facts import Facts
from mergegate.scaffold.floors import Floors

PYRIGHT_FILE = "pyrightconfig.json"
_TEST_FOLDERS = ("tests", "test")
# what blocks a test's own event loop delays nobody; what is never awaited tests nothing
_HARMLESS_IN_TESTS = (
    "blocking-call-in-async", "blocking-helper-in-async", "blocking-wait-in-async", "file-io-in-async",
    "file-metadata-in-async",
)  # fmt: skip
_HEAD = "# settings of mergegate; `mergegate config show` lists all with their values\n"

_Table = tuple[tuple[str, ...], Sequence[tuple[str, Any, str]]]
"""The keys that lead to a table, and its keys, their values, and comments on them; without a key: a comment alone."""


def settings(
    facts: Facts, *, mergegate: bool, pyright: bool, floors: Floors | None, ceilings: Ceilings | None = None
) -> Iterator[Step]:
    """Yield what makes the settings of mergegate and pyright, where the project has none.

    Parameters
    ----------
    facts
        The project.
    mergegate, pyright
        Whose settings to write.
    floors
        What tests are to cover at least; None: nothing is said of that.
    ceilings
        How many type errors there may be; None: nothing is said of that.
    """
    prefix = () if facts.settings_file.name == OWN_FILE else ("tool", "mergegate")
    tables: list[_Table] = []
    if mergegate and facts.config.file is not None:
        yield Note(facts.settings_file, "configures mergegate already")
    elif mergegate:
        tables += _own(facts, prefix)
    if floors is not None and "coverage" in facts.config.origins:
        yield Note(facts.settings_file, "judges coverage already")
    elif floors is not None:
        tables += _coverage(floors, (*prefix, "coverage"))
    if ceilings is not None and "types" in facts.config.origins:
        yield Note(facts.settings_file, "judges type errors already")
    elif ceilings is not None:
        tables += _types(ceilings, (*prefix, "types"))
    extra = tables if prefix else []
    if tables and not prefix:
        yield _in_own_file(facts.settings_file, tables)
    if pyright and "pyright" in facts.metadata.tools:
        file = facts.root / PYRIGHT_FILE
        yield Note(file if file.is_file() else facts.root / PYPROJECT, "configures pyright already")
    elif pyright and facts.pyproject is None and pyright_settings(facts):
        yield Change(facts.root / PYRIGHT_FILE, None, json.dumps(pyright_settings(facts), indent=2) + "\n")
    elif pyright and pyright_settings(facts):
        extra.append((("tool", "pyright"), [(key, value, "") for key, value in pyright_settings(facts).items()]))
    if extra and facts.pyproject is not None:
        yield _extended(facts.root / PYPROJECT, facts.pyproject, extra)


def _in_own_file(path: Path, tables: Sequence[_Table]) -> Step:
    text = read_text(path)
    return Change(path, None, f"{_HEAD}{_written(tables)}") if text is None else _extended(path, text, tables)


def _coverage(floors: Floors, keys: tuple[str, ...]) -> list[_Table]:
    """Return the tables that judge what tests cover."""
    main: list[tuple[str, Any, str]] = []
    if floors.reports:
        main.append(("reports", list(floors.reports), ""))
    if floors.awaited:
        when = "lcov reports to add as `reports` once tests write them"
        main.append(("", "", f"{when}: {', '.join(floors.awaited)}"))
    return [
        (keys, main),
        ((*keys, "floors"), [(each.pattern, each.percent, each.aim) for each in floors.parts]),
    ]


def _own(facts: Facts, prefix: tuple[str, ...]) -> list[_Table]:
    main: list[tuple[str, Any, str]] = []
    if facts.has_python:
        main.append(("baseline", facts.config.baseline, "named here, its loss is an error and never passes silently"))
    if facts.metadata.source_folders:
        main.append(("src", list(facts.metadata.source_folders), ""))
    tables: list[_Table] = [(prefix, main)]
    tests = [name for name in _TEST_FOLDERS if (facts.root / name).is_dir()]
    if tests:
        comment = "a test that blocks its own event loop delays nobody"
        ignored = [(f"{name}/", list(_HARMLESS_IN_TESTS), comment if name == tests[0] else "") for name in tests]
        tables.append(((*prefix, "per-file-ignores"), ignored))
    return tables


def _types(ceilings: Ceilings, keys: tuple[str, ...]) -> list[_Table]:
    """Return the tables that judge type errors."""
    whole, rules = (
        [(each.name, each.most, each.aim) for each in ceilings.parts if (each.name == ERRORS) is wanted]
        for wanted in (True, False)
    )
    return [(keys, whole), ((*keys, PER_RULE), rules)]


def pyright_settings(facts: Facts) -> dict[str, Any]:
    """Return what pyright's configuration is to say, where the project has none."""
    found: dict[str, Any] = {}
    if facts.packages or facts.has_python:
        found["include"] = list(facts.packages or ["."])
    if facts.metadata.minor is not None:
        found["pythonVersion"] = f"3.{facts.metadata.minor}"
    return found


def _extended(path: Path, text: str, tables: Sequence[_Table]) -> Step:
    addition = _written(tables)
    after = appended(text, addition)
    expected = tomllib.loads(text.replace("\r\n", "\n"))
    try:
        for keys, entries in tables:
            _at(expected, keys).update((key, value) for key, value, _ in entries if key)
        if tomllib.loads(after.replace("\r\n", "\n")) == expected:
            return Change(path, text, after)
    except (TypeError, tomllib.TOMLDecodeError):
        # `tool` may be written in a way that no table can be added to
        pass
    return Note(path, "nothing can be added at its end; add this yourself", addition)


def _at(document: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    for key in keys:
        value: object = document.setdefault(key, {})
        if not isinstance(value, dict):
            raise TypeError(key)
        document = cast("dict[str, Any]", value)
    return document


def _written(tables: Sequence[_Table]) -> str:
    return "\n".join("".join(_table(*table)) for table in tables if table[0] or table[1])


def _table(keys: tuple[str, ...], entries: Sequence[tuple[str, Any, str]]) -> Iterator[str]:
    if keys:
        yield f"[{'.'.join(keys)}]\n"
    for key, value, comment in entries:
        if comment:
            yield f"# {comment}\n"
        if key:
            yield f"{_key(key)} = {_value(value)}\n"


def _key(key: str) -> str:
    return key if key.replace("-", "").isalnum() and key.isascii() else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, list):
        items = [_value(item) for item in cast("list[Any]", value)]
        line = f"[{', '.join(items)}]"
        return line if len(line) < 90 else "[\n" + "".join(f"  {item},\n" for item in items) + "]"
    # strings, numbers and truth are written alike in JSON and TOML
    return json.dumps(value, ensure_ascii=False)
