"""The lock of contracts that are pydantic models: only a run of pytest knows them, so it compares and writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from mergegate.config import Config
from mergegate.contracts.report import Terms
from mergegate.contracts.schemas.declared import Declared
from mergegate.contracts.schemas.findings import findings
from mergegate.contracts.schemas.judgement import MODEL, State, Verdict, counted, judge, updated
from mergegate.contracts.schemas.lock import FILE, Lock, read, write
from mergegate.contracts.schemas.normal import load
from mergegate.errors import MergegateError

_UPDATE = "pytest --mergegate-contracts-update"
_ACCEPT = f"{_UPDATE} --mergegate-contracts-accept REASON"
_REFUSED = f"a run without --mergegate-contracts-update shows why, '{_ACCEPT}' takes it"


class Said(NamedTuple):
    """What is said of the lock: lines with their colours, and whether the run fails."""

    lines: tuple[tuple[str, str], ...]
    failed: bool


def compare_models(settings: Config, terms: Iterable[Terms], *, update: bool = False, accept: str = "") -> Said:
    """Compare the models among contracts with the lock, or lock them.

    Without a lock nothing is compared: who wants one makes it.

    Parameters
    ----------
    settings
        The project's.
    terms
        The contracts that a run has seen.
    update
        Whether to write the lock.
    accept
        Why changes that a policy forbids are locked, too; empty: they are not.

    Raises
    ------
    MergegateError
        If the lock is broken or cannot be written, or a change is refused.
    """
    if accept and not update:
        raise MergegateError("--mergegate-contracts-accept says nothing alone", f"run '{_ACCEPT}'")
    file = settings.root / FILE
    if not file.exists() and not update:
        return Said((), failed=False)
    known = read(file) if file.exists() else None
    models = _models(terms)
    for each in models:
        _refuse_twice(each, known)
    verdicts = judge(known or Lock(), models, date.today(), whole=False)
    if not update:
        return Said(tuple(_compared(verdicts)), failed=any(_fails(each) for each in verdicts))
    if not models:
        return Said((("yellow", f"{FILE}: this run saw no contract that is a pydantic model"),), failed=False)
    after = updated(known or Lock(), verdicts, accept=accept, hint=_REFUSED)
    written = write(file, after, known, settings.root / settings.cache_dir)
    done = "written; commit it" if written else "up to date"
    return Said((("green", f"{FILE}: {', '.join(counted(verdicts))}; {done}"),), failed=False)


def _models(terms: Iterable[Terms]) -> list[Declared]:
    # pydantic asserts formats, so they are conditions
    return [
        Declared(
            each.name, load(each.schema, draft="2020-12", formats=True, shown=each.model), f"{MODEL}{each.model}",
            each.policy,
        )
        for each in terms
        if each.model and each.schema is not None
    ]  # fmt: skip


def _refuse_twice(model: Declared, known: Lock | None) -> None:
    entry = known.entries.get(model.name) if known is not None else None
    if entry is not None and not entry.source.startswith(MODEL):
        raise MergegateError(
            f'The contract "{model.name}" is a model, and {FILE} has another of that name, of {entry.source}',
            "give one of them another name=",
        )


def _fails(verdict: Verdict) -> bool:
    # a model that nobody has locked yet is not a change of anything
    return verdict.state is not State.NEW and verdict.exit_code != 0


def _compared(verdicts: Sequence[Verdict]) -> Iterator[tuple[str, str]]:
    for verdict in verdicts:
        command = _ACCEPT if verdict.state.is_forbidden else _UPDATE
        for each in findings(verdict):
            yield "red" if _fails(verdict) else "yellow", f"{FILE}: {each.message}; '{command}' locks it"
