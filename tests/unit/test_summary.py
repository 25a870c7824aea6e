"""Summaries as bytes: what is written is what is read, and depends on nothing but the source."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from mergegate.syntax.codec import decode, encode
from mergegate.syntax.extract import summarise, summary_of

STDLIB = Path(sysconfig.get_path("stdlib"))
MODULES = sorted(
    path
    for folder in ("asyncio", "concurrent", "email", "importlib", "json", ".")
    for path in (STDLIB / folder).glob("*.py")
)


def test_round_trip_of_real_modules() -> None:
    assert len(MODULES) > 200
    for path in MODULES:
        summary = summary_of(path.read_bytes())
        again = decode(encode(summary))
        assert again == summary, path
        assert [f.operations for f in again.functions] == [f.operations for f in summary.functions], path


def test_round_trip_keeps_the_kinds_of_values() -> None:
    again = decode(summarise(b"x = f(1, 1.5, a=None, *b)\ny: tuple[int, ...] = (1, -1)\n"))
    assert all(type(row) is tuple for row in again.rows)
    assert {type(row[1]) for row in again.rows if row[0] == "#"} == {int, float}
    assert all(type(row[2]) is tuple and type(row[3]) is tuple for row in again.rows if row[0] == "(")


def test_round_trip_of_a_problem() -> None:
    summary = decode(summarise(b"x = 1\nif x\n"))
    assert summary.problem is not None
    assert (summary.problem.line, summary.problem.reason) == (2, "expected ':'")
    assert summary.functions[0].name == "<module>"


@pytest.mark.parametrize("cut", [0, 1, 7, 100, -1])
def test_bytes_that_are_no_summary(cut: int) -> None:
    whole = summarise((STDLIB / "queue.py").read_bytes())
    with pytest.raises(ValueError, match="not a module summary"):
        decode(whole[:cut])


@pytest.mark.parametrize("data", [b"{}", b'[["?"]]', b"\x90", b"\x9b" + b"\xc0" * 11])
def test_foreign_bytes(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a module summary"):
        decode(data)


def test_the_same_bytes_in_every_process() -> None:
    program = (
        "import hashlib, sys\n"
        "from mergegate.syntax.extract import summarise\n"
        "digest = hashlib.sha256()\n"
        "for name in sys.argv[1:]:\n"
        "    digest.update(summarise(open(name, 'rb').read()))\n"
        "print(digest.hexdigest())\n"
    )
    paths = [str(path) for path in MODULES[::10]]
    here = hashlib.sha256(b"".join(summarise(Path(path).read_bytes()) for path in paths)).hexdigest()
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run(
            [sys.executable, "-c", program, *paths], env=environment, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == here


def test_encoded_summaries_stay_small() -> None:
    sources = [path.read_bytes() for path in MODULES]
    assert sum(len(summarise(source)) for source in sources) < sum(map(len, sources))
