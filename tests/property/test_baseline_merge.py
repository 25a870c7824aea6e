"""Merging baselines, and writing and reading them, for arbitrary ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

from hypothesis import example, given
from hypothesis import strategies as st

from mergegate.gate.baseline import Baseline, read, written
from mergegate.gate.baseline_merge import conflict_sides, merge_three
from mergegate.gate.identity import Identity

# few values, so that twins, moves and near twins are common
SHORT = st.sampled_from(["", "a", "b"])
ENTRIES = st.builds(
    Identity,
    rule=st.sampled_from(["one-rule", "other-rule"]),
    path=st.sampled_from(["a.py", "b/c.py"]),
    size=st.sampled_from([2, 30]),
    **{field.name: SHORT for field in fields(Identity) if field.name not in ("rule", "path", "size")},
)
ANY_ENTRIES = st.builds(
    Identity, **{field.name: st.integers() if field.name == "size" else st.text() for field in fields(Identity)}
)


def baselines(entries: st.SearchStrategy[Identity]) -> st.SearchStrategy[Baseline]:
    names = st.sets(st.sampled_from(["one-rule", "other-rule", "third-rule"]))
    return st.builds(Baseline.of, st.lists(entries, max_size=6), names, st.sampled_from(["", "d1", "d2"]))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Baseline, Baseline, Baseline]:
    """A baseline and two that were made of it by dropping, keeping and adding entries."""
    base = draw(baselines(ENTRIES))
    sides: list[Baseline] = []
    for _ in range(2):
        kept = [entry for entry in base.entries if draw(st.booleans())]
        added = draw(st.lists(ENTRIES, max_size=3))
        sides.append(Baseline.of([*kept, *added], base.rules, base.digest))
    return base, sides[0], sides[1]


THREE = st.one_of(histories(), st.tuples(*[baselines(ENTRIES)] * 3))


@given(THREE)
def test_the_sides_may_change_places(three: tuple[Baseline, Baseline, Baseline]) -> None:
    base, ours, theirs = three
    assert merge_three(base, ours, theirs) == merge_three(base, theirs, ours)


@given(THREE)
def test_a_side_that_changes_nothing_changes_nothing(three: tuple[Baseline, Baseline, Baseline]) -> None:
    base, ours, _ = three
    assert merge_three(base, base, ours) == ours
    assert merge_three(base, ours, ours) == ours


def entry(text: str, sketch: str = "") -> Identity:
    """An entry with little text, near enough to others to be taken for them moved."""
    texts = {field.name: "" for field in fields(Identity) if field.name not in ("rule", "path", "size")}
    return Identity(
        rule="one-rule", path="a.py", size=2, **texts | {"code": text, "before": text, "body": text, "sketch": sketch}
    )


@given(THREE)
# an entry moved on one side, and one that reads the same added on the other
@example(
    (
        Baseline.of([entry(""), entry(""), entry("", "a")], [], ""),
        Baseline.of([entry("a", "a")], [], ""),
        Baseline.of([entry("", "a"), entry("a", "a")], [], ""),
    )
)
def test_what_both_keep_stays_and_nothing_comes_from_nowhere(three: tuple[Baseline, Baseline, Baseline]) -> None:
    base, ours, theirs = (Counter(each.entries) for each in three)
    merged = Counter(merge_three(*three).entries)
    assert base & ours & theirs <= merged
    assert merged <= base | ours | theirs
    assert set(merged) <= set(ours) | set(theirs)


@given(THREE)
def test_merging_again_changes_nothing(three: tuple[Baseline, Baseline, Baseline]) -> None:
    _, ours, _ = three
    merged = merge_three(*three)
    assert merge_three(ours, merged, merged) == merged
    assert merge_three(merged, merged, merged) == merged


@given(baselines(ANY_ENTRIES))
def test_a_file_gives_back_what_was_written(baseline: Baseline) -> None:
    text = written(baseline)
    assert read(text.encode(), "the file") == baseline
    assert read(text.replace("\n", "\r\n").encode(), "the file") == baseline
    assert written(Baseline.of(reversed(baseline.entries), reversed(baseline.rules), baseline.digest)) == text
    assert sum(line.startswith("[") for line in text.splitlines()) == len(baseline.entries)


LINES = st.lists(st.text("ab <>=|", max_size=3), max_size=4)


@given(st.lists(st.tuples(LINES, LINES, LINES), min_size=1, max_size=3), st.booleans())
def test_both_sides_of_conflicts_are_found(hunks: list[tuple[list[str], ...]], with_base: bool) -> None:
    text: list[str] = []
    for number, (ours, base, theirs) in enumerate(hunks):
        middle = ["||||||| 1234567", *base] if with_base else []
        text += [f"common {number}", "<<<<<<< HEAD", *ours, *middle, "=======", *theirs, ">>>>>>> side"]
    sides = conflict_sides("\n".join([*text, "end"]))
    assert sides is not None
    expected = [
        "\n".join([line for number, hunk in enumerate(hunks) for line in (f"common {number}", *hunk[part])] + ["end"])
        for part in range(3)
    ]
    assert (sides.ours, sides.theirs) == (expected[0], expected[2])
    assert sides.base == (expected[1] if with_base else None)
    assert conflict_sides("\n".join(text[:-1])) is None
