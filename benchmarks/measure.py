"""Measurement of whole processes: CPU time of the process and its children, wall time, peak memory of the parent."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import IO, NamedTuple

import mergegate
from benchmarks.errors import BenchmarkError

_POLL_SECONDS = 0.01
# in CI mergegate reads every file again, but this is the run on a developer's machine; without bytecode each run would
# compile the tool itself, which whoever installs it does once
_LEFT_OUT = frozenset({"CI", "PYTHONDONTWRITEBYTECODE"})


class Sample(NamedTuple):
    """What one run took: seconds, and MiB of memory of the started process itself."""

    cpu: float
    wall: float
    memory: float
    output: str


class Task(NamedTuple):
    """A command to measure.

    Attributes
    ----------
    prepare
        Puts the world in the state from which the command starts; not measured.
    good
        Exit codes of a run that did its work.
    """

    name: str
    command: Sequence[str]
    folder: Path
    prepare: Callable[[], object] = lambda: None
    good: tuple[int, ...] = (0,)


class Figures(NamedTuple):
    """Medians over all runs of a task, and the output of the last."""

    cpu: float
    wall: float
    memory: float
    output: str


def measure(tasks: Sequence[Task], repeat: int) -> dict[str, Figures]:
    """Run all tasks in turn, `repeat` times over, so that what slows the machine down meets them all alike."""
    samples: dict[str, list[Sample]] = {task.name: [] for task in tasks}
    for _ in range(repeat):
        for task in tasks:
            task.prepare()
            samples[task.name].append(_run(task))
    return {
        name: Figures(
            median(run.cpu for run in runs),
            median(run.wall for run in runs),
            median(run.memory for run in runs),
            runs[-1].output,
        )
        for name, runs in samples.items()
    }


def _run(task: Task) -> Sample:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(task.command, cwd=task.folder, env=environment(), stdout=out, stderr=errors)
        watcher = _Watcher(process.pid)
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        output, complaint = (_text(stream) for stream in (out, errors))
    if process.returncode not in task.good:
        said = ((complaint or output).strip().splitlines() or ["nothing"])[-1]
        raise BenchmarkError(f"{task.name} ended with {process.returncode}, saying: {said}", shlex.join(task.command))
    peak = watcher.peak or usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    return Sample(usage.ru_utime + usage.ru_stime, wall, peak, output)


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8", "replace")


def environment() -> dict[str, str]:
    """Return the environment variables of the commands."""
    kept = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    # the commands run elsewhere: this very mergegate is meant, installed or not
    return {**kept, "PYTHONPATH": str(Path(mergegate.__file__).resolve().parent.parent)}


class _Watcher(threading.Thread):
    """Reads the peak memory of one process while it runs; the kernel's own figure is mixed with its children's."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self.peak = 0.0

    def run(self) -> None:
        """Look until the process is gone."""
        while True:
            try:
                lines = self._status.read_text(encoding="ascii", errors="replace").splitlines()
            except OSError:
                return
            peak = next((line for line in lines if line.startswith("VmHWM:")), None)
            if peak is None:
                return
            self.peak = max(self.peak, int(peak.split()[1]) / 1024)
            time.sleep(_POLL_SECONDS)
