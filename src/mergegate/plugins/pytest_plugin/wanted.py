"""What a run of pytest asks of the coverage gate: options, and whether it runs all tests."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mergegate.files.walk import ENVIRONMENT_MARKS, NEVER


class Wanted(NamedTuple):
    """The options of a run; see `pytest_addoption`."""

    no_coverage: bool
    update: bool
    base: str
    allow_growth: bool
    data: tuple[Path, ...]

    @classmethod
    def of(cls, config: pytest.Config) -> Wanted:
        """Return the options of a run, the command line before the settings."""
        files = config.getoption("mergegate_data") or config.getini("mergegate_data")
        return cls(
            bool(_either(config, "no_coverage")),
            bool(_either(config, "update_coverage")),
            str(_either(config, "base") or ""),
            bool(_either(config, "allow_growth")),
            tuple(config.invocation_params.dir / str(each) for each in files),
        )


def _either(config: pytest.Config, name: str) -> Any:
    given = config.getoption(f"mergegate_{name}")
    return config.getini(f"mergegate_{name}") if given is None else given


# -- partial runs ------------------------------------------------------------------------------------------------------

# options that leave tests out: the name of what they set, and how they are written
_LEAVING_OUT = (
    ("keyword", ("-k",)), ("markexpr", ("-m",)), ("lf", ("--lf", "--last-failed")), ("deselect", ("--deselect",)),
    ("stepwise", ("--sw", "--stepwise")), ("ignore", ("--ignore",)), ("ignore_glob", ("--ignore-glob",)),
    ("setuponly", ("--setup-only",)), ("setupplan", ("--setup-plan",)),
)  # fmt: skip


def partial(config: pytest.Config, session: pytest.Session) -> str:
    """Return why a run is not one of all tests, empty if it is.

    What the project itself always leaves out (`addopts`) is no part of all tests.
    """
    usual = [str(each) for each in config.getini("addopts")]
    for name, flags in _LEAVING_OUT:
        if config.getoption(name, None) and not _is_usual(config, usual, flags):
            return f"{flags[0]} leaves tests out"
    stopped = session.shouldfail or session.shouldstop
    if stopped:
        return f"the run stopped early ({stopped})" if isinstance(stopped, str) else "the run stopped early"
    reason = _paths(config)
    if reason:
        return reason
    reporter: Any = config.pluginmanager.getplugin("terminalreporter")
    deselected = len(reporter.stats.get("deselected", ())) if reporter is not None else 0
    if deselected and not any(each.startswith(("-k", "-m", "--deselect")) for each in usual):
        return f"{deselected} tests were deselected"
    return ""


def _is_usual(config: pytest.Config, usual: Iterable[str], flags: tuple[str, ...]) -> bool:
    """Tell whether an option comes from the project's settings alone."""
    given = (*config.invocation_params.args, *os.environ.get("PYTEST_ADDOPTS", "").split())
    return _has(usual, flags) and not _has(map(str, given), flags)


def _has(arguments: Iterable[str], flags: tuple[str, ...]) -> bool:
    return any(
        each in flags or any(each.startswith(flag if len(flag) == 2 else f"{flag}=") for flag in flags)
        for each in arguments
        if not each.startswith("--") or any(each.startswith(flag) for flag in flags)
    )


def _paths(config: pytest.Config) -> str:
    """Return why the paths of a run are not those of all tests."""
    arguments = [str(each) for each in config.args]
    if any("::" in each for each in arguments):
        return "single tests were named"
    chosen = [Path(os.path.abspath(config.invocation_params.dir / each)) for each in arguments]  # noqa: PTH100
    if any(config.rootpath.is_relative_to(each) for each in chosen):
        return ""
    usual = [path for pattern in config.getini("testpaths") for path in config.rootpath.glob(str(pattern))]
    if usual:
        left_out = next((path for path in usual if not _inside(path, chosen)), None)
        return f"{_shown(left_out, config.rootpath)} was left out" if left_out is not None else ""
    left_out = next((path for path in _test_files(config) if not _inside(path, chosen)), None)
    return f"{_shown(left_out, config.rootpath)} was left out" if left_out is not None else ""


def _inside(path: Path, chosen: Iterable[Path]) -> bool:
    return any(path.is_relative_to(each) for each in chosen)


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _test_files(config: pytest.Config) -> Iterator[Path]:
    """Yield the files that pytest would collect from the root of the project."""
    patterns = [str(each) for each in config.getini("python_files")]
    skipped = [str(each) for each in config.getini("norecursedirs")]
    for folder, folders, names in os.walk(config.rootpath):
        folders[:] = sorted(
            each for each in folders if each not in NEVER and not any(fnmatch.fnmatch(each, one) for one in skipped)
        )
        if not ENVIRONMENT_MARKS.isdisjoint((*names, *folders)):
            folders.clear()
            continue
        for name in sorted(names):
            if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
                yield Path(folder) / name
