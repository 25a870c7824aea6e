"""Leaks into logs, as users meet them: what is reported how surely, and in which files."""

from __future__ import annotations

import pytest

from fronts import Cli, Pylint

CODE = """\
import logging

log = logging.getLogger(__name__)


def sign_in(user, password, session_id, token):
    log.info("password %s of %s", password, user.email)
    log.debug("session %s from %s", session_id, user.ip_address)
    log.debug("token %s", token)
    print(f"password: {password}")
"""


def test_levels_decide_severity_and_words_decide_confidence(cli: Cli) -> None:
    cli.write("app/auth.py", CODE)
    found = cli.json("--min-confidence", "low")["findings"]
    assert [(each["line"], each["rule"], each["severity"], each["confidence"]) for each in found] == [
        (7, "credential-in-log", "error", "high"),
        (7, "personal-data-in-log", "warning", "high"),
        (8, "credential-in-log", "info", "low"),
        (8, "personal-data-in-log", "info", "low"),
        (9, "credential-in-log", "error", "medium"),
        (10, "credential-in-log", "error", "medium"),
    ]


def test_tests_and_examples_are_taken_less_seriously(cli: Cli) -> None:
    cli.write("tests/test_auth.py", CODE)
    assert cli.json()["findings"] == []
    assert cli.json("--min-confidence", "medium")["findings"][0]["severity"] == "warning"


def test_pylint_reports_the_same(cli: Cli, pylint: Pylint) -> None:
    cli.write("auth.py", CODE)
    messages = pylint.messages("auth.py")
    assert [(each["line"], each["symbol"]) for each in messages] == [
        (7, "credential-in-log"), (7, "personal-data-in-log")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "comment", ["# mergegate: ignore[credential-in-log] -- a test account", "# pylint: disable=credential-in-log"]
)
def test_comments_suppress(cli: Cli, comment: str) -> None:
    cli.write("auth.py", f"import logging\n\n\ndef f(password):\n    logging.info(password)  {comment}\n")
    assert cli("check").returncode == 0


@pytest.mark.parametrize(
    "text", ["def f(:\n    log.info(password)\n", "log.info(password" * 300, "log.info(" * 400 + "password" + ")" * 400]
)
def test_what_cannot_be_parsed_does_no_harm(cli: Cli, text: str) -> None:
    cli.write("auth.py", text)
    assert "Traceback" not in cli("check").stderr
