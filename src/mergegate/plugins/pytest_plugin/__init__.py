"""The pytest plugin: judges what whole runs cover, and guards logs and deprecations, each where it is asked for.

Every pytest of an environment imports this module, most of them for nothing: what is needed to judge is imported later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

_MARKER = (
    "llm_contract(schema, *, outputs, name, min_rate, ...): judge recorded answers of models by a JSON Schema or a "
    "pydantic model, and run the test once for each (mergegate)"
)
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
    group.addoption(
        "--mergegate-contracts-quarantine", metavar="FILE",
        help="Where rejected answers of models go, as lines of JSON.",
    )  # fmt: skip
    group.addoption(
        "--mergegate-contracts-report", action="append", metavar="FORMAT=FILE",
        help="Write a report on contracts: json, markdown or html; may be repeated.",
    )  # fmt: skip
    group.addoption(
        "--mergegate-contracts-update", action="store_true",
        help="Lock contracts that are pydantic models as they are now, in contracts.lock.json.",
    )  # fmt: skip
    group.addoption(
        "--mergegate-contracts-accept", metavar="REASON",
        help="Why the lock takes changes that the policy of a contract forbids, too.",
    )  # fmt: skip
    parser.addini("mergegate_contracts_quarantine", "Where rejected answers of models go.", default="")
    parser.addini("mergegate_contracts_report", "Reports on contracts, as FORMAT=FILE.", type="linelist", default=[])
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
    config.addinivalue_line("markers", _MARKER)
    if _mentions(config.rootpath, b"contracts"):
        _collect_contracts(config)
    if config.getoption("mergegate_contracts_update"):
        from mergegate.plugins.pytest_plugin.contract_rows import activate  # noqa: PLC0415

        # also a run that sees no contract has to say so
        activate(config)
    if config.getoption("mergegate_pii_logs") or config.getini("mergegate_pii_logs"):
        from mergegate.plugins.pytest_plugin.pii_logs import register as guard  # noqa: PLC0415

        guard(config, config.getini("mergegate_pii_entities"))
    mode = config.getoption("mergegate_pydantic") or config.getini("mergegate_pydantic")
    if mode != "off":
        from mergegate.plugins.pytest_plugin.pydantic_guard import register as guard_pydantic  # noqa: PLC0415

        guard_pydantic(config, mode)
    if hasattr(config, "workerinput") or not _mentions(config.rootpath, b"coverage"):
        return
    from mergegate.plugins.pytest_plugin.gate import register  # noqa: PLC0415

    register(config)


def _mentions(folder: Path, word: bytes) -> bool:
    """Tell whether a file that could hold our settings has a word; reading them costs more than most runs want."""
    for each in (folder, *folder.parents):
        for name in _FILES:
            try:
                text = (each / name).read_bytes()
            except OSError:
                continue
            if word in text and (name == _FILES[0] or b"mergegate" in text):
                return True
    return False


# -- contracts -----------------------------------------------------------------------------------------------------


def _collect_contracts(config: pytest.Config) -> None:
    from mergegate.config import load_config  # noqa: PLC0415
    from mergegate.errors import MergegateError  # noqa: PLC0415

    try:
        settings = load_config(config.rootpath)
    except MergegateError as error:
        raise pytest.UsageError(f"mergegate: {error}") from None
    if settings.contracts:
        from mergegate.plugins.pytest_plugin.contract_items import Collecting  # noqa: PLC0415
        from mergegate.plugins.pytest_plugin.contract_rows import activate  # noqa: PLC0415

        collecting = Collecting(settings)
        config.pluginmanager.register(collecting, "mergegate-contract-files")
        activate(config)
        # workers of xdist find out what to visit by themselves
        collecting.visit(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect contracts without code."""
    if not file_path.name.endswith(".contract.toml"):
        return None
    from mergegate.plugins.pytest_plugin.contract_items import ContractFile  # noqa: PLC0415

    return cast("Any", ContractFile).from_parent(parent, path=file_path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests with a contract once for each recorded answer."""
    mark = metafunc.definition.get_closest_marker("llm_contract")
    if mark is not None and ("outputs" in mark.kwargs or "llm_output" in metafunc.fixturenames):
        from mergegate.plugins.pytest_plugin.contract_marker import generate  # noqa: PLC0415

        generate(metafunc, mark)


def pytest_report_from_serializable(config: pytest.Config, data: dict[str, Any]) -> None:
    """Expect verdicts of workers, once there is one."""
    if "mergegate_contract" in data:
        from mergegate.plugins.pytest_plugin.contract_rows import activate  # noqa: PLC0415

        activate(config)


@pytest.fixture
def contract(request: pytest.FixtureRequest) -> Any:
    """The contract of a test with `@pytest.mark.llm_contract(...)`: a `mergegate.contracts.contract.Contract`."""
    from mergegate.plugins.pytest_plugin.contract_marker import contract_for  # noqa: PLC0415

    return contract_for(request)


@pytest.fixture
def llm_output(request: pytest.FixtureRequest) -> Any:
    """What a recorded answer says: an instance of the contract's model, or JSON data."""
    from mergegate.plugins.pytest_plugin.contract_marker import output_for  # noqa: PLC0415

    return output_for(request)
