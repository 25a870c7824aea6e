"""Whatever happens to a project between two runs, the cache never shows: warm equals cold."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mergegate.config import load_config
from mergegate.engine import analyse

PATHS = ["a.py", "b.py", "pkg/__init__.py", "pkg/a.py", "pkg/b.py", "pkg/sub/__init__.py", "src/a.py", "lib/b.py"]
SOURCES = [
    "",
    "import time\n\ndef load():\n    time.sleep(1)\n",
    "def load():\n    return 1\n",
    "from a import load\n\nasync def handle():\n    load()\n",
    "from pkg.a import load\n\nasync def handle():\n    load()\n",
    "from .a import load\nfrom .sub import *\n\nasync def handle():\n    load()\n    stay()\n",
    "import b\n\nasync def handle():\n    await b.handle()\n    b.load()\n",
    "from b import load as load\nfrom time import sleep as stay\n",
    "import time\n\nclass Store:\n    def load(self):\n        time.sleep(1)\n",
    "from pkg.b import Store\n\nasync def handle(store: Store):\n    store.load()\n",
    "async def handle():\n    open('x').read()  # mergegate: ignore[file-io-in-async] -- small\n    other.call()\n",
    "import other\n\nasync def handle():\n    other.call()\n    handle()\n",
    "def broken(:\n",
    "\0",
]
SETTINGS = [
    "",
    'src = ["lib"]\n',
    'exclude = ["b.py"]\n',
    "respect-gitignore = false\n",
    '[async]\nsafe = ["time.sleep"]\n',
    '[async]\nblocking = ["other.call"]\n',
    '[async]\nblocking = [{name = "other.call", grade = "contents", replacement = "wait"}]\n',
    'rule-folders = ["house"]\n',
]
TABLES = [
    "",
    '[[blocking]]\nnames = ["other.call"]\ngrade = "unbounded"\ncategory = "network"\n',
    'safe = ["time.sleep"]\n',
]
IGNORES = ["", "a.py\n", "pkg/\n", "/b.py\n!pkg/b.py\n"]

paths = st.sampled_from(PATHS)


class Project(RuleBasedStateMachine):
    """A project that people edit, and that is analysed after each edit."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="mergegate-"))
        (self.root / "house/knowledge").mkdir(parents=True)
        (self.root / "house/knowledge/ours.toml").touch()
        (self.root / "lib").mkdir()
        (self.root / "mergegate.toml").touch()

    def teardown(self) -> None:
        """Remove the project."""
        shutil.rmtree(self.root)

    @rule(path=paths, source=st.sampled_from(SOURCES))
    def write(self, path: str, source: str) -> None:
        """Add or edit a file."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source)

    @rule(path=paths)
    def delete(self, path: str) -> None:
        """Delete a file."""
        (self.root / path).unlink(missing_ok=True)

    @rule(path=paths, goal=paths)
    def move(self, path: str, goal: str) -> None:
        """Move a file over another."""
        if (self.root / path).exists():
            (self.root / goal).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).replace(self.root / goal)

    @rule(text=st.sampled_from(SETTINGS))
    def configure(self, text: str) -> None:
        """Change the settings."""
        (self.root / "mergegate.toml").write_text(text)

    @rule(text=st.sampled_from(TABLES))
    def teach(self, text: str) -> None:
        """Change the project's own tables, which count if the settings say so."""
        (self.root / "house/knowledge/ours.toml").write_text(text)

    @rule(text=st.sampled_from(IGNORES))
    def ignore(self, text: str) -> None:
        """Change what git ignores."""
        (self.root / ".gitignore").write_text(text)

    @rule(path=paths, source=st.sampled_from(SOURCES))
    def look_from_an_editor(self, path: str, source: str) -> None:
        """Analyse with an unsaved buffer, cold and warm."""
        self.check({path: source.encode()})

    @invariant()
    def warm_equals_cold(self) -> None:
        """Analyse what lies on disk, cold and warm."""
        self.check({})

    def check(self, overlay: dict[str, bytes]) -> None:
        """Compare runs with and without the cache."""
        config = load_config(self.root)
        warm = analyse(config, overlay=overlay)
        cold = analyse(config, overlay=overlay, cache=False)
        assert warm.findings == cold.findings
        assert warm.pragmas == cold.pragmas
        assert (warm.paths, warm.files, warm.lines) == (cold.paths, cold.files, cold.lines)
        assert warm.warnings == cold.warnings == ()


TestWarmEqualsCold = Project.TestCase
TestWarmEqualsCold.settings = settings(
    max_examples=6, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)
