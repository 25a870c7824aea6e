"""The coverage gate within a session of pytest: when it judges, what it says and which status it leaves."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from mergegate.config import Config, load_config
from mergegate.coverage.evidence import leave
from mergegate.coverage.memory import Memory, memory
from mergegate.coverage.model import Measurement, joined
from mergegate.coverage.paths import Tree
from mergegate.coverage.reports import read_report
from mergegate.coverage.verdict import Circumstances, Verdict, judge, raises, summary, write_baseline
from mergegate.errors import MergegateError
from mergegate.gate.ci import base_names, ci_runs
from mergegate.plugins.pytest_plugin.data import Measuring, UnmeasuredError
from mergegate.plugins.pytest_plugin.wanted import Wanted, partial

EXIT_FAILED = 7
"""The exit status of a run whose tests passed and whose coverage does not suffice."""

EXIT_BROKEN = 8
"""The exit status of a run whose tests passed and whose coverage, or its baseline, is missing or of no use."""


def register(config: pytest.Config) -> None:
    """Turn the gate on if the project has a section for it.

    Raises
    ------
    pytest.UsageError
        If the settings are wrong.
    """
    wanted = Wanted.of(config)
    if wanted.no_coverage or config.getoption("collectonly", False):
        return
    try:
        settings = load_config(config.rootpath)
    except MergegateError as error:
        raise pytest.UsageError(f"mergegate: {error}") from None
    if "coverage" in settings.origins:
        gate = Gate(config, settings, wanted)
        config.pluginmanager.register(gate, "mergegate-coverage")
        config.pluginmanager.register(LastWord(gate), "mergegate-coverage-last")


class Gate:
    """Judges a session when its workers have ended, and before the terminal summary.

    Parameters
    ----------
    config
        The run.
    settings
        The project's settings.
    wanted
        The options of the run.
    """

    def __init__(self, config: pytest.Config, settings: Config, wanted: Wanted) -> None:
        self.status = 0
        self.lines: list[tuple[str, str]] = []
        self._config = config
        self._settings = settings
        self._wanted = wanted
        self._measuring = Measuring(config)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """See what traces while it does: inside of the hook of pytest-cov, which ends it."""
        self._measuring.begin()
        return (yield)

    # as the innermost wrapper: after all others have ended their work, xdist its workers, before the terminal sums up
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
        """Judge."""
        result = yield
        try:
            self._finish(session, int(exitstatus))
        except MergegateError as error:
            self._broken(str(error))
        except Exception as error:
            # the results of the tests are worth more than a fault of ours
            if os.environ.get("MERGEGATE_DEBUG"):
                raise
            reason = f"internal error: {type(error).__name__}: {error}"
            self._broken(f"{reason} (set MERGEGATE_DEBUG=1 to see where, and report it; this is mergegate's fault)")
        return result

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what came of it."""
        if self.lines:
            terminalreporter.section("mergegate coverage")
            for color, text in self.lines:
                terminalreporter.write_line(text, **{color: True} if color else {})

    def _finish(self, session: pytest.Session, exitstatus: int) -> None:
        reason = self._reason(session, exitstatus)
        if reason:
            self._say("yellow", f"not judged: {reason}")
            if self._wanted.update:
                raise MergegateError("The coverage baseline was not written", "run all tests, with coverage")
            return
        with _resting_collector(), memory(self._settings.root / self._settings.cache_dir) as known:
            self._weigh(known, exitstatus)

    def _weigh(self, known: Memory, exitstatus: int) -> None:
        try:
            measurement = self._measured(known)
        except UnmeasuredError as error:
            if self._wanted.update or ci_runs(os.environ):
                raise
            self._say("yellow", f"not judged: {error}")
            return
        verdict = self._judged(measurement, known)
        if self._wanted.update and not exitstatus:
            write_baseline(self._settings, verdict)
            verdict = self._judged(measurement, known)
            self._say("green", f"{self._settings.coverage.baseline} was written: commit it")
        self._settle(verdict, exitstatus)

    def _reason(self, session: pytest.Session, exitstatus: int) -> str:
        """Return why this run cannot be judged, empty if it can."""
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            return "no test ran"
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return "the run did not come to its end"
        if self._measuring.switched_off:
            return "--no-cov"
        why = partial(self._config, session)
        return f"a part of the tests ran ({why}); run all to compare with the baseline" if why else ""

    def _measured(self, known: Memory) -> Measurement:
        tree = Tree(self._settings.root)
        measured = [self._measuring.result(tree, self._wanted.data, known)]
        measured += [read_report(tree.root / each, tree) for each in self._settings.coverage.reports]
        return joined(measured)

    def _judged(self, measurement: Measurement, known: Memory) -> Verdict:
        in_ci = ci_runs(os.environ)
        named = (self._wanted.base,) if self._wanted.base else ()
        bases = named or (base_names(os.environ) if in_ci else ())
        return judge(self._settings, measurement, Circumstances(bases, in_ci, self._wanted.allow_growth), known)

    def _settle(self, verdict: Verdict, exitstatus: int) -> None:
        """Write what is to be written, and say the verdict."""
        for line in summary(verdict):
            self._say("red", line)
        for note in verdict.notes:
            self._say("yellow", note)
        code = verdict.exit_code
        if code:
            self.status = EXIT_FAILED if code == 1 else EXIT_BROKEN
        if exitstatus:
            self._say("yellow", "nothing was recorded, for tests failed")
            return
        leave(self._settings, verdict)
        if raises(self._settings, verdict, ci=ci_runs(os.environ)) and write_baseline(self._settings, verdict):
            self._say("green", f"{self._settings.coverage.baseline} was raised: commit it")
        if not code:
            self._say(
                "green", f"passed: {verdict.measurement.figure} covered in {len(verdict.measurement.files)} files"
            )

    def _broken(self, text: str) -> None:
        self._say("red", f"BROKEN {text}")
        self.status = EXIT_BROKEN

    def _say(self, color: str, text: str) -> None:
        self.lines.append((color, text))


@contextmanager
def _resting_collector() -> Generator[None]:
    """Keep the search for garbage off: syntax trees are many objects in no cycle, beside all that the tests left."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class LastWord:
    """Names the gate in the last line if it is what the run fails for, and leaves the status of its own.

    Parameters
    ----------
    gate
        The gate.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Speak after all others; a status that says more than success stays."""
        result = yield
        status = self._gate.status
        if status and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = status
            reporter: Any = session.config.pluginmanager.getplugin("terminalreporter")
            if reporter is not None:
                what = "failed" if status == EXIT_FAILED else "has no sound evidence"
                reporter.write_line(
                    f"mergegate: all tests passed, and the coverage gate {what} (exit status {status})", red=True
                )
        return result
