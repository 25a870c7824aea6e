"""The guard of pydantic: deprecations that tests run into, at the place that has to change."""

from __future__ import annotations

import ast
import inspect
import os
import warnings
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mergegate.errors import MergegateError

if TYPE_CHECKING:
    from mergegate.finding import Finding

MODES = ("off", "report", "fail")
_FAMILY = "pydantic"
# how pydantic tells of settings that it ignores: by a UserWarning, with this beginning
_IGNORED = "Valid config keys have changed in V2"
_PASSED_THROUGH = ("mergegate", "pydantic", "pydantic_core", "pydantic_settings", "typing_extensions")


class Place(NamedTuple):
    """Where a deprecation was raised: an absolute path and a line, and what pydantic says."""

    file: str
    line: int
    text: str


def register(config: pytest.Config, mode: str) -> None:
    """Turn the guard on.

    Raises
    ------
    pytest.UsageError
        If there is no such mode.
    """
    if mode not in MODES:
        raise pytest.UsageError(f"mergegate: mergegate_pydantic is {mode!r}: allowed are {', '.join(MODES)}")
    if mode != "off":
        config.pluginmanager.register(PydanticGuard(config, fail=mode == "fail"), "mergegate-pydantic")


class PydanticGuard:
    """Collects the deprecations of pydantic that reach pytest: those that a test expects or a filter hides do not.

    Parameters
    ----------
    config
        The run.
    fail
        Whether the run fails for them.
    """

    def __init__(self, config: pytest.Config, *, fail: bool) -> None:
        self._config = config
        self._fail = fail
        self._tests: dict[Place, set[str]] = {}
        self._warn = warnings.warn
        self._lines: list[tuple[str, str]] = []
        warnings.warn = self._located

    def pytest_unconfigure(self) -> None:
        """Let warnings go their own way again."""
        warnings.warn = self._warn

    def _located(
        self,
        message: Warning | str,
        category: type[Warning] | None = None,
        stacklevel: int = 1,
        *given: Any,
        **named: Any,
    ) -> None:
        """Warn at the place of the user's code: pydantic's own warnings about classes name a line of pydantic."""
        kind = type(message) if isinstance(message, Warning) else category or UserWarning
        frame = _outside(inspect.currentframe()) if _is_deprecation(kind, str(message)) else None
        if frame is None:
            self._warn(message, category, stacklevel + 1, *given, **named)
            return
        space = frame.f_globals
        warnings.warn_explicit(
            message, kind, frame.f_code.co_filename, frame.f_lineno, module=str(space.get("__name__", "")),
            registry=space.setdefault("__warningregistry__", {}),
        )  # fmt: skip

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage, nodeid: str) -> None:
        """Remember a deprecation; xdist hands over those of its workers."""
        text = str(warning_message.message)
        if _is_deprecation(warning_message.category, text):
            place = Place(os.path.abspath(warning_message.filename), warning_message.lineno, _first_line(text))  # noqa: PTH100
            self._tests.setdefault(place, set()).add(nodeid)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Judge, in the process that sees all results."""
        result = yield
        if self._tests and not hasattr(self._config, "workerinput"):
            failing = self._judge()
            if (
                failing
                and self._fail
                and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
            ):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return result

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say where what is deprecated."""
        if self._lines:
            terminalreporter.section("mergegate pydantic")
            for color, text in self._lines:
                terminalreporter.write_line(text, **{color: True} if color else {})

    def _judge(self) -> int:
        """Word the verdict, and return for how many places the run may fail."""
        root = self._config.rootpath
        own = [place for place in self._tests if _is_own(Path(place.file), root)]
        known, accepted = _findings(root)
        failing = 0
        for place in sorted(own):
            finding = _matching(place, known, root)
            if finding is None and _matching(place, accepted, root) is not None:
                continue
            failing += 1
            shown = Path(place.file).relative_to(root).as_posix()
            tests = sorted(filter(None, self._tests[place]))
            where = f"{shown}:{finding.line if finding else place.line}"
            what = f"{finding.rule}: {finding.message}" if finding else place.text
            color = "red" if self._fail else "yellow"
            self._lines.append((color, f"{where}: {what}"))
            if finding is not None and finding.help:
                self._lines.append(("", f"    help: {finding.help}"))
            reached = "while tests were collected" if not tests else f"in {tests[0]}"
            more = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
            self._lines.append(("", f"    raised {reached}{more}"))
        outside = len(self._tests) - len(own)
        if outside:
            self._lines.append(("", f"{outside} in installed packages are not counted"))
        if failing:
            end = "the run fails for them" if self._fail else "mergegate_pydantic = fail lets the run fail for them"
            self._lines.append(("", f"{failing} deprecated use{'' if failing == 1 else 's'} of pydantic; {end}"))
        return failing


