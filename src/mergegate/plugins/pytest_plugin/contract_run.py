"""The contracts of a session of pytest: verdicts gathered, from workers too; what is said, written and left of them."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mergegate.config import Config, load_config
from mergegate.contracts.quarantine import write_quarantine
from mergegate.contracts.report import ContractReport, Terms, contract_report
from mergegate.contracts.statistics import Standing, percent
from mergegate.contracts.verdict import Outcome, with_consumer_error
from mergegate.errors import MergegateError
from mergegate.files.writing import write_whole
from mergegate.plugins.pytest_plugin.contract_marker import check
from mergegate.plugins.pytest_plugin.contract_rows import ATTRIBUTE, KEY, from_row, to_row
from mergegate.plugins.pytest_plugin.wanted import partial

QUARANTINE = ".mergegate/contracts-quarantine.jsonl"
_COLORS = {Standing.PASSED: "green", Standing.FAILED: "red", Standing.UNDECIDED: "yellow", Standing.BROKEN: "red"}
_SHOWN = 8


class Run:
    """Gathers verdicts, and reports on them in the process that sees all.

    Parameters
    ----------
    config
        The run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._found: dict[str, dict[str, tuple[Terms, list[Outcome]]]] = {}
        self._lines: list[tuple[str, str]] = []

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Judge the answers of marked tests that do not ask for a value."""
        check(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the verdict on the report, which xdist carries to the process that sees all."""
        report = yield
        held = item.stash.get(KEY, None)
        ended = call.when == "call" or (call.when == "setup" and not report.passed)
        if held is None or not ended:
            return report
        if held.judged.outcome.passed and report.failed and call.excinfo is not None:
            held.judged = with_consumer_error(held.judged, call.excinfo.value)
        setattr(report, ATTRIBUTE, to_row(held))
        return report

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str] | None:
        """Show a rejected answer as a failed test: it is no error of a fixture."""
        if report.when == "setup" and report.failed and hasattr(report, ATTRIBUTE):
            return "failed", "F", "FAILED"
        return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a verdict."""
        row = getattr(report, ATTRIBUTE, None)
        if row is not None:
            terms, outcome = from_row(row)
            found = self._found.setdefault(terms.name, {}).setdefault(terms.digest, (terms, []))
            found[1].append(outcome)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Judge the contracts, in the process that sees all verdicts."""
        result = yield
        if not hasattr(self._config, "workerinput"):
            try:
                self._finish(session)
            except MergegateError as error:
                self._lines.append(("red", str(error)))
                _fail(session)
            except Exception as error:
                # the results of the tests are worth more than a fault of ours
                if os.environ.get("MERGEGATE_DEBUG"):
                    raise
                reason = f"internal error: {type(error).__name__}: {error}"
                self._lines.append(("red", f"{reason} (set MERGEGATE_DEBUG=1 to see where; this is mergegate's fault)"))
                _fail(session)
        return result

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what came of it."""
        if self._lines:
            terminalreporter.section("mergegate contracts")
            for color, text in self._lines:
                terminalreporter.write_line(text, **{color: True} if color else {})

    # -- the end of the session --------------------------------------------------------------------------------------

    def _finish(self, session: pytest.Session) -> None:
        whole = not partial(self._config, session)
        settings = load_config(self._config.rootpath)
        reports = [*self._reports(settings if whole else None)]
        if not reports:
            self._lock(session, settings, [])
            return
        for each in reports:
            self._lines += _said(each)
        if any(each.standing in (Standing.FAILED, Standing.BROKEN) for each in reports):
            _fail(session)
        self._write(reports, settings if whole else None)
        self._lock(session, settings, [each.terms for each in reports])

    def _lock(self, session: pytest.Session, settings: Config, terms: list[Terms]) -> None:
        update = bool(self._config.getoption("mergegate_contracts_update"))
        accept = str(self._config.getoption("mergegate_contracts_accept") or "")
        if not update and not accept and not any(each.model for each in terms):
            return
        from mergegate.plugins.pytest_plugin.contract_lock import compare_models  # noqa: PLC0415 - of models alone

        said = compare_models(settings, terms, update=update, accept=accept)
        self._lines += said.lines
        if said.failed:
            _fail(session)

    def _reports(self, settings: Config | None) -> Iterator[ContractReport]:
        """Yield the reports by name; with the settings, those on contracts without any answer, too."""
        silent = set(settings.contracts) - set(self._found) if settings is not None else set[str]()
        for name in sorted({*self._found, *silent}):
            variants = [*self._found.get(name, {}).values()]
            if len(variants) > 1:
                sources = " and ".join(sorted({terms.source for terms, _ in variants}))
                raise MergegateError(
                    f'Two different contracts are called "{name}" ({sources})', "give one another name="
                )
            for terms, outcomes in variants:
                yield contract_report(terms, outcomes)
            if not variants and settings is not None and settings.contracts[name].outputs:
                given = settings.contracts[name]
                source = settings.file.name if settings.file is not None else ""
                terms = Terms(name, source, given.min_rate, given.samples, None, "", (given.schema,))
                yield contract_report(terms, ())

    def _write(self, reports: list[ContractReport], settings: Config | None) -> None:
        named = self._config.getoption("mergegate_contracts_quarantine") or self._config.getini(
            "mergegate_contracts_quarantine"
        )
        file = self._config.rootpath / str(named or QUARANTINE)
        rejected = write_quarantine(file, [one for each in reports for one in each.outcomes])
        if rejected:
            shown = os.path.relpath(file, self._config.rootpath).replace(os.sep, "/")
            self._lines.append(("", f"{rejected} rejected {'answer' if rejected == 1 else 'answers'}: {shown}"))
        for wanted in _reports_wanted(self._config):
            self._report(wanted, reports)
        if settings is not None and settings.file is not None:
            from mergegate.evidence.contracts import leave  # noqa: PLC0415 - of whole runs alone

            leave(settings.root, [_moved(each, self._config.rootpath, settings.root) for each in reports])

    def _report(self, wanted: str, reports: list[ContractReport]) -> None:
        from mergegate.reporters.contracts import FORMATS, writer  # noqa: PLC0415 - few runs want one

        name, _, path = wanted.partition("=")
        if name not in FORMATS or not path:
            hint = f"write FORMAT=FILE, FORMAT one of {', '.join(FORMATS)}"
            raise MergegateError(f"--mergegate-contracts-report cannot be {wanted}", hint)
        file = self._config.invocation_params.dir / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, writer(name)(reports))
        except OSError as error:
            raise MergegateError(f"{path} cannot be written: {error.strerror}", "make its folder writable") from None


def _reports_wanted(config: pytest.Config) -> Iterable[str]:
    return config.getoption("mergegate_contracts_report") or config.getini("mergegate_contracts_report")


def _fail(session: pytest.Session) -> None:
    if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _moved(report: ContractReport, before: Path, now: Path) -> ContractReport:
    """Return a report whose paths start from the project's folder."""
    if before == now:
        return report

    def there(path: str) -> str:
        return os.path.relpath(before / path, now).replace(os.sep, "/")

    outcomes = tuple(replace(each, file=there(each.file)) for each in report.outcomes)
    terms = replace(report.terms, inputs=tuple(there(each) for each in report.terms.inputs))
    return replace(report, outcomes=outcomes, terms=terms)


