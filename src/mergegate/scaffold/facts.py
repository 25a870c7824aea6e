"""What a project is: its folder, its repository, where its CI runs, and what it has configured already."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mergegate import __version__
from mergegate.config import Config, find_files, load_config
from mergegate.config_file import OWN_FILE, PYPROJECT, find_file
from mergegate.errors import ConfigError
from mergegate.git import Repository
from mergegate.scaffold.changes import read_text
from mergegate.scaffold.metadata import Metadata, read_metadata

HOSTS = ("github", "gitlab")
"""The CI systems for which there are templates."""

_PROJECT_FILES = (PYPROJECT, "setup.py", "setup.cfg")
_HOST = re.compile(r"(?:[A-Za-z][\w+.-]*://)?(?:[^@/]*@)?([\w.-]+)")
_WORD = re.compile(r"\w+")
_RELEASE = re.compile(r"\d+(\.\d+)*")
_NO_PACKAGES = {"tests", "test", "docs", "doc", "examples", "example", "benchmarks", "scripts", "build", "dist"}


class Facts(NamedTuple):
    """What is known of a project.

    Attributes
    ----------
    root
        Its folder.
    repository
        The git repository that holds it, None if there is none.
    config
        Its settings as they are.
    metadata
        What its packaging files say.
    pyproject
        What its `pyproject.toml` holds, None if there is none.
    hosts
        The CI systems that it seems to use.
    branch
        The branch that changes are merged into.
    files
        Its own Python files, relative to it.
    has_python
        Whether there is a Python file in it, or in a project nested in it.
    """

    root: Path
    repository: Repository | None
    config: Config
    metadata: Metadata
    pyproject: str | None
    hosts: tuple[str, ...]
    branch: str
    files: tuple[str, ...]
    has_python: bool

    @property
    def top(self) -> Path:
        """The folder from which hooks and CI jobs run."""
        return self.repository.root if self.repository else self.root

    @property
    def prefix(self) -> str:
        """The path from `top` to the project, empty or ending in a slash."""
        return self.repository.prefix(self.root) if self.repository else ""

    @property
    def settings_file(self) -> Path:
        """Where the settings stand or are to stand."""
        return self.config.file or self.root / (OWN_FILE if self.pyproject is None else PYPROJECT)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What tells a command that starts in `top` which project is meant."""
        return ("--config", f"{self.prefix}{self.settings_file.name}") if self.prefix else ()

    @property
    def name(self) -> str:
        """How hooks and jobs for it are called, so that each project of a repository can have its own."""
        return "-".join(("mergegate", *_WORD.findall(self.prefix)))

    def is_gated_by(self, job: str) -> bool:
        """Tell whether the text of a hook or job runs mergegate on this project: on all, or on this one by name."""
        return "mergegate" in job and ("--config" not in job or any(each in job for each in self.arguments[1:]))

    @property
    def python(self) -> str:
        """The Python version to run mergegate with: it must know the syntax of the project."""
        return f"3.{max(13, self.metadata.minor or 0)}"

    @property
    def is_installable(self) -> bool:
        """Whether its packaging files say how it is built or what it depends on."""
        declared = _parsed(self.root / PYPROJECT, self.pyproject)
        return not declared.keys().isdisjoint(("build-system", "project")) or (self.root / "setup.py").is_file()

    @property
    def packages(self) -> tuple[str, ...]:
        """The folders that hold the project's code, relative to it."""
        folders = [name for name in ("src", *self.metadata.source_folders) if (self.root / name).is_dir()]
        return tuple(folders) or tuple(_flat_packages(self.root))


def requirement(extra: str = "") -> str:
    """Return what to install to get this version: another one may know other rules and so find something new.

    Parameters
    ----------
    extra
        The extra that is wanted of it.
    """
    name = f"mergegate[{extra}]" if extra else "mergegate"
    return f"{name}=={__version__}" if _RELEASE.fullmatch(__version__) else name


def examine(start: Path) -> Facts:
    """Look at the project around a folder.

    Raises
    ------
    MergegateError
        If its settings or its `pyproject.toml` are broken, or git refuses to read its repository.
    """
    repository = Repository.find(start)
    root = _project_root(start, repository)
    configured = find_file(root) is not None
    # without settings the repository would count as the project
    config = load_config(root) if configured else Config(root=root)
    files = find_files(config)
    pyproject = read_text(root / PYPROJECT)
    return Facts(
        root,
        repository,
        config,
        read_metadata(root, _parsed(root / PYPROJECT, pyproject)),
        pyproject,
        tuple(_hosts(repository)) if repository else (),
        (repository.default_branch() if repository else "") or "main",
        tuple(each.path for each in files.files),
        bool(files.files or files.nested),
    )


def _project_root(start: Path, repository: Repository | None) -> Path:
    """Return the folder of the settings, else of the nearest packaging file, else of the repository."""
    found = find_file(start)
    if found is not None:
        return found.path.parent
    if repository is None:
        return start
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in _PROJECT_FILES):
            return folder
        if folder.resolve() == repository.root:
            return folder
    return repository.root


def _parsed(path: Path, text: str | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text.replace("\r\n", "\n")) if text else {}
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None


def _hosts(repository: Repository) -> Iterator[str]:
    marks = {"github": repository.root / ".github", "gitlab": repository.root / ".gitlab-ci.yml"}
    named = [name for name, mark in marks.items() if mark.exists()]
    if named:
        yield from named
        return
    servers = [found[1].lower() for url in repository.remote_urls() if (found := _HOST.match(url))]
    yield from (name for name in HOSTS if any(name in server for server in servers))


def _flat_packages(root: Path) -> Iterator[str]:
    for folder in sorted(root.iterdir()):
        if folder.name not in _NO_PACKAGES and (folder / "__init__.py").is_file():
            yield folder.name
