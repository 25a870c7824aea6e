"""Fixtures for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from fronts import Cli, Pylint


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line in an empty folder, which is a project."""
    made = Cli(tmp_path)
    made.write("mergegate.toml", "")
    return made


@pytest.fixture
def pylint(tmp_path: Path) -> Pylint:
    """The plugin in the folder of `cli`."""
    return Pylint(tmp_path)
