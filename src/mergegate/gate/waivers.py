"""Waivers: findings that somebody has let through until a day, for a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from mergegate.config import Config
from mergegate.config_gate import Waiver
from mergegate.finding import Finding
from mergegate.gate.selection import matcher
from mergegate.rules.selection import EVERYTHING


class Waivers:
    """Answers which findings the waivers of a project cover, and keeps account of it.

    Parameters
    ----------
    config
        The project's settings; `Config.check_rules` has accepted the names in the waivers.
    today
        The day on which a waiver must not have expired.
    """

    def __init__(self, config: Config, today: date) -> None:
        self._config = config
        self._waivers: Sequence[Waiver] = config.waivers
        self._today = today
        self._in_path = [matcher(waiver.path) if waiver.path else _anywhere for waiver in self._waivers]
        self._covered = [0] * len(self._waivers)

    def reason(self, finding: Finding) -> str | None:
        """Return why a finding is let through, None if it is not; of several waivers the last to expire counts."""
        matching = [index for index in range(len(self._waivers)) if self._matches(index, finding)]
        for index in matching:
            self._covered[index] += 1
        waiver = max((self._waivers[index] for index in matching), key=lambda each: each.expires, default=None)
        if waiver is None or waiver.expires < self._today:
            return None
        return f"waived until {waiver.expires}: {waiver.reason}"

    def complaints(self) -> Iterator[str]:
        """Say which waivers have expired or cover nothing, and what to do about it."""
        for index, (waiver, covered) in enumerate(zip(self._waivers, self._covered, strict=True)):
            where = self._config.place(("waivers", index))
            if not covered:
                yield f"{where}: the waiver of {waiver.rule} covers no finding; remove it"
            elif waiver.expires < self._today:
                many = "1 finding that it covers counts" if covered == 1 else f"{covered} findings that it covers count"
                yield (
                    f"{where}: the waiver of {waiver.rule} expired on {waiver.expires}, so {many} again; "
                    "repair the code, or set a later day if the reason still holds"
                )

    def _matches(self, index: int, finding: Finding) -> bool:
        waiver = self._waivers[index]
        return (
            waiver.rule in (finding.rule, finding.family, EVERYTHING)
            and (not waiver.scope or f"{finding.scope}.".startswith(f"{waiver.scope}."))
            and self._in_path[index](finding.path)
        )


def _anywhere(path: str) -> bool:
    del path
    return True