def _said(report: ContractReport) -> Iterator[tuple[str, str]]:
    """Yield the lines about one contract, with their colours."""
    rate = report.rate
    bounds = f", 95 % interval {percent(rate.interval.low)} to {percent(rate.interval.high)}" if rate.total else ""
    clustered = f", {rate.prompts} prompts" if rate.prompts != rate.total else ""
    wanted = f", at least {percent(report.terms.min_rate)} wanted" if report.terms.min_rate < 1 else ""
    yield _COLORS[report.standing], f"{report.terms.name}: {report.standing}: {report.text}{clustered}{bounds}{wanted}"
    bad = [f"{count} {status}" for status, count in report.statuses.items() if status != "ok"]
    if bad:
        yield "", f"    {', '.join(bad)}"
    if len(report.models) > 1:
        for name, each in report.models.items():
            low, high = percent(each.interval.low), percent(each.interval.high)
            yield "", f"    {name}: {each.passed} of {each.total}, {low} to {high}"
    for each in report.differences[:_SHOWN]:
        if each.is_clear:
            better, worse = (each.first, each.second) if each.interval.low > 0 else (each.second, each.first)
            yield "", f"    {better} passes more often than {worse}"
    if report.terms.min_rate < 1:
        for outcome in report.rejected[:_SHOWN]:
            at = f" at {outcome.pointer}" if outcome.pointer else ""
            yield "", f"    {outcome.id}: {outcome.status}{at}: {outcome.message}"
        if len(report.rejected) > _SHOWN:
            yield "", f"    and {len(report.rejected) - _SHOWN} more"
