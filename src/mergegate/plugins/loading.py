"""Loads the plugins that are installed, and costs next to nothing where there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mergegate.errors import MergegateError

if TYPE_CHECKING:
    from mergegate.checks import Check
    from mergegate.evidence.sources import Source
    from mergegate.reporters import Reporter

GROUP = "mergegate"  # as in `hooks`, which is not imported for it: it needs pluggy
_HEADER = b"[mergegate]"
_METADATA = (".dist-info", ".egg-info")


class PluginError(MergegateError):
    """An installed plugin cannot be loaded or gives what it must not."""


@dataclass(frozen=True, slots=True)
class Plugins:
    """What the installed plugins add.

    Attributes
    ----------
    names
        `name==version` of the packages, sorted: what they find belongs to these versions.
    """

    names: tuple[str, ...] = ()
    rule_folders: tuple[Path, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict[str, Any])
    reporters: Mapping[str, Reporter] = field(default_factory=dict[str, Any])
    evidence: Mapping[str, Source] = field(default_factory=dict[str, Any])

    def install_checks(self) -> None:
        """Put the checks beside ours, where rules ask for them by name.

        Raises
        ------
        PluginError
            If a plugin takes the name of a check of ours.
        """
        if not self.checks:
            return
        from mergegate.checks import CHECKS  # noqa: PLC0415 - a run from the cache does not need the checks

        for name, check in self.checks.items():
            if CHECKS.setdefault(name, check) is not check:
                raise PluginError(f"A plugin adds a check named {name!r}, which exists already", "uninstall it")


def load_plugins() -> Plugins:
    """Load the plugins installed beside mergegate.

    Raises
    ------
    PluginError
        If a plugin cannot be imported, fails, or adds a name that is taken.
    """
    # reading all metadata with the standard library costs more than a whole warm run; most have no plugin
    return _load() if _any_installed(sys.path) else Plugins()


def _any_installed(folders: Sequence[str]) -> bool:
    return any(_HEADER in data for folder in folders for data in _entry_point_files(folder))


def _entry_point_files(folder: str) -> Iterator[bytes]:
    try:
        with os.scandir(folder or ".") as entries:
            found = [entry.path for entry in entries if entry.name.endswith(_METADATA)]
    except OSError:
        return
    for path in found:
        try:
            yield Path(path, "entry_points.txt").read_bytes()
        except OSError:
            continue


def _load() -> Plugins:
    import pluggy  # noqa: PLC0415 - only where a plugin is installed

    from mergegate.plugins import hooks  # noqa: PLC0415

    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hooks)
    try:
        manager.load_setuptools_entrypoints(GROUP)
        manager.check_pending()
        hook = manager.hook
        folders = [Path(folder) for folders in hook.mergegate_rule_folders() for folder in folders]
        checks = _merged("check", hook.mergegate_checks())
        reporters = _merged("format", hook.mergegate_reporters())
        evidence = _merged("evidence", hook.mergegate_evidence())
    except PluginError:
        raise
    except Exception as error:
        installed = ", ".join(sorted(dist.project_name for _, dist in manager.list_plugin_distinfo())) or "a package"
        reason = f"A plugin cannot be loaded ({installed}): {type(error).__name__}: {error}"
        raise PluginError(reason, "update or uninstall it") from error
    names = sorted({f"{dist.project_name}=={dist.version}" for _, dist in manager.list_plugin_distinfo()})
    return Plugins(tuple(names), tuple(folders), checks, reporters, evidence)


def _merged(what: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            if name in merged:
                raise PluginError(f"Two plugins add the {what} {name!r}", "uninstall one of them")
            merged[name] = value
    return merged
