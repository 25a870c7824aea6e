"""The marker `llm_contract`: a test that runs once for each recorded answer, with the value that the answer says."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from mergegate.contracts.contract import Contract, contract_of
from mergegate.contracts.recordings import Recording, read_all
from mergegate.contracts.responses import Answer
from mergegate.contracts.verdict import judge
from mergegate.errors import MergegateError
from mergegate.plugins.pytest_plugin.contract_rows import KEY, Held, activate, message

_NAMES = (
    "name", "min_rate", "policy", "providers", "samples", "formats", "strict",
    "repair", "filters", "draft", "resources",
)  # fmt: skip
_TUPLES = ("providers", "filters")


@dataclass(frozen=True)
class Declared:
    """A contract that a marker declares, with its recorded answers."""

    contract: Contract
    recordings: tuple[Recording, ...]
    inputs: tuple[str, ...]


_DECLARED: dict[int, tuple[Any, Declared]] = {}


def generate(metafunc: pytest.Metafunc, mark: pytest.Mark) -> None:
    """Let a marked test run once for each answer.

    Raises
    ------
    pytest.UsageError
        If the marker makes no sense.
    """
    activate(metafunc.config)
    declared = _declared(metafunc.config, mark, Path(str(metafunc.definition.path)), metafunc.definition.nodeid)
    if "llm_output" not in metafunc.fixturenames:
        # the test does not ask for the value: `check` judges the answer before it runs
        metafunc.fixturenames.append("llm_output")
    ids = [each.id for each in declared.recordings]
    metafunc.parametrize("llm_output", [(declared, each) for each in declared.recordings], ids=ids, indirect=True)


def contract_for(request: pytest.FixtureRequest) -> Contract:
    """Return the contract of the test that asks for it.

    Raises
    ------
    pytest.UsageError
        If it has no marker.
    """
    mark = request.node.get_closest_marker("llm_contract")
    if mark is None:
        raise pytest.UsageError("the fixture `contract` is for tests with @pytest.mark.llm_contract(...)")
    return _declared(request.config, mark, request.node.path, request.node.nodeid).contract


def output_for(request: pytest.FixtureRequest) -> Any:
    """Return what the answer says: an instance of the contract's model, or JSON data; fail if it is rejected."""
    given: tuple[Declared, Recording] | None = getattr(request, "param", None)
    if given is None:
        raise pytest.UsageError(
            "the fixture `llm_output` is for tests with @pytest.mark.llm_contract(..., outputs=...)"
        )
    return _checked(request.node, *given)


def check(item: pytest.Item) -> None:
    """Judge the answer of a marked test that does not ask for its value."""
    spec: Any = getattr(item, "callspec", None)
    given = spec.params.get("llm_output") if spec is not None else None
    if isinstance(given, tuple) and KEY not in item.stash:
        declared, recording = cast("tuple[Any, Any]", given)
        if isinstance(declared, Declared):
            _checked(item, declared, recording)


def _checked(item: pytest.Item, declared: Declared, recording: Recording) -> Any:
    try:
        held = Held(declared.contract, judge(declared.contract, recording), declared.inputs)
    except MergegateError as error:
        pytest.fail(str(error), pytrace=False)
    item.stash[KEY] = held
    if not held.judged.outcome.passed:
        if held.counts_singly:
            pytest.fail(message(held), pytrace=False)
        pytest.xfail(message(held))
    return _value(declared.contract, held.judged.extraction.value)


def _value(contract: Contract, value: Any) -> Any:
    make = getattr(contract.schema, "model_validate", None) or getattr(contract.schema, "validate_python", None)
    return make(value) if make is not None else value


def _declared(config: pytest.Config, mark: pytest.Mark, file: Path, where: str) -> Declared:
    known = _DECLARED.get(id(mark))
    if known is None:
        known = _DECLARED[id(mark)] = (mark, _read(config, mark, file, where))
    return known[1]


def _read(config: pytest.Config, mark: pytest.Mark, file: Path, where: str) -> Declared:
    given = dict(mark.kwargs)
    outputs = given.pop("outputs", ())
    unknown = [name for name in given if name not in (*_NAMES, "schema")]
    schemas = [*mark.args, *([given.pop("schema")] if "schema" in given else [])]
    if unknown or len(schemas) != 1:
        what = f"does not know {unknown[0]}=" if unknown else "takes one model, schema or path of one"
        raise pytest.UsageError(f"{where}: llm_contract {what}; it knows outputs, {', '.join(_NAMES)}")
    for name in _TUPLES:
        if isinstance(given.get(name), str):
            given[name] = (given[name],)
        elif name in given:
            given[name] = tuple(given[name])
    root, folder = config.rootpath, file.parent
    schema = schemas[0]
    try:
        at = folder if not isinstance(schema, str) or (folder / schema).is_file() else root
        source = f"{_relative(file, root)}"
        contract = contract_of(schema, folder=at, source=source, **given)
        inputs = [_relative(at / schema, root)] if isinstance(schema, str) else [source]
    except (MergegateError, TypeError) as error:
        raise pytest.UsageError(f"{where}: {error}") from None
    patterns: tuple[Any, ...] = (outputs,) if isinstance(outputs, str | Path) else tuple(outputs)
    return Declared(contract, tuple(recordings(root, folder, map(str, patterns))), tuple(inputs))


def recordings(root: Path, folder: Path, patterns: Iterable[str]) -> list[Recording]:
    """Return the answers that patterns lead to, from a folder or, if there are none, from the root of the run.

    A pattern without any answer is one that cannot be read: a test that silently does not run proves nothing.
    """
    found: list[Recording] = []
    listed = list(patterns)
    for pattern in listed:
        if Path(pattern).is_absolute():
            found.append(_missing(pattern, "a pattern must be relative"))
            continue
        at = folder if any(folder.glob(pattern)) else root
        files = read_all(at, [pattern])
        if not files:
            found.append(_missing(pattern, "no file matches this pattern; record answers, or correct it"))
        prefix = _relative(at, root)
        for name, read in files.items():
            shown = name if prefix == "." else f"{prefix}/{name}"
            found += [Recording(shown, each.line, each.number, each.answer, each.prompt, each.problem) for each in read]
    return (
        list({each.id: each for each in found}.values())
        if listed
        else [_missing("outputs", "no recorded answers are named")]
    )


def _missing(pattern: str, problem: str) -> Recording:
    return Recording(pattern, 1, 0, Answer(""), problem=problem)


def _relative(path: Path, root: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")
