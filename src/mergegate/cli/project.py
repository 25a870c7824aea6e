"""What commands share: the projects that are meant, their plugins and rules."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mergegate.checks import CHECKS
from mergegate.config import Config, discover_projects, load_config
from mergegate.errors import MergegateError
from mergegate.plugins.loading import Plugins, load_plugins
from mergegate.rules.loader import load_rules
from mergegate.rules.model import Rule


@dataclass(frozen=True, slots=True)
class Project:
    """A project with everything that decides what is found in it.

    Attributes
    ----------
    paths
        What to report on, relative to the project's root; empty: everything.
    """

    config: Config
    rules: dict[str, Rule]
    paths: tuple[str, ...] = ()


def open_project(config: Config, plugins: Plugins, paths: tuple[str, ...] = ()) -> Project:
    """Load the rules of a project, and check the names in its settings against them.

    Raises
    ------
    MergegateError
        If a rule file is broken or a setting names an unknown rule.
    """
    folders = (*config.rule_folders, *map(str, plugins.rule_folders))
    rules = load_rules([config.root / folder for folder in folders])
    config.check_rules(rules, {rule.family for rule in rules.values()})
    return Project(replace(config, rule_folders=folders), rules, paths)


def installed_plugins() -> Plugins:
    """Load the installed plugins and put their checks beside ours.

    Raises
    ------
    MergegateError
        If a plugin cannot be loaded or takes the name of a check of ours.
    """
    plugins = load_plugins()
    taken = CHECKS.keys() & {name for name, check in plugins.checks.items() if CHECKS.get(name) is not check}
    if taken:
        raise MergegateError(f"A plugin adds a check named {min(taken)!r}, which mergegate has itself", "uninstall it")
    CHECKS.update(plugins.checks)
    return plugins


def find_projects(paths: Sequence[Path], explicit: Path | None) -> list[tuple[Config, tuple[str, ...]]]:
    """Return the projects that hold the paths, each with what to report on in it.

    Without paths these are the project of the current folder and the configured projects nested in it. Paths of
    several projects are only accepted if these projects are nested in the first one.

    Raises
    ------
    MergegateError
        If a path does not exist or a configuration is wrong.
    """
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise MergegateError(f"There is no file or folder {str(missing)!r}", "check the spelling of the path")
    if explicit is not None:
        return [(config := load_config(Path.cwd(), explicit), _inside(config, paths))]
    start = paths[0] if paths else Path.cwd()
    projects = discover_projects(load_config(start).root)
    chosen: dict[Path, list[str]] = {}
    for path in paths or (projects[0].root,):
        target = _absolute(path)
        owner = next((each for each in reversed(projects) if target.is_relative_to(each.root)), None)
        if owner is None:
            reason = f"{str(path)!r} does not belong to the project in {projects[0].root}"
            raise MergegateError(reason, "run mergegate once for each project")
        chosen.setdefault(owner.root, []).append(target.relative_to(owner.root).as_posix())
        for nested in projects:
            if nested.root != owner.root and nested.root.is_relative_to(target):
                chosen.setdefault(nested.root, []).append(".")
    return [(each, tuple(chosen[each.root])) for each in projects if each.root in chosen]


def _inside(config: Config, paths: Sequence[Path]) -> tuple[str, ...]:
    for path in paths:
        if not _absolute(path).is_relative_to(config.root):
            reason = f"{str(path)!r} lies outside of the project that {config.file} configures"
            raise MergegateError(reason, "name paths below the configuration's folder")
    return tuple(_absolute(path).relative_to(config.root).as_posix() for path in paths)


def _absolute(path: Path) -> Path:
    # as the configuration does: `resolve` would leave the user's symbolic links
    return Path(os.path.abspath(path))  # noqa: PTH100
