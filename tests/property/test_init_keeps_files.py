"""Whatever stands in a project's files, `init` adds lines at one place or leaves them; it never changes a line."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mergegate.scaffold.changes import Change, Step
from mergegate.scaffold.facts import HOSTS, examine
from mergegate.scaffold.plan import PARTS, planned
from repositories import git

COMMENT = st.sampled_from(["", "\n", "# note\n", "    # - id: other\n", "\n# for what follows\n", "  # odd\n"])


@st.composite
def hook_files(draw: st.DrawFn) -> str:
    """Configurations of pre-commit in the styles that people write."""
    entry, gap, hook = draw(st.integers(0, 4)), draw(st.integers(1, 3)), draw(st.integers(0, 4))
    key = entry + 1 + gap
    lines = [
        draw(COMMENT),
        draw(st.sampled_from(["", "fail_fast: true\n", "default_stages: [pre-commit]\n"])),
        "repos:\n",
    ]
    for number in range(draw(st.integers(1, 3))):
        lines.append(f"{' ' * entry}-{' ' * gap}repo: https://example.org/{number}\n")
        if draw(st.booleans()):
            lines += [f"{' ' * key}rev: v1  # pinned\n", draw(COMMENT)]
        lines.append(f"{' ' * key}hooks:\n")
        for name in range(draw(st.integers(1, 2))):
            lines.append(f"{' ' * (key + hook)}- id: hook{name}\n")
            if draw(st.booleans()):
                lines.append(f"{' ' * (key + hook + 2)}entry: |\n{' ' * (key + hook + 4)}run # it\n\n")
        lines.append(draw(COMMENT))
    lines += [
        draw(st.sampled_from(["", "ci: {skip: [hook0]}\n", "exclude: >\n  ^docs/\n  # not a comment\n"])),
        draw(COMMENT),
    ]
    text = "".join(lines)
    text = text if draw(st.booleans()) else text.rstrip("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


TABLES = st.lists(
    st.sampled_from(
        ["[tool.black]\nline-length = 100", "[[tool.mypy.overrides]]\nmodule = 'x'", "tool.a.b = 1", "# end", "[project]",
         "[tool]", "x = '''\n[tool.mergegate]\n'''", "[tool.ruff]\n[tool.ruff.lint]\nselect = [ # all\n]", ""]
    ),
    max_size=6,
)  # fmt: skip


@contextmanager
def repository(**files: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        git(folder, "init", "-q")
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8", newline="")
        yield folder


def step_of(folder: Path, file: str) -> Step | None:
    steps = planned(examine(folder), PARTS, HOSTS)
    return next((step for step in steps if step.path == folder / file), None)


def is_one_insertion(before: str, after: str) -> bool:
    """Tell whether taking out one run of characters gives what was there."""
    start = next((at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(before))
    return any(
        before[at:] == after[len(after) - len(before) + at :] for at in range(start + 1) if before[:at] == after[:at]
    )


@settings(max_examples=50, deadline=None)
@given(hook_files())
def test_a_hook_is_inserted_and_nothing_else_changes(text: str) -> None:
    try:
        old = yaml.safe_load(text)
    except yaml.YAMLError:
        old = None
    with repository(**{".pre-commit-config.yaml": text}) as folder:
        step = step_of(folder, ".pre-commit-config.yaml")
        if old is None:
            assert not isinstance(step, Change)
            return
        if not isinstance(step, Change):
            # a block of text at the very end holds a line end only once the last line has one
            assert not text.endswith("\n")
            return
        assert is_one_insertion(text, step.after)
        new = yaml.safe_load(step.after)
        assert new["repos"].pop()["hooks"][0]["id"] == "mergegate"
        assert new == old
        (folder / ".pre-commit-config.yaml").write_text(step.after, encoding="utf-8", newline="")
        assert not isinstance(step_of(folder, ".pre-commit-config.yaml"), Change)


@settings(max_examples=50, deadline=None)
@given(TABLES, st.booleans(), st.booleans())
def test_settings_are_added_and_nothing_else_changes(tables: list[str], windows: bool, ended: bool) -> None:
    text = "\n\n".join(tables) + ("\n" if ended else "")
    text = text.replace("\n", "\r\n") if windows else text
    try:
        old = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError:
        return
    with repository(**{"pyproject.toml": text, "app.py": ""}) as folder:
        step = step_of(folder, "pyproject.toml")
        if not isinstance(step, Change):
            return
        assert step.after.startswith(text)
        new = tomllib.loads(step.after.replace("\r\n", "\n"))
        assert new["tool"].pop("mergegate")["baseline"] == "mergegate-baseline.json"
        assert new["tool"].pop("pyright")
        assert {key: value for key, value in new.items() if value} == {
            key: value for key, value in old.items() if value
        }
        assert ("\r\n" in step.after) is ("\r\n" in text)
