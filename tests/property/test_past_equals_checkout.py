"""Whatever happens to a project after a commit, the commit is analysed from git's objects as if it were checked out."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from test_warm_equals_cold import IGNORES, PATHS, SOURCES

from mergegate.config import load_config
from mergegate.engine import analyse
from mergegate.engine.past import analyse_past
from mergegate.engine.past_files import Past
from mergegate.git import Repository
from repositories import commit, git

SETTINGS = ["", 'src = ["lib"]\n', 'exclude = ["b.py"]\n', '[async]\nsafe = ["time.sleep"]\n']

paths = st.sampled_from(PATHS)


class Branch(RuleBasedStateMachine):
    """A work tree that people edit after a commit."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="mergegate-"))
        self.base = ""

    def teardown(self) -> None:
        """Remove the project."""
        shutil.rmtree(self.root)

    @initialize(sources=st.lists(st.sampled_from(SOURCES), min_size=len(PATHS), max_size=len(PATHS)))
    def begin(self, sources: list[str]) -> None:
        """Commit a project."""
        git(self.root, "init", "-q")
        (self.root / "lib").mkdir()
        (self.root / "mergegate.toml").touch()
        for path, source in zip(PATHS, sources, strict=True):
            self.write(path, source)
        self.base = commit(self.root)

    @rule(path=paths, source=st.sampled_from(SOURCES))
    def write(self, path: str, source: str) -> None:
        """Add or edit a file."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source)

    @rule(path=paths)
    def delete(self, path: str) -> None:
        """Delete a file, and its folder if that is empty then."""
        (self.root / path).unlink(missing_ok=True)
        folder = (self.root / path).parent
        if folder != self.root and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()

    @rule(path=paths, goal=paths)
    def move(self, path: str, goal: str) -> None:
        """Move a file over another one."""
        if (self.root / path).is_file():
            (self.root / goal).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).replace(self.root / goal)

    @rule(text=st.sampled_from(SETTINGS))
    def configure(self, text: str) -> None:
        """Change the settings."""
        (self.root / "lib").mkdir(exist_ok=True)
        (self.root / "mergegate.toml").write_text(text)

    @rule(text=st.sampled_from(IGNORES))
    def ignore(self, text: str) -> None:
        """Change what git ignores."""
        (self.root / ".gitignore").write_text(text)

    @rule()
    def stage(self) -> None:
        """Tell git of all that has changed."""
        git(self.root, "add", "-A")

    @invariant()
    def analysed_as_if_checked_out(self) -> None:
        """Compare with the analysis of a checkout under the settings of now."""
        if not self.base:
            return
        (self.root / "lib").mkdir(exist_ok=True)
        config = load_config(self.root)
        repository = Repository.find(self.root)
        assert repository is not None
        past = Past(repository, self.base, repository.changes(self.base))
        found = analyse_past(config, past, analyse(config, jobs=1, trust_stat=False), jobs=1, trust_stat=False)
        with tempfile.TemporaryDirectory(prefix="mergegate-") as folder:
            checkout = Path(folder) / "tree"
            git(self.root, "worktree", "add", "-q", "--detach", str(checkout), self.base)
            (checkout / "lib").mkdir(exist_ok=True)
            for name in ("mergegate.toml", ".gitignore"):
                if (self.root / name).exists():
                    shutil.copy(self.root / name, checkout / name)
            wanted = analyse(load_config(checkout), jobs=1, cache=False)
            git(self.root, "worktree", "remove", "--force", str(checkout))
        assert (found.paths, found.findings, found.pragmas) == (wanted.paths, wanted.findings, wanted.pragmas)
        assert all(found.sources(path) == (git_show(self.root, self.base, path)) for path in found.paths)


def git_show(root: Path, base: str, path: str) -> bytes:
    """Return what git says a file held."""
    repository = Repository.find(root)
    assert repository is not None
    return repository.show(base, path) or b""


TestBranch = Branch.TestCase
TestBranch.settings = settings(
    max_examples=5, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)
