"""What the lock of contracts says to the gate: one condition for each contract that files declare."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mergegate.config import Config
from mergegate.contracts.schemas.declared import declared
from mergegate.contracts.schemas.findings import findings
from mergegate.contracts.schemas.judgement import Verdict, judge
from mergegate.contracts.schemas.lock import FILE, UPDATE, read
from mergegate.errors import MergegateError
from mergegate.gate.conditions import Condition, Place, Status

SOURCE = "contracts"
_STATUS = {0: Status.PASSED, 1: Status.FAILED, 3: Status.BROKEN}


def lock_conditions(config: Config) -> Sequence[Condition]:
    """Return the conditions of a project's lock, which exists; one that says what is wrong if it cannot be judged."""
    try:
        verdicts = judge(read(config.root / FILE), declared(config), date.today())
    except MergegateError as error:
        return (Condition(SOURCE, "lock", Status.BROKEN, text=str(error)),)
    return [lock_condition(each) for each in verdicts]


def lock_condition(verdict: Verdict) -> Condition:
    """Return the condition that one contract's comparison with its lock is."""
    code = verdict.exit_code
    text = f"{verdict.waiver.reason}, until {verdict.waiver.expires}" if verdict.waiver else ""
    if code == 3:
        text = f"run '{UPDATE}' and commit {FILE}"
    elif code == 1:
        text = f"widen the change, or accept it: '{UPDATE} --accept REASON {verdict.name}'"
    places = tuple(Place(each.path, each.line, each.message) for each in findings(verdict)) if code else ()
    policy = f"policy {verdict.policy.replace('_', '-')}"
    return Condition(SOURCE, f"lock of {verdict.name}", _STATUS[code], verdict.state.value, policy, text, places)
