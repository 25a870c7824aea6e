"""The settings of the coverage gate: `[tool.mergegate.coverage]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mergegate.config_shapes import Flag, ListOf, Percent, TableOf, Text, Whole, option

_NAMES = ListOf(Text())
BASELINE = "analysis_outputs/test_coverage_baseline.json"
RATCHETS = ("files", "components")
NOT_CODE = ("tests/", "test/", "test_*.py", "*_test.py", "conftest.py", "setup.py", "noxfile.py", "docs/")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageConfig:
    """What the coverage of a project has to be. The gate is on if the project has this section, even an empty one."""

    floors: Mapping[str, float] = option(
        TableOf(Percent()),
        "Least coverage in percent by component: a .gitignore pattern, or `total` for all files.", {}, analysis=False,
    )  # fmt: skip
    file_floor: float = option(Percent(), "Least coverage of each file in percent.", 0, analysis=False)
    changed: float = option(
        Percent(), "Least coverage of changed statements, and of each new file, in percent.", 80, analysis=False
    )
    changed_allowance: int = option(
        Whole(), "So many uncovered statements may a change have, whatever its percentage.", 0, analysis=False
    )
    base: str = option(
        Text(), "Branch that a change is compared with where CI does not say it, as `origin/main`.", "", analysis=False
    )
    ratchet: tuple[str, ...] = option(
        ListOf(Text(RATCHETS)), "What may not get worse than the baseline.", RATCHETS, analysis=False
    )
    ratchet_allowance: int = option(
        Whole(), "So many uncovered statements may a file gain over the baseline.", 0, analysis=False
    )
    baseline: str = option(Text(), "File of the baseline, relative to the project.", BASELINE, analysis=False)
    baseline_mismatch: str = option(
        Text(("fail", "report")),
        "What happens to the ratchet if the baseline was made by another Python, coverage.py, core or branch setting.",
        "fail", analysis=False,
    )  # fmt: skip
    raise_: str = option(
        Text(("main", "always", "never")),
        "When a whole run that got better writes the baseline: on the main branch outside of CI, always, or never.",
        "main", analysis=False,
    )  # fmt: skip
    main_branches: tuple[str, ...] = option(
        _NAMES, "Branches on which the baseline is raised.", ("main", "master"), analysis=False
    )
    branches: bool = option(Flag(), "Whether a measurement without branches is refused.", False, analysis=False)
    reports: tuple[str, ...] = option(
        _NAMES, "Reports of other tools that belong to the verdict: lcov or Cobertura files.", (), analysis=False
    )
    include: tuple[str, ...] = option(
        _NAMES,
        "Python files that must be measured, as .gitignore patterns; empty: those below folders with measured files.",
        (), analysis=False,
    )  # fmt: skip
    exclude: tuple[str, ...] = option(
        _NAMES, "Python files that need not be measured, as .gitignore patterns.", NOT_CODE, analysis=False
    )
