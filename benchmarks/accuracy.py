"""How many call targets are resolved right: `python -m benchmarks.accuracy`, judged by pyright, with astroid beside."""

from __future__ import annotations

import argparse
import gc
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from benchmarks.corpora import Pin, known_pin, pins, stage
from benchmarks.errors import BenchmarkError
from benchmarks.oracle.answers import OurAnswers, Target
from benchmarks.oracle.causes import cause
from benchmarks.oracle.inference import infer_targets
from benchmarks.oracle.language_server import LanguageServer
from benchmarks.oracle.pyright import Definition, Judge, Verdict
from benchmarks.oracle.sampling import SHAPES, Call, sample_calls

_LONGEST = 60


class Judged(NamedTuple):
    """One call, with what pyright says and how the answers compare.

    Attributes
    ----------
    targets, verdict
        Our answers, and the best of them.
    others, other
        astroid's answers, and the best of them.
    cause
        Why we have no answer that could be exact; empty if we have one.
    """

    call: Call
    definitions: list[Definition]
    targets: list[Target]
    verdict: Verdict
    others: list[Target]
    other: Verdict
    cause: str


def compare(root: Path, python: Path, count: int, seed: int) -> list[Judged]:
    """Return a seeded sample of a project's calls, judged.

    Parameters
    ----------
    root
        Folder that holds the project's top-level package.
    python
        Interpreter of the environment with the project's dependencies.
    """
    calls = sample_calls(root, count, seed)
    ours = OurAnswers(root)
    targets = [ours.targets(call) for call in calls]
    others = infer_targets(root, site_packages(python), calls)
    with LanguageServer(root, python) as server:
        judge = Judge(server, root)
        definitions = judge.definitions(calls)
        judge.resolve([target.name for answers in (*targets, *others) for target in answers if target.name])
    judged: list[Judged] = []
    for call, mine, theirs, found in zip(calls, targets, others, definitions, strict=True):
        best, other = (
            max((judge.verdict(t, found) for t in answers), default=Verdict.WRONG) for answers in (mine, theirs)
        )
        judged.append(Judged(call, found, mine, best, theirs, other, cause(ours, call, mine)))
    return judged


def site_packages(python: Path) -> Path:
    """Return the folder of installed packages of a virtual environment."""
    environment = python.parent.parent
    return next(environment.glob("lib/python3*/site-packages"), environment / "Lib" / "site-packages")


def judgeable(each: Judged) -> bool:
    """Tell whether pyright leads to what is called; a variable or a property says nothing about what it holds."""
    return any(d.kind in ("function", "class") or not (d.project or d.kind == "property") for d in each.definitions)


def table(judged: Sequence[Judged]) -> str:
    """Return the comparison as a Markdown table."""
    sure = [each for each in judged if judgeable(each)]
    groups: list[tuple[str, list[Judged]]] = [(s, [j for j in sure if j.call.shape == s]) for s in SHAPES]
    groups += [
        ("**all judged**", sure),
        ("to a project def or class", [j for j in sure if any(d.project for d in j.definitions)]),
        ("to anything else", [j for j in sure if not any(d.project for d in j.definitions)]),
    ]
    silent = sum(not j.definitions for j in judged)
    unsure = len(judged) - len(sure) - silent
    lines = [
        "| call | judged | astroid strict | astroid wrong | ours lenient | ours strict | ours exact | ours wrong |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
        *(_row(name, group) for name, group in groups if group),
        "",
        f"{len(judged)} calls; pyright has no answer for {silent}, a variable or property for {unsure}.",
    ]
    return "\n".join(lines)


def _row(name: str, group: Sequence[Judged]) -> str:
    def share(hits: Iterable[bool]) -> str:
        return f"{sum(hits) / len(group):.1%}"

    cells = [
        share(j.other >= Verdict.STRICT for j in group),
        share(bool(j.others) and not j.other for j in group),
        share(j.verdict >= Verdict.LENIENT for j in group),
        share(j.verdict >= Verdict.STRICT for j in group),
        share(j.verdict >= Verdict.EXACT for j in group),
        share(any(t.exact for t in j.targets) and j.verdict < Verdict.LENIENT for j in group),
    ]
    return f"| {name} | {len(group)} | {' | '.join(cells)} |"


def misses(judged: Sequence[Judged], root: Path) -> dict[str, list[str]]:
    """Return the places of all calls not resolved exactly, by cause."""
    groups: dict[str, list[str]] = {}
    for each in judged:
        if not judgeable(each) or each.verdict == Verdict.EXACT:
            continue
        wanted = ", ".join(sorted({d.name for d in each.definitions})[:3])
        given = ", ".join(str(target).removeprefix(f"{root}/") for target in each.targets) or "nothing"
        place = f"`{each.call.path}:{each.call.name_line}` `{_short(each.call.text)}` ({each.call.shape})"
        line = f"{each.verdict.name.lower()}: {place}: pyright {wanted}; ours {given}"
        groups.setdefault(each.cause or _cause_of_wrong(each), []).append(line)
    return groups


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"…{text[-_LONGEST:]}"


def _cause_of_wrong(each: Judged) -> str:
    if each.verdict:
        # the path runs through something of which the table knows no type
        return f"type of {each.targets[0].name.rpartition('.')[0]} is not known"
    return f"wrong: {each.targets[0].name or 'a definition of the project'}"


def install(pin: Pin, cache: Path) -> Path:
    """Return the interpreter of an environment with a package and all it needs, made by pip once.

    Raises
    ------
    BenchmarkError
        pip cannot install it.
    """
    folder = cache / "environments" / f"{pin.name}-{pin.version}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = folder / "installed"
    if not done.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        requirement = f"{pin.name}=={pin.version}"
        for command in (
            [sys.executable, "-m", "venv", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", requirement],
        ):
            if subprocess.run(command, capture_output=True, check=False).returncode:
                raise BenchmarkError(f"cannot install {requirement}", " ".join(command))
        done.touch()
    return python


def report(groups: dict[str, list[str]], limit: int = 8) -> str:
    """Return causes and places as Markdown, the most frequent first."""
    lines: list[str] = []
    for reason, places in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        lines.append(f"- **{len(places)}** {reason}")
        lines.extend(f"  - {place}" for place in places[:limit])
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare call targets in pinned packages and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--package", action="append", metavar="NAME|NAME==VERSION", help="compare this instead")
    parser.add_argument("--calls", type=int, default=450, help="calls drawn from each package")
    parser.add_argument("--seed", type=int, default=1, help="which calls are drawn")
    parser.add_argument(
        "--cache", type=Path, default=user_cache_path("mergegate-benchmarks"), help="where packages are kept"
    )
    parser.add_argument("--misses", type=Path, help="write the misses here, by cause")
    options = parser.parse_args(arguments)
    cache = options.cache.expanduser().resolve()
    gc.disable()  # trees of large packages live to the end
    every: list[Judged] = []
    causes: dict[str, list[str]] = {}
    try:
        for pin in map(known_pin, options.package) if options.package else pins("accuracy"):
            root = stage(f"{pin.name}=={pin.version}", cache).folder
            judged = compare(root, install(pin, cache), options.calls, options.seed)
            print(f"## {pin.name} {pin.version}\n\n{table(judged)}\n")
            every.extend(judged)
            for reason, places in misses(judged, root).items():
                causes.setdefault(reason, []).extend(places)
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    print(f"## All\n\n{table(every)}")
    if options.misses:
        options.misses.write_text(report(causes) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
