"""The whole little programs under `fixtures/` report exactly what their lines say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from whole_runs import Place, must_report

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
PROGRAMS = [
    "agent_framework", "anyio_worker", "blog_service", "chat_gateway", "optional_forms", "shop_service",
    "typed_receivers",
]  # fmt: skip
EXPECTATION = re.compile(r"# expect: (?P<rules>[a-z0-9-]+(?:, [a-z0-9-]+)*)$")


def expectations(root: Path) -> Iterator[Place]:
    for path in root.rglob("*.py"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if "# expect" in line:
                found = EXPECTATION.search(line)
                assert found, f"{path}:{number}: no expectation: {line}"
                for rule in found["rules"].split(", "):
                    yield Place(path.relative_to(root).as_posix(), number, rule)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_expected_lines_are_reported(program: str) -> None:
    must_report(FIXTURES / program, expectations(FIXTURES / program))


def test_every_program_expects_something() -> None:
    assert sorted(path.name for path in FIXTURES.iterdir() if path.is_dir() and any(expectations(path))) == PROGRAMS
