"""`mergegate check --staged`: what is about to be committed is judged, whatever the files say meanwhile."""

from __future__ import annotations

import pytest

from fronts import Cli
from repositories import git

# put together here, so that no scanner takes this file for one with credentials in it
BAD = 'db_password = "Tr0mbone' + '-82!"\n'
GOOD = 'import os\n\ndb_password = os.environ["DB_PASSWORD"]\n'


@pytest.fixture(name="repository")
def _repository(cli: Cli) -> Cli:
    git(cli.folder, "init", "-q")
    cli.write("mergegate.toml", "")
    cli.write("app.py", GOOD)
    git(cli.folder, "add", "-A")
    git(cli.folder, "commit", "-qm", "start")
    return cli


def test_the_index_counts_and_not_the_files(repository: Cli) -> None:
    cli = repository
    cli.write("app.py", BAD)
    git(cli.folder, "add", "app.py")
    # cleaned up since, but not staged again
    cli.write("app.py", GOOD)
    cli.write("café/gone.env", "DB_PASSWORD=Tr0mbone" + "-82!\n")
    git(cli.folder, "add", "café/gone.env")
    (cli.folder / "café" / "gone.env").unlink()
    # neither staged nor tracked
    cli.write("other.py", BAD)
    run = cli("check", "--staged")
    assert run.returncode == 1
    assert "app.py:1:" in run.stdout
    assert "gone.env:1:" in run.stdout
    assert "other.py" not in run.stdout
    assert cli("check", "--staged", "app.py").stdout.count("hardcoded-credential") == 1


def test_what_is_only_in_the_files_does_not_hold_up_a_commit(repository: Cli) -> None:
    cli = repository
    nothing = cli("check", "--staged")
    assert (nothing.returncode, "nothing is staged" in nothing.stderr) == (0, True)
    cli.write("app.py", GOOD + "# more\n")
    git(cli.folder, "add", "app.py")
    cli.write("app.py", BAD)
    assert cli("check", "--staged").returncode == 0
    assert cli("check").returncode == 1


def test_it_says_when_it_cannot(repository: Cli) -> None:
    assert repository("check", "--staged", "--since", "HEAD").returncode == 2
    outside = repository("check", "--staged", env={"GIT_DIR": "/nonexistent"})
    assert "Traceback" not in outside.stderr


def test_before_the_first_commit_all_is_staged(cli: Cli) -> None:
    git(cli.folder, "init", "-q")
    cli.write("app.py", BAD)
    git(cli.folder, "add", "-A")
    assert cli("check", "--staged").returncode == 1
