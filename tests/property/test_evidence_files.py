"""Evidence files give back what was written, and nothing that is not evidence is taken for it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergegate.errors import EvidenceError
from mergegate.evidence.files import Evidence, digests, evidence_file, read, stale, write
from mergegate.gate.conditions import Condition, Place, Status

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
PLACES = st.builds(Place, TEXTS, st.integers(0), TEXTS)
CONDITIONS = st.builds(
    Condition, TEXTS, TEXTS, st.sampled_from(Status), TEXTS, TEXTS, TEXTS, st.lists(PLACES, max_size=2).map(tuple)
)
TABLES = st.dictionaries(TEXTS, TEXTS, max_size=3)
FIGURES = st.dictionaries(TEXTS, st.recursive(st.integers() | TEXTS | st.none(), st.lists, max_leaves=4), max_size=3)
EVIDENCE = st.builds(
    Evidence, st.sampled_from(["coverage", "contracts"]), TABLES, TABLES, FIGURES,
    st.lists(CONDITIONS, max_size=3).map(tuple),
)  # fmt: skip


@given(EVIDENCE)
def test_what_was_written_is_read_again(evidence: Evidence) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), evidence)
        assert read(Path(folder), evidence.kind) == evidence


@given(EVIDENCE, st.integers(0))
def test_a_file_that_was_cut_off_is_told_from_none(evidence: Evidence, at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        assert read(root, evidence.kind) is None
        file = write(root, evidence)
        whole = file.read_bytes().rstrip()
        file.write_bytes(whole[: at % len(whole)])
        with pytest.raises(EvidenceError, match="measure again"):
            read(root, evidence.kind)


@pytest.mark.parametrize(
    "text",
    [
        "[]", "null", "3", "{}",
        '{"version": 2, "kind": "coverage", "tools": {}, "inputs": {}, "figures": {}, "conditions": []}',
        '{"version": 1, "kind": "types", "tools": {}, "inputs": {}, "figures": {}, "conditions": []}',
        '{"version": 1, "kind": "coverage", "tools": {}, "inputs": {"a": 1}, "figures": {}, "conditions": []}',
        '{"version": 1, "kind": "coverage", "tools": {}, "inputs": {}, "figures": {}, "conditions": [{"name": "x"}]}',
    ],
)  # fmt: skip
def test_other_json_is_refused(text: str, tmp_path: Path) -> None:
    file = evidence_file(tmp_path, "coverage")
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(EvidenceError, match="no evidence of coverage"):
        read(tmp_path, "coverage")


def test_measured_files_that_changed_or_went_are_named(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text(name)
    evidence = Evidence("coverage", {}, digests(tmp_path, ["a.py", "b.py", "c.py", "never.py"]), {}, ())
    assert sorted(evidence.inputs) == ["a.py", "b.py", "c.py"]
    assert stale(tmp_path, evidence) == ()
    (tmp_path / "b.py").write_text("other")
    (tmp_path / "c.py").unlink()
    assert stale(tmp_path, evidence) == ("b.py", "c.py")
