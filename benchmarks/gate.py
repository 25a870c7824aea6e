"""What the coverage gate costs a run of pytest, on a made project of many files: `python -m benchmarks.gate`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from coverage import CoverageData

from benchmarks.errors import BenchmarkError
from benchmarks.measure import Task, measure
from benchmarks.report import table

NONE, IDLE, OFF, COLD, WARM = (
    "without the plugin", "plugin idle", "gate switched off", "gate, first run", "gate, nothing changed",
)  # fmt: skip
_PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", "-p", "no:xdist")
# by its module, whether the installed package announces it or this is a checkout
_BARE = (*_PYTEST, "-p", "no:mergegate")
_PLUGIN = (*_BARE, "-p", "mergegate.plugins.pytest_plugin")
_SETTINGS = '[coverage]\nfloors = {"app/part1/" = 50, total = 50}\n'
_DATA = "measured.data"
_PART = 50


def make(folder: Path, files: int) -> None:
    """Write a project with one test, a measurement of it in which every third function never ran, and no baseline."""
    (folder / "test_one.py").write_text("def test_one():\n    pass\n", encoding="utf-8")
    (folder / "mergegate.toml").write_text(_SETTINGS, encoding="utf-8")
    lines: dict[str, list[int]] = {}
    for number in range(files):
        path = folder / "app" / f"part{number // _PART}" / f"module{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        text = "".join(_function(each) for each in range(12))
        path.write_text(text, encoding="utf-8")
        ran = {row for row, line in enumerate(text.split("\n"), 1) if line.strip()}
        missed = {row for each in range(0, 12, 3) for row in range(each * 8 + 2, each * 8 + 7)}
        lines[str(path)] = sorted(ran - missed)
    data = CoverageData(basename=str(folder / _DATA))
    data.add_lines(lines)
    data.write()


def _function(number: int) -> str:
    return (
        f"def handle_{number}(items, limit={number}):\n    found = []\n    for item in items:\n"
        f"        if item.size > limit + {number}:\n            found.append(item)\n    return found\n\n\n"
    )


def compare(files: int, repeat: int) -> str:
    """Return a table of what runs of pytest took, and what the gate adds to them."""
    with tempfile.TemporaryDirectory() as scratch:
        idle, gated = Path(scratch) / "idle", Path(scratch) / "gated"
        idle.mkdir()
        gated.mkdir()
        (idle / "test_one.py").write_text("def test_one():\n    pass\n", encoding="utf-8")
        make(gated, files)
        data = f"--mergegate-data={_DATA}"
        made = Task("baseline", (*_PLUGIN, data, "--mergegate-update-coverage"), gated)
        measure([made], 1)
        found = measure(
            [
                Task(NONE, _BARE, idle),
                Task(IDLE, _PLUGIN, idle),
                Task(OFF, (*_PLUGIN, "--mergegate-no-coverage"), gated),
                Task(COLD, (*_PLUGIN, data), gated, lambda: _forget(gated)),
                Task(WARM, (*_PLUGIN, data), gated),
            ],
            repeat,
        )
    if f"covered in {files} files" not in found[WARM].output:
        raise BenchmarkError("The gate did not judge", "see that mergegate is installed beside pytest")
    added = {IDLE: NONE, COLD: OFF, WARM: OFF}
    rows = [
        [name, f"{each.cpu:.3f}", f"{each.cpu - found[added[name]].cpu:+.3f}" if name in added else ""]
        for name, each in found.items()
    ]
    return table([f"pytest, {files:,} files measured", "CPU s", "added"], rows)


def _forget(folder: Path) -> None:
    for each in (folder / ".mergegate_cache").glob("*"):
        if each.is_file():
            each.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__)
    parser.add_argument("--files", type=int, default=1000, help="how many files are measured (default 1000)")
    parser.add_argument("--repeat", type=int, default=5, help="how often each command runs (default 5)")
    options = parser.parse_args(arguments)
    try:
        print(compare(options.files, options.repeat))
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
