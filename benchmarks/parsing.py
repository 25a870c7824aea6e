"""Run as a process: `parsing.py FOLDER` parses every file and drops the trees; `--slowest` times extraction."""

from __future__ import annotations

import ast
import json
import sys
import time
import warnings
from pathlib import Path


def parse_all(folder: Path) -> None:
    """Parse each file as mergegate must at least."""
    for path in sorted(folder.rglob("*.py")):
        try:
            ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue


def slowest(folder: Path) -> dict[str, object]:
    """Return the file whose facts take longest to extract."""
    import gc  # noqa: PLC0415

    from mergegate.syntax.extract import summarise  # noqa: PLC0415

    gc.disable()
    worst: tuple[float, Path] = (0.0, folder)
    for path in sorted(folder.rglob("*.py")):
        data = path.read_bytes()
        started = time.process_time()
        summarise(data)
        worst = max(worst, (time.process_time() - started, path))
    lines = worst[1].read_bytes().count(b"\n") if worst[1].is_file() else 0
    return {"path": worst[1].relative_to(folder).as_posix(), "seconds": worst[0], "lines": lines}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "--slowest":
        print(json.dumps(slowest(Path(sys.argv[2]))))
    else:
        parse_all(Path(sys.argv[1]))
