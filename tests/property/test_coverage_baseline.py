"""Coverage baselines: what is written is read again, merging is fair to both sides, and layout never counts."""

from __future__ import annotations

import ast
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mergegate.coverage.baseline import CoverageBaseline, Record, read, written
from mergegate.coverage.baseline_file import merge_three
from mergegate.coverage.model import Branch, Figure, FileCoverage, Setting, ranges, united
from mergegate.coverage.ratchet import growth
from mergegate.coverage.statements import Key, code_of

NAMES = st.sampled_from(["", "f", "g", "C.f", "C.g"])
CODES = st.sampled_from(["AAAAAAAA", "BBBBBBBB", "CCCCCCCC", "DDDDDDDD"])
KEYS = st.dictionaries(st.builds(Key, NAMES, CODES), st.integers(1, 2), max_size=3).map(Counter)
FIGURES = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda pair: Figure(min(pair), max(pair)))
RECORDS = st.builds(Record, FIGURES, FIGURES, KEYS, KEYS)
PATHS = st.sampled_from(["a.py", "b/c.py", "ü.ts", 'q"\n.py'])
SETTINGS = st.none() | st.builds(
    Setting, st.just("7.17"), st.just("3.11"), st.sampled_from(["", "CTracer"]), st.booleans()
)
BASELINES = st.builds(CoverageBaseline, SETTINGS, st.dictionaries(PATHS, st.none() | RECORDS, max_size=2))


@given(BASELINES)
def test_what_was_written_is_read_again(baseline: CoverageBaseline) -> None:
    text = written(baseline)
    # figures of no branches are not written
    assert written(read(text.encode("ascii"), "it")) == text
    found = read(text.encode("ascii"), "it")
    assert {
        path: record and (record.missing, record.partial, record.lines) for path, record in found.files.items()
    } == {path: record and (record.missing, record.partial, record.lines) for path, record in baseline.files.items()}


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(BASELINES, BASELINES, BASELINES)
def test_the_sides_of_a_merge_may_change_places(
    one: CoverageBaseline, two: CoverageBaseline, three: CoverageBaseline
) -> None:
    base, ours, theirs = (each._replace(setting=None) for each in (one, two, three))
    merged = merge_three(base, ours, theirs)
    assert {path: record and record.missing for path, record in merged.files.items()} == {
        path: record and record.missing for path, record in merge_three(base, theirs, ours).files.items()
    }
    assert merge_three(base, ours, base).files == ours.files
    assert merge_three(base, ours, ours).files == ours.files


@given(BASELINES)
def test_nothing_grows_over_itself(baseline: CoverageBaseline) -> None:
    assert growth(baseline, baseline.measured, lambda path: baseline.measured[path].missing) == []


@given(BASELINES, st.builds(Key, NAMES, st.just("NEWSTATE")), PATHS)
def test_a_new_statement_is_seen_unless_one_of_its_place_has_gone(
    baseline: CoverageBaseline, key: Key, path: str
) -> None:
    if path not in baseline.measured:
        return
    record = baseline.measured[path]
    now = {
        **baseline.measured,
        path: Record(record.lines, record.ways, record.missing + Counter([key]), record.partial),
    }
    found = growth(baseline, now, lambda each: now[each].missing)
    assert [(each.path, each.missing) for each in found] == [(path, Counter([key]))]


COVERAGES = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12).map(
    lambda rows: FileCoverage(
        frozenset(line for line, (there, _) in enumerate(rows, 1) if there),
        frozenset(line for line, (there, ran) in enumerate(rows, 1) if there and not ran),
    )
)


@given(COVERAGES, COVERAGES)
def test_what_either_of_two_runs_covers_is_covered(one: FileCoverage, other: FileCoverage) -> None:
    both = united(one, other)
    assert both == united(other, one)
    assert both.statements == one.statements | other.statements
    assert both.statements - both.missing == (one.statements - one.missing) | (other.statements - other.missing)


@given(st.sets(st.integers(1, 60)))
def test_runs_of_lines_are_all_lines(lines: set[int]) -> None:
    assert {line for first, last in ranges(lines) for line in range(first, last + 1)} == lines


@given(st.integers(0, 300), st.integers(0, 300), st.decimals(0, 100, places=2))
def test_a_figure_reaches_a_floor_exactly_when_it_lacks_nothing(one: int, other: int, percent: object) -> None:
    figure, floor = Figure(min(one, other), max(one, other)), float(str(percent))
    lack = figure.lacks(floor)
    assert figure.reaches(floor) == (lack == 0)
    assert Figure(figure.covered + lack, figure.total).reaches(floor)
    assert lack == 0 or not Figure(figure.covered + lack - 1, figure.total).reaches(floor)


SOURCES = [
    "def f(a, b):\n    if a and (b or 1): return [a,\n        b]\n    return {'x': a}\n",
    "class C:\n    @property\n    def f(self): x = 1; return x\n    async def g(self):\n        async with self as s:\n            yield s\n",
    "match x:\n    case {'a': [1, *r]}:\n        print(r)\n    case _ if y:\n        pass\ntry:\n    z = (1 if y else 2)\nexcept* OSError as e: raise\n",
]


@pytest.mark.parametrize("source", SOURCES)
def test_layout_makes_no_difference(source: str) -> None:
    again = ast.unparse(ast.parse(source))
    assert again != source
    assert code_of("a.py", again.encode()).every == code_of("a.py", source.encode()).every


@given(st.text(max_size=80), st.sampled_from(["a.py", "a.ts"]), st.sets(st.integers(1, 9)))
def test_any_text_has_statements(text: str, path: str, lines: set[int]) -> None:
    code = code_of(path, text.encode("utf-8", "surrogatepass"), FileCoverage(frozenset(lines), frozenset()))
    for line in range(1, text.count("\n") + 3):
        assert code.keys(line)
        assert code.way(Branch(line, 3))
    assert code.every is not None
    assert all(span.first <= span.last for span in code.functions)
