"""pylint shows what the command line shows, however it is called."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from fronts import Cli, Pylint, environment

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
# one large and one small are enough for the quick run
QUICK = ("anyio_worker", "shop_service")
PROJECTS = [
    pytest.param(path.name, marks=() if path.name in QUICK else pytest.mark.slow)
    for path in sorted(FIXTURES.iterdir())
    if path.is_dir()
]
# pylint reports files that it cannot parse itself, and shows them to no plugin
OURS_ALONE = {"unreadable-file"}

Place = tuple[str, int, int, str, str]


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    shutil.copytree(FIXTURES / request.param, tmp_path, dirs_exist_ok=True)
    return request.param


def from_cli(cli: Cli, *options: str) -> list[Place]:
    found = [each for each in cli.json(*options)["findings"] if each["status"] == "new"]
    return sorted(
        (each["path"], each["line"], each["column"], each["rule"], _text(each["message"], each["help"]))
        for each in found
        if each["rule"] not in OURS_ALONE
    )


def from_pylint(messages: list[dict[str, Any]]) -> list[Place]:
    return sorted(
        (each["path"].replace("\\", "/"), each["line"], each["column"] + 1, each["symbol"], each["message"])
        for each in messages
        if each["symbol"] != "syntax-error"
    )


def _text(message: str, help_: str) -> str:
    return " ".join((f"{message} ({help_})" if help_ else message).split())


def sources(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))


@pytest.mark.parametrize("project", PROJECTS, indirect=True)
def test_all_fronts_agree(project: str, cli: Cli, pylint: Pylint) -> None:
    expected = from_cli(cli)
    assert expected, "a fixture without findings proves nothing here"
    assert from_pylint(pylint.messages("--recursive=y", ".")) == expected
    assert from_pylint(pylint.messages("-j2", "--recursive=y", ".")) == expected
    reported = sorted({path for path, *_ in expected})
    silent = sorted(set(sources(cli.folder)) - set(reported))
    for path in [*reported[:3], *silent[:1]]:
        found = pylint.messages("--from-stdin", path, stdin=(cli.folder / path).read_text("utf-8"))
        assert from_pylint(found) == [each for each in expected if each[0] == path]


@pytest.mark.parametrize("project", PROJECTS[1:2], indirect=True)
def test_a_cold_run_of_pylint_agrees_too(project: str, cli: Cli, pylint: Pylint) -> None:
    cold = from_pylint(pylint.messages("-j2", "--recursive=y", "."))
    shutil.rmtree(cli.folder / ".mergegate_cache")
    assert cold == from_cli(cli)


HELPER = "import time\n\n\ndef load():\n    time.sleep(1)\n"
CALLER = "from app.db import load\n\n\nasync def run():\n    load()\n"


@pytest.fixture
def service(cli: Cli) -> Cli:
    cli.write("app/__init__.py", "")
    cli.write("app/db.py", HELPER)
    cli.write("app/web.py", CALLER)
    return cli


def test_a_message_has_pylints_shape(service: Cli, pylint: Pylint) -> None:
    (message,) = pylint.messages("app/web.py")
    assert (message["line"], message["column"], message["endLine"], message["endColumn"]) == (5, 4, 5, 10)
    assert (message["messageId"], message["symbol"]) == ("E7102", "blocking-helper-in-async")
    assert message["confidence"] == "INFERENCE"
    assert "app/db.py:5" in message["message"]
    assert "\n" not in message["message"]
    assert pylint.messages("app/db.py") == []


def test_confidence_says_what_it_rests_on(cli: Cli, pylint: Pylint) -> None:
    cli.write("a.py", "import os\nimport time\n\n\nasync def run():\n    time.sleep(1)\n    os.stat('x')\n")
    assert [each["confidence"] for each in pylint.messages("a.py")] == ["HIGH"]
    cli.write("mergegate.toml", 'min-confidence = "low"\n')
    assert [each["confidence"] for each in pylint.messages("a.py")] == ["HIGH", "INFERENCE"]
    assert [each["line"] for each in pylint.messages("a.py", "--confidence=INFERENCE")] == [7]


def test_the_unsaved_buffer_counts(service: Cli, pylint: Pylint) -> None:
    buffer = CALLER.replace("    load()\n", "    pass\n\n\nasync def late():\n    x = 1\n    load()\n")
    (message,) = pylint.messages("--from-stdin", "app/web.py", stdin=buffer)
    assert message["line"] == 10
    assert pylint.messages("--from-stdin", "app/web.py", stdin="x = 1\n") == []
    # what was only typed is not remembered
    assert [each["line"] for each in pylint.messages("app/web.py")] == [5]
    assert service.json()["findings"][0]["line"] == 5


def test_a_file_that_is_not_saved_yet_is_linked_into_the_program(service: Cli, pylint: Pylint) -> None:
    (message,) = pylint.messages("--from-stdin", "app/new.py", stdin=CALLER)
    assert (message["path"], message["line"]) == ("app/new.py", 5)


def test_other_files_are_read_as_they_are_now(service: Cli, pylint: Pylint) -> None:
    assert len(pylint.messages("app/web.py")) == 1
    service.write("app/db.py", "def load():\n    return 1\n")
    assert pylint.messages("app/web.py") == []
    service.write("app/db.py", HELPER)
    assert len(pylint.messages("app/web.py")) == 1


def test_line_ends_of_windows_are_no_difference(service: Cli, pylint: Pylint) -> None:
    service.write("app/web.py", CALLER.replace("\n", "\r\n"))
    expected = from_cli(service)
    assert from_pylint(pylint.messages("app/web.py")) == expected
    assert from_pylint(pylint.messages("--from-stdin", "app/web.py", stdin=CALLER)) == expected


@pytest.mark.parametrize(
    ("comment", "silent"),
    [
        ("# pylint: disable=blocking-helper-in-async", True),
        ("# pylint: disable=E7102", True),
        ("# mergegate: ignore[blocking-helper-in-async] -- known", True),
        ("# mergegate: ignore", True),
        ("# pylint: disable=blocking-call-in-async", False),
    ],
)
def test_comments_of_both_kinds_count(service: Cli, pylint: Pylint, comment: str, silent: bool) -> None:
    service.write("app/web.py", CALLER.replace("load()\n", f"load()  {comment}\n"))
    assert bool(pylint.messages("app/web.py")) is not silent
    assert bool(from_cli(service)) is not silent


PRAGMAS = """\
import time
# pylint: disable=unused-import


