"""The command line of the benchmark: what is measured on which corpus."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_cache_path

from benchmarks import peers
from benchmarks.corpora import Corpus, pins, stage, together
from benchmarks.errors import BenchmarkError
from benchmarks.measure import Figures, Task, measure
from benchmarks.report import Measured, Results, Row
from benchmarks.tables import markdown

_LARGE = 1_000_000
_EDITOR = 6_500


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its tables."""
    options = _parser().parse_args(arguments)
    if not hasattr(os, "wait4"):
        print("benchmarks: this system does not tell what a child process took: use Linux or macOS", file=sys.stderr)
        return 2
    try:
        results = _measure_all(options)
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    text = markdown(results)
    print(text)
    if options.json:
        options.json.write_text(json.dumps(results.as_json(), indent=1) + "\n", encoding="utf-8")
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one corpus, one repetition, no run over 1M lines")
    parser.add_argument(
        "--corpus", action="append", metavar="NAME|NAME==VERSION|FOLDER", help="measure this instead; may be repeated"
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs of each command, of which the median counts")
    parser.add_argument(
        "--cache", type=Path, default=user_cache_path("mergegate-benchmarks"), help="where packages are kept"
    )
    parser.add_argument(
        "--pylint-lines", type=int, default=10_000, help="lines for pylint's one check, scaled to the corpus"
    )
    parser.add_argument("--output", type=Path, help="write the tables here too")
    parser.add_argument("--json", type=Path, help="write all figures here")
    return parser


def _measure_all(options: argparse.Namespace) -> Results:
    names = options.corpus or [pin.name for pin in pins()][: 1 if options.quick else None]
    repeat = 1 if options.quick else options.repeat
    cache = options.cache.expanduser().resolve()
    corpora: list[Corpus] = []
    for name in names:
        _say(f"fetching {name}")
        corpora.append(stage(name, cache))
    results = Results()
    for corpus in corpora:
        _say(f"measuring {corpus.name}, {corpus.lines:,} lines")
        results.rows.append(_speed(corpus, repeat, options.pylint_lines))
    tools = results.rows[0].figures
    results.missing = [name for name in (peers.RUFF, peers.TY_ASYNC) if name not in tools]
    _say("measuring pylint on one file")
    results.editor = _editor(corpora, repeat)
    large = None if options.quick else together(corpora, _LARGE, cache)
    if large is not None:
        _say(f"measuring {large.name}")
        figures = measure([peers.parse(large), peers.cold(large), peers.warm(large)], 1)
        results.large = _row(large, figures)
    results.slowest = json.loads(measure([peers.slowest(large or corpora[0])], 1)["slowest file"].output)
    return results


def _speed(corpus: Corpus, repeat: int, pylint_lines: int) -> Row:
    pylint, factor = peers.pylint_subset(corpus, pylint_lines)
    tasks: list[Task] = [
        peers.parse(corpus), peers.cold(corpus), peers.warm(corpus), peers.edited(corpus), peers.since(corpus),
        peers.start(corpus), *peers.linters(corpus), *pylint,
    ]  # fmt: skip
    row = _row(corpus, measure(tasks, repeat))
    part, none = row.figures[peers.TRIVIAL], row.figures[peers.EMPTY]
    # start-up does not grow with the corpus
    cpu, wall = (start + (whole - start) * factor for whole, start in ((part.cpu, none.cpu), (part.wall, none.wall)))
    row.figures[peers.TRIVIAL] = Measured(cpu, wall, part.memory)
    return row


def _editor(corpora: Sequence[Corpus], repeat: int) -> Row:
    corpus, path = peers.file_of_size(corpora, _EDITOR)
    figures = measure(peers.pylint_file(corpus, path), repeat)
    lines = peers.count_lines([path])
    name = f"{corpus.name}, {path.relative_to(corpus.folder).as_posix()}"
    return Row(name, lines, 1, {key: _measured(key, value) for key, value in figures.items()})


def _row(corpus: Corpus, figures: dict[str, Figures]) -> Row:
    measured = {name: _measured(name, each) for name, each in figures.items()}
    return Row(corpus.name, corpus.lines, len(corpus.files), measured)


def _measured(name: str, figures: Figures) -> Measured:
    counts = peers.findings(name, figures) if name in peers.REPORTING else {}
    return Measured(figures.cpu, figures.wall, figures.memory, counts)


def _say(text: str) -> None:
    print(f"benchmarks: {text}", file=sys.stderr, flush=True)
