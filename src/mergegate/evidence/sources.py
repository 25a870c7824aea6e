"""The sources of evidence that the merge gate asks, each begun before the analysis so that it runs beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from mergegate.config import Config
from mergegate.evidence.recorded import recorded
from mergegate.gate.ci import Circumstances
from mergegate.gate.conditions import Condition, Status

if TYPE_CHECKING:
    from mergegate.evidence.types import Running

LOCK = "contracts.lock.json"
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


def _contracts(config: Config) -> Finish:
    # only recorded outputs have to be measured; a schema alone has its lock
    outputs = any(each.outputs for each in config.contracts.values())
    wanted = "contracts" in config.gate.require or outputs

    def finish() -> Sequence[Condition]:
        found = recorded(config.root, "contracts", wanted=wanted)
        if not (config.root / LOCK).is_file():
            return found
        # only projects with a lock pay for it
        from mergegate.evidence.contract_lock import lock_conditions  # noqa: PLC0415

        return [*(each for each in found if each.status is not Status.ABSENT), *lock_conditions(config)]

    return finish


def _unheard(_note: str) -> None:
    pass


def _started(config: Config, given: Circumstances | None) -> Running | None:
    if not config.types_wanted:
        return None
    # only projects that measure their types pay for it
    from mergegate.evidence.types import start  # noqa: PLC0415

    return start(config, given)


def measured_types(given: Circumstances | None = None, say: Callable[[str], None] = _unheard) -> Source:
    """Return the source that runs pyright.

    Parameters
    ----------
    given
        Under what the run takes place; None: as the environment says.
    say
        Takes sentences for people about the baseline of type errors.
    """

    def begin(config: Config) -> Finish:
        running = _started(config, given)
        if running is None:
            return lambda: (Condition("types", "evidence", Status.ABSENT),)

        def finish() -> Sequence[Condition]:
            outcome = running.result()
            for note in outcome.notes:
                say(note)
            return outcome.conditions

        return finish

    return begin


SOURCES: Mapping[str, Source] = {
    "types": measured_types(),
    "coverage": _from_file("coverage"),
    "contracts": _contracts,
}
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
