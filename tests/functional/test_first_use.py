"""Work that fills a cache blocks once: it is told apart from work that every call does."""

from __future__ import annotations

from pathlib import Path

import pytest
from whole_runs import report_on

from mergegate.finding import Severity

FORMS = {
    "local look-up": """
        value = CACHE.get(key)
        if value is None:
            value = requests.get(key)
            CACHE[key] = value
        return value
    """,
    "failed look-up": """
        try:
            return CACHE[key]
        except KeyError:
            CACHE[key] = requests.get(key)
        return CACHE[key]
    """,
    "length": """
        if len(KNOWN) == 0:
            KNOWN.append(requests.get(key))
        return KNOWN
    """,
    "early return": """
        client = HOLDER.client
        if client is not None:
            return client
        HOLDER.client = requests.get(key)
        return HOLDER.client
    """,
    "membership": """
        if key not in CACHE:
            CACHE[key] = requests.get(key)
        return CACHE[key]
    """,
}
EVERY_TIME = {
    "a cache of this call": """
        cache = {}
        value = cache.get(key)
        if value is None:
            value = requests.get(key)
            cache[key] = value
        return value
    """,
    "another cache is filled": """
        value = CACHE.get(key)
        if value is None:
            value = requests.get(key)
            KNOWN.append(value)
        return value
    """,
    "a failed look-up that stores nothing": """
        try:
            return CACHE[key]
        except KeyError:
            return requests.get(key)
    """,
}
HEAD = "import requests\n\nCACHE = {}\nKNOWN = []\nHOLDER = requests\n\n\nasync def read(key: str):"


def _severities(body: str, root: Path) -> list[Severity]:
    (root / "mergegate.toml").touch()
    (root / "app.py").write_text(HEAD + body.replace("\n    ", "\n").rstrip() + "\n")
    return [result.finding.severity for result in report_on(root).new]


@pytest.mark.parametrize("form", FORMS)
def test_filling_a_cache_is_information(form: str, tmp_path: Path) -> None:
    assert _severities(FORMS[form], tmp_path) == [Severity.INFO]


@pytest.mark.parametrize("form", EVERY_TIME)
def test_work_that_every_call_may_do_is_an_error(form: str, tmp_path: Path) -> None:
    assert _severities(EVERY_TIME[form], tmp_path) == [Severity.ERROR]
