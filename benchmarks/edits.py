"""Whether a run after an edit equals a run from scratch, on real code: `python -m benchmarks.edits`."""

from __future__ import annotations

import argparse
import ast
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from benchmarks.corpora import Corpus, pins, stage
from benchmarks.errors import BenchmarkError
from mergegate.config import load_config
from mergegate.engine import Analysis, analyse

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """A file to edit: its lines, and the definitions in it."""

    path: Path
    lines: list[str]
    functions: list[_Function]
    classes: list[ast.ClassDef]


def main(arguments: Sequence[str] | None = None) -> int:
    """Edit real files one after the other and compare each run with one from scratch."""
    options = _parser().parse_args(arguments)
    differing = 0
    try:
        for name in options.corpus or [pin.name for pin in pins()][:1]:
            differing += _compare(stage(name, options.cache.expanduser().resolve()), options.edits, options.seed)
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    return 1 if differing else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edits", description=__doc__)
    parser.add_argument("--corpus", action="append", metavar="NAME|NAME==VERSION|FOLDER", help="may be repeated")
    parser.add_argument("--edits", type=int, default=20, help="how many edits of each corpus")
    parser.add_argument("--seed", type=int, default=0, help="which edits")
    parser.add_argument(
        "--cache", type=Path, default=user_cache_path("mergegate-benchmarks"), help="where packages are kept"
    )
    return parser


def _compare(corpus: Corpus, edits: int, seed: int) -> int:
    """Return after how many edits a run differed."""
    chance = random.Random(seed)
    config = load_config(corpus.folder)
    before = analyse(config)
    differing = 0
    for number in range(edits):
        kind, edit = list(_EDITS.items())[number % len(_EDITS)]
        where = _apply(chance, corpus.files, edit)
        warm, cold = analyse(config), analyse(config, cache=False)
        wrong = set(warm.findings) ^ set(cold.findings)
        same = not wrong and warm.findings == cold.findings and warm.pragmas == cold.pragmas and not warm.warnings
        differing += not same
        changed = len(set(before.findings) ^ set(cold.findings))
        before = cold
        print(f"{'same' if same else 'DIFFERENT':9} {kind} in {where}: {_seconds(warm, cold)}, {changed} changed")
        for finding in sorted(wrong, key=lambda each: each.sort_key)[:5]:
            side = "only from scratch" if finding in cold.findings else "only after the edit"
            print(f"          {side}: {finding.path}:{finding.line} {finding.rule} {finding.message}")
        for warning in warm.warnings:
            print(f"          {warning}")
    print(f"{corpus.name}: {edits - differing} of {edits} runs equal one from scratch", flush=True)
    return differing


def _seconds(warm: Analysis, cold: Analysis) -> str:
    return f"{warm.seconds:.1f} s, from scratch {cold.seconds:.1f} s"


def _apply(chance: random.Random, files: Sequence[Path], edit: Callable[[random.Random, Source], bool]) -> str:
    """Make an edit where it is possible; return where."""
    while True:
        path = chance.choice(files)
        source = _read(path)
        if source is None or not edit(chance, source):
            continue
        text = "\n".join(source.lines) + "\n"
        # the staged file may share its content with the one that it was staged from
        path.unlink()
        path.write_text(text, encoding="utf-8")
        return path.name


def _read(path: Path) -> Source | None:
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        return None
    functions = [node for node in nodes if isinstance(node, _Function) and node.body[0].lineno > node.lineno]
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    return Source(path, text.splitlines(), functions, classes) if functions else None


def _block(chance: random.Random, source: Source) -> bool:
    """Let a function that is no coroutine sleep."""
    functions = [each for each in source.functions if isinstance(each, ast.FunctionDef)]
    if not functions:
        return False
    first = chance.choice(functions).body[0]
    source.lines.insert(first.lineno - 1, " " * first.col_offset + "import time; time.sleep(1)")
    return True


