"""When there is no usable evidence of types: no failure of pyright passes for a project without errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fronts import Cli, environment
from repositories import commit, git

FILE = "mergegate-types-baseline.json"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a program is a script with a first line")
pytestmark = POSIX


def diagnostic(file: Path, line: int = 0, rule: str = "reportAttributeAccessIssue", **more: Any) -> dict[str, Any]:
    place = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 1}}
    return {"file": str(file), "severity": "error", "message": "wrong", "range": place, "rule": rule, **more}


def report(*diagnostics: dict[str, Any], version: str = "1.1.400", **summary: int) -> dict[str, Any]:
    errors = sum(each["severity"] == "error" for each in diagnostics)
    counts = {"filesAnalyzed": 1, "errorCount": errors, "warningCount": 0, "informationCount": 0, "timeInSec": 0.5}
    return {
        "version": version, "time": "1", "generalDiagnostics": list(diagnostics), "summary": {**counts, **summary},
    }  # fmt: skip


class Fake:
    """A program in the place of pyright, for exit codes and output that the real one cannot be brought to."""

    def __init__(self, cli: Cli, folder: Path) -> None:
        self._program = folder / "pyright-in-its-place"
        cli.env["MERGEGATE_PYRIGHT"] = str(self._program)

    def says(self, output: object, code: int | None = None, stderr: str = "", before: str = "") -> None:
        text = output if isinstance(output, str) else json.dumps(output)
        if code is None:
            code = 1 if isinstance(output, dict) and output["summary"]["errorCount"] else 0
        body = f"import sys, time, os\n{before}\nsys.stdout.write({text!r})\nsys.stderr.write({stderr!r})\nsys.exit({code})\n"
        self._program.write_text(f"#!{sys.executable}\n{body}", encoding="utf-8")
        self._program.chmod(0o755)


@pytest.fixture
def project(cli: Cli) -> Cli:
    cli.write("mergegate.toml", "[types]\n")
    cli.write("app.py", "import numpy\n\nnumpy.a\nnumpy.b\n")
    return cli


@pytest.fixture
def fake(project: Cli, tmp_path_factory: pytest.TempPathFactory) -> Fake:
    return Fake(project, tmp_path_factory.mktemp("programs"))


def broken(cli: Cli, *arguments: str) -> str:
    """Run both commands; return what the first says on standard error."""
    run = cli("types", *arguments)
    assert run.returncode == 3, run.stdout
    assert "Traceback" not in run.stderr
    assert len(run.stderr.splitlines()) == 1
    gate = cli("gate")
    assert gate.returncode == 3
    assert "broken          types" in gate.stdout
    return run.stderr


def test_no_file_analysed(fake: Fake, project: Cli) -> None:
    fake.says(report(filesAnalyzed=0))
    assert "pyright has read no file; check include and exclude" in broken(project)


def test_no_file_analysed_by_the_real_one(project: Cli) -> None:
    project.write("pyrightconfig.json", '{"include": ["nowhere"]}')
    run = project("types")
    assert run.returncode == 3
    assert "pyright has read no file" in run.stderr


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (2, "pyright broke off (exit code 2: out of luck)"),
        (3, "pyright cannot read its configuration (exit code 3: out of luck); repair pyrightconfig.json"),
        (4, "pyright does not understand how it was called (exit code 4: out of luck)"),
        (77, "pyright broke off (exit code 77: out of luck)"),
    ],
)
def test_exit_codes_that_are_no_verdict(fake: Fake, project: Cli, code: int, said: str) -> None:
    fake.says(report(), code, "first line\nout of luck\n")
    assert said in broken(project)


def test_a_broken_configuration_of_the_real_one(project: Cli) -> None:
    project.write("pyrightconfig.json", '{"include": [')
    run = project("types")
    assert run.returncode == 3
    assert "pyright cannot read its configuration" in run.stderr


def test_a_signal(fake: Fake, project: Cli) -> None:
    fake.says(report(), before="os.kill(os.getpid(), 9)")
    assert "pyright broke off (signal 9)" in broken(project)


@pytest.mark.parametrize(
    "output",
    [
        "",
        "No configuration file found.\n",
        json.dumps(report())[:-20],
        json.dumps([]),
        json.dumps({**report(), "summary": {}}),
        json.dumps({**report(), "generalDiagnostics": None}),
        json.dumps(report(errorCount=3)),
        json.dumps(report(filesAnalyzed="many")),  # pyright: ignore[reportArgumentType]
        json.dumps({**report(), "generalDiagnostics": [{"severity": "error"}]}),
    ],
)
def test_what_is_no_whole_report(fake: Fake, project: Cli, output: str) -> None:
    fake.says(output, 0)
    run = project("types")
    assert run.returncode == 3
    assert "pyright left no report (its output is no JSON); run 'pyright --outputjson' by hand" in run.stderr


def test_a_report_that_contradicts_the_exit_code(fake: Fake, project: Cli) -> None:
    fake.says(report(diagnostic(project.folder / "app.py")), 0)
    assert "pyright ended with 0 and reports 1 errors" in broken(project)
    fake.says(report(), 1)
    assert "pyright ended with 1 and reports 0 errors" in broken(project)


def test_a_program_that_is_not_there(project: Cli) -> None:
    project.env["MERGEGATE_PYRIGHT"] = "no-such-program"
    assert "MERGEGATE_PYRIGHT names 'no-such-program', which is no program" in broken(project)


def test_pyright_is_not_installed(project: Cli, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The interpreter sees all packages but pyright, and none is on the PATH."""
    packages = tmp_path_factory.mktemp("packages")
    import click

    for each in Path(click.__file__).parents[1].iterdir():
        if not each.name.startswith("pyright") and each.suffix != ".pth":
            (packages / each.name).symlink_to(each)
    env = environment(PATH="/nowhere")
    env["PYTHONPATH"] = os.pathsep.join((env["PYTHONPATH"], str(packages)))
    run = subprocess.run(
        (sys.executable, "-S", "-m", "mergegate", "types"),
        cwd=project.folder, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 3, run.stderr
    assert "types: pyright; There is no pyright; install it with 'pip install mergegate[types]'" in run.stderr


def test_a_module_of_the_project_is_never_run_in_its_place(project: Cli) -> None:
    project.write("pyright/__init__.py", "")
    project.write("pyright/__main__.py", "open('executed', 'w')\n")
    project.write("pyrightconfig.json", '{"include": ["app.py"]}')
    project("types")
    assert not (project.folder / "executed").exists()
    assert (
        json.loads((project.folder / ".mergegate/evidence/types.json").read_text(encoding="utf-8"))["figures"]["files"]
        == 1
    )


def test_a_committed_interpreter_is_never_run(fake: Fake, project: Cli) -> None:
    git(project.folder, "init", "-q", "-b", "main")
    project.write("bin/python", "#!/bin/sh\ntouch executed\n").chmod(0o755)
    project.write("mergegate.toml", 'python = "bin/python"\n[types]\n')
    fake.says(report())
    commit(project.folder)
    run = project("types")
    assert run.returncode == 2
    assert 'mergegate.toml:1: python names "bin/python", which is committed' in run.stderr
    assert not (project.folder / "executed").exists()


def test_too_long(fake: Fake, project: Cli) -> None:
    project.write("mergegate.toml", "[types]\ntimeout = 1\n")
    fake.says(report(), before="time.sleep(60)")
    assert "pyright was ended after 1 s; raise types.timeout in the settings" in broken(project)


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_pyright_and_what_it_started_end_with_an_interrupted_run(
    fake: Fake, project: Cli, signal_: signal.Signals
) -> None:
    pids = project.folder / "pids"
    child = "import subprocess; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])"
    written = f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}\\n')"
    fake.says(report(), before=f"{child}\n{written}\ntime.sleep(300)")
    command = (sys.executable, "-m", "mergegate", "gate")
    with subprocess.Popen(
        command,
        cwd=project.folder,
        env=environment(**project.env),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # shells let what they start in the background ignore it
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as run:
        deadline = time.monotonic() + 100
        while not (pids.exists() and pids.read_text().endswith("\n")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        run.send_signal(signal_)
        # an interrupt while the interpreter is about to end comes out as the signal itself
        assert run.wait(60) in (130, 143, -signal.SIGINT)
    for pid in map(int, pids.read_text().split()):
        while _is_alive(pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_damaged_or_foreign_baseline(fake: Fake, project: Cli) -> None:
    fake.says(report())
    project.write(FILE, '{"version": 1,')
    said = broken(project)
    assert f"The baseline {FILE} is cut off or damaged" in said
    assert "'mergegate types update --force' makes a new one" in said
    project.write(FILE, '{"version": 1, "digest": "", "rules": [], "entries": []}')
    assert "is one of findings, not of types" in broken(project)
    assert project("types", "update").returncode == 3
    assert project("types", "update", "--force").returncode == 0
    assert project("types").returncode == 0


def test_another_pyright_is_told_from_new_errors(fake: Fake, project: Cli) -> None:
    file = project.folder / "app.py"
    fake.says(report(diagnostic(file, 2)))
    assert project("types", "update").returncode == 0
    fake.says(report(diagnostic(file, 2), version="1.1.500"))
    assert project("types").returncode == 0
    fake.says(report(diagnostic(file, 2), diagnostic(file, 3), version="1.1.500"))
    assert (
        f"{FILE} was made by pyright 1.1.400, and 1.1.500 may find more in the same code; install pyright==1.1.400, "
        "or accept what this one finds: 'mergegate types update --accept-new'"
    ) in broken(project)
    fake.says(report(version="1.1.500"))
    assert "nothing is removed from it by itself" in project("types").stderr
    fake.says(report(diagnostic(file, 2), diagnostic(file, 3), version="1.1.500"))
    assert project("types", "update", "--accept-new").returncode == 0
    assert '"pyright": "1.1.500"' in (project.folder / FILE).read_text(encoding="utf-8")
    assert project("types").returncode == 0


def test_a_pinned_version(fake: Fake, project: Cli) -> None:
    project.write("mergegate.toml", '[types]\nversion = "1.1.399"\n')
    fake.says(report())
    said = broken(project)
    assert "pyright 1.1.400 ran, and mergegate.toml:2 demands 1.1.399; install pyright==1.1.399" in said


def test_packages_that_are_missing_now_make_it_no_comparison(fake: Fake, project: Cli) -> None:
    """The interpreter of the tests has click, an empty environment has not."""
    full, empty = f"python = '{sys.prefix}'\n[types]\n", "python = 'empty'\n[types]\n"
    project.write("empty/pyvenv.cfg", "")
    (project.folder / "empty" / "bin").mkdir()
    (project.folder / "empty" / "bin" / "python").symlink_to(sys.executable)
    project.write("mergegate.toml", full)
    file = project.write("app.py", "import click\n\nclick.a\nclick.b\n")
    place = {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 12}}
    lacking = diagnostic(file, rule="reportMissingImports", range=place)
    fake.says(report(diagnostic(file, 2), diagnostic(file, 3)))
    assert project("types", "update").returncode == 0
    assert '"packages": ["click click==' in (project.folder / FILE).read_text(encoding="utf-8")
    project.write("mergegate.toml", empty)
    fake.says(report(lacking))
    said = broken(project)
    assert f"{FILE} was made with click installed, and pyright does not find that here" in said
    update = project("types", "update")
    assert (update.returncode, "was made with click installed" in update.stderr) == (3, True)
    assert project("types", "update", "--accept-new").returncode == 0
    assert '"packages": ["click (missing)"]' in (project.folder / FILE).read_text(encoding="utf-8")
    assert project("types").returncode == 0
    project.write("mergegate.toml", full)
    fake.says(report(diagnostic(file, 2)))
    assert f"{FILE} was made without click, with which pyright finds more in the same code" in broken(project)


def test_a_module_that_is_new_and_missing_is_an_error_of_the_change(fake: Fake, project: Cli) -> None:
    fake.says(report())
    assert project("types", "update").returncode == 0
    project.write("app.py", "import numpy\nimport scipy\n")
    place = {"start": {"line": 1, "character": 7}, "end": {"line": 1, "character": 12}}
    fake.says(report(diagnostic(project.folder / "app.py", rule="reportMissingImports", range=place)))
    run = project("types")
    assert run.returncode == 1
    assert "app.py:2:8: error reportMissingImports" in run.stdout


def test_the_gate_may_demand_types(cli: Cli) -> None:
    cli.write("app.py", "x = 1\n")
    cli.write("mergegate.toml", '[gate]\nrequire = ["types"]\n')
    run = cli("gate")
    assert run.returncode == 3
    assert "mergegate.toml:2 requires it, and nothing here configures it" in run.stderr
    cli.write("mergegate.toml", "[types]\nenabled = false\n")
    assert "not configured  types" in cli("gate").stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('project = "no.json"', 'types.project names "no.json", which does not exist'),
        ("max-per-rule = { optional = 1 }", "types.max-per-rule.optional is no rule of pyright"),
        ('strict-paths = ["src/", "!"]', "types.strict-paths[1] is no pattern: "),
        ("timeout = 0", "types.timeout must be a whole number of at least 1"),
        ("max-error = 1", 'types.max-error is not a known key; did you mean "max-errors"?'),
    ],
)
def test_settings_without_a_meaning(cli: Cli, text: str, said: str) -> None:
    cli.write("mergegate.toml", f"[types]\n{text}\n")
    run = cli("types")
    assert (run.returncode, said in run.stderr) == (2, True), run.stderr
