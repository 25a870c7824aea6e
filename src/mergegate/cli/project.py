"""What commands share: the projects that are meant, their plugins and rules, and the reports on them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mergegate.config import Config, load_config
from mergegate.config_file import FILE_NAMES
from mergegate.engine import Analysis, rules_of
from mergegate.errors import MergegateError
from mergegate.gate.report import Report, make_report
from mergegate.gate.selection import within
from mergegate.plugins.loading import Plugins, load_plugins

if TYPE_CHECKING:
    from mergegate.rules.rule import Rule


def extended(config: Config, plugins: Plugins) -> Config:
    """Return a project's settings with the rule folders of plugins beside its own."""
    return replace(config, rule_folders=(*config.rule_folders, *map(str, plugins.rule_folders)))


def project_rules(config: Config, plugins: Plugins) -> Mapping[str, Rule]:
    """Return the rules of a project by id, and check the names in its settings against them.

    Raises
    ------
    MergegateError
        If a rule file is broken or a setting names an unknown rule.
    """
    rules = rules_of(extended(config, plugins))
    config.check_rules(rules, {rule.family for rule in rules.values()})
    return rules


def installed_plugins() -> Plugins:
    """Load the installed plugins and put their checks beside ours.

    Raises
    ------
    MergegateError
        If a plugin cannot be loaded or takes the name of a check of ours.
    """
    plugins = load_plugins()
    plugins.install_checks()
    return plugins


def find_project(paths: Sequence[Path], explicit: Path | None) -> Config:
    """Return the configuration of the project that holds all paths; without paths, the current folder's.

    Raises
    ------
    MergegateError
        If a path does not exist or lies outside, or the configuration is wrong.
    """
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise MergegateError(f"There is no file or folder {str(missing)!r}", "check the spelling of the path")
    common = os.path.commonpath([_absolute(path) for path in paths]) if paths else Path.cwd()
    config = load_config(Path(common), explicit)
    for path in paths:
        if not _absolute(path).is_relative_to(config.root):
            reason = f"{str(path)!r} lies outside of the project in {config.root}"
            raise MergegateError(reason, "run mergegate once for each project")
    return config


def report_projects(
    first: Config,
    paths: Sequence[Path],
    plugins: Plugins,
    changed: Callable[[Config], Config],
    analysed: Callable[[Config], Analysis],
    *,
    reported: Callable[[Analysis, Config, Sequence[str]], Report] = make_report,
) -> list[Report]:
    """Report on a project and on the configured projects nested in it, each by its own settings.

    Parameters
    ----------
    first
        The outer project.
    paths
        What to report on; none: everything.
    plugins
        Whose rule folders come beside those of each project.
    changed
        Puts the command's own settings over those of each project.
    analysed
        Analyses each project.
    reported
        Judges what was found in each project, given what to report on relative to its root; nothing: everything.

    Raises
    ------
    MergegateError
        If a configuration or rule is wrong, or nothing is there to report on.
    """
    reports: list[Report] = []
    covered = False
    queue = [first]
    while queue:
        project = extended(changed(queue.pop(0)), plugins)
        root = project.root
        chosen = inside(root, paths)
        if chosen is None:
            continue
        analysis = analysed(project)
        # a folder with nothing but the settings is not clean: there should have been something to look at
        covered = covered or any(
            any(within(path, each) for each in chosen) if chosen else path not in FILE_NAMES for path in analysis.paths
        )
        reports.append(reported(analysis, project, chosen))
        queue.extend(load_config(root / nested) for nested in analysis.nested)
    if not covered:
        where = ", ".join(map(str, paths)) or str(first.root)
        raise MergegateError(f"There is no Python file to analyse in {where}", "name a folder that holds Python code")
    return reports


def inside(root: Path, paths: Sequence[Path]) -> tuple[str, ...] | None:
    """Return the paths relative to a root, nothing for all of it, None if no path touches it."""
    targets = [_absolute(path) for path in paths]
    if not targets or any(root.is_relative_to(target) for target in targets):
        return ()
    return tuple(target.relative_to(root).as_posix() for target in targets if target.is_relative_to(root)) or None


def _absolute(path: Path) -> Path:
    # as the configuration does: `resolve` would leave the user's symbolic links
    return Path(os.path.abspath(path))  # noqa: PTH100
