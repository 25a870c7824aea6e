"""Recorded answers judged by a contract without pytest."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mergegate.contracts.contract import Contract
from mergegate.contracts.quarantine import write_quarantine
from mergegate.contracts.recordings import read_all
from mergegate.contracts.report import ContractReport, contract_report, terms_of
from mergegate.contracts.verdict import judge


def check(
    contract: Contract, outputs: Iterable[str], *, folder: Path | None = None, quarantine: Path | None = None
) -> ContractReport:
    """Judge the recorded answers of files by a contract.

    Parameters
    ----------
    contract
        The contract; `contract_of` makes one of a model or a schema.
    outputs
        Glob patterns of the files, relative to `folder`.
    folder
        The folder that they start from; None: the working directory.
    quarantine
        File for the rejected answers; without any it is removed. None: none.

    Raises
    ------
    MergegateError
        If the contract is malformed, packages for it are missing, or the quarantine cannot be written.
    """
    read = read_all(folder or Path(), outputs)
    outcomes = [judge(contract, each).outcome for recordings in read.values() for each in recordings]
    if quarantine is not None:
        write_quarantine(quarantine, outcomes)
    return contract_report(terms_of(contract), outcomes)
