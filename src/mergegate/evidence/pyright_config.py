"""Which files pyright reads, by its own configuration: as much of it as is needed to know where comments count."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

_FILE = "pyrightconfig.json"
_COMMENT_OR_STRING = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[\]}])')
_WILDCARDS = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


class PyrightConfig(NamedTuple):
    """The part of pyright's configuration that says what is read.

    Attributes
    ----------
    include, exclude
        Its patterns, relative to the project; no `include`: all.
    has_environment
        Whether it names an environment of its own.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    has_environment: bool = False

    def reads(self, paths: Iterable[str]) -> list[str]:
        """Return those of some paths, relative to the project, that pyright reads."""
        include, exclude = _matcher(self.include), _matcher(self.exclude)
        return [path for path in paths if (not self.include or include.match(path)) and not exclude.match(path)]


def read_pyright_config(root: Path, named: str = "") -> PyrightConfig:
    """Return what pyright's configuration says; what cannot be read says nothing, for pyright itself complains.

    Parameters
    ----------
    root
        The project's folder.
    named
        The configuration that the settings name, relative to the project.
    """
    given = root / named if named else None
    if given is not None and given.is_dir():
        given /= _FILE
    file = given or next((root / name for name in (_FILE, "pyproject.toml") if (root / name).is_file()), None)
    if file is None:
        return PyrightConfig()
    try:
        text = file.read_text(encoding="utf-8-sig")
        table = tomllib.loads(text)["tool"]["pyright"] if file.suffix == ".toml" else json.loads(_bare(text))
        prefix = file.resolve().parent.relative_to(root.resolve()).as_posix()
    except (OSError, ValueError, KeyError, TypeError):
        return PyrightConfig()
    if not isinstance(table, dict):
        return PyrightConfig()
    settings = cast("dict[str, Any]", table)
    include, exclude = (_patterns(settings.get(key), prefix) for key in ("include", "exclude"))
    if not include and prefix != ".":
        include = (prefix,)
    return PyrightConfig(include, exclude, "venv" in settings)


def _bare(text: str) -> str:
    """Return JSON without comments and final commas."""
    bare = _COMMENT_OR_STRING.sub(lambda match: match[0] if match[0].startswith('"') else " ", text)
    return _TRAILING_COMMA.sub(lambda match: match[1] or "", bare)


def _patterns(value: object, prefix: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    texts = [each for each in cast("list[object]", value) if isinstance(each, str)]
    return tuple(
        "/".join([*([] if prefix == "." else [prefix]), text.removeprefix("./")]).rstrip("/") for text in texts
    )


def _matcher(patterns: Sequence[str]) -> re.Pattern[str]:
    """Return what matches the paths that patterns of pyright name, and what lies below them."""
    pieces = (_regex(pattern) for pattern in patterns)
    return re.compile("|".join(f"(?:{piece})(?:/|$)" for piece in pieces) or r"(?!)", re.DOTALL)


def _regex(pattern: str) -> str:
    if pattern in (".", ""):
        return ".*"
    parts = re.split(r"(\*\*/?|\*|\?)", pattern)
    return "".join("(?:.*/)?" if part == "**/" else _WILDCARDS.get(part, re.escape(part)) for part in parts)
