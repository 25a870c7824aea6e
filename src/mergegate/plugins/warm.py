"""Programs kept warm in a process that asks for one file after the other.

Within one run a program is analysed once: each file whose contents are those on the disk is answered from that
analysis, and only a buffer that differs from its file is analysed again, with the buffer in the file's place.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mergegate.config import Config, load_config
from mergegate.engine import Analysis, analyse
from mergegate.errors import MergegateError
from mergegate.finding import Finding
from mergegate.gate.report import judge

_NOTHING: tuple[Finding, ...] = ()


class Programs:
    """The programs that a process has been asked about in this run.

    Attributes
    ----------
    plugin_folders
        Rule folders of plugins.
    broken
        What keeps plugins from being loaded; while it is there, asking for findings raises it.
    """

    def __init__(self) -> None:
        self.plugin_folders: tuple[str, ...] = ()
        self.broken: MergegateError | None = None
        self._run: weakref.ref[object] | None = None
        self._programs: dict[tuple[Path, Path | None], _Program | MergegateError] = {}
        self._complained: set[Path] = set()
        self._latest: tuple[Path, bytes, tuple[Finding, ...]] | None = None

    def begin(self, run: object) -> None:
        """Note the beginning of a run: what the last one saw of the disk is not trusted any more.

        A worker process lives for one run and is told of a beginning before each file; there only another run counts.

        Parameters
        ----------
        run
            What stands for the run.
        """
        known = self._run() if self._run else None
        if known is run and _in_worker():
            return
        self._run = weakref.ref(run)
        self._programs.clear()
        self._complained.clear()
        self._latest = None

    def findings(self, file: Path, data: bytes, explicit: Path | None) -> tuple[Finding, ...]:
        """Return what is to be reported in a file.

        Parameters
        ----------
        file
            The file as the host names it; one that is no part of its project has no findings.
        data
            Its contents, which may not have been saved.
        explicit
            A configuration file to use instead of the nearest.

        Raises
        ------
        MergegateError
            If a plugin, the configuration or a rule is broken; raised once for each file.
        """
        try:
            return self._findings(file, data, explicit)
        except MergegateError:
            if file in self._complained:
                return _NOTHING
            self._complained.add(file)
            raise

    def _findings(self, file: Path, data: bytes, explicit: Path | None) -> tuple[Finding, ...]:
        if self.broken is not None:
            raise self.broken
        # the checkers of all families ask for one file in turn
        if self._latest is None or self._latest[:2] != (file, data):
            program = self._program(file, explicit)
            path = program.path_of(file)
            self._latest = (file, data, program.findings(path, data) if path else _NOTHING)
        return self._latest[2]

    def _program(self, file: Path, explicit: Path | None) -> _Program:
        folder = _absolute(file).parent
        known = self._programs.get((folder, explicit))
        if known is None:
            known = self._programs[folder, explicit] = self._open(folder, explicit)
        if isinstance(known, MergegateError):
            raise known
        return known

    def _open(self, folder: Path, explicit: Path | None) -> _Program | MergegateError:
        try:
            config = load_config(folder, explicit)
            for known in self._programs.values():
                if isinstance(known, _Program) and (known.config.root, known.config.file) == (config.root, config.file):
                    return known
            config = replace(config, rule_folders=(*config.rule_folders, *self.plugin_folders))
        except MergegateError as error:
            return error
        return _Program(config)


@dataclass(slots=True)
class _Program:
    """One project and its findings as the files on the disk have them."""

    config: Config
    saved: dict[str, tuple[Finding, ...]] | None = None
    paths: frozenset[str] = frozenset()

    def path_of(self, file: Path) -> str:
        """Return a file's path relative to the root, empty if it lies outside."""
        root = self.config.root
        for target, base in ((_absolute(file), root), (file.resolve(), root.resolve())):
            if target.is_relative_to(base):
                return target.relative_to(base).as_posix()
        return ""

    def findings(self, path: str, data: bytes) -> tuple[Finding, ...]:
        """Return the findings of a file with the given contents."""
        if not _is_saved(self.config.root / path, data):
            return _by_path(self._judged(self._analyse({path: data}))).get(path, _NOTHING)
        if self.saved is None or path not in self.paths:
            analysis = self._analyse({})
            self.saved, self.paths = _by_path(self._judged(analysis)), frozenset((*analysis.paths, path))
        return self.saved.get(path, _NOTHING)

    def _analyse(self, overlay: Mapping[str, bytes]) -> Analysis:
        # no worker processes: they would start with the host's `sys.path`, on which the user's modules come first
        return analyse(self.config, jobs=1, overlay=overlay)

    def _judged(self, analysis: Analysis) -> list[Finding]:
        """Return what is reported; the host judges its own comments itself."""
        own = {
            path: tuple(pragma for pragma in pragmas if pragma.kind != "pylint")
            for path, pragmas in analysis.pragmas.items()
        }
        verdicts = judge(replace(analysis, pragmas=own), self.config)
        judged = (verdicts.judged[index] for index in verdicts.shown)
        return [each.finding for each in judged if each.status == "new"]


def _in_worker() -> bool:
    """Tell whether this is a worker process; one has the module loaded, which costs as much as all else here."""
    multiprocessing = sys.modules.get("multiprocessing")
    return multiprocessing is not None and multiprocessing.parent_process() is not None


def _by_path(findings: list[Finding]) -> dict[str, tuple[Finding, ...]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.path, []).append(finding)
    return {path: tuple(found) for path, found in grouped.items()}


def _is_saved(file: Path, data: bytes) -> bool:
    """Tell whether a file holds these contents; hosts that read standard input as text change only line ends."""
    try:
        saved = file.read_bytes()
    except OSError:
        return False
    return saved == data or saved.replace(b"\r\n", b"\n") == data.replace(b"\r\n", b"\n")


def _absolute(file: Path) -> Path:
    # as the configuration does: `resolve` would leave the user's symbolic links
    return Path(os.path.abspath(file))  # noqa: PTH100
