"""Writes which names of pydantic 1.10 pydantic 2 refuses or warns about, by importing each of them under both.

    python scripts/probe_pydantic.py

Makes two environments through pip in a temporary folder. Run it again for a new release of pydantic 2.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "rules" / "knowledge" / "migrations" / "pydantic_names.json"
OLD = ("pydantic[email,dotenv]>=1.10.20,<2",)
NEW = ("pydantic[email]>=2.12", "pydantic-settings")

# run by pydantic 1: what every module offers, and every name whose object pydantic itself defines
LISTING = """
import importlib, json, pkgutil, types, pydantic
found = {}
modules = ["pydantic", *(f"pydantic.{m.name}" for m in pkgutil.iter_modules(pydantic.__path__))]
for name in modules:
    if name.rpartition(".")[2].startswith("_") or name in ("pydantic.v1", "pydantic.mypy"):
        continue
    try:
        module = importlib.import_module(name)
    except ImportError:
        continue
    names = {key for key in getattr(module, "__all__", ()) if hasattr(module, key)}
    for key, value in vars(module).items():
        home = getattr(value, "__module__", None)
        if key.startswith("__") or isinstance(value, types.ModuleType) or key in ("annotations", "TYPE_CHECKING"):
            continue
        if key.startswith("_") or (isinstance(home, str) and not home.startswith("pydantic")):
            continue
        if home is None and name == "pydantic":
            continue
        names.add(key)
    found[name] = sorted(names)
print(json.dumps({"version": pydantic.VERSION, "names": found}))
"""

# run by pydantic 2: import each of them in turn
TRYING = """
import importlib, json, sys, warnings, pydantic
refused, warned, gone = {}, {}, []
for name, keys in json.load(sys.stdin).items():
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module(name)
    except ImportError:
        gone.append(name)
        refused[name] = keys
        continue
    for key in keys:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                exec(f"from {name} import {key}", {})
            except Exception:
                refused.setdefault(name, []).append(key)
                continue
        if caught:
            warned.setdefault(name, []).append(key)
print(json.dumps({"version": pydantic.VERSION, "gone": gone, "refused": refused, "warned": warned}))
"""


def environment(folder: Path, requirements: tuple[str, ...]) -> str:
    """Return the interpreter of a new environment with some packages."""
    venv.create(folder, with_pip=True)
    python = str(folder / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
    return python


def ask(python: str, program: str, said: object = None) -> dict[str, object]:
    """Run a program under an interpreter; return the JSON that it prints."""
    done = subprocess.run(
        [python, "-c", program], input=json.dumps(said), capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return json.loads(done.stdout)


def main() -> None:
    """Write the table."""
    with tempfile.TemporaryDirectory() as folder:
        old = ask(environment(Path(folder) / "old", OLD), LISTING)
        new = ask(environment(Path(folder) / "new", NEW), TRYING, old["names"])
    table = {
        "probed": [f"pydantic {old['version']}", f"pydantic {new['version']}"],
        "gone": new["gone"],
        "refused": new["refused"],
        "warned": new["warned"],
    }
    TARGET.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8", newline="\n")
    counts = {key: sum(map(len, new[key].values())) for key in ("refused", "warned")}  # type: ignore[attr-defined]
    print(f"{TARGET.name}: {counts}, modules gone: {', '.join(map(str, new['gone']))}")  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