def _is_deprecation(category: type[Warning], text: str) -> bool:
    named = any(
        each.__name__ == "PydanticDeprecationWarning" and each.__module__.startswith("pydantic")
        for each in category.__mro__
    )
    return named or (category is UserWarning and text.startswith(_IGNORED))


def _outside(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame that is not pydantic's own."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in (*_PASSED_THROUGH, "typing", "functools", "abc", "types"):
            return frame
        frame = frame.f_back
    return None


def _first_line(text: str) -> str:
    return text.partition("\n")[0].partition(" Deprecated in Pydantic")[0]


def _is_own(file: Path, root: Path) -> bool:
    return file.is_relative_to(root) and not {"site-packages", "dist-packages"}.intersection(file.parts)


# -- the findings behind them --------------------------------------------------------------------------------------


def _findings(root: Path) -> tuple[Sequence[Finding], Sequence[Finding]]:
    """Return what the analysis reports of the project, and what comments accept; nothing if it cannot be analysed."""
    from mergegate.config import load_config  # noqa: PLC0415 - runs without deprecations do not pay for it
    from mergegate.engine import analyse  # noqa: PLC0415
    from mergegate.gate.report import make_report  # noqa: PLC0415

    try:
        config = load_config(root)
        names = (_FAMILY, "pydantic-later-deprecation")
        config = config.override("the guard of pydantic", select=names, ignore=(), min_confidence="low")
        results = make_report(analyse(config), config).results
    except MergegateError:
        return (), ()
    found: dict[str, list[Finding]] = {"new": [], "suppressed": []}
    for result in results:
        if result.finding.family == _FAMILY:
            found.setdefault(result.status, []).append(_rooted(result.finding, config.root, root))
    return found["new"], found["suppressed"]


def _rooted(finding: Finding, project: Path, root: Path) -> Finding:
    from dataclasses import replace  # noqa: PLC0415

    return replace(finding, path=os.path.relpath(project / finding.path, root).replace(os.sep, "/"))


def _matching(place: Place, findings: Iterable[Finding], root: Path) -> Finding | None:
    """Return the finding that a deprecation is about: on its line, else in the class that is made there."""
    shown = Path(place.file).relative_to(root).as_posix()
    here = [each for each in findings if each.path == shown]
    on_line = [each for each in here if each.line <= place.line <= each.end_line]
    if on_line:
        return on_line[0]
    first, last = _class_at(Path(place.file), place.line) if here else (0, -1)
    wanted = next((rule for sign, rule in _RULES if sign in place.text), "")
    return next((each for each in here if first <= each.line <= last and each.rule == wanted), None)


# what pydantic says while a class is made, and the rule that reports the same
_RULES = (
    ("class-based `config`", "pydantic-inner-config"),
    (_IGNORED, "pydantic-setting-ignored"),
    ("extra keyword arguments", "pydantic-field-argument-deprecated"),
    ("__get_validators__", "pydantic-type-hook-deprecated"),
    ("root_validator", "pydantic-validator-deprecated"),
    ("model_validator", "pydantic-later-deprecation"),
)


def _class_at(file: Path, line: int) -> tuple[int, int]:
    """Return the lines of the class whose statement stands on a line; none: (0, -1)."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return 0, -1
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if first <= line <= node.body[0].lineno:
                return first, node.end_lineno or first
    return 0, -1
