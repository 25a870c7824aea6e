"""Bodies of installed packages are followed to what blocks, and what they are stays the same from run to run."""

from __future__ import annotations

import hashlib
import json
import shutil
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from fronts import Cli, Pylint
from mergegate.config import load_config
from mergegate.engine import Analysis, analyse
from mergegate.finding import Confidence, Finding

HELPER = "blocking-helper-in-async"
FETCH = """
    import requests

    def fetch(url):
        return requests.get(url).text
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


@dataclass
class Venv:
    """A virtual environment without an interpreter: nothing may try to run one."""

    folder: Path
    library: str = "lib/python3.12/site-packages"

    @property
    def packages(self) -> Path:
        return self.folder / self.library

    def install(self, name: str, version: str, files: dict[str, str], *, record: bool = True) -> None:
        """Install a distribution as an installer does, in the place of another release."""
        self.packages.mkdir(parents=True, exist_ok=True)
        (self.folder / "pyvenv.cfg").write_text("home = /nowhere/bin\nversion = 3.12.1\n")
        stem = name.replace("-", "_")
        for old in self.packages.glob(f"{stem}-*.dist-info"):
            shutil.rmtree(old)
        lines: list[str] = []
        for path, text in files.items():
            file = self.packages / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text), encoding="utf-8")
            lines.append(f"{path},sha256={hashlib.sha256(file.read_bytes()).hexdigest()},{file.stat().st_size}")
        if record:
            info = self.packages / f"{stem}-{version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText\n")
            (info / "RECORD").write_text("\n".join([*lines, f"{info.name}/METADATA,,", f"{info.name}/RECORD,,", ""]))


@dataclass
class Project:
    root: Path

    def write(self, text: str, path: str = "app.py") -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(textwrap.dedent(text), encoding="utf-8")

    def run(self, **options: object) -> Analysis:
        return analyse(load_config(self.root), **options)  # pyright: ignore[reportArgumentType]

    def findings(self, **options: object) -> tuple[Finding, ...]:
        return self.run(**options).findings

    def lines(self, **options: object) -> list[int]:
        return [each.line for each in self.findings(**options)]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    (root / "mergegate.toml").write_text("")
    return Project(root)


@pytest.fixture
def venv(project: Project) -> Venv:
    return Venv(project.root / ".venv")


# -- what is found -----------------------------------------------------------------------------------------------------


def test_a_function_is_followed_to_what_blocks(project: Project, venv: Venv) -> None:
    venv.install("Weather-Client", "1.4.0", {"weather/__init__.py": FETCH})
    project.write(
        """
        import weather

        async def show(url):
            return weather.fetch(url)
        """
    )
    (finding,) = project.findings()
    assert (finding.rule, finding.line, finding.confidence) == (HELPER, 5, Confidence.MEDIUM)
    assert [(s.path, s.line, s.text) for s in finding.witness] == [
        ("app.py", 5, "fetch() in installed package Weather-Client==1.4.0"),
        ("site-packages/weather/__init__.py", 5, "requests.get()"),
    ]
    assert "in installed package Weather-Client==1.4.0" in finding.message
    assert finding.cause == "site-packages/weather/__init__.py::fetch -> requests.get()"


def test_methods_constructors_properties_and_managers_are_followed(project: Project, venv: Venv) -> None:
    venv.install(
        "store", "2",
        {
            "store/__init__.py": "from store._client import Client, connect\n",
            "store/_client.py": """
                import time
                from contextlib import contextmanager

                class Users:
                    def __init__(self, client):
                        self._client = client

                    def get(self, number):
                        return self._client.request(number)

                class Client:
                    def __init__(self, url):
                        self.url = url
                        self.users = Users(self)

                    def request(self, path) -> dict:
                        time.sleep(1)
                        return {}

                    @property
                    def profile(self):
                        return self.request("me")

                    @classmethod
                    def default(cls):
                        return cls("https://store")

                    def pages(self):
                        yield self.request("page")

                    @contextmanager
                    def locked(self):
                        time.sleep(1)
                        yield self

                    def close(self):
                        self.url = ""

                class Eager(Client):
                    def __init__(self):
                        super().__init__("")
                        self.request("hello")

                def connect(url) -> Client:
                    return Client(url)
            """,
        },
    )  # fmt: skip
    project.write(
        """
        from store import Client, connect
        from store._client import Eager

        async def harmless(client: Client):
            client.close()
            Client("x")
            client.pages()
            connect("x").users

        async def blocking(client: Client):
            client.request("x")
            Client("x").request("x")
            connect("x").request("x")
            Client.default().request("x")
            client.profile
            Eager()
            for page in client.pages():
                print(page)
            list(client.pages())
            with client.locked() as same:
                pass
        """
    )
    assert project.lines() == [12, 13, 14, 15, 16, 17, 18, 20, 21]


def test_attributes_of_a_client_have_types(project: Project, venv: Venv) -> None:
    venv.install(
        "crm", "1",
        {
            "crm/__init__.py": """
                import requests

                class Users:
                    def get(self, number):
                        return requests.get(number)

                class Client:
                    def __init__(self):
                        self.users = Users()

                client = Client()
                fetch = client.users.get
            """,
        },
    )  # fmt: skip
    project.write(
        """
        import crm

        class Service:
            def __init__(self):
                self.crm = crm.Client()

            async def user(self):
                self.crm.users.get(1)
                crm.client.users.get(1)
                crm.fetch(1)
        """
    )
    assert project.lines() == [9, 10, 11]


def test_names_are_followed_through_exports_and_aliases(project: Project, venv: Venv) -> None:
    files = {
        "maps/__init__.py": "from .geocode import geocode\nfrom .geocode import geocode as search\nfrom .stars import *\n",
        "maps/geocode.py": f"{textwrap.dedent(FETCH)}\n\ndef geocode(text):\n    return fetch(text)\n",
        "maps/stars.py": "from maps.geocode import fetch as download\n__all__ = ['download']\n",
    }
    venv.install("maps", "1", files)
    project.write(
        """
        import maps
        import maps as atlas
        from maps import geocode
        from maps.geocode import fetch as get

        async def places():
            maps.geocode("a")
            maps.search("a")
            maps.download("a")
            atlas.geocode("a")
            geocode("a")
            get("a")
        """
    )
    assert project.lines() == [8, 9, 10, 11, 12, 13]


def test_a_helper_of_the_project_may_stand_between(project: Project, venv: Venv) -> None:
    venv.install("weather", "1", {"weather.py": FETCH})
    project.write("import weather\n\ndef load():\n    return weather.fetch('x')\n", "helpers.py")
    project.write("from helpers import load\n\nasync def show():\n    load()\n")
    (finding,) = project.findings()
    assert finding.confidence is Confidence.MEDIUM
    assert [(s.path, s.line, s.text) for s in finding.witness] == [
        ("app.py", 4, "load()"),
        ("helpers.py", 4, "fetch() in installed package weather==1"),
        ("site-packages/weather.py", 5, "requests.get()"),
    ]


def test_a_chain_may_cross_two_packages_but_not_three(project: Project, venv: Venv) -> None:
    venv.install(
        "first",
        "1",
        {"first.py": "import second\n\ndef near():\n    second.call()\n\ndef far():\n    second.pass_on()\n"},
    )
    venv.install(
        "second", "2.5",
        {"second.py": "import time, third\n\ndef call():\n    time.sleep(1)\n\ndef pass_on():\n    third.call()\n"},
    )  # fmt: skip
    venv.install("third", "3", {"third.py": "import time\n\ndef call():\n    time.sleep(1)\n"})
    project.write("import first\n\nasync def main():\n    first.near()\n    first.far()\n")
    (finding,) = project.findings()
    assert [(s.path, s.line, s.text) for s in finding.witness] == [
        ("app.py", 4, "near() in installed package first==1"),
        ("site-packages/first.py", 4, "call() in installed package second==2.5"),
        ("site-packages/second.py", 4, "time.sleep()"),
    ]
    assert finding.confidence is Confidence.MEDIUM


def test_packages_that_use_each_other_end(project: Project, venv: Venv) -> None:
    venv.install(
        "ping", "1", {"ping.py": "import pong, time\n\ndef a():\n    pong.b()\n\ndef c():\n    time.sleep(1)\n"}
    )
    venv.install("pong", "1", {"pong.py": "import ping\n\ndef b():\n    ping.c()\n"})
    project.write("import ping\n\nasync def main():\n    ping.c()\n")
    assert project.lines() == [4]


def test_file_contents_count_but_single_system_calls_and_first_uses_do_not(project: Project, venv: Venv) -> None:
    venv.install(
        "disk", "1",
        {
            "disk.py": """
                import functools, os, threading, time

                lock = threading.Lock()

                def read(path):
                    return open(path).read()

                def exists(path):
                    return os.path.exists(path)

                @functools.lru_cache
                def once():
                    time.sleep(1)

                def section():
                    lock.acquire()
            """,
        },
    )  # fmt: skip
    project.write(
        "import disk\n\nasync def main():\n    disk.read('x')\n    disk.exists('x')\n    disk.once()\n    disk.section()\n"
    )
    (finding,) = project.findings()
    assert (finding.rule, finding.line, finding.confidence) == ("file-io-in-async", 4, Confidence.MEDIUM)


# -- what is left alone ------------------------------------------------------------------------------------------------


def test_the_knowledge_tables_count_more_than_a_body(project: Project, venv: Venv) -> None:
    # the tables say what of requests blocks; here it would not, and something else would
    venv.install(
        "requests", "99", {"requests.py": "import time\n\ndef get(url): ...\n\ndef codes():\n    time.sleep(1)\n"}
    )
    project.write("import requests\n\nasync def main():\n    requests.get('x')\n    requests.codes()\n")
    (finding,) = project.findings()
    assert (finding.rule, finding.line, finding.witness[-1].path) == ("blocking-call-in-async", 4, "app.py")


@pytest.mark.parametrize("name", ["starlette", "aiohttp", "tornado", "pytest", "loguru", "numpy", "pydantic"])
def test_barriers_are_not_looked_into(project: Project, venv: Venv, name: str) -> None:
    venv.install(name, "1", {f"{name}/__init__.py": FETCH})
    project.write(f"import {name}\n\nasync def main():\n    {name}.fetch('x')\n")
    assert project.findings() == ()


def test_the_standard_library_is_not_looked_for_among_the_installed(project: Project, venv: Venv) -> None:
    venv.install("colorsys", "1", {"colorsys.py": FETCH})
    project.write("import colorsys\n\nasync def main():\n    colorsys.fetch('x')\n")
    assert project.findings() == ()


def test_what_the_project_has_itself_is_not_looked_for_among_the_installed(project: Project, venv: Venv) -> None:
    venv.install("weather", "1", {"weather.py": FETCH})
    project.write("def fetch(url): ...\n", "weather.py")
    project.write("import weather\n\nasync def main():\n    weather.fetch('x')\n")
    assert project.findings() == ()


def test_only_receivers_of_a_sure_class_are_followed(project: Project, venv: Venv) -> None:
    venv.install(
        "transports", "1",
        {
            "transports.py": """
                import time

                class Transport:
                    def send(self):
                        pass

                class Slow(Transport):
                    def send(self):
                        time.sleep(1)

                class Base:
                    def work(self):
                        self.step()

                    def step(self):
                        time.sleep(1)

                class Fast(Base):
                    def step(self):
                        pass

                class Same(Base):
                    pass

                def through(transport: Transport):
                    transport.send()

                def exactly():
                    Slow().send()

                def anything(transport):
                    transport.send()

                def of_base(base: Base):
                    base.work()
            """,
        },
    )  # fmt: skip
    project.write(
        """
        import transports

        async def main():
            transports.through(transports.Slow())
            transports.anything(transports.Slow())
            transports.of_base(transports.Base())
            transports.Fast().work()
            transports.Transport().send()

        async def sure():
            transports.exactly()
            transports.Base().work()
            transports.Same().work()
        """
    )
    assert project.lines() == [12, 13, 14]


def test_arguments_decide_where_a_parameter_does(project: Project, venv: Venv) -> None:
    venv.install(
        "tables", "1",
        {
            "tables.py": """
                import requests

                class Api:
                    def table(self, name, *, validate=False, cache=None):
                        return self.base(name, validate=validate)

                    def base(self, name, validate):
                        if validate:
                            requests.get(name)

                def load(source=None):
                    if source is None:
                        return requests.get("x")
            """,
        },
    )  # fmt: skip
    project.write(
        """
        import tables

        async def main(flag, options):
            api = tables.Api()
            api.table("x")
            api.table("x", validate=False)
            tables.load(tables.Api())
            api.table("x", validate=True)
            api.table("x", validate=flag)
            api.table("x", **options)
            tables.load()
            tables.load(flag)
        """
    )
    assert project.lines() == [9, 10, 11, 12, 13]


def test_coroutines_of_a_package_are_awaited_and_hand_overs_respected(project: Project, venv: Venv) -> None:
    files = {"lib.py": "import time\n\nasync def nap():\n    time.sleep(1)\n\ndef wait():\n    time.sleep(1)\n"}
    venv.install("lib", "1", files)
    project.write(
        "import asyncio, lib\n\nasync def main():\n    await lib.nap()\n    await asyncio.to_thread(lib.wait)\n    lib.nap()\n"
    )
    (finding,) = project.findings()
    assert (finding.rule, finding.line, finding.confidence) == ("coroutine-never-awaited", 6, Confidence.MEDIUM)
    assert "in installed package lib==1" in finding.message


def test_what_the_settings_declare_counts_more_than_a_body(project: Project, venv: Venv) -> None:
    venv.install(
        "weather", "1", {"weather.py": f"{textwrap.dedent(FETCH)}\ndef other():\n    fetch('x')\n\ndef calm(): ...\n"}
    )
    project.write(
        "import weather\n\nasync def main():\n    weather.fetch('x')\n    weather.other()\n    weather.calm()\n"
    )
    assert project.lines() == [4, 5]
    (project.root / "mergegate.toml").write_text("[async]\nsafe = ['weather.fetch']\n")
    assert project.findings() == ()
    (project.root / "mergegate.toml").write_text("[async]\nblocking = ['weather.calm']\n")
    assert [(f.line, f.rule) for f in project.findings()] == [(4, HELPER), (5, HELPER), (6, "blocking-call-in-async")]


def test_the_setting_turns_it_off(project: Project, venv: Venv) -> None:
    venv.install("weather", "1", {"weather.py": FETCH})
    project.write("import weather\n\nasync def main():\n    weather.fetch('x')\n")
    assert project.lines() == [4]
    (project.root / "mergegate.toml").write_text("dependencies = false\n")
    assert project.findings() == ()


# -- where packages are looked for -------------------------------------------------------------------------------------

USE = "import weather\n\nasync def main():\n    weather.fetch('x')\n"


def test_without_an_environment_nothing_is_found_and_nothing_said(project: Project) -> None:
    project.write(USE)
    analysis = project.run()
    assert (analysis.findings, analysis.warnings) == ((), ())


def test_the_setting_names_an_environment_or_its_interpreter(project: Project) -> None:
    venv = Venv(project.root / "elsewhere")
    venv.install("weather", "1", {"weather.py": FETCH})
    project.write(USE)
    assert project.findings() == ()
    (project.root / "mergegate.toml").write_text("python = 'elsewhere'\n")
    assert project.lines() == [4]
    interpreter = venv.folder / "bin" / "python"
    interpreter.parent.mkdir()
    interpreter.write_text("this is no program")
    (project.root / "mergegate.toml").write_text("python = 'elsewhere/bin/python'\n")
    assert project.lines() == [4]


def test_the_active_environment_comes_before_that_of_the_folder(
    project: Project, venv: Venv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.install("weather", "1", {"weather.py": "def fetch(url): ...\n"})
    active = Venv(tmp_path / "active")
    active.install("weather", "2", {"weather.py": FETCH})
    project.write(USE)
    assert project.findings() == ()
    monkeypatch.setenv("VIRTUAL_ENV", str(active.folder))
    (finding,) = project.findings()
    assert "weather==2" in finding.message


def test_the_environment_of_a_hook_is_not_that_of_the_project(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = Venv(tmp_path / "repo1" / "py_env-python3")
    hook.install("weather", "2", {"weather.py": FETCH})
    project.write(USE)
    monkeypatch.setenv("VIRTUAL_ENV", str(hook.folder))
    assert len(project.findings()) == 1
    monkeypatch.setenv("PRE_COMMIT", "1")
    assert project.findings() == ()
    # one that is active where the commit is made is the project's
    own = Venv(tmp_path / "own")
    own.install("weather", "3", {"weather.py": FETCH})
    monkeypatch.setenv("VIRTUAL_ENV", str(own.folder))
    (finding,) = project.findings()
    assert "weather==3" in finding.message


def test_the_layout_of_windows_is_known(project: Project) -> None:
    Venv(project.root / "venv", "Lib/site-packages").install("weather", "1", {"weather.py": FETCH})
    project.write(USE)
    assert project.lines() == [4]


def test_folders_of_pth_files_are_searched(project: Project, venv: Venv, tmp_path: Path) -> None:
    venv.install("other", "1", {"other.py": ""})
    (tmp_path / "added").mkdir()
    (tmp_path / "added" / "weather.py").write_text(textwrap.dedent(FETCH))
    (venv.packages / "added.pth").write_text(f"# a comment\nimport sys; sys.exit(1)\n{tmp_path / 'added'}\nmissing\n")
    project.write(USE)
    (finding,) = project.findings()
    assert "in installed package weather blocks" in finding.message


def test_a_distribution_may_have_another_name_than_its_package(project: Project, venv: Venv) -> None:
    venv.install("aaa", "1", {"aaa.py": ""})
    venv.install("python-forecast", "0.3", {"weather/__init__.py": FETCH})
    project.write(USE)
    (finding,) = project.findings()
    assert "python-forecast==0.3" in finding.message


def test_files_that_cannot_be_read_are_passed_over(project: Project, venv: Venv) -> None:
    venv.install("weather", "1", {"weather/__init__.py": "from .api import fetch\n", "weather/api.py": FETCH})
    project.write(USE)
    (venv.packages / "weather" / "api.py").unlink()
    (venv.packages / "weather" / "api.py").mkdir()
    assert project.findings() == project.findings(cache=False) == ()


def test_broken_sources_are_passed_over(project: Project, venv: Venv) -> None:
    files = {
        "weather/__init__.py": "from .api import fetch\nfrom .broken import x\nfrom .binary import y\nfrom .gone import z\n",
        "weather/api.py": FETCH,
        "weather/broken.py": "def f(:\n",
        "weather/binary.py": "",
    }
    venv.install("weather", "1", files)
    (venv.packages / "weather/binary.py").write_bytes(b"\x00\xff\xfe")
    (venv.packages / "weather/gone.py").symlink_to(venv.packages / "nowhere")
    project.write(USE)
    analysis = project.run()
    assert [f.line for f in analysis.findings] == [4]
    assert analysis.warnings == ()


# -- the cache ---------------------------------------------------------------------------------------------------------


def test_cold_warm_and_uncached_runs_find_the_same(project: Project, venv: Venv) -> None:
    venv.install("first", "1", {"first.py": "import second\n\ndef near():\n    second.call()\n"})
    venv.install("second", "2", {"second.py": "import time\n\ndef call():\n    time.sleep(1)\n"})
    project.write("import first, missing\n\nasync def main():\n    first.near()\n    missing.call()\n")
    cold, warm, uncached = project.run(), project.run(), project.run(cache=False)
    assert [f.line for f in cold.findings] == [4]
    assert cold.findings == warm.findings == uncached.findings
    assert (cold.cached, warm.cached) == (0, 1)
    project.run(verify=True)


def test_an_edit_of_the_project_does_not_read_packages_again(project: Project, venv: Venv) -> None:
    venv.install("weather", "1", {"weather.py": FETCH})
    project.write(USE)
    project.run()
    # what an installer never does: the file changes and the RECORD does not say so
    (venv.packages / "weather.py").write_text("def fetch(url): ...\n")
    project.write("# moved\n" + USE)
    assert project.lines() == [5]
    assert project.findings(cache=False) == ()


def test_another_release_of_a_package_changes_the_findings(project: Project, venv: Venv) -> None:
    venv.install("weather", "1", {"weather.py": FETCH})
    project.write(USE)
    assert project.lines() == [4]
    venv.install("weather", "2", {"weather.py": "def fetch(url): ...\n"})
    assert project.findings() == ()
    venv.install("weather", "1", {"weather.py": FETCH})
    assert project.lines() == [4]


def test_a_package_behind_another_one_counts_too(project: Project, venv: Venv) -> None:
    venv.install("first", "1", {"first.py": "import second\n\ndef near():\n    second.call()\n"})
    project.write("import first\n\nasync def main():\n    first.near()\n")
    assert project.findings() == ()
    venv.install("second", "2", {"second.py": "import time\n\ndef call():\n    time.sleep(1)\n"})
    assert project.lines() == [4]
    venv.install("second", "3", {"second.py": "def call(): ...\n"})
    assert project.findings() == ()


def test_a_package_that_is_installed_or_removed_changes_the_findings(project: Project, venv: Venv) -> None:
    project.write(USE)
    assert project.findings() == ()
    venv.install("weather", "1", {"weather.py": FETCH})
    assert project.lines() == [4]
    shutil.rmtree(venv.folder)
    assert project.findings() == ()


def test_a_package_that_no_record_lists_is_known_by_its_contents(project: Project, venv: Venv) -> None:
    venv.install("weather", "1", {"weather/__init__.py": FETCH}, record=False)
    project.write(USE)
    assert project.lines() == [4]
    venv.install("weather", "1", {"weather/__init__.py": "def fetch(url): ...\n"}, record=False)
    assert project.findings() == ()


# -- the fronts --------------------------------------------------------------------------------------------------------


def test_both_fronts_report_the_same(cli: Cli, pylint: Pylint) -> None:
    Venv(cli.folder / ".venv").install("weather", "1", {"weather.py": FETCH})
    cli.write("mergegate.toml", "min-confidence = 'medium'\n")
    cli.write("app.py", USE)
    (found,) = cli.json()["findings"]
    (message,) = pylint.messages("app.py")
    assert (found["line"], found["rule"]) == (message["line"], message["symbol"]) == (4, HELPER)
    assert found["witness"][-1] == {"path": "site-packages/weather.py", "line": 5, "text": "requests.get()"}
    assert json.loads(cli("check", "--format", "sarif", "app.py").stdout)["runs"][0]["results"]
