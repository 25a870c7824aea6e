"""Type errors as evidence: pyright runs beside the analysis, and what it finds is ratcheted like findings."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mergegate import __version__
from mergegate.config import Config, find_files
from mergegate.errors import EvidenceError
from mergegate.evidence.files import Evidence, digests, write
from mergegate.evidence.packages import find_packages
from mergegate.evidence.pyright_config import read_pyright_config
from mergegate.evidence.pyright_output import read_output
from mergegate.evidence.pyright_run import PyrightRun
from mergegate.evidence.pyright_tool import find_interpreter, find_pyright
from mergegate.evidence.silencing import silencing_comments
from mergegate.evidence.type_conditions import SOURCE, Measured, broken, type_conditions
from mergegate.evidence.types_baseline import Held, compare, held_by
from mergegate.evidence.types_settling import settle
from mergegate.gate.ci import Circumstances, circumstances
from mergegate.gate.conditions import Condition
from mergegate.gate.guarded import guarded
from mergegate.gate.source import Sources


@dataclass(frozen=True, slots=True)
class TypesOutcome:
    """What has become of a measurement.

    Attributes
    ----------
    conditions
        Its part of the verdict.
    notes
        Sentences for people about the baseline.
    measured
        What was found; None if there is no usable evidence.
    """

    conditions: tuple[Condition, ...]
    notes: tuple[str, ...] = ()
    measured: Measured | None = None


def start(config: Config, given: Circumstances | None = None, *, without_baseline: bool = False) -> Running | None:
    """Start pyright on a project, in a process of its own.

    Parameters
    ----------
    config
        The project.
    given
        Under what this run takes place; None: as the environment says.
    without_baseline
        Whether the project's baseline is left alone, so that all errors are new.

    Returns
    -------
    Running or None
        None if the project does not measure its types. What keeps pyright from running is a broken condition.

    Raises
    ------
    ConfigError
        If the interpreter that the settings name must not be run.
    """
    if not config.types_wanted:
        return None
    return Running(config, given or circumstances(os.environ), without_baseline=without_baseline)


class Running:
    """A measurement under way; the parameters are those of `start`, and the minor version of Python to assume."""

    def __init__(
        self, config: Config, given: Circumstances, *, without_baseline: bool = False, minor: int | None = None
    ) -> None:
        self._config = config
        self._minor = minor
        self._given = given
        self._python = find_interpreter(config)
        self._reads = read_pyright_config(config.root, config.types.project)
        self._process: PyrightRun | None = None
        self._failure: tuple[str, EvidenceError] | None = None
        self._held = Held(config.root / config.types.baseline, None)
        step = "baseline"
        try:
            # a broken baseline is told before anybody waits
            if not without_baseline:
                self._held = held_by(config)
            step = "pyright"
            self._process = PyrightRun((*find_pyright(), *self._arguments()), config.root, config.types.timeout)
        except EvidenceError as error:
            self._failure = step, error

    def result(self) -> TypesOutcome:
        """Wait for pyright and judge what it found; outside of CI the baseline loses the entries that are gone.

        The evidence is left in its file, too.

        Raises
        ------
        MergegateError
            If the baseline or the evidence cannot be written, or the base is not known here.
        """
        try:
            measured = self.measure()
        except EvidenceError as error:
            step = self._failure[0] if self._failure is not None else "pyright"
            return TypesOutcome((broken(step, f"{error.message}; {error.hint}" if error.hint else error.message),))
        settled = settle(measured, self._config, self._given)
        conditions = (*type_conditions(measured, self._config), *settled.conditions)
        write(self._config.root, _evidence(measured, self._config, conditions))
        return TypesOutcome(conditions, settled.notes, measured)

    def measure(self) -> Measured:
        """Wait for pyright and compare what it found with the baseline; nothing is written.

        Raises
        ------
        EvidenceError
            If there is no usable evidence, or the baseline is broken.
        """
        if self._failure is not None or self._process is None:
            raise self._failure[1] if self._failure is not None else EvidenceError("pyright was not started")
        config, root = self._config, self._config.root
        sources = Sources(lambda path: (root / path).read_bytes())
        paths = self._reads.reads(each.path for each in find_files(config).files)
        comments = silencing_comments(paths, sources)
        output = read_output(self._process.wait(), root, sources)
        packages = find_packages(
            root, paths, sources, unresolved=output.unresolved, python=self._python, variables=os.environ
        )
        counted = comments if config.types.ratchet_silencing else []
        found, shown = guarded((*output.errors, *counted), sources)
        output = replace(output, errors=tuple(found[: len(output.errors)]))
        problems = sorted(found, key=lambda each: each.sort_key)
        compared = compare(
            self._held, problems, sources,
            root=root, packages=packages, version=output.version, bases=self._given.bases,
        )  # fmt: skip
        return Measured(output, packages, tuple(paths), len(comments), compared, shown)

    def stop(self) -> None:
        """End pyright; there will be no result."""
        if self._process is not None:
            self._process.stop()

    def _arguments(self) -> Iterable[str]:
        yield "--outputjson"
        if self._config.types.project:
            yield from ("--project", self._config.types.project)
        if self._minor is not None:
            yield from ("--pythonversion", f"3.{self._minor}")
        # the environment that pyright's own configuration names wins over the one that merely lies there
        if self._python is not None and (self._config.python or not self._reads.has_environment):
            yield from ("--pythonpath", str(self._python))


def _evidence(measured: Measured, config: Config, conditions: tuple[Condition, ...]) -> Evidence:
    output = measured.output
    figures = {
        "errors": len(output.errors),
        "new": len(measured.compared.new),
        "warnings": output.warnings,
        "files": output.files,
        "by_rule": dict(sorted(Counter(each.rule for each in output.errors).items())),
        "silencing_comments": measured.silencing,
        "packages": list(measured.packages.present),
        "missing": list(measured.packages.missing),
    }
    inputs = digests(config.root, measured.paths)
    return Evidence(SOURCE, {"mergegate": __version__, "pyright": output.version}, inputs, figures, conditions)
