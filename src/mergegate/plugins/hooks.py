"""The hooks that packages implement to add rules, checks, formats and evidence.

A package declares an entry point in the group `mergegate`, under any name, that leads to a module or object with
implementations::

    [project.entry-points.mergegate]
    house-rules = "house_rules.plugin"

    # house_rules/plugin.py
    from pathlib import Path
    from mergegate.plugins.hooks import hookimpl

    @hookimpl
    def mergegate_rule_folders():
        return [Path(__file__).with_name("rules")]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from mergegate.checks import Check
    from mergegate.evidence.sources import Source
    from mergegate.reporters import Reporter

GROUP = "mergegate"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def mergegate_rule_folders() -> Sequence[str | Path]:
    """Return folders with rule files, laid out as `<family>/<rule>.toml`."""
    raise NotImplementedError


@hookspec
def mergegate_checks() -> Mapping[str, Check]:
    """Return algorithms by the name that rule files use in `check`.

    A check is called with the linked program, the rules that name it, and the knowledge tables, and yields findings.
    What it finds may depend on nothing else: results are kept for as long as the program, the rules and the package's
    version stay the same.
    """
    raise NotImplementedError


@hookspec
def mergegate_reporters() -> Mapping[str, Reporter]:
    """Return formats by name: functions from a report and a style to pieces of text."""
    raise NotImplementedError


@hookspec
def mergegate_evidence() -> Mapping[str, Source]:
    """Return sources of evidence for the merge gate by name.

    A source is called with a project's settings before the analysis, and returns a function that waits for what it has
    begun and returns conditions of the verdict (`mergegate.gate.conditions.Condition`).
    """
    raise NotImplementedError
