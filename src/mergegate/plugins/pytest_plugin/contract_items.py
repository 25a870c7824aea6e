"""Contracts without code as items of pytest: those of the settings, at their answers, and files `*.contract.toml`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from mergegate.config import Config
from mergegate.config_contracts import ContractConfig
from mergegate.config_shapes import Section, WrongValue
from mergegate.contracts.contract import Contract, contract_of
from mergegate.contracts.recordings import Recording, read_recordings
from mergegate.contracts.verdict import judge
from mergegate.errors import MergegateError
from mergegate.plugins.pytest_plugin.contract_marker import recordings
from mergegate.plugins.pytest_plugin.contract_rows import KEY, Held, activate, message

SUFFIX = ".contract.toml"


class Rejected(Exception):  # noqa: N818  (pytest shows its text, and nobody catches it)
    """An answer is not what its contract says."""


class ContractItem(pytest.Item):
    """One recorded answer under one contract.

    Parameters
    ----------
    contract, recording
        Both.
    inputs
        The files of the contract, relative to the root of the run.
    """

    def __init__(self, *, contract: Contract, recording: Recording, inputs: tuple[str, ...], **named: Any) -> None:
        cast("Any", super()).__init__(**named)
        self._contract = contract
        self._recording = recording
        self._inputs = inputs

    def runtest(self) -> None:
        """Judge the answer."""
        held = Held(self._contract, judge(self._contract, self._recording), self._inputs)
        self.stash[KEY] = held
        if not held.judged.outcome.passed:
            if not held.counts_singly:
                pytest.xfail(message(held))
            raise Rejected(message(held))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what is wrong, without a traceback: nobody's code is at fault."""
        if isinstance(excinfo.value, Rejected | MergegateError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the answer stands."""
        file = self.config.rootpath / self._recording.file
        return file, self._recording.line - 1, f"{self._contract.name} {self._recording.id}"


class ContractFile(pytest.File):
    """A file `*.contract.toml`: one contract, and an item for each of its answers."""

    def collect(self) -> Iterator[ContractItem]:
        """Yield the items."""
        activate(self.config)
        root, folder = self.config.rootpath, self.path.parent
        shown = os.path.relpath(self.path, root).replace(os.sep, "/")
        try:
            settings = _settings(tomllib.loads(self.path.read_text(encoding="utf-8-sig")), shown)
            name = self.path.name.removesuffix(SUFFIX)
            contract, schema = configured(name, settings, folder, shown)
        except (MergegateError, OSError, ValueError) as error:
            raise pytest.Collector.CollectError(f"{shown}: {error}") from None
        inputs = (shown, os.path.relpath(schema, root).replace(os.sep, "/"))
        # without answers it is a contract for the lock alone
        for each in recordings(root, folder, settings.outputs) if settings.outputs else ():
            yield cast("Any", ContractItem).from_parent(
                self, name=each.id, contract=contract, recording=each, inputs=inputs
            )


class OutputFile(pytest.File):
    """A file of recorded answers that contracts of the settings name: an item for each answer and contract."""

    settings: Config

    def collect(self) -> Iterator[ContractItem]:
        """Yield the items."""
        activate(self.config)
        root = self.config.rootpath
        shown = os.path.relpath(self.path, root).replace(os.sep, "/")
        here = os.path.relpath(self.path, self.settings.root).replace(os.sep, "/")
        read = read_recordings(self.path, shown)
        source = self.settings.file.name if self.settings.file is not None else ""
        for name, settings in sorted(self.settings.contracts.items()):
            if here in outputs_of(self.settings, settings):
                try:
                    contract, schema = configured(name, settings, self.settings.root, source)
                except MergegateError as error:
                    raise pytest.Collector.CollectError(f"{source}: {error}") from None
                inputs = (os.path.relpath(schema, root).replace(os.sep, "/"),)
                for each in read:
                    number = f".{each.number}" if each.number else ""
                    yield cast("Any", ContractItem).from_parent(
                        self, name=f"{name}:{each.line}{number}", contract=contract, recording=each, inputs=inputs
                    )  # fmt: skip


def configured(name: str, settings: ContractConfig, folder: Path, source: str) -> tuple[Contract, Path]:
    """Return a contract that settings describe, and the file of its schema.

    Raises
    ------
    MergegateError
        If its schema cannot be read.
    """
    contract = contract_of(
        settings.schema, name=name, folder=folder, source=source, policy=settings.policy, providers=settings.providers,
        min_rate=settings.min_rate, samples=settings.samples, formats=settings.formats, repair=settings.repair,
        filters=settings.filters,
    )  # fmt: skip
    # a schema that makes no sense is said once, not for each answer
    if settings.outputs:
        _ = contract.validator
    return contract, folder / settings.schema


def outputs_of(config: Config, settings: ContractConfig) -> set[str]:
    """Return the files of answers of a contract of the settings, relative to the project."""
    return {
        path.relative_to(config.root).as_posix()
        for pattern in settings.outputs
        if not Path(pattern).is_absolute()
        for path in config.root.glob(pattern)
        if path.is_file()
    }


class Collecting:
    """Collects the answers of the contracts that a project's settings name, and lets whole runs visit all of them.

    Parameters
    ----------
    settings
        The project's settings.
    """

    def __init__(self, settings: Config) -> None:
        self._settings = settings
        named = (outputs_of(settings, each) for each in settings.contracts.values())
        self.files = sorted({settings.root / path for paths in named for path in paths})
        self._known = {os.path.normcase(path) for path in self.files}

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Return the collector of a file of answers."""
        if os.path.normcase(file_path) not in self._known:
            return None
        made = cast("Any", OutputFile).from_parent(parent, path=file_path)
        made.settings = self._settings
        return made

    def visit(self, config: pytest.Config) -> None:
        """Add the files to what a run of all tests visits, where they lie elsewhere."""
        if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
            return
        start = config.invocation_params.dir
        visited = [Path(os.path.abspath(start / str(each))) for each in config.args]  # noqa: PTH100
        config.args += [str(file) for file in self.files if not any(file.is_relative_to(each) for each in visited)]


def _settings(table: Mapping[str, Any], shown: str) -> ContractConfig:
    try:
        return Section(ContractConfig).read(dict(table), ())
    except WrongValue as wrong:
        keys = ".".join(map(str, wrong.path))
        raise MergegateError(f"{keys} {wrong.message}" if keys else f"{shown} {wrong.message}", wrong.hint) from None
