"""The evidence of contracts that a whole run of tests leaves for the gate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mergegate import __version__
from mergegate.contracts.report import ContractReport, as_data
from mergegate.contracts.statistics import Standing, percent
from mergegate.evidence.files import Evidence, digests, write
from mergegate.gate.conditions import Condition, Place, Status

KIND = "contracts"
_STATUSES = {
    Standing.PASSED: Status.PASSED, Standing.FAILED: Status.FAILED, Standing.UNDECIDED: Status.UNDECIDED,
    Standing.BROKEN: Status.BROKEN,
}  # fmt: skip
_PLACES = 50


def conditions(reports: Sequence[ContractReport]) -> tuple[Condition, ...]:
    """Return the conditions that follow from reports on contracts, one each."""
    return tuple(_condition(each) for each in reports)


def leave(root: Path, reports: Sequence[ContractReport]) -> Path:
    """Write the evidence of a whole run; return its file.

    Parameters
    ----------
    root
        The project's folder, from which the paths in the reports start.
    reports
        One for each contract.

    Raises
    ------
    EvidenceError
        If it cannot be written.
    """
    inputs = {path for each in reports for path in (*each.terms.inputs, *(one.file for one in each.outcomes))}
    figures = {each.terms.name: as_data(each) for each in reports}
    evidence = Evidence(KIND, {"mergegate": __version__}, digests(root, inputs), figures, conditions(reports))
    return write(root, evidence)


def _condition(report: ContractReport) -> Condition:
    terms = report.terms
    places = tuple(
        Place(each.file, each.line, f"{each.status}{f' at {each.pointer}' if each.pointer else ''}: {each.message}")
        for each in report.rejected[:_PLACES]
    )
    status = _STATUSES[report.standing]
    rejected = len(report.rejected)
    text = report.text if status in (Status.BROKEN, Status.UNDECIDED) else ""
    if status is Status.FAILED:
        text = (
            f"{rejected} {'answer is' if rejected == 1 else 'answers are'} rejected; correct the prompt or the contract"
        )
    limit = "all" if terms.min_rate >= 1 else f"at least {percent(terms.min_rate)}"
    actual = f"{report.rate.passed} of {report.rate.total} valid" if report.rate.total else ""
    return Condition(KIND, terms.name, status, actual, limit if actual else "", text, places if rejected else ())
