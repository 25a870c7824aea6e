"""Programs kept warm in a process that asks for one file after the other.

Within one run a program is analysed once: each file whose contents are those on the disk is answered from that
analysis, and only a buffer that differs from its file is analysed again, with the buffer in the file's place.
"""

from __future__ import annotations

import multiprocessing
import os
import weakref
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from mergegate.config import Config, load_config
from mergegate.engine import Analysis, analyse
from mergegate.errors import MergegateError
from mergegate.finding import Finding
from mergegate.gate.report import judge
from mergegate.rules.loader import load_rules
from mergegate.rules.model import Rule

_KEPT_BUFFERS = 8


class Programs:
    """The programs that a process has asked about in this run, by root.

    Attributes
    ----------
    plugin_folders
        Rule folders of plugins.
    """

    def __init__(self) -> None:
        self.plugin_folders: tuple[str, ...] = ()
        self._run: weakref.ref[object] | None = None
        self._configs: dict[tuple[Path, Path | None], Config | MergegateError] = {}
        self._programs: dict[Config, _Program] = {}

    def begin(self, run: object) -> None:
        """Note the beginning of a run; what the last one saw of the disk is not trusted any more.

        A worker process lives for one run and is told of a beginning before each file: there only another run counts.

        Parameters
        ----------
        run
            What stands for the run.
        """
        known = self._run() if self._run else None
        if known is run and multiprocessing.parent_process() is not None:
            return
        self._run = weakref.ref(run)
        self._configs.clear()
        self._programs.clear()
