"""Call targets compared with pyright's definitions, and with what astroid infers, on real packages.

Not in the default run: it installs packages with their dependencies, once, and takes minutes. Run it with
`pytest -m oracle tests/oracle`.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest
from benchmarks.accuracy import Judged, compare, install, judgeable
from benchmarks.corpora import pins, stage
from benchmarks.oracle.answers import Target
from benchmarks.oracle.language_server import LanguageServer
from benchmarks.oracle.pyright import Judge, Verdict
from benchmarks.oracle.sampling import sample_calls
from platformdirs import user_cache_path

pytestmark = pytest.mark.oracle

CACHE = user_cache_path("mergegate-benchmarks")
CALLS = 150


@pytest.fixture(scope="module")
def judged() -> dict[str, list[Judged]]:
    """A sample of each package, with another seed than the one whose misses were looked at."""
    samples: dict[str, list[Judged]] = {}
    for pin in pins("accuracy"):
        root = stage(f"{pin.name}=={pin.version}", CACHE).folder
        samples[pin.name] = [each for each in compare(root, install(pin, CACHE), CALLS, 20) if judgeable(each)]
    return samples


def _share(sample: list[Judged], verdict: Verdict) -> float:
    return sum(each.verdict >= verdict for each in sample) / len(sample)


def test_targets_are_resolved_without_an_unknown_result_in_their_path(judged: dict[str, list[Judged]]) -> None:
    together = [each for sample in judged.values() for each in sample]
    assert len(together) > 2 * CALLS
    assert _share(together, Verdict.STRICT) >= 0.92


@pytest.mark.parametrize("name", [pin.name for pin in pins("accuracy")])
def test_more_targets_are_right_than_astroid_infers(judged: dict[str, list[Judged]], name: str) -> None:
    sample = judged[name]
    assert _share(sample, Verdict.STRICT) > sum(each.other >= Verdict.STRICT for each in sample) / len(sample)


def test_definitions_of_the_project_are_hardly_ever_mistaken(judged: dict[str, list[Judged]]) -> None:
    ours = [each for sample in judged.values() for each in sample if any(d.project for d in each.definitions)]
    mistaken = [each for each in ours if any(t.path for t in each.targets) and each.verdict == Verdict.WRONG]
    assert len(mistaken) <= 0.02 * len(ours), [(each.call.path, each.call.name_line) for each in mistaken]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Two classes that agree in the names of their methods, and a library call."""
    source = """
        import pathlib

        class Left:
            def act(self): ...

        class Right:
            def act(self): ...

        def use(left: Left, path: pathlib.Path):
            left.act()
            path.read_text()
    """
    (tmp_path / "program.py").write_text(textwrap.dedent(source).lstrip(), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("call", "target", "verdict"),
    [
        ("left.act", Target(path="program.py", line=4), Verdict.EXACT),
        ("left.act", Target(path="program.py", line=7), Verdict.WRONG),
        ("path.read_text", Target(name="pathlib.Path.read_text"), Verdict.EXACT),
        ("path.read_text", Target(name="pathlib.Path.write_text"), Verdict.WRONG),
        ("path.read_text", Target(name="io.StringIO.read_text"), Verdict.WRONG),
        ("path.read_text", Target(name="pathlib.find().read_text"), Verdict.LENIENT),
    ],
)
def test_the_judge_tells_right_from_wrong(program: Path, call: str, target: Target, verdict: Verdict) -> None:
    calls = [each for each in sample_calls(program, 10, 1) if each.text == call]
    answer = target._replace(path=str(program / target.path)) if target.path else target
    with LanguageServer(program, Path(sys.executable)) as server:
        judge = Judge(server, program)
        [definitions] = judge.definitions(calls)
        judge.resolve([target.name] if target.name else [])
        assert judge.verdict(answer, definitions) == verdict
