"""Every example of every rule file reports what is marked in it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from whole_runs import Place, must_report, report_on, rules

from mergegate.finding import Confidence
from mergegate.rules.model import Example

# a single file named like this makes the temporary folder the project, whatever lies above it
CONFIG = "mergegate.toml"


def examples() -> Iterator[object]:
    for rule in rules().values():
        for example in rule.examples:
            yield pytest.param(example, id=f"{rule.family}/{rule.id}::{example.kind}::{example.name}")


def write(example: Example, root: Path) -> None:
    root.joinpath(CONFIG).touch()
    for file in example.files:
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.code, encoding="utf-8")


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("example", list(examples()))
def test_the_marked_lines_are_reported(example: Example, tmp_path: Path, shared_cache: Path) -> None:
    write(example, tmp_path)

    must_report(
        tmp_path,
        [
            Place(file.path, line, name)
            for file in example.files
            for line, names in file.expected.items()
            for name in names
        ],
        shared_cache,
    )


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("blocking-helper-in-async", "cached-function"),
        ("blocking-helper-in-async", "cached-property"),
        ("blocking-helper-in-async", "lazy-singleton"),
        ("blocking-helper-in-async", "once-guard"),
        ("blocking-helper-in-async", "singleton-under-a-lock"),
        ("file-io-in-async", "part-of-a-cache-filled"),
        ("blocking-call-in-async", "script"),
        ("blocking-call-in-async", "test-function"),
        ("blocking-call-in-async", "own-loop"),
        ("blocking-call-in-async", "own-loop-of-a-common-name"),
        ("blocking-helper-in-async", "long-chain"),
        ("blocking-wait-in-async", "reader-writer-lock"),
        ("file-io-in-async", "cached-after-the-first-time"),
        ("file-io-in-async", "handle-of-unknown-kind"),
    ],
)
def test_what_seldom_harms_is_reported_with_less_confidence(rule: str, name: str, tmp_path: Path) -> None:
    write(named(rule, name), tmp_path)

    found = [result.finding.confidence for result in report_on(tmp_path).new]

    assert found
    assert Confidence.HIGH not in found


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("file-io-in-async", "loaded-once"),
        ("file-io-in-async", "server-start"),
        ("file-metadata-in-async", "folder-made-once"),
        ("blocking-call-in-async", "command"),
    ],
)
def test_what_nobody_waits_for_is_hardly_worth_a_word(rule: str, name: str, tmp_path: Path) -> None:
    write(named(rule, name), tmp_path)

    assert {result.finding.confidence for result in report_on(tmp_path).new} == {Confidence.LOW}


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("blocking-call-in-async", "loop-of-a-server"),
        ("blocking-call-in-async", "run-alone-and-awaited"),
        ("blocking-call-in-async", "twin-without-a-loop"),
        ("file-io-in-async", "local-name-rebound-only"),
        ("file-io-in-async", "register-of-what-is-held"),
    ],
)
def test_what_others_wait_for_each_time_is_reported_in_full(rule: str, name: str, tmp_path: Path) -> None:
    write(named(rule, name), tmp_path)

    assert {result.finding.confidence for result in report_on(tmp_path).new} == {Confidence.HIGH}


def test_the_reason_of_a_lower_confidence_is_told(tmp_path: Path) -> None:
    write(named("blocking-call-in-async", "own-loop"), tmp_path)

    assert all("command" in result.finding.message for result in report_on(tmp_path).new)


@pytest.mark.parametrize("name", ["several-hops", "method-on-attribute", "module-singleton", "re-export"])
def test_the_chain_to_the_blocking_call_is_told(name: str, tmp_path: Path) -> None:
    example = named("blocking-helper-in-async", name)
    write(example, tmp_path)
    lines = {file.path: len(file.code.splitlines()) for file in example.files}

    for result in report_on(tmp_path).new:
        steps = result.finding.witness
        # the reported call, the hops, the call that waits: each in a file of the program, the last one in another file
        assert len(steps) >= 2
        assert all(1 <= step.line <= lines[step.path] for step in steps)
        assert steps[-1].path != result.finding.path


def named(rule: str, name: str) -> Example:
    return next(e for e in rules()[rule].examples if e.kind == "bad" and e.name == name)
