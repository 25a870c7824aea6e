"""The guard of logs: fails tests whose log records or output hold personal data or credentials."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from mergegate.config_shapes import guess
from mergegate.errors import MergegateError

_LEVELS = ("high", "medium")
_FORMATTER = logging.Formatter()


class Leak(NamedTuple):
    """A value that came out.

    Attributes
    ----------
    entity, shown
        What it is, and its mask.
    where
        The log call, or the stream.
    """

    entity: str
    shown: str
    where: str

    def __str__(self) -> str:
        return f"{self.entity} {self.shown}: {self.where}"


def register(config: pytest.Config, entities: Iterable[str]) -> None:
    """Turn the guard on.

    Parameters
    ----------
    entities
        What to look for; nothing: everything but what is of low sensitivity.

    Raises
    ------
    pytest.UsageError
        If there is no such entity, or packages are missing.
    """
    try:
        from mergegate.privacy import entity_names  # noqa: PLC0415 - its packages are in an extra
        from mergegate.privacy.entities import load_entities  # noqa: PLC0415
    except MergegateError as error:
        raise pytest.UsageError(f"mergegate: {error}") from None
    known = entity_names()
    wanted = frozenset(entities)
    for name in sorted(wanted.difference(known)):
        raise pytest.UsageError(
            f"mergegate: there is no entity {name!r}: {guess(name, known)}`mergegate redact --list` shows all"
        )
    low = {entity.name for entity in load_entities().entities if entity.level not in _LEVELS}
    config.pluginmanager.register(Guard(config, wanted or frozenset(known) - low), "mergegate-pii-logs")


class Guard(logging.Handler):
    """Listens to the root logger, and reads what was captured.

    Parameters
    ----------
    config
        The run.
    entities
        What to look for.
    """

    def __init__(self, config: pytest.Config, entities: frozenset[str]) -> None:
        super().__init__()
        self._root = config.rootpath
        self._entities = entities
        self._captures = config.getoption("capture", "fd") != "no"
        self._leaks: list[Leak] = []

    def pytest_report_header(self) -> str:
        """Say that the guard is on, and what it cannot see."""
        unseen = "" if self._captures else "; output is not captured and not searched"
        return f"mergegate: log records and output are searched for personal data{unseen}"

    def pytest_sessionstart(self) -> None:
        """Begin to listen."""
        logging.getLogger().addHandler(self)

    def pytest_sessionfinish(self) -> None:
        """Stop listening."""
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Search a record: its message, its traceback and what was handed over with it."""
        try:
            message = record.getMessage()
        except Exception:
            message = f"{record.msg} {record.args}"
        if record.exc_info:
            message += "\n" + _FORMATTER.formatException(record.exc_info)
        where = f"{_relative(record.pathname, self._root)}:{record.lineno}, logger {record.name}, {record.levelname}"
        self._search(message, where)
        for name in vars(record).keys() - _RECORD:
            self._search(str(getattr(record, name)), f"{where}, extra {name}", name)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Fail a test, or its set-up or clean-up, in which something came out."""
        from mergegate.privacy import redact_text  # noqa: PLC0415

        report = yield
        for title, text in report.sections:
            kind, _, phase = title.removeprefix("Captured ").partition(" ")
            if phase == call.when and kind in ("stdout", "stderr"):
                self._search(text, f"standard {'output' if kind == 'stdout' else 'error'}")
        leaks, self._leaks = list(dict.fromkeys(self._leaks)), []
        if not leaks:
            return report
        # what pytest shows of the captured texts would put them into the log of the run
        report.sections = [(title, redact_text(text, entities=self._entities)) for title, text in report.sections]
        text = "\n".join([f"personal data or credentials came out ({len(leaks)}):", *(f"  {leak}" for leak in leaks)])
        if report.failed or report.skipped:
            report.sections.append(("mergegate", text))
        else:
            report.outcome = "failed"
            report.longrepr = f"{text}\nmask them where they are logged: {_HOW}"
        return report

    def _search(self, text: str, where: str, context: str = "") -> None:
        from mergegate.privacy import detect  # noqa: PLC0415

        for span in detect(text, context=context, entities=self._entities):
            self._leaks.append(Leak(span.entity, f"{text[span.start]}***", where))


_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_HOW = "mergegate.privacy.redact, or the filter mergegate.privacy.RedactingFilter"


def _relative(path: str, root: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/") if Path(path).is_relative_to(root) else path
