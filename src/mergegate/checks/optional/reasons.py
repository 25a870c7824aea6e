"""Why a value may be None: in words, with the places that prove it, and how sure that is."""

from __future__ import annotations

from typing import NamedTuple

from mergegate.finding import Confidence, Step


class Reason(NamedTuple):
    """Why a value may be None.

    Attributes
    ----------
    kind
        literal, call, parameter, declared parameter, attribute, variable, declared, or own: a call of a function that
        has not been followed yet.
    text
        What gives None, in words.
    steps
        The places that prove it, from the value to the proof.
    function, position
        Of a parameter: whose, and which. Of an own call: what is called.
    passed
        Of an own call: for each parameter that it passes, the reasons why that may be None.
    """

    kind: str
    text: str
    confidence: Confidence
    steps: tuple[Step, ...] = ()
    function: int = -1
    position: int = -1
    passed: tuple[tuple[int, frozenset[int]], ...] = ()


class Reasons:
    """Numbers reasons from 1 on, so that sets of them are cheap: 0 stands for a value that is something."""

    def __init__(self) -> None:
        self._reasons: list[Reason] = []
        self._numbers: dict[Reason, int] = {}

    def number(self, reason: Reason) -> int:
        """Return the number of a reason."""
        known = self._numbers.get(reason)
        if known is None:
            self._reasons.append(reason)
            known = self._numbers[reason] = len(self._reasons)
        return known

    def __getitem__(self, number: int) -> Reason:
        return self._reasons[number - 1]