async def trailing():
    time.sleep(1)  # pylint: disable=blocking-call-in-async
    time.sleep(2)


async def block():
    time.sleep(3)
    # pylint: disable=blocking-call-in-async
    time.sleep(4)
    if block:
        time.sleep(5)
        # pylint: enable=blocking-call-in-async
        time.sleep(6)
    time.sleep(7)


async def header():  # pylint: disable=blocking-call-in-async
    time.sleep(8)


async def following():
    # pylint: disable-next=blocking-call-in-async
    time.sleep(9)
    time.sleep(10)


async def several():
    time.sleep(
        11
    )  # pylint: disable=E7101
    time.sleep(12); time.sleep(13)  # pylint: disable=E


class Service:
    # pylint: disable=E
    async def run(self):
        time.sleep(14)


async def after():
    time.sleep(15)
"""


def test_pylints_comments_mean_the_same_to_both(cli: Cli, pylint: Pylint) -> None:
    cli.write("app.py", PRAGMAS)
    found = pylint.messages("app.py", "--enable=blocking-call-in-async")
    assert from_pylint(found) == from_cli(cli)
    assert 0 < len(found) < 15


# pylint takes `disable=all` on any line as `skip-file`
@pytest.mark.parametrize(
    "text",
    ["# pylint: skip-file\n", "# pylint: disable=blocking-call-in-async\n", "x = 1  # pylint: disable=all\n"],
)
def test_a_whole_file_can_be_left_out(cli: Cli, pylint: Pylint, text: str) -> None:
    cli.write("app.py", f"{text}import time\n\n\nasync def run():\n    time.sleep(1)\n")
    assert pylint.messages("app.py") == []
    assert from_cli(cli) == []


def test_pylint_still_knows_its_useless_suppressions(service: Cli, pylint: Pylint) -> None:
    service.write("app/web.py", CALLER.replace("load()\n", "load()  # pylint: disable=blocking-helper-in-async\n"))
    run = pylint("--disable=all", "--enable=useless-suppression,mergegate-async", "app/web.py")
    assert "useless-suppression" not in run.stdout
    service.write("app/web.py", "x = 1  # pylint: disable=blocking-helper-in-async\n")
    run = pylint("--disable=all", "--enable=useless-suppression,mergegate-async", "app/web.py")
    assert "useless-suppression" in run.stdout


def test_settings_come_from_the_project(service: Cli, pylint: Pylint) -> None:
    service.write("mergegate.toml", 'ignore = ["blocking-helper-in-async"]\n')
    assert pylint.messages("app/web.py") == []
    service.write("other.toml", "")
    assert len(pylint.messages("app/web.py", "--mergegate-config=other.toml")) == 1
    service.write("pyproject.toml", '[tool.pylint.mergegate-async]\nmergegate-config = "other.toml"\n')
    assert len(pylint.messages("app/web.py")) == 1


def test_a_wrong_setting_is_a_message_not_a_crash(service: Cli, pylint: Pylint) -> None:
    service.write("mergegate.toml", 'ignor = ["async"]\n')
    (message,) = pylint.messages("app/web.py")
    assert message["symbol"] == "config-parse-error"
    assert "mergegate.toml:1" in message["message"]


def test_files_outside_of_the_program_have_no_findings(service: Cli, pylint: Pylint) -> None:
    service.write("mergegate.toml", 'exclude = ["app/web.py"]\n')
    assert pylint.messages("app/web.py") == []


def test_it_works_from_another_folder_and_by_module_name(service: Cli, pylint: Pylint) -> None:
    assert len(pylint.messages("web.py", folder=service.folder / "app")) == 1
    assert len(pylint.messages("app.web")) == 1
    assert len(pylint.messages(service.folder / "app" / "web.py", folder=service.folder.parent)) == 1


def test_modules_of_the_user_are_never_imported(service: Cli, pylint: Pylint) -> None:
    names = [
        "sqlite3", "difflib", "tomllib", "pathspec", "calendar", "gc_extra", "zlib", "uuid", "shelve", "click", "rich",
        "pluggy", "platformdirs", "multiprocessing", "concurrent",
    ]  # fmt: skip
    for name in names:
        service.write(f"app/{name}.py", "raise SystemExit('the plugin imported code under analysis')\n")
    (service.folder / "app" / "__init__.py").unlink()
    service.write("app/web.py", CALLER.replace("from app.db", "from db"))
    service.write("mergegate.toml", 'per-file-ignores = { "tests/*" = ["async"] }\nsrc = ["app"]\n')
    assert [each["line"] for each in pylint.messages("app/web.py", folder=service.folder)] == [5]


def test_nothing_is_looked_up_among_the_linted_files(service: Cli) -> None:
    script = textwrap.dedent(
        """
        import sys, traceback
        from pylint.lint import Run
        import pylint.lint.pylinter as pylinter

        late, fine = [], []
        before = list(sys.path)
        class Finder:
            def find_spec(self, name, path=None, target=None):
                # what stands in the package itself is looked up in its folder alone, `sys.path` has no say
                if path is None and any("mergegate" in frame.filename for frame in traceback.extract_stack(limit=40)):
                    (late if sys.path != before else fine).append(name)
                return None

        check = pylinter.PyLinter.check
        def watched(self, files):
            sys.meta_path.insert(0, Finder())
            return check(self, files)
        pylinter.PyLinter.check = watched
        Run(["--load-plugins=mergegate", "app/web.py", "app/db.py"], exit=False)
        print("FINE", len(fine) > 0, "LATE", late)
        """
    )
    service.write("mergegate.toml", 'per-file-ignores = { "tests/*" = ["async"] }\n')
    service.write(".gitignore", "*.log\n")
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", script], cwd=service.folder, env=environment(), capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert "blocking-helper-in-async" in run.stdout
        assert "FINE True LATE []" in run.stdout, run.stdout + run.stderr


def test_a_host_that_stays_alive_sees_edits(service: Cli) -> None:
    script = textwrap.dedent(
        """
        import io, pathlib
        from pylint.lint import Run
        from pylint.reporters.text import TextReporter

        def lint():
            out = io.StringIO()
            Run(["--load-plugins=mergegate", "--disable=all", "--enable=mergegate-async", "app/web.py"],
                reporter=TextReporter(out), exit=False)
            return out.getvalue().count("blocking-helper-in-async")

        counts = [lint()]
        helper = pathlib.Path("app/db.py")
        text = helper.read_text()
        for changed in ("def load():\\n    return 1\\n", text):
            helper.write_text(changed)
            counts.append(lint())
        settings = pathlib.Path("mergegate.toml")
        settings.write_text('ignore = ["async"]\\n')
        counts.append(lint())
        print("COUNTS", counts)
        """
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=service.folder, env=environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert "COUNTS [1, 0, 1, 0]" in run.stdout, run.stdout + run.stderr


def test_ids_and_symbols_are_nobody_elses(tmp_path: Path) -> None:
    import pylint.extensions

    extensions = sorted(
        f"pylint.extensions.{path.stem}" for path in Path(pylint.extensions.__file__).parent.glob("[a-z]*.py")
    )
    command = [sys.executable, "-m", "pylint", "--list-msgs", f"--load-plugins={','.join([*extensions, 'mergegate'])}"]
    run = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    heads = re.findall(r"^:([a-z0-9-]+) \(([A-Z]\d{4})\):", run.stdout, re.MULTILINE)
    assert len(heads) > 300
    assert len({symbol for symbol, _ in heads}) == len(heads)
    assert len({number[1:] + number[0] for _, number in heads}) == len(heads)
    ours = {number[1:3] for symbol, number in heads if symbol in ("blocking-call-in-async", "unused-suppression")}
    assert ours == {"71", "78"}
    assert not {number[1:3] for symbol, number in heads if "async" in symbol and number[1:3] in ("51", "60", "64")}
