"""Credentials among what projects have already: comments for other scanners, and baselines with a salt of their own."""

from __future__ import annotations

import json
from typing import Any

from fronts import Cli

# put together here, so that no scanner takes this file for one with credentials in it
PASSWORD = "Tr0mbone" + "-82!"
HELD = f'db_password = "{PASSWORD}"'


ALLOWED = (
    "pragma: allowlist secret", "pragma: whitelist secret", "gitleaks:allow", "betterleaks:allow", "kingfisher:ignore",
    "trufflehog:ignore", "nosec", "nosec B105", "NOSONAR", "nosemgrep", "noqa: S105", "noqa: E501, S106", "ggignore",
    "ggshield:ignore", "secretlint-disable-line",
)  # fmt: skip
ALLOWED_BELOW = ("pragma: allowlist nextline secret", "secretlint-disable-next-line")
OTHER = ("noqa", "noqa: E501", "no secrets here", "type: ignore")


def test_comments_for_other_scanners_let_through_and_are_named(cli: Cli) -> None:
    for number, comment in enumerate((*ALLOWED, *OTHER)):
        cli.write(f"{number}.py", f"{HELD}  # {comment}\n")
        cli.write(f"{number}.env", f"DB_PASSWORD={PASSWORD} # {comment}\n")
    for number, comment in enumerate(ALLOWED_BELOW):
        cli.write(f"below_{number}.py", f"# {comment}\n{HELD}\n")
    run = cli("check", "--report=sarif=report.sarif", "--report=json=report.json")
    assert run.returncode == 1
    findings = json.loads((cli.folder / "report.json").read_text("utf-8"))["findings"]
    through = {each["path"] for each in findings if each["status"] == "suppressed"}
    numbers = [*map(str, range(len(ALLOWED)))]
    assert through == {f"{n}.{kind}" for n in numbers for kind in ("py", "env")} | {"below_0.py", "below_1.py"}
    assert {each["path"] for each in findings if each["status"] == "new"} == {
        f"{len(ALLOWED) + n}.{kind}" for n in range(len(OTHER)) for kind in ("py", "env")
    }
    sarif = (cli.folder / "report.sarif").read_text("utf-8")
    assert "as 'gitleaks:allow' says" in sarif
    assert PASSWORD not in sarif + run.stdout


def test_what_another_scanner_lets_through_is_masked_beside_other_findings(cli: Cli) -> None:
    call = f'time.sleep(len("{PASSWORD}" or (password := "{PASSWORD}")))  # nosec'
    cli.write("app.py", f"import time\n\n\nasync def f():\n    {call}\n")
    run = cli("check", "--show-witness", "--report=html=page.html", "--report=markdown=page.md")
    assert "blocking-call-in-async" in run.stdout
    page = (cli.folder / "page.html").read_text("utf-8") + (cli.folder / "page.md").read_text("utf-8")
    assert f'password := "{PASSWORD}"' not in run.stdout + page
    assert f'password := "{"*" * len(PASSWORD)}"' in run.stdout


def test_equal_credentials_have_other_marks_in_other_projects(cli: Cli) -> None:
    marks: list[Any] = []
    for name in ("one", "other"):
        folder = cli.folder / name
        cli.write(f"{name}/mergegate.toml", "")
        cli.write(f"{name}/app.py", f"{HELD}\n")
        assert cli("baseline", "create", folder=folder).returncode == 0
        baseline = json.loads((folder / "mergegate-baseline.json").read_text("utf-8"))
        marks.append([baseline["salt"], *baseline["entries"]])
        assert cli("check", folder=folder).returncode == 0
        fingerprints = {cli.json(*how, folder=folder)["findings"][0]["fingerprint"] for how in ((), ("--no-baseline",))}
        assert len(fingerprints) == 1
        explained = cli("explain", fingerprints.pop(), folder=folder)
        assert explained.returncode == 0
        assert PASSWORD not in explained.stdout
    (one, *entries), (other, *others) = marks
    assert one != other
    assert entries != others


def test_the_salt_outlives_updates_and_a_changed_credential_is_new(cli: Cli) -> None:
    file = cli.folder / "mergegate-baseline.json"
    cli.write("app.py", f"{HELD}\n")
    cli("baseline", "create")
    salt = json.loads(file.read_text("utf-8"))["salt"]
    for command in (("update", "--accept-new"), ("prune",), ("create", "--force")):
        cli.write("app.py", f"\n\ndb_password = '{PASSWORD}'\n")
        assert cli("baseline", *command).returncode == 0
        assert json.loads(file.read_text("utf-8"))["salt"] == salt
        assert cli("check").returncode == 0
    cli.write("app.py", f'db_password = "{PASSWORD[::-1]}"\n')
    assert cli("check").returncode == 1


def test_a_baseline_from_before_there_was_a_salt_is_read(cli: Cli) -> None:
    file = cli.folder / "mergegate-baseline.json"
    cli.write("app.py", "import time\n\n\nasync def f():\n    time.sleep(1)\n")
    cli("baseline", "create")
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if '"salt"' not in line), encoding="utf-8")
    assert cli("check").returncode == 0
    assert cli("baseline", "update").returncode == 0
    file.write_text(file.read_text("utf-8").replace('"version": 1', '"version": 1,\n"salt": "abc"'), encoding="utf-8")
    run = cli("check")
    assert (run.returncode, "Traceback" in run.stderr) == (3, False)


def test_type_errors_are_shown_without_the_credentials_beside_them_and_in_their_messages(cli: Cli) -> None:
    token = "gh" + "p_" + "x8Kq2LmZ7RtYw4NcVb6JhDs9PfGa3EuT1ioQ"
    cli.write(
        "app.py",
        f'from typing import Final\n\ndb_password: Final = "{PASSWORD}"\nport: int = db_password\nx: int = "{token}"\n',
    )
    run = cli("types", "--report=html=page.html", "--report=sarif=report.sarif", "--report=json=report.json")
    assert "reportAssignmentType" in run.stdout
    written = "".join(
        path.read_text("utf-8", "replace") for path in cli.folder.rglob("*") if path.is_file() and path.suffix != ".py"
    )
    for secret in (PASSWORD, token):
        assert secret not in run.stdout + run.stderr + written
