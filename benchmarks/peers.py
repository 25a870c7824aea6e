"""The commands that are measured: mergegate's own, and those of the tools that it is compared with."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.corpora import Corpus, count_lines
from benchmarks.measure import Figures, Task, environment

PARSE, COLD, WARM, EDITED, SINCE, START = (
    "bare ast.parse",
    "mergegate, cold",
    "mergegate, warm",
    "mergegate, one edit",
    "mergegate, since a commit",
    "start-up",
)
RUFF, TY_ASYNC, TRANSITIVE = "ruff, ASYNC rules", "ty-async", "ty-async, transitive"
TRIVIAL, TRIVIAL_COLD, TRIVIAL_WARM = "pylint, one check", "the same + mergegate, cold", "the same + mergegate, warm"
EMPTY, EMPTY_WARM = "pylint, one check, empty file", "the same + mergegate, warm, empty file"
DEFAULT, DEFAULT_WARM = "pylint, default", "pylint, default + mergegate, warm"

# whose output counts findings
REPORTING = frozenset({COLD, RUFF, TY_ASYNC, TRANSITIVE})

_CACHE = ".mergegate_cache"
# without the current folder on the path: corpora hold files named like modules of the standard library
_PYTHON = (sys.executable, "-P")
_ONE_CHECK = ("--disable=all", "--enable=missing-module-docstring")
# each bit of the exit code is a kind of message
_PYLINT_ENDS = tuple(range(32))
_MARK = b"\n# an edit\n"


def mergegate(*arguments: str) -> list[str]:
    """Return the command line of a mergegate command."""
    return [*_PYTHON, "-m", "mergegate", *arguments]


_CHECK = mergegate("check", "--format", "json", "--min-confidence", "low", "--exit-zero")


def cold(corpus: Corpus) -> Task:
    """Return a run without any cache."""
    return Task(COLD, _CHECK, corpus.folder, lambda: forget(corpus.folder))


def warm(corpus: Corpus) -> Task:
    """Return a run in which nothing has changed since the one before."""
    return Task(WARM, _CHECK, corpus.folder)


def edited(corpus: Corpus) -> Task:
    """Return a run after an edit of one file of middle size: each time another content."""
    files = sorted(corpus.files, key=lambda path: path.stat().st_size)
    return Task(EDITED, _CHECK, corpus.folder, lambda: _edit(files[len(files) // 2]))


def since(corpus: Corpus) -> Task:
    """Return a comparison with a commit of which, as of the files, everything is in the cache."""
    command = [*_CHECK, "--since", "HEAD"]

    def prepare() -> None:
        if not (corpus.folder / ".git").is_dir():
            _commit(corpus.folder)
        subprocess.run(command, cwd=corpus.folder, env=environment(), capture_output=True, check=True)

    return Task(SINCE, command, corpus.folder, prepare)


def parse(corpus: Corpus) -> Task:
    """Return parsing alone, in one process that drops each tree."""
    return Task(PARSE, [sys.executable, str(Path(__file__).with_name("parsing.py")), str(corpus.folder)], corpus.folder)


def start(corpus: Corpus) -> Task:
    """Return a run of mergegate that analyses nothing."""
    return Task(START, mergegate("--version"), corpus.folder)


def linters(corpus: Corpus) -> list[Task]:
    """Return the fast linters that are installed."""
    found: list[Task] = []
    ruff, ty_async = _tool("ruff"), _tool("ty-async")
    if ruff:
        options = [
            "check",
            "--isolated",
            "--select",
            "ASYNC",
            "--no-cache",
            "--exit-zero",
            "--output-format",
            "json",
            ".",
        ]
        found.append(Task(RUFF, [ruff, *options], corpus.folder))
    if ty_async:
        found.append(Task(TY_ASYNC, [ty_async, "--async200-stdlib", "."], corpus.folder, good=(0, 1)))
        transitive = [ty_async, "--async200-stdlib", "--async200-transitive", "."]
        found.append(Task(TRANSITIVE, transitive, corpus.folder, good=(0, 1)))
    return found


def pylint_subset(corpus: Corpus, lines: int) -> tuple[list[Task], float]:
    """Return pylint with one trivial check on nothing and on about `lines` lines, and the factor to the whole."""
    chosen: list[Path] = []
    total = 0
    step = max(1, len(corpus.files) * lines // max(corpus.lines, 1))
    # evenly through the corpus: neighbours in the alphabet are much alike
    for path in corpus.files[:: max(1, len(corpus.files) // step)]:
        size = count_lines([path])
        if chosen and total + size > lines:
            break
        chosen.append(path)
        total += size
    tasks = [
        Task(name, _pylint(_ONE_CHECK, files), corpus.folder, good=_PYLINT_ENDS)
        for name, files in ((EMPTY, [_empty(corpus)]), (TRIVIAL, chosen))
    ]
    return tasks, corpus.lines / max(total, 1)


def pylint_file(corpus: Corpus, path: Path) -> list[Task]:
    """Return pylint on one file, with and without mergegate, which knows the program when it is warm.

    The share is measured beside one trivial check, for the runs of all checks vary by more than it; what of it is
    start-up shows on an empty file.
    """
    ours = ["--disable=all", "--load-plugins=mergegate", "--enable=missing-module-docstring,blocking-call-in-async"]
    empty, good, warm_up = _empty(corpus), _PYLINT_ENDS, _once(corpus)
    return [
        Task(TRIVIAL, _pylint(_ONE_CHECK, [path]), corpus.folder, good=good),
        Task(TRIVIAL_COLD, _pylint(ours, [path]), corpus.folder, lambda: forget(corpus.folder), good),
        Task(TRIVIAL_WARM, _pylint(ours, [path]), corpus.folder, warm_up, good),
        Task(EMPTY, _pylint(_ONE_CHECK, [empty]), corpus.folder, good=good),
        Task(EMPTY_WARM, _pylint(ours, [empty]), corpus.folder, warm_up, good),
        Task(DEFAULT, _pylint([], [path]), corpus.folder, good=good),
        Task(DEFAULT_WARM, _pylint(["--load-plugins=mergegate"], [path]), corpus.folder, warm_up, good),
    ]


def file_of_size(corpora: Sequence[Corpus], lines: int) -> tuple[Corpus, Path]:
    """Return the file whose length is nearest to `lines`, and its corpus."""
    every = [
        (abs(count_lines([path]) - lines), index, path)
        for index, corpus in enumerate(corpora)
        for path in corpus.files
        if not path.stem.endswith("_pb2")  # generated: nobody opens it in an editor
    ]
    _, index, path = min(every)
    return corpora[index], path


def slowest(corpus: Corpus) -> Task:
    """Return the extraction of each file by itself."""
    command = [sys.executable, str(Path(__file__).with_name("parsing.py")), "--slowest", str(corpus.folder)]
    return Task("slowest file", command, corpus.folder)


def findings(name: str, figures: Figures) -> dict[str, int]:
    """Return how many findings a tool reports, by confidence where it has any."""
    if name == RUFF:
        return {"all": len(json.loads(figures.output or "[]"))}
    if name in (TY_ASYNC, TRANSITIVE):
        return {"all": figures.output.count("\n")}
    content: dict[str, Any] = json.loads(figures.output)
    counts = Counter(str(each["confidence"]) for each in content["findings"])
    return {"all": counts.total(), **dict(sorted(counts.items()))}


def forget(folder: Path) -> None:
    """Remove the cache of a project."""
    shutil.rmtree(folder / _CACHE, ignore_errors=True)


def _empty(corpus: Corpus) -> Path:
    path = corpus.folder / "mergegate_benchmark_empty.py"
    path.touch()
    return path


def _once(corpus: Corpus) -> Callable[[], object]:
    return lambda: subprocess.run(_CHECK, cwd=corpus.folder, env=environment(), capture_output=True, check=False)


def _commit(folder: Path) -> None:
    git = ["git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "--all"], ["commit", "-q", "--message", "base"]):
        subprocess.run([*git, *command], cwd=folder, capture_output=True, check=True)


def _edit(path: Path) -> None:
    # staged files may be links to the same content elsewhere: replace, never write into one
    content = path.read_bytes() + _MARK
    changed = path.with_suffix(".edited")
    changed.write_bytes(content)
    changed.replace(path)


def _pylint(options: Sequence[str], files: Sequence[Path]) -> list[str]:
    return [*_PYTHON, "-m", "pylint", "--rcfile=", "--score=n", *options, *map(str, files)]


def _tool(name: str) -> str | None:
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.is_file() else shutil.which(name)
