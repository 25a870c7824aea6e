"""A run of pyright in a process of its own, beside our own work, which does not outlive ours."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NoReturn

from mergegate.errors import EvidenceError
from mergegate.evidence.pyright_tool import INSTALL

_WINDOWS = sys.platform == "win32"
_TERMINATED = 143
# messages in one language, and no question to a registry whether there is a newer release
_VARIABLES = {"LC_ALL": "en_US.UTF-8", "LANGUAGE": "en", "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}


class PyrightRun:
    """A running process; it is killed with all that it has started if this process ends first.

    Parameters
    ----------
    command
        The command line.
    folder
        Where it runs.
    timeout
        After how many seconds it is killed.

    Raises
    ------
    EvidenceError
        If it cannot be started.
    """

    def __init__(self, command: Sequence[str], folder: Path, timeout: float) -> None:
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        # files, not pipes: nobody reads them while we work
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - `stop` closes them
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        _leave_when_terminated()
        try:
            self._process = subprocess.Popen(
                command, cwd=folder, env={**os.environ, **_VARIABLES}, stdin=subprocess.DEVNULL,
                stdout=self._output, stderr=self._errors,
                process_group=None if _WINDOWS else 0,
            )  # fmt: skip
        except OSError as error:
            raise EvidenceError(f"pyright cannot be started: {error.strerror}", INSTALL) from None
        atexit.register(self.stop)

    def wait(self) -> tuple[int, bytes, bytes]:
        """Wait for the end; return the exit code, standard output and standard error.

        Raises
        ------
        EvidenceError
            If it takes too long; it is killed then.
        """
        try:
            code = self._process.wait(max(0.0, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            reason = f"pyright was ended after {self._timeout:g} s"
            hint = "raise types.timeout in the settings, or let pyright read less (include, exclude)"
            raise EvidenceError(reason, hint) from None
        else:
            return code, _contents(self._output), _contents(self._errors)
        finally:
            self.stop()

    def stop(self) -> None:
        """Kill it and what it has started, unless it has ended."""
        atexit.unregister(self.stop)
        if self._process.poll() is None:
            if _WINDOWS:
                subprocess.run(
                    ("taskkill", "/T", "/F", "/PID", str(self._process.pid)), capture_output=True, check=False
                )
            else:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        self._output.close()
        self._errors.close()


def _contents(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _leave_when_terminated() -> None:
    """Let SIGTERM end this process in the ordinary way, so that what it has started is killed."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, frame: object) -> NoReturn:
    del number, frame
    raise SystemExit(_TERMINATED)
