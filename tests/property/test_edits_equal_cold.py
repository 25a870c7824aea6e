"""Whatever an edit changes, what is taken over from the program before it never shows: warm equals cold.

Each edit changes one aspect of a program whose functions reach each other through imports, stars, classes, overrides,
decorators, callbacks and properties; between two analyses only few facts change, so that most is taken over.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mergegate.config import load_config
from mergegate.engine import analyse

# each file is written from parts of which an edit exchanges one
FILES: dict[str, list[list[str]]] = {
    "app/__init__.py": [["", "from app.tools import *\n", "from app.tools import run, Tool\n"]],
    "app/base.py": [
        ["import time\n", "import time as clock\nimport time\n", "from time import sleep\nimport time\n"],
        ["class Root:\n    pass\n", "class Root:\n    def run(self):\n        time.sleep(3)\n", ""],
        [
            "class Base:\n    def run(self):\n        return self.step()\n",
            "class Base(Root):\n    pass\n",
            "class Base:\n    async def run(self):\n        return self.step()\n",
            (
                "class Base:\n    def run(self, wait=False):\n        if wait:\n            time.sleep(1)\n"
                "        return self.step()\n"
            ),
        ],
        [
            "    def step(self):\n        return None\n",
            "    def step(self):\n        time.sleep(1)\n",
            "    @property\n    def step(self):\n        return lambda: time.sleep(1)\n",
            "    @staticmethod\n    def step():\n        open('x').read()\n",
        ],
    ],
    "app/tools.py": [
        ["from app.base import Base\n", "from app import base\nfrom app.base import Root as Base\n", "Base = object\n"],
        ["import subprocess, time, functools\n"],
        ["__all__ = ['run', 'Tool']\n", "__all__ = ['run']\n", "", "__all__ = ['run', 'Tool', '_quiet']\n"],
        ["class Tool(Base):\n", "class Tool:\n", "class Tool(Base, dict):\n"],
        [
            "    def step(self):\n        subprocess.run(['x'])\n",
            "    name = 'tool'\n",
            "    def run(self):\n        subprocess.run(['x'])\n",
            (
                "    def __enter__(self):\n        time.sleep(2)\n        return self\n"
                "    def __exit__(self, *args):\n        pass\n"
            ),
        ],
        [
            "def run(tool: Tool):\n    tool.run()\n",
            "def run(tool):\n    tool.run()\n",
            "def run(tool: Tool, wait=True):\n    if wait:\n        time.sleep(1)\n",
            "async def run(tool: Tool):\n    tool.run()\n",
            "@functools.lru_cache\ndef run(tool: Tool):\n    tool.run()\n",
            (
                "def deco(f):\n    def inner(*a):\n        time.sleep(1)\n        return f(*a)\n    return inner\n"
                "@deco\ndef run(tool: Tool):\n    pass\n"
            ),
        ],
        [
            "def make():\n    return Tool()\n",
            "def make() -> Base:\n    return Tool()\n",
            "def make():\n    return None\n",
            "def make(flag=False):\n    return Tool() if flag else 1\n",
            "def _quiet():\n    time.sleep(1)\ndef make():\n    return _quiet\n",
        ],
        [
            "def call(f):\n    f()\n",
            "def call(f, mode='now'):\n    if mode == 'now':\n        f()\n",
            "def call(f, mode='never'):\n    if mode == 'now':\n        f()\n",
            "def call(f):\n    return f\n",
            "def call(g, f):\n    call(f)\n    g()\n",
            "call = print\n",
        ],
    ],
    "app/other.py": [
        ["from app.base import Base\nimport time\n"],
        [
            "class Slow(Base):\n    def step(self):\n        time.sleep(5)\n",
            "class Slow(Base):\n    pass\n",
            "class Slow:\n    def step(self):\n        time.sleep(5)\n",
            "class Slow(Base):\n    def run(self):\n        pass\n    def __iter__(self):\n        yield time.sleep(1)\n",
        ],
        [
            "def slow():\n    time.sleep(1)\n",
            "def slow():\n    pass\n",
            "slow = Slow().step\n",
            "slow = lambda: None\n",
        ],
    ],
    "main.py": [
        [
            "from app.tools import call, make, run\nfrom app.other import slow\nfrom app.base import Base\n",
            "from app.tools import *\nfrom app.tools import call, make\nfrom app.other import slow\nfrom app.base import Base\n",
            "import app.tools as tools\nfrom app.tools import call, make, run\nslow = tools.make()\nfrom app.base import Base\n",
            "from app import run, Tool\nfrom app.tools import call, make\nfrom app.other import *\nfrom app.base import Base\n",
        ],
        [
            "async def first(base: Base):\n    base.run()\n",
            "async def first(base: Base):\n    # a comment\n    base.step\n",
        ],
        [
            "async def second():\n    call(slow)\n",
            "async def second():\n    call(lambda: slow())\n",
            "async def second():\n    call(slow, mode='later')\n",
            "async def second():\n    call(slow, mode='now')\n",
        ],
        [
            "async def third():\n    run(make())\n    make().run()\n",
            "async def third():\n    tool = make()\n    run(tool, wait=False)\n    with tool as it:\n        it.step()\n",
            "async def third():\n    for each in make():\n        pass\n    third()\n",
        ],
        [
            "import asyncio\nasync def start():\n    await first(make())\nasyncio.run(start())\n",
            "import asyncio\nasync def start():\n    await asyncio.gather(first(make()), second())\nasyncio.run(start())\n",
            "import asyncio\nasync def start():\n    await second()\nasyncio.run(third())\n",
        ],
    ],
    "app/models.py": [
        [
            "from pydantic import BaseModel, Field, field_validator, validator\nimport time\nfrom app.other import slow\n",
            "from pydantic.v1 import BaseModel, Field, validator\nfield_validator = validator\nimport time\nslow = time.sleep\n",
            "from app.tools import Tool as BaseModel\nfrom pydantic import Field, field_validator, validator\nslow = print\n",
        ],
        [
            "class Common(BaseModel):\n    wait: bool = False\n",
            "class Common(BaseModel):\n    wait: bool = Field(True)\n    class Config:\n        orm_mode = True\n",
            "class Common:\n    wait = True\n",
        ],
        [
            "class Order(Common):\n    name: str = None\n",
            "class Order(Common):\n    name: str = Field(default_factory=slow)\n",
            "class Order(BaseModel):\n    wait: bool = False\n",
        ],
        [
            "    @field_validator('name')\n    def check(cls, value):\n        slow(1)\n        return value\n",
            "    @validator('name')\n    def check(cls, value):\n        return value\n",
            "    def model_post_init(self, context):\n        if self.wait:\n            slow(1)\n",
        ],
        [
            "async def order():\n    return Order(name='x').dict()\n",
            "async def order():\n    return Order(name='x', wait=True)\n",
            "KEY = 'AKIA' 'Q3EGLMBCV7XKWZ2A'\nasync def order():\n    return Order(wait=False)\n",
            "KEY = 'AKIAQ3EGLMBCV7XKWZ2A'\n",
        ],
    ],
}
EXTRA = {
    "": None,
    "app/tools/__init__.py": "def run(tool):\n    pass\n",
    "time.py": "def sleep(seconds):\n    pass\n",
    "app/more.py": "from app.tools import Tool\nimport time\nclass More(Tool):\n    def step(self):\n        time.sleep(9)\n",
    "app/star.py": "from app.other import *\n",
}
SETTINGS = ["", '[async]\nsafe = ["time.sleep"]\n', '[async]\nblocking = ["app.other.slow"]\n', 'src = ["app"]\n']

edits = st.sampled_from(
    [(path, part, text) for path, parts in FILES.items() for part, texts in enumerate(parts) for text in texts]
)


class Program(RuleBasedStateMachine):
    """A program that is edited in one place at a time, and analysed after each edit."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="mergegate-"))
        (self.root / "app").mkdir()
        (self.root / "mergegate.toml").touch()
        self.parts = {path: [texts[0] for texts in parts] for path, parts in FILES.items()}
        for path in FILES:
            self.save(path)

    def teardown(self) -> None:
        """Remove the program."""
        shutil.rmtree(self.root)

    def save(self, path: str, gap: str = "\n") -> None:
        """Write a file out of its parts."""
        (self.root / path).write_text(gap.join(self.parts[path]))

    @rule(edit=edits)
    def edit(self, edit: tuple[str, int, str]) -> None:
        """Exchange one part of a file."""
        path, part, text = edit
        self.parts[path][part] = text
        self.save(path)

    @rule(edit=edits)
    def edit_twice(self, edit: tuple[str, int, str]) -> None:
        """Exchange one part of a file and take it back, with an analysis in between."""
        path, part, text = edit
        before, self.parts[path][part] = self.parts[path][part], text
        self.save(path)
        self.check({})
        self.parts[path][part] = before
        self.save(path)

    @rule(path=st.sampled_from(list(FILES)), gap=st.sampled_from(["\n", "\n\n# moved\n\n"]))
    def space_out(self, path: str, gap: str) -> None:
        """Move everything in a file without changing what it says."""
        self.save(path, gap)

    @rule(edit=edits)
    def look_from_an_editor(self, edit: tuple[str, int, str]) -> None:
        """Analyse with an unsaved buffer."""
        path, part, text = edit
        parts = [*self.parts[path][:part], text, *self.parts[path][part + 1 :]]
        self.check({path: "\n".join(parts).encode()})

    @rule(path=st.sampled_from(list(EXTRA)))
    def shadow(self, path: str) -> None:
        """Add a file that gives a name another meaning, or take away those that there are."""
        for other in EXTRA:
            if other:
                (self.root / other).unlink(missing_ok=True)
        text = EXTRA[path]
        if text is not None:
            (self.root / path).parent.mkdir(exist_ok=True)
            (self.root / path).write_text(text)

    @rule(path=st.sampled_from(list(FILES)))
    def rename(self, path: str) -> None:
        """Give a file another name and take it back at its next edit."""
        if (self.root / path).exists():
            (self.root / path).replace(self.root / f"{path.removesuffix('.py')}_.py")

    @rule(text=st.sampled_from(SETTINGS))
    def configure(self, text: str) -> None:
        """Change the settings."""
        (self.root / "mergegate.toml").write_text(text)

    @invariant()
    def warm_equals_cold(self) -> None:
        """Analyse what lies on disk."""
        self.check({})

    def check(self, overlay: dict[str, bytes]) -> None:
        """Compare runs with and without the cache."""
        config = load_config(self.root)
        warm = analyse(config, overlay=overlay, jobs=1)
        cold = analyse(config, overlay=overlay, jobs=1, cache=False)
        assert warm.findings == cold.findings
        # what fails inside is answered from scratch, and would never show
        assert not warm.warnings
        assert warm.pragmas == cold.pragmas


TestEditsEqualCold = Program.TestCase
TestEditsEqualCold.settings = settings(
    max_examples=4, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
)
