"""Whatever is planted is found and shown nowhere: not in a report, not in the cache, not in a baseline."""

from __future__ import annotations

import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fronts import Cli
from mergegate.reporters import FORMATS

LETTERS = string.ascii_letters + string.digits


def drawn(length: int, alphabet: str = LETTERS) -> st.SearchStrategy[str]:
    """Texts that a machine could have drawn: letters and digits of many kinds."""
    return st.text(alphabet, min_size=length, max_size=length).filter(
        lambda text: len(set(text)) > length // 2 and any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    )


# put together here, so that no scanner takes this file for one with tokens in it
TOKENS = st.one_of(
    drawn(36).map(("gh" + "p_").__add__),
    drawn(20).map(("gl" + "pat-").__add__),
    drawn(24).map(("sk_" + "live_").__add__),
    st.tuples(drawn(22), drawn(43)).map(lambda parts: "S" + "G." + ".".join(parts)),
    drawn(34, string.ascii_letters + "7").map(lambda text: "h" + "f_" + text.replace("7", "q")),
)
PLACES = (
    ("app.py", 'TOKEN = "{}"\n'),
    ("app.py", "async def f(x):\n    await g(x, headers={{'X-Thing': '{}'}}, y='é')\n"),
    ("app.py", "# {}\nimport time\n\n\nasync def f():\n    time.sleep(1)  # {}\n"),
    ("app.py", 'TEXT = """\n  first\n  {}\n"""\n'),
    ("conf/app.yaml", "a:\n  - b: {}\n    c: 'x'\n"),
    ("conf/app.json", '{{"a": ["{}", "b"], "c": "{}"}}\n'),
    (".env", "export THING={}\n"),
    ("nb.ipynb", '{{"cells": [{{"source": ["x = 1\\n", "t = \\"{}\\"\\n"], "outputs": [{{"text": "a\\n{}"}}]}}]}}\n'),
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TOKENS, st.sampled_from(PLACES))
def test_a_planted_token_is_found_and_shown_nowhere(token: str, place: tuple[str, str]) -> None:
    path, text = place
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        cli = Cli(root)
        cli.write("mergegate.toml", 'min-confidence = "low"\n')
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text.format(token, token), encoding="utf-8")
        planted = (root / path).read_bytes()
        reports = [f"--report={name}={root / f'report.{name}'}" for name in FORMATS]
        run = cli("check", "--show-witness", *reports)
        assert "hardcoded-token" in run.stdout
        cli("baseline", "create")
        for file in root.rglob("*"):
            if file.is_file() and file != root / path:
                data = file.read_bytes()
                assert token.encode() not in data, file.name
                assert token[8:].encode() not in data, file.name
        assert (root / path).read_bytes() == planted
        for stream in (run.stdout, run.stderr, cli("explain", "hardcoded-token").stdout):
            assert token[8:] not in stream


PASSWORDS = st.text(LETTERS + "!#%&()+,-/:;=?@^_~", min_size=8, max_size=24).filter(
    lambda text: any(map(str.isdigit, text)) and any(map(str.isalpha, text))
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PASSWORDS)
def test_a_password_that_is_reported_is_masked(password: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        cli = Cli(root)
        cli.write("mergegate.toml", 'min-confidence = "low"\n')
        (root / "app.py").write_text(f"db_password = {password!r}\n", encoding="utf-8")
        found = cli.json()["findings"]
        run = cli("check", f"--report=html={root / 'page.html'}")
        if found:
            assert password not in run.stdout
            assert password not in (root / "page.html").read_text("utf-8")
        assert not any(password.encode() in file.read_bytes() for file in (root / ".mergegate_cache").iterdir())


@pytest.mark.parametrize("kind", ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
def test_a_key_is_masked_to_its_end(cli: Cli, kind: str) -> None:
    body = "\n".join(f"{number}OnlyThisTestHasIt8aLongEnough0123456789+/abcDEF{number}" for number in range(6))
    cli.write("keys.py", f'KEY = """-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n"""\n')
    page = cli.folder / "page.html"
    run = cli("check", "--show-witness", f"--report=html={page}")
    assert "hardcoded-private-key" in run.stdout
    for text in (run.stdout, page.read_text("utf-8")):
        assert "OnlyThisTestHasIt" not in text
