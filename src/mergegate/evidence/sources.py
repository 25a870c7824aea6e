"""The sources of evidence that the merge gate asks, each begun before the analysis so that it runs beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mergegate.config import Config
from mergegate.evidence.recorded import recorded
from mergegate.gate.conditions import Condition, Status

Finish = Callable[[], Sequence[Condition]]
"""Waits for the evidence and returns its conditions; places are relative to the project's root."""

Source = Callable[[Config], Finish]
"""Begins to gather evidence on a project, at best in a process of its own."""


def _from_file(kind: str) -> Source:
    def begin(config: Config) -> Finish:
        # who has a section of settings for it wants it
        wanted = kind in config.gate.require or kind in config.origins
        return lambda: recorded(config.root, kind, wanted=wanted)

    return begin


SOURCES: Mapping[str, Source] = {kind: _from_file(kind) for kind in ("coverage", "contracts")}
"""The sources that are always there, in the order of the verdict."""


def required(config: Config, source: str, conditions: Sequence[Condition]) -> Sequence[Condition]:
    """Return the conditions of a source; what is not configured blocks if the project requires it."""
    if source not in config.gate.require:
        return conditions
    text = f"{config.place(('gate', 'require'))} requires it, and nothing here configures it"
    return [
        Condition(source, each.name, Status.BROKEN, text=text) if each.status is Status.ABSENT else each
        for each in conditions
    ]
