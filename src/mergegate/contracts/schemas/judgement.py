"""Contracts compared with their lock: what has changed, whether the policy allows it, and what is to be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from mergegate.contracts.schemas.compatibility import Compatibility, compare
from mergegate.contracts.schemas.declared import Declared
from mergegate.contracts.schemas.lock import UPDATE, Entry, Lock, Version, Waiver
from mergegate.errors import MergegateError

_TRANSITIVE = "_transitive"
MODEL = "model:"
_TAKEN = f"'mergegate contracts check' shows why, '{UPDATE} --accept REASON {{names}}' takes it"
# a busy machine must not change the verdict: the search ends by its counts long before
_PATIENCE = 20_000


class State(StrEnum):
    """What a contract is, compared with its lock."""

    UNCHANGED = "unchanged"
    DRIFTED = "prompt drift"
    COMPATIBLE = "compatible"
    BREAKING = "breaking"
    UNDECIDED = "undecided"
    WAIVED = "waived"
    NEW = "not locked"
    GONE = "gone"

    @property
    def is_forbidden(self) -> bool:
        """Whether the policy forbids it."""
        return self in (State.BREAKING, State.UNDECIDED)

    @property
    def is_stale(self) -> bool:
        """Whether the lock has to be brought up to date."""
        return self in (State.DRIFTED, State.COMPATIBLE, State.NEW, State.GONE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What has become of one contract.

    Attributes
    ----------
    name, policy, level
        The contract's.
    state
        What it is now.
    declared
        The contract as it is declared; None if it is gone.
    compared
        The comparison that decides: with the last version, or with an older one that a transitive policy protects.
    against
        How many versions back that one is, 0 for the last.
    broken
        Which sides of the policy fail: `backward`, `forward`.
    waiver
        The waiver that covers it, or the one that would if it had not expired.
    """

    name: str
    policy: str
    level: str
    state: State
    declared: Declared | None = None
    compared: Compatibility | None = None
    against: int = 0
    broken: tuple[str, ...] = ()
    waiver: Waiver | None = None

    @property
    def exit_code(self) -> int:
        """1 if it fails, 3 if the lock is stale, else 0."""
        if self.level == "warn":
            return 3 if self.state in (State.NEW, State.GONE) else 0
        return 1 if self.state.is_forbidden else 3 if self.state.is_stale else 0


def judge(
    lock: Lock, contracts: Sequence[Declared], today: date, *, whole: bool = True, seed: int = 0
) -> list[Verdict]:
    """Compare contracts with a lock, by name.

    Parameters
    ----------
    lock
        The lock.
    contracts
        The contracts as they are declared now.
    today
        The day on which waivers are asked whether they have expired.
    whole
        Whether all contracts that files declare were given, so that others of the lock are gone.
    seed
        Where arbitrary choices of the comparisons come from.
    """
    found = [_verdict(each, lock.entries.get(each.name), today, seed) for each in contracts]
    if whole:
        known = {each.name for each in contracts}
        found += [
            Verdict(name, entry.policy, entry.level, State.GONE)
            for name, entry in lock.entries.items()
            if name not in known and not entry.source.startswith(MODEL)
        ]
    return sorted(found, key=lambda each: each.name)


def _verdict(contract: Declared, entry: Entry | None, today: date, seed: int) -> Verdict:
    name, policy, level = contract.name, contract.policy, contract.level
    if entry is None:
        return Verdict(name, policy, level, State.NEW, contract)
    verdict = Verdict(name, policy, level, State.UNCHANGED, contract)
    version = Version.of(contract.schema)
    settings = (contract.source, policy, level, contract.schema.formats)
    same_settings = settings == (entry.source, entry.policy, entry.level, entry.formats)
    if version.digest == entry.latest.digest and entry.formats == contract.schema.formats:
        return verdict if same_settings else replace(verdict, state=State.COMPATIBLE)
    protected = entry.since_break if policy.endswith(_TRANSITIVE) else (entry.latest,)
    comparisons = [
        compare(entry.schema(each, name), contract.schema, seed=seed, budget_ms=_PATIENCE) for each in protected
    ]
    latest = comparisons[0]
    verdict = replace(verdict, compared=latest)
    for state, verdicts in ((State.BREAKING, (False,)), (State.UNDECIDED, (None,))):
        for number, each in enumerate(comparisons):
            sides = tuple(side for side in _sides(policy) if getattr(each, side) in verdicts)
            if sides:
                forbidden = replace(verdict, state=state, compared=each, against=number, broken=sides)
                return _waived(forbidden, entry, version, today)
    if latest.full and entry.formats == contract.schema.formats:
        state = State.DRIFTED if latest.prompt_drift else State.UNCHANGED if same_settings else State.COMPATIBLE
        return replace(verdict, state=state)
    return replace(verdict, state=State.COMPATIBLE)


