"""`mergegate fix`: what it writes, what it leaves alone, and what it says."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fronts import Cli, environment
from mergegate.rules.loader import load_rules
from repositories import git

V1 = """\
from typing import List

from pydantic import BaseModel, validator


class Item(BaseModel):
    name: str  # shown to people
    tags: List[str] = []

    class Config:
        orm_mode = True

    @validator("name")
    def short(cls, value):
        return value[:10]

    @validator("tags", each_item=True)
    def known(cls, value):
        return value


def show(item: Item) -> dict:
    return item.dict()
"""
V2 = """\
from typing import List

from pydantic import BaseModel, ConfigDict, field_validator, validator


class Item(BaseModel):
    name: str  # shown to people
    tags: List[str] = []

    model_config = ConfigDict(from_attributes=True)

    @field_validator("name")
    @classmethod
    def short(cls, value):
        return value[:10]

    @validator("tags", each_item=True)
    def known(cls, value):
        return value


def show(item: Item) -> dict:
    return item.model_dump()
"""


def test_what_is_certain_is_repaired_and_the_rest_is_told(cli: Cli) -> None:
    file = cli.write("shop/items.py", V1)
    other = cli.write("shop/empty.py", "x = 1\n")
    stamp = other.stat().st_mtime_ns

    preview = cli("fix", "--diff")
    unchanged = file.read_text()
    run = cli("fix")
    again = cli("fix")

    assert unchanged == V1
    assert preview.returncode == 1
    assert preview.stdout.startswith("--- a/shop/items.py\n+++ b/shop/items.py\n")
    assert "+    model_config = ConfigDict(from_attributes=True)\n" in preview.stdout
    assert "4 would be fixed in 1 file, 1 left" in preview.stderr
    assert file.read_text() == V2
    assert run.returncode == 1
    assert "shop/items.py:17:6: left: pydantic-validator-deprecated:" in run.stdout
    assert "Annotated[item, AfterValidator(...)]" in run.stdout
    assert run.stdout.splitlines()[-1] == "4 fixed in 1 file, 1 left"
    assert file.read_text() == V2
    assert again.stdout.splitlines()[-1] == "0 fixed in 0 files, 1 left"
    assert other.stat().st_mtime_ns == stamp


def test_rules_paths_comments_and_the_base_select_what_is_repaired(cli: Cli) -> None:
    call = "from pydantic import BaseModel\n\n\ndef show(item: BaseModel):\n    return item.dict()\n"
    git(cli.folder, "init", "-q", "-b", "main")
    cli.write("old.py", call)
    git(cli.folder, "add", "-A")
    git(cli.folder, "commit", "-q", "-m", "first")
    cli.write("new.py", call)
    silent = call.replace("dict()", "dict()  # mergegate: ignore[pydantic] -- both versions")
    cli.write("silent.py", silent)

    by_rule = cli("fix", "--diff", "--select", "async")
    by_path = cli("fix", "--diff", "old.py")
    by_base = cli("fix", "--since", "HEAD")

    assert by_rule.stdout == ""
    assert by_rule.returncode == 0
    assert re.findall(r"^--- a/(\S+)", by_path.stdout, re.MULTILINE) == ["old.py"]
    assert by_base.returncode == 0
    assert (cli.folder / "old.py").read_text() == call
    assert "model_dump()" in (cli.folder / "new.py").read_text()
    assert (cli.folder / "silent.py").read_text() == silent


def test_findings_of_the_baseline_are_repaired_too(cli: Cli) -> None:
    file = cli.write("items.py", V1)
    cli("baseline", "create")

    run = cli("fix")

    assert file.read_text() == V2
    # what is left was accepted
    assert run.returncode == 0


def test_encoding_line_ends_and_mode_stay(cli: Cli) -> None:
    expected: dict[Path, bytes] = {}
    for encoding, newline in (("utf-8", "\n"), ("utf-8", "\r\n"), ("utf-8-sig", "\r\n"), ("latin-1", "\n")):
        cookie = "# -*- coding: latin-1 -*-\n" if encoding == "latin-1" else ""
        before = f"{cookie}# é\n{V1}\nx = 'é'; y = show(Item(name='é')).keys(), Item(name='é').json()  # é"
        after = f"{cookie}# é\n{V2}\nx = 'é'; y = show(Item(name='é')).keys(), Item(name='é').model_dump_json()  # é"
        file = cli.write(f"{encoding}{len(newline)}/run.py", "")
        file.write_bytes(before.replace("\n", newline).encode(encoding))
        file.chmod(0o755)
        expected[file] = after.replace("\n", newline).encode(encoding)

    cli("fix")

    assert {file: file.read_bytes() for file in expected} == expected
    assert os.name == "nt" or {file.stat().st_mode & 0o777 for file in expected} == {0o755}


def test_what_other_files_need_stays_or_follows(cli: Cli) -> None:
    cli.write(
        "app/base.py",
        """\
        from pydantic import BaseModel, Extra, PyObject


        class Schema(BaseModel):
            class Config:
                extra = Extra.forbid


        class Plain(BaseModel):
            class Config:
                title = "plain"


        class Shown(BaseModel):
            run: PyObject


        class Hidden(Shown):
            def dict(self, **kwargs):
                return {}
        """,
    )
    cli.write(
        "app/items.py",
        """\
        from app.base import Extra, Plain, PyObject, Schema, Shown


        class Item(Schema):
            class Config(Schema.Config):
                title = "item"


        class Open(Schema):
            class Config:
                extra = Extra.allow


        def settings():
            return Plain.Config.title


        def dump(shown: Shown) -> dict:
            return shown.dict()
        """,
    )

    cli("fix")

    base, items = ((cli.folder / name).read_text() for name in ("app/base.py", "app/items.py"))
    assert "from pydantic import BaseModel, ConfigDict, Extra, ImportString as PyObject\n" in base
    assert "class Schema(BaseModel):\n    model_config = ConfigDict(extra=Extra.forbid)\n" in base
    assert 'class Plain(BaseModel):\n    class Config:\n        title = "plain"\n' in base
    assert 'class Item(Schema):\n    model_config = ConfigDict(title="item")\n' in items
    assert "return shown.dict()" in items


def test_calls_that_hold_the_loop_are_awaited_or_handed_over(cli: Cli) -> None:
    file = cli.write(
        "worker.py",
        """\
        import subprocess
        import time
        from threading import Lock

        import requests

        lock = Lock()


        async def work(url, session: requests.Session):
            time.sleep(1)
            found = requests.get(url, timeout=3).json()
            subprocess.run(["ls"], check=True)
            session.get(url)
            with lock:
                time.sleep(0.1)
            return [found for _ in range(3)], lambda: time.sleep(1)
        """,
    )
    trio = cli.write(
        "rest.py", "import trio\nimport time\n\n\nasync def rest():\n    time.sleep(2)\n    await trio.sleep(0)\n"
    )

    run = cli("fix", "worker.py", "rest.py")

    text = file.read_text()
    assert text.startswith("import asyncio\nimport subprocess\nimport time\n")
    assert "    await asyncio.sleep(1)\n" in text
    assert "    found = (await asyncio.to_thread(requests.get, url, timeout=3)).json()\n" in text
    assert '    await asyncio.to_thread(subprocess.run, ["ls"], check=True)\n' in text
    assert "    session.get(url)\n" in text
    assert "        time.sleep(0.1)\n" in text
    assert "lambda: time.sleep(1)" in text
    assert trio.read_text() == "import trio\n\n\nasync def rest():\n    await trio.sleep(2)\n    await trio.sleep(0)\n"
    assert "whether its object may be used in another thread is not known" in run.stdout
    assert "only with --unsafe: it stands in a `with` that may hold a lock" in run.stdout


@pytest.mark.slow
def test_every_bad_example_is_repaired_once_and_for_all(cli: Cli) -> None:
    count = 0
    for rule in load_rules().values():
        for example in rule.examples if rule.applicability else ():
            for file in example.files:
                count += example.kind == "bad"
                cli.write(f"{rule.id}/{example.kind}/{example.name}/{file.path}", file.code)
    files = sorted(cli.folder.rglob("*.py"))
    good = {path: path.read_bytes() for path in files if "good" in path.parts}

    run = cli("fix", "--unsafe", "--select", "all")
    once = {path: path.read_bytes() for path in files}
    again = cli("fix", "--unsafe", "--select", "all")

    assert count > 20
    assert run.returncode == 1
    assert "please report" not in run.stdout
    for data in once.values():
        ast.parse(data)
    assert {path: once[path] for path in good} == good
    assert {path: path.read_bytes() for path in files} == once
    assert again.stdout.splitlines()[-1].startswith("0 fixed in 0 files")


def test_without_libcst_one_line_says_what_to_install(cli: Cli) -> None:
    script = (
        "import sys, importlib.util as util\n"
        "class Absent:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'libcst': raise ModuleNotFoundError(name)\n"
        "found = util.find_spec\n"
        "util.find_spec = lambda name, *given: None if name == 'libcst' else found(name, *given)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from mergegate.cli import main\n"
        "sys.exit(main(['fix']))\n"
    )
    cli.write("items.py", V1)

    run = subprocess.run(
        [sys.executable, "-c", script], cwd=cli.folder, env=environment(), capture_output=True, text=True, check=False
    )

    assert run.returncode == 2
    assert run.stderr == (
        "mergegate: 'mergegate fix' needs the package libcst; install it: pip install 'mergegate[fix]'\n"
    )
    assert (cli.folder / "items.py").read_text() == V1


def test_a_file_that_cannot_be_written_is_named_and_stays(cli: Cli) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("everything can be written here")
    file = cli.write("sealed/items.py", V1)
    file.parent.chmod(0o555)
    try:
        run = cli("fix", "--no-cache")
    finally:
        file.parent.chmod(0o755)

    assert run.returncode == 2
    assert "sealed/items.py" in run.stderr
    assert file.read_text() == V1
    assert [path.name for path in Path(file.parent).iterdir()] == ["items.py"]
