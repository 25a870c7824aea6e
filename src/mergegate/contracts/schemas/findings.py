"""What is wrong with contracts, as findings that every format shows: at the line of the schema that it is about."""

from __future__ import annotations

from collections.abc import Iterator

from mergegate.contracts.schemas.changes import BOTH, LOOSENS, PROMPT, TIGHTENS, Change
from mergegate.contracts.schemas.compatibility import Compatibility
from mergegate.contracts.schemas.json_data import parsed, shown
from mergegate.contracts.schemas.judgement import State, Verdict
from mergegate.contracts.schemas.lock import FILE
from mergegate.finding import Confidence, Finding, Severity, Step
from mergegate.rules.folders import CONTRACTS
from mergegate.rules.tables import read_table

FAMILY = "contracts"
BREAKS = "contract-breaks-consumers"
UNDECIDED = "contract-change-undecided"
NOT_LOCKED = "contract-not-locked"
DRIFT = "contract-prompt-drift"
_RULES = {
    State.BREAKING: BREAKS, State.UNDECIDED: UNDECIDED, State.DRIFTED: DRIFT, State.COMPATIBLE: NOT_LOCKED,
    State.NEW: NOT_LOCKED, State.GONE: NOT_LOCKED,
}  # fmt: skip
_BREAKING = {"backward": (TIGHTENS, BOTH), "forward": (LOOSENS, BOTH)}
_MOST = 12


def rule_texts() -> dict[str, dict[str, str]]:
    """Return summary, reason and repair of each rule of this family, by id."""
    return read_table(CONTRACTS, "rules.toml")


def findings(verdict: Verdict) -> Iterator[Finding]:
    """Yield what is wrong with a contract, compared with its lock; nothing if it is as it was or waived."""
    rule = _RULES.get(verdict.state)
    if rule is None:
        return
    contract = verdict.declared
    changes = relevant(verdict)
    message = _message(verdict)
    severity = Severity.WARNING if verdict.level == "warn" else Severity(rule_texts()[rule]["severity"])
    if contract is None or contract.schema.file is None:
        yield located(rule, severity, FILE, 1, message)
        return
    lines = [(contract.schema.line(parsed(each.pointer)), each) for each in changes]
    steps = tuple(Step(contract.source, line, f"{each.pointer or '/'}: {each.message}") for line, each in lines)
    line = lines[0][0] if lines else 1
    yield located(rule, severity, contract.source, line, message, steps=steps[:_MOST], cause=f"contract {verdict.name}")


def located(
    rule: str, severity: Severity, path: str, line: int, message: str, *,
    steps: tuple[Step, ...] = (), cause: str = "", confidence: Confidence = Confidence.HIGH, help_: str = "",
) -> Finding:  # fmt: skip
    """Return a finding about a whole line."""
    text = help_ or rule_texts()[rule]["fix"]
    return Finding(rule, FAMILY, severity, confidence, path, line, 0, line, 0, message, text, cause, witness=steps)


def relevant(verdict: Verdict) -> list[Change]:
    """Return the changes that a verdict is about."""
    compared = verdict.compared
    if compared is None:
        return []
    if verdict.state is State.DRIFTED:
        return [each for each in compared.changes if each.direction == PROMPT]
    wanted = {direction for side in verdict.broken for direction in _BREAKING[side]}
    found = [each for each in compared.changes if each.direction in wanted]
    return found or [each for each in compared.changes if each.direction != PROMPT]


def _message(verdict: Verdict) -> str:
    name, compared = verdict.name, verdict.compared
    if verdict.state is State.NEW:
        return f"the contract {name!r} is not locked"
    if verdict.state is State.GONE:
        return f"the contract {name!r} is locked, but nothing declares it any more"
    changes = relevant(verdict)
    what = "; ".join(each.message for each in changes[:3])
    more = f" and {len(changes) - 3} more changes" if len(changes) > 3 else ""
    if verdict.state is State.DRIFTED:
        return f"a model reads another text of the contract {name!r} than its lock says: {what}{more}"
    if verdict.state is State.COMPATIBLE or compared is None:
        return f"the contract {name!r} is not what its lock says{f': {what}{more}' if what else ''}"
    version = "" if not verdict.against else f" of {verdict.against} versions before the last"
    proofs = "; ".join(_proof(side, compared) for side in verdict.broken)
    waiver = f"; its waiver ended on {verdict.waiver.expires}" if verdict.waiver else ""
    policy = verdict.policy.replace("_", "-")
    return f"the contract {name!r} breaks its policy {policy}{version}: {proofs} ({what}{more}){waiver}"


def _proof(side: str, compared: Compatibility) -> str:
    if getattr(compared, side) is None:
        whom = "old answers still fit" if side == "backward" else "old consumers accept all new answers"
        return f"it is undecided whether {whom}"
    if side == "backward":
        return f"the old answer {shown(compared.backward_proof)} is no longer valid"
    return f"the new answer {shown(compared.forward_proof)} is not valid for old consumers"
