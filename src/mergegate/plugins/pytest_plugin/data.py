"""Where a run of pytest has its coverage: in pytest-cov, in `coverage run` around it, or in data files."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import coverage
import pytest

from mergegate.coverage.memory import Memory
from mergegate.coverage.model import Measurement
from mergegate.coverage.paths import Tree
from mergegate.coverage.python_data import combined, core_of, measured, running
from mergegate.errors import EvidenceError


class UnmeasuredError(EvidenceError):
    """Nothing measured coverage in this run."""


class Measuring:
    """Watches what measures a run.

    Parameters
    ----------
    config
        The run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started = time.time()
        self._core = ""

    def begin(self) -> None:
        """Note what traces, while it does."""
        cov = self._of_plugin()
        if cov is not None:
            self._core = core_of(cov)

    @property
    def switched_off(self) -> bool:
        """Whether `--no-cov` was given."""
        return bool(self._config.getoption("no_cov", False))

    def result(self, tree: Tree, files: Sequence[Path], known: Memory) -> Measurement:
        """Return what was measured.

        Parameters
        ----------
        tree
            The project's files.
        files
            Data files to read instead of what runs.
        known
            What is remembered of earlier runs.

        Raises
        ------
        EvidenceError
            If nothing was measured (`UnmeasuredError`), or a part of it is missing.
        """
        if files:
            return combined(files, tree, known)
        cov = self._of_plugin()
        if cov is not None:
            lost = getattr(self._controller(), "failed_workers", ())
            if lost:
                raise EvidenceError(
                    f"{len(lost)} of the workers left no coverage", "see why they ended, and run the tests again"
                )
            return measured(cov, tree, core=self._core, known=known)
        current = coverage.Coverage.current()
        if current is not None:
            return running(current, tree, self._beside(current), known)
        raise UnmeasuredError(
            "Nothing measured coverage in this run",
            "run pytest with --cov=PACKAGE, or by 'coverage run -m pytest', or with --mergegate-no-coverage",
        )

    def _controller(self) -> Any:
        plugin: Any = self._config.pluginmanager.getplugin("_cov")
        return getattr(plugin, "cov_controller", None)

    def _of_plugin(self) -> coverage.Coverage | None:
        found = getattr(self._controller(), "cov", None)
        return found if isinstance(found, coverage.Coverage) else None

    def _beside(self, cov: coverage.Coverage) -> list[Path]:
        """Return the data files of sub-processes of this run, workers among them."""
        workers = self._workers()
        patches = cov.get_option("run:patch")
        follows = "subprocess" in patches if isinstance(patches, list) else False
        if workers and not (follows or os.environ.get("COVERAGE_PROCESS_START")):
            raise EvidenceError(
                "'coverage run' does not see what the workers of pytest-xdist execute",
                "set patch = ['subprocess'] in [tool.coverage.run], or use pytest --cov",
            )
        base = Path(os.path.abspath(str(cov.get_option("run:data_file") or ".coverage")))  # noqa: PTH100
        # clocks of file systems are coarse
        found = [
            path
            for path in sorted(base.parent.glob(f"{base.name}.*"))
            if path.is_file() and path.stat().st_mtime >= self._started - 2
        ]
        if len(found) < workers:
            raise EvidenceError(
                f"{workers} workers ran and {len(found)} of them left coverage",
                "see that they end by themselves, or use pytest --cov",
            )
        return found

    def _workers(self) -> int:
        if not self._config.pluginmanager.hasplugin("dsession"):
            return 0
        count = self._config.getoption("numprocesses", None)
        return count if isinstance(count, int) else 1