def _rename(chance: random.Random, source: Source) -> bool:
    """Give a method another name and leave its callers alone."""
    methods = [each for owner in source.classes for each in owner.body if isinstance(each, _Function)]
    return bool(methods) and _replace(source, chance.choice(methods).lineno, "def ", "def renamed_")


def _delete(chance: random.Random, source: Source) -> bool:
    classes = [each for each in source.classes if not each.col_offset]
    if not classes:
        return False
    gone = chance.choice(classes)
    source.lines[_first_line(gone) - 1 : gone.end_lineno] = [f"{gone.name} = None"]
    return True


def _move(chance: random.Random, source: Source) -> bool:
    """Move a function to the end of its file."""
    functions = [each for each in source.functions if not each.col_offset]
    if not functions:
        return False
    moved = chance.choice(functions)
    part = slice(_first_line(moved) - 1, moved.end_lineno)
    text = source.lines[part]
    source.lines[part] = []
    source.lines.extend(["", "", *text])
    return True


def _return_type(chance: random.Random, source: Source) -> bool:
    """Take away what a function is said to return."""
    functions = [each for each in source.functions if each.returns is not None]
    if not functions:
        return False
    line = chance.choice(functions)
    assert line.returns is not None
    written = source.lines[line.returns.lineno - 1]
    start = written.rfind("->", 0, line.returns.col_offset)
    if start < 0 or line.returns.end_lineno != line.returns.lineno or not written.isascii():
        return False
    source.lines[line.returns.lineno - 1] = written[:start].rstrip() + written[line.returns.end_col_offset :]
    return True


def _make_async(chance: random.Random, source: Source) -> bool:
    functions = [each for each in source.functions if isinstance(each, ast.FunctionDef)]
    return bool(functions) and _replace(source, chance.choice(functions).lineno, "def ", "async def ")


def _make_sync(chance: random.Random, source: Source) -> bool:
    functions = [each for each in source.functions if isinstance(each, ast.AsyncFunctionDef)]
    return bool(functions) and _replace(source, chance.choice(functions).lineno, "async def ", "def ")


def _no_bases(chance: random.Random, source: Source) -> bool:
    classes = [each for each in source.classes if each.bases]
    if not classes:
        return False
    line = chance.choice(classes)
    return _replace(source, line.lineno, ast.unparse(line.bases[0]), "object")


def _shadow(chance: random.Random, source: Source) -> bool:
    """Bind the name of a definition to something else at the end of the module."""
    names = [each.name for each in (*source.functions, *source.classes) if not each.col_offset]
    if names:
        source.lines.append(f"from os import system as {chance.choice(names)}")
    return bool(names)


def _star(chance: random.Random, source: Source) -> bool:
    del chance
    source.lines.append("from subprocess import *")
    return True


def _as_property(chance: random.Random, source: Source) -> bool:
    methods = [each for owner in source.classes for each in owner.body if isinstance(each, ast.FunctionDef)]
    methods = [each for each in methods if not each.decorator_list and len(each.args.args) == 1]
    if not methods:
        return False
    method = chance.choice(methods)
    source.lines.insert(method.lineno - 1, " " * method.col_offset + "@property")
    return True


def _space(chance: random.Random, source: Source) -> bool:
    del chance
    source.lines[0:0] = ["", "# moved", ""]
    return True


def _replace(source: Source, line: int, old: str, new: str) -> bool:
    written = source.lines[line - 1]
    source.lines[line - 1] = written.replace(old, new, 1)
    return old in written


def _first_line(node: _Function | ast.ClassDef) -> int:
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


_EDITS: dict[str, Callable[[random.Random, Source], bool]] = {
    "a call that blocks": _block,
    "a method renamed": _rename,
    "a class deleted": _delete,
    "a function moved": _move,
    "a return annotation taken away": _return_type,
    "an import added": _star,
    "a function made async": _make_async,
    "a coroutine made a function": _make_sync,
    "a base class taken away": _no_bases,
    "a name bound anew": _shadow,
    "a method made a property": _as_property,
    "comments added": _space,
}

if __name__ == "__main__":
    sys.exit(main())
