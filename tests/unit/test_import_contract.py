"""Imports run downwards only: each layer may use what stands below it and nothing above."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "mergegate"

# each layer with those directly below; what they may use in turn is below too
LAYERS = {
    "errors": (),
    "finding": (),
    "syntax": (),
    "trees": (),
    "rules": ("finding", "errors"),
    "files": (),
    "git": ("errors",),
    "config": ("errors", "finding", "files"),
    "scaffold": ("config", "git"),
    "semantics": ("syntax", "rules", "errors"),
    "nullness": ("syntax",),
    "checks": ("semantics", "nullness", "finding", "leaks"),
    "cache": ("errors",),
    "secrets": ("trees", "finding", "errors"),
    "privacy": ("secrets", "rules"),
    "contracts": ("privacy", "config", "cache"),
    "leaks": ("privacy", "finding"),
    "engine": ("checks", "cache", "config", "git", "secrets", "leaks"),
    "evidence": ("gate", "files", "rules", "contracts"),
    "gate": ("engine",),
    "coverage": ("evidence",),
    "reporters": ("gate", "coverage"),
    "plugins": ("reporters", "cli", "privacy"),
    "fixes": ("rules", "finding"),
    "cli": ("reporters", "plugins", "scaffold", "privacy", "fixes", "contracts"),
}
# syntax knows neither rules nor configuration: a summary depends on bytes, file kind and Python version alone
FORBIDDEN = {"syntax": {"rules", "config", "finding", "semantics", "checks"}}
ENV = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
# the command line never pays for what only pylint, models or tests need
HEAVY = ("pylint", "astroid", "pydantic", "hypothesis", "pytest", "coverage")


def _layer(module: str) -> str:
    name = module.removeprefix("mergegate").lstrip(".").partition(".")[0]
    return next((layer for layer in LAYERS if name == layer or name.startswith(f"{layer}_")), name)


def _below(layer: str) -> set[str]:
    found: set[str] = set()
    pending = [layer]
    while pending:
        for lower in LAYERS[pending.pop()]:
            if lower not in found:
                found.add(lower)
                pending.append(lower)
    return found


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mergegate."):
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(a.name for a in node.names if a.name.startswith("mergegate."))
    return found


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_module_imports_only_what_stands_below_it(path: Path) -> None:
    own = _layer(".".join(path.relative_to(SOURCE).with_suffix("").parts))
    if own in ("__init__", "__main__"):
        return
    assert own in LAYERS, f"{path} stands in no layer: say in LAYERS where it belongs"
    allowed = _below(own) | {own}
    upwards = {module for module in _imports(path) if _layer(module) not in allowed}
    assert not upwards, f"{own} may use {sorted(allowed)} only"


@pytest.mark.parametrize("layer", sorted(FORBIDDEN))
def test_a_layer_stays_ignorant_of_what_must_not_shape_it(layer: str) -> None:
    used = {_layer(m) for path in (SOURCE / layer).rglob("*.py") for m in _imports(path)}
    assert not used & FORBIDDEN[layer]


@pytest.mark.parametrize("module", ["mergegate", "mergegate.cli.check", "mergegate.engine"])
def test_the_command_line_path_imports_nothing_heavy(module: str) -> None:
    script = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(("module", "brought"), [("mergegate", []), ("mergegate.contracts", ["mergegate.contracts"])])
def test_importing_a_package_imports_nothing_else_of_ours(module: str, brought: list[str]) -> None:
    script = f"import sys, typing, importlib; old = {{*sys.modules}}; import {module}; print(*sorted({{*sys.modules}} - old))"
    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True, env=ENV)
    assert done.stdout.split() == ["__future__", "mergegate", *brought]


def test_the_pytest_plugin_costs_those_who_do_not_use_it_nothing() -> None:
    script = (
        "import sys, pytest, mergegate; before = {*sys.modules}; import mergegate.plugins.pytest_plugin; "
        "print(*sorted({*sys.modules} - before))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=ENV)
    assert done.stdout.split() == ["mergegate.plugins", "mergegate.plugins.pytest_plugin"]
