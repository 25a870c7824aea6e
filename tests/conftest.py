"""Fixtures for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from covered import Covered
from fronts import Cli, Pylint
from installation import build_wheel, install

# how long an example takes says more of the machine than of the code
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

pytest_plugins = ["pytester"]


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


@pytest.fixture
def covered(pytester: pytest.Pytester) -> Covered:
    """A project whose tests run under coverage."""
    return Covered(pytester)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The folder of programs of an environment in which the wheel is installed."""
    return install(tmp_path_factory.mktemp("installed") / "environment", wheel)
