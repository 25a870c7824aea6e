"""What the packaging files of a project say: Python versions, source folders, dependencies, configured tools."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

_NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")
_LOWEST = re.compile(r"(?:>=|\^|~=|==|~)\s*3\.(\d+)")
_ALIKE = re.compile(r"[-_.]+")
_FRAMEWORKS = (
    "fastapi", "starlette", "litestar", "django", "flask", "quart", "sanic", "aiohttp", "tornado", "celery",
    "sqlalchemy", "httpx", "pydantic", "openai", "anthropic", "langchain", "pytest",
)  # fmt: skip
_MEASURING = {"coverage": "coverage", "pytest-cov": "coverage"}


class Metadata(NamedTuple):
    """What is known of a project.

    Attributes
    ----------
    minor
        The lowest minor version of Python 3 that it supports; None if it does not say.
    source_folders
        The folders that its build takes packages from, besides the root and `src`.
    frameworks
        What it depends on and people know by name.
    tools
        The tools that are configured: `pylint`, `pyright`, `pytest`; and `coverage` if it is configured or installed
        with the project.
    """

    minor: int | None
    source_folders: tuple[str, ...]
    frameworks: tuple[str, ...]
    tools: frozenset[str]


def read_metadata(root: Path, pyproject: Mapping[str, Any]) -> Metadata:
    """Return what the packaging files in a folder say, given the contents of its `pyproject.toml`."""
    setup = _setup_cfg(root / "setup.cfg")
    project = _table(pyproject, "project")
    poetry = _table(pyproject, "tool", "poetry")
    wanted = (
        project.get("requires-python"),
        _table(poetry, "dependencies").get("python"),
        setup.get("options", "python_requires", fallback=None),
    )
    lowest = next((found for text in wanted if isinstance(text, str) and (found := _LOWEST.search(text))), None)
    depends = {_normal(name) for name in _dependencies(root, project, poetry, pyproject, setup)}
    return Metadata(
        int(lowest[1]) if lowest else None,
        tuple(dict.fromkeys(_source_folders(root, pyproject, setup))),
        tuple(name for name in _FRAMEWORKS if name in depends),
        frozenset((*_tools(root, pyproject, setup), *(_MEASURING[name] for name in _MEASURING.keys() & depends))),
    )


def _setup_cfg(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        # it only helps to know more
        return configparser.RawConfigParser()
    return parser


def _source_folders(root: Path, pyproject: Mapping[str, Any], setup: configparser.RawConfigParser) -> Iterator[str]:
    tool = _table(pyproject, "tool")
    setuptools = _table(tool, "setuptools")
    candidates = [
        *_strings(_table(setuptools, "packages", "find").get("where")),
        *_strings(_table(setuptools, "package-dir").get("")),
        *_strings(setup.get("options.packages.find", "where", fallback="").split()),
        *_strings(_table(tool, "pdm", "build").get("package-dir")),
        *_strings(_table(tool, "maturin").get("python-source")),
        *_strings(_table(tool, "uv", "build-backend").get("module-root")),
    ]
    packages = _table(tool, "poetry").get("packages")
    for package in cast("list[object]", packages) if isinstance(packages, list) else []:
        if isinstance(package, dict):
            candidates += _strings(cast("dict[str, Any]", package).get("from"))
    wheel = _table(tool, "hatch", "build", "targets", "wheel")
    candidates += [str(Path(name).parent.as_posix()) for name in _strings(wheel.get("packages"))]
    for name in candidates:
        folder = name.removeprefix("./").rstrip("/")
        inside = not Path(folder).is_absolute() and ".." not in Path(folder).parts
        if folder not in ("", ".", "src") and inside and (root / folder).is_dir():
            yield folder


def _dependencies(
    root: Path,
    project: Mapping[str, Any],
    poetry: Mapping[str, Any],
    pyproject: Mapping[str, Any],
    setup: configparser.RawConfigParser,
) -> Iterator[str]:
    yield from _named(_strings(project.get("dependencies")))
    for groups in (_table(project, "optional-dependencies"), _table(pyproject, "dependency-groups")):
        for group in groups.values():
            yield from _named(_strings(group))
    yield from _table(poetry, "dependencies")
    yield from _table(poetry, "dev-dependencies")
    for group in _table(poetry, "group").values():
        yield from _table(group, "dependencies")
    yield from _named(setup.get("options", "install_requires", fallback="").splitlines())
    for file in sorted(root.glob("*requirements*.txt")):
        try:
            yield from _named(file.read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError):
            continue


def _tools(root: Path, pyproject: Mapping[str, Any], setup: configparser.RawConfigParser) -> Iterator[str]:
    tool = _table(pyproject, "tool")
    if "pylint" in tool or any((root / name).is_file() for name in (".pylintrc", "pylintrc", ".pylintrc.toml")):
        yield "pylint"
    # the fork refuses to start where both tables stand
    if {"pyright", "basedpyright"} & tool.keys() or (root / "pyrightconfig.json").is_file():
        yield "pyright"
    if "coverage" in tool or (root / ".coveragerc").is_file() or setup.has_section("coverage:run"):
        yield "coverage"
    if "pytest" in tool or (root / "pytest.ini").is_file() or setup.has_section("tool:pytest"):
        yield "pytest"


def _named(requirements: Iterable[str]) -> Iterator[str]:
    for requirement in requirements:
        found = _NAME.match(requirement)
        if found:
            yield found[1]


def _normal(name: str) -> str:
    return _ALIKE.sub("-", name).lower()


def _table(value: object, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [each for each in cast("list[object]", value) if isinstance(each, str)] if isinstance(value, list) else []