def _sides(policy: str) -> tuple[str, ...]:
    plain = policy.removesuffix(_TRANSITIVE)
    return {"none": (), "full": ("backward", "forward")}.get(plain, (plain,))


def _waived(verdict: Verdict, entry: Entry, version: Version, today: date) -> Verdict:
    waivers = [each for each in entry.waivers if each.digest == version.digest]
    if not waivers:
        return verdict
    last = max(waivers, key=lambda each: each.expires)
    return replace(verdict, state=State.WAIVED if last.expires >= today else verdict.state, waiver=last)


def updated(
    lock: Lock, verdicts: Sequence[Verdict], *, accept: str = "", waiver: tuple[str, date] | None = None,
    chosen: Sequence[str] = (), hint: str = _TAKEN,
) -> Lock:  # fmt: skip
    """Return a lock that holds the contracts as they are now.

    Parameters
    ----------
    lock
        The lock so far.
    verdicts
        What was found by comparing with it.
    accept
        Why breaks are accepted; empty: they are not.
    waiver
        Why breaks are let pass, and until which day, without being locked.
    chosen
        The contracts to which `accept` and `waiver` apply; empty: all.
    hint
        What to do about a refused break, for the message; `{names}` stands for the names of the contracts.

    Raises
    ------
    MergegateError
        If a break is neither accepted nor waived.
    """
    entries: dict[str, Entry] = dict(lock.entries)
    refused: list[str] = []
    for verdict in verdicts:
        contract = verdict.declared
        if contract is None:
            del entries[verdict.name]
            continue
        entry = entries.get(verdict.name)
        forbidden = verdict.state.is_forbidden or verdict.state is State.WAIVED
        meant = not chosen or verdict.name in chosen
        if forbidden and entry is not None and waiver is not None and meant:
            entries[verdict.name] = _with_waiver(entry, Version.of(contract.schema).digest, waiver)
        elif forbidden and not (accept and meant):
            if verdict.state is not State.WAIVED:
                refused.append(verdict.name)
        else:
            equal = verdict.compared is not None and verdict.compared.full is True
            entries[verdict.name] = _locked(contract, entry, accept if forbidden else "", equal=equal)
    if refused:
        message = f"The lock does not take {'a change' if len(refused) == 1 else 'changes'} that the policy forbids"
        raise MergegateError(f"{message}: {', '.join(refused)}", hint.format(names=" ".join(refused)))
    return Lock(entries)


def _locked(contract: Declared, entry: Entry | None, accepted: str, *, equal: bool) -> Entry:
    versions = entry.versions if entry is not None else ()
    # what admits the same values takes the place of what it was, or each word in a description would be a version
    earlier = versions[:-1] if equal else versions
    version = Version.of(contract.schema, accepted or (entry.latest.accepted if equal and entry is not None else ""))
    if entry is None or entry.latest.digest != version.digest:
        versions = (*earlier, version)
    formats = contract.schema.formats
    return Entry(contract.source, contract.policy, contract.level, formats, versions)


def _with_waiver(entry: Entry, digest: str, waiver: tuple[str, date]) -> Entry:
    kept = tuple(each for each in entry.waivers if each.digest != digest)
    return replace(entry, waivers=(*kept, Waiver(digest, *waiver)))


def counted(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield how many contracts are in which state, in words."""
    numbers: Mapping[State, int] = {state: sum(each.state is state for each in verdicts) for state in State}
    yield from (f"{number} {state}" for state, number in numbers.items() if number)
