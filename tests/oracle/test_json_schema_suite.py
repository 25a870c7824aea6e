"""The official JSON Schema test suite, as the sources of `jsonschema` hold it, through the validation of contracts."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from mergegate.contracts.validation import Validator

DRAFTS = ("draft4", "draft6", "draft7", "draft2019-09", "draft2020-12")
# what the format vocabulary of a metaschema asks for is left to the one switch of a contract
EXPLAINED = {("draft2020-12", "format-assertion.json")}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "jsonschema", "jsonschema"]
    subprocess.run([*command, "-d", str(folder)], check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.glob("jsonschema-*/json"))


@pytest.mark.oracle
@pytest.mark.parametrize("draft", DRAFTS)
def test_the_official_suite_holds(suite: Path, draft: str) -> None:
    remotes = suite / "remotes"
    resources = {
        f"http://localhost:1234/{each.relative_to(remotes).as_posix()}": json.loads(each.read_text(encoding="utf-8"))
        for each in remotes.rglob("*.json")
    }
    wrong: set[tuple[str, str]] = set()
    count = 0
    for file in sorted((suite / "tests" / draft).rglob("*.json")):
        formats = file.parent.name == "format"
        for group in json.loads(file.read_text(encoding="utf-8")):
            validator = Validator(group["schema"], draft=draft, resources=resources, formats=formats)
            for case in group["tests"]:
                count += 1
                if validator.is_valid(case["data"]) != case["valid"]:
                    wrong.add((draft, file.name))
    assert count > 500
    assert wrong <= EXPLAINED
