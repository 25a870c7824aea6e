"""How findings keep their identity through real history: `python -m benchmarks.replay`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from platformdirs import user_cache_path

from benchmarks.errors import BenchmarkError
from benchmarks.history.disagreements import describe
from benchmarks.history.finders import Spot, find_own, find_with_ruff
from benchmarks.history.grading import Figures, grade
from benchmarks.history.judge import Judged
from benchmarks.history.methods import OURS, PRODUCT, methods
from benchmarks.history.releases import History, Step, check_out, commits, histories, read_tree, repository, step
from benchmarks.history.report import GENERIC, OWN, Replayed, as_json, markdown


def replay(history: History, cache: Path) -> Replayed:
    """Replay one history with the findings of both finders."""
    work = repository(history, cache)
    found = Replayed(history)
    for finder in (OWN, GENERIC):
        ways = methods(work, own=finder == OWN)
        figures = {name: Figures() for name in ways}
        first = last = 0
        for release, (one, old, new) in zip(history.releases[1:], _findings(work, finder), strict=True):
            judged = Judged(one, old, new)
            first, last = first or len(old), len(new)
            for name, way in ways.items():
                answer = way(one, old, new)
                more, differ = grade(judged, answer)
                figures[name].add(more)
                if name in (OURS, PRODUCT):
                    found.disagreements += [
                        describe(f"{history.name} {release}, {name}", judged, each, answer) for each in differ
                    ]
        found.findings[finder], found.figures[finder] = (first, last), figures
    return found


def _findings(work: Path, finder: str) -> Iterator[tuple[Step, list[Spot], list[Spot]]]:
    """Give each step with the findings on both sides."""
    find = find_own if finder == OWN else find_with_ruff
    every = commits(work)
    check_out(work, every[0])
    tree = read_tree(work)
    found = find(work, tree)
    for old, new in pairwise(every):
        check_out(work, new)
        before, tree = tree, read_tree(work)
        earlier, found = found, find(work, tree, old)
        yield step(work, old, new, before, tree), earlier, found


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay histories and print the tables."""
    options = _parser().parse_args(arguments)
    cache = options.cache.expanduser().resolve()
    known = {history.name: history for history in histories()}
    replayed: list[Replayed] = []
    try:
        for name in options.package or known:
            if name not in known:
                raise BenchmarkError(f"{name} has no pinned history", f"choose from {', '.join(known)}")
            if known[name].held_out and not (options.package or options.held_out):
                continue
            print(f"benchmarks: replaying {name}", file=sys.stderr, flush=True)
            replayed.append(replay(known[name], cache))
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    text = markdown(replayed)
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    if options.json:
        options.json.write_text(json.dumps(as_json(replayed), indent=1) + "\n", encoding="utf-8")
    if options.disagreements:
        every = [each for one in replayed for each in one.disagreements]
        options.disagreements.write_text("\n".join(every), encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("--package", action="append", metavar="NAME", help="replay this history alone")
    parser.add_argument("--held-out", action="store_true", help="replay the histories that nobody is to look at, too")
    parser.add_argument(
        "--cache", type=Path, default=user_cache_path("mergegate-benchmarks"), help="where releases are kept"
    )
    parser.add_argument("--output", type=Path, help="write the tables here too")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--disagreements", type=Path, help="write here where our matching and the judge differ")
    return parser


if __name__ == "__main__":
    sys.exit(main())
