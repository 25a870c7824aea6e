"""What coverage.py measured: taken from a finished or running measurement, or from data files of several runs."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import coverage
from coverage.exceptions import CoverageException

from mergegate.coverage.analysed import analysed
from mergegate.coverage.memory import Memory
from mergegate.coverage.model import FileCoverage, Measurement, Setting, united
from mergegate.coverage.paths import Tree
from mergegate.errors import EvidenceError

_AGAIN = "run the tests again under coverage"


def measured(cov: coverage.Coverage, tree: Tree, *, core: str = "", known: Memory | None = None) -> Measurement:
    """Return what a stopped or loaded measurement holds; the figures are those of `coverage report`.

    Parameters
    ----------
    cov
        The measurement; a running one is for `running`.
    tree
        The project's files.
    core
        What traced, if it is known.
    known
        What is remembered of earlier runs.

    Raises
    ------
    EvidenceError
        If there is no data, or coverage.py cannot report on it.
    """
    try:
        reported = analysed(cov, known)
    except CoverageException as error:
        raise _refused(error) from None
    files: dict[str, FileCoverage] = {}
    outside: list[str] = []
    for name, found in reported.items():
        place = tree.own(name) or tree.find(name, "the measurement")
        if place is None:
            outside.append(name)
            continue
        files[place] = united(files[place], found) if place in files else found
    if not files:
        raise EvidenceError(
            "The measurement holds no file of the project", f"name your package as --cov=..., and {_AGAIN}"
        )
    notes = [f"{_files(len(outside))} outside of the project left out, as {sorted(outside)[0]}"] if outside else []
    setting = Setting(_short(coverage.__version__), _python(), core, cov.get_data().has_arcs())
    tools = {"coverage": coverage.__version__, "python": ".".join(map(str, sys.version_info[:3]))}
    return Measurement(dict(sorted(files.items())), setting, tools, tuple(notes), _omit(cov))


def running(
    cov: coverage.Coverage, tree: Tree, beside: Iterable[Path] = (), known: Memory | None = None
) -> Measurement:
    """Return what a measurement that goes on has seen so far, without disturbing it.

    Parameters
    ----------
    cov
        The measurement.
    tree
        The project's files.
    beside
        Data files of its sub-processes.
    known
        What is remembered of earlier runs.

    Raises
    ------
    EvidenceError
        If there is no data, or coverage.py cannot report on it.
    """
    config = getattr(cov.config, "config_file", None)
    try:
        # reports may replace the data of the object they are made of, and this one must go on measuring into its own
        copy = _empty(config if config else False)
        copy.get_data().update(cov.get_data(), map_path=_Mapping(tree, "the measurement"))
        _combine(copy, beside, tree, config if config else False)
        return measured(copy, tree, core=core_of(cov), known=known)
    except CoverageException as error:
        raise _refused(error) from None


def combined(files: Sequence[Path], tree: Tree, known: Memory | None = None) -> Measurement:
    """Return what data files hold together: of parallel processes, or of several machines.

    Parameters
    ----------
    files
        The data files; they are left as they are.
    tree
        The project's files, to which paths of other machines are mapped.
    known
        What is remembered of earlier runs.

    Raises
    ------
    EvidenceError
        If a file is missing, damaged or empty, or some were measured with branches and others without.
    """
    try:
        # coverage.py looks for its configuration where it stands
        with contextlib.chdir(tree.root):
            union = _empty(True)
            _combine(union, files, tree, True)
            return measured(union, tree, known=known)
    except CoverageException as error:
        raise _refused(error) from None


def data_file(folder: Path) -> Path:
    """Return where coverage.py keeps the data of a project by its own configuration.

    Raises
    ------
    EvidenceError
        If that configuration is of no use.
    """
    with contextlib.chdir(folder):
        try:
            return Path(os.path.abspath(str(coverage.Coverage().get_option("run:data_file"))))  # noqa: PTH100
        except CoverageException as error:
            raise _refused(error) from None


def core_of(cov: coverage.Coverage) -> str:
    """Return the name of what traces in a running measurement, empty if coverage.py does not tell."""
    collector = getattr(cov, "_collector", None)
    name = getattr(collector, "tracer_name", None)
    return str(name()) if callable(name) else ""


class _Mapping:
    """Maps a path of a measurement to a file that is here, if there is one."""

    def __init__(self, tree: Tree, report: str) -> None:
        self._tree = tree
        self._report = report

    def __call__(self, path: str) -> str:
        if Path(path).exists():
            return path
        found = self._tree.find(path, self._report)
        return str(self._tree.root / found) if found is not None else path


def _empty(config: str | bool) -> coverage.Coverage:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return coverage.Coverage(data_file=None, config_file=config)


def _combine(union: coverage.Coverage, files: Iterable[Path], tree: Tree, config: str | bool) -> None:
    for file in files:
        if not file.is_file():
            raise EvidenceError(f"There is no data file {file}", "let the job that writes it hand it over")
        single = _empty(config)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                # maps paths by the [paths] of coverage's own configuration
                single.combine([str(file)], strict=True, keep=True)
            except CoverageException:
                raise EvidenceError(f"{file} is no data file of coverage.py, or damaged", _AGAIN) from None
        data = single.get_data()
        if not data.measured_files():
            raise EvidenceError(f"{file} holds no measurement", _AGAIN)
        union.get_data().update(data, map_path=_Mapping(tree, str(file)))


def _refused(error: CoverageException) -> EvidenceError:
    said = " ".join(str(error).split()).rstrip(".")
    hint = "set source or omit in the configuration of coverage.py" if "source" in said.lower() else _AGAIN
    return EvidenceError(f"coverage.py cannot report: {said}", hint)


def _omit(cov: coverage.Coverage) -> tuple[str, ...]:
    given = [cov.get_option(f"{section}:omit") for section in ("run", "report")]
    return tuple(str(each) for patterns in given if isinstance(patterns, list) for each in patterns)


def _short(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _files(count: int) -> str:
    return "1 measured file" if count == 1 else f"{count} measured files"
