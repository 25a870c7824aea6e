"""The pytest plugin: judges what whole runs cover, and guards logs and deprecations, each where it is asked for.

Every pytest of an environment imports this module, most of them for nothing: what is needed to judge is imported later.
"""

from __future__ import annotations

from pathlib import Path

import pytest

_FILES = ("mergegate.toml", "pyproject.toml")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options, each as a setting of pytest too."""
    group = parser.getgroup("mergegate", "coverage gate of mergegate")
    group.addoption(
        "--mergegate-no-coverage", action="store_true", default=None, help="Do not judge coverage in this run."
    )
    group.addoption(
        "--mergegate-update-coverage", action="store_true", default=None,
        help="Make what this run covers the coverage baseline, whether it is more or less than before.",
    )  # fmt: skip
    group.addoption(
        "--mergegate-base", metavar="REF", help="Branch that this change is to be merged into, as origin/main."
    )
    group.addoption(
        "--mergegate-allow-growth", action="store_true", default=None,
        help="Let the coverage baseline accept more than that of the base does.",
    )  # fmt: skip
    group.addoption(
        "--mergegate-data", action="append", metavar="FILE",
        help="Data file of coverage.py to judge instead of what runs; may be repeated.",
    )  # fmt: skip
    group.addoption(
        "--mergegate-pii-logs", action="store_true", default=None,
        help="Fail tests whose log records or output hold personal data or credentials.",
    )  # fmt: skip
    group.addoption(
        "--mergegate-pydantic", metavar="MODE",
        help="What comes of deprecations of pydantic that tests run into: off, report or fail.",
    )  # fmt: skip
    parser.addini("mergegate_pydantic", "What comes of deprecations of pydantic: off, report or fail.", default="off")
    parser.addini("mergegate_pii_logs", "Search log records and output for personal data.", type="bool", default=False)
    parser.addini("mergegate_pii_entities", "What to search for; all but low ones.", type="linelist", default=[])
    parser.addini("mergegate_no_coverage", "Do not judge coverage.", type="bool", default=False)
    parser.addini("mergegate_update_coverage", "Make what runs cover the baseline.", type="bool", default=False)
    parser.addini("mergegate_base", "Branch that changes are merged into.", default="")
    parser.addini("mergegate_allow_growth", "Let the coverage baseline grow.", type="bool", default=False)
    parser.addini("mergegate_data", "Data files of coverage.py to judge.", type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Turn the guards on, and the gate in the process that sees all results, where the project has its settings."""
    if config.getoption("mergegate_pii_logs") or config.getini("mergegate_pii_logs"):
        from mergegate.plugins.pytest_plugin.pii_logs import register as guard  # noqa: PLC0415

        guard(config, config.getini("mergegate_pii_entities"))
    mode = config.getoption("mergegate_pydantic") or config.getini("mergegate_pydantic")
    if mode != "off":
        from mergegate.plugins.pytest_plugin.pydantic_guard import register as guard_pydantic  # noqa: PLC0415

        guard_pydantic(config, mode)
    if hasattr(config, "workerinput") or not _may_be_configured(config.rootpath):
        return
    from mergegate.plugins.pytest_plugin.gate import register  # noqa: PLC0415

    register(config)


def _may_be_configured(folder: Path) -> bool:
    """Tell whether a file that could hold our settings speaks of them; reading them costs more than most runs want."""
    for each in (folder, *folder.parents):
        for name in _FILES:
            try:
                text = (each / name).read_bytes()
            except OSError:
                continue
            if b"coverage" in text and (name == _FILES[0] or b"mergegate" in text):
                return True
    return False
