"""astroid's inference of call targets, as a second opinion on the same sample."""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import astroid
from astroid import bases, nodes
from astroid.exceptions import AstroidError
from astroid.util import UninferableBase

from benchmarks.oracle.answers import Target
from benchmarks.oracle.sampling import Call, Span


def infer_targets(root: Path, site_packages: Path, calls: Sequence[Call]) -> list[list[Target]]:
    """Return what astroid infers each callee to be; a project's dependencies are read, not imported."""
    found: list[list[Target]] = []
    with _searching(root, site_packages):
        trees: dict[str, dict[Span, nodes.Call]] = {}
        for call in calls:
            if call.path not in trees:
                trees[call.path] = _calls_of(root / call.path, root)
            node = trees[call.path].get(call.span)
            found.append([] if node is None else _infer(node, root))
    return found


@contextmanager
def _searching(*folders: Path) -> Generator[None]:
    before = list(sys.path)
    sys.path[:0] = [str(folder) for folder in folders]
    try:
        yield
    finally:
        sys.path[:] = before


def _calls_of(path: Path, root: Path) -> dict[Span, nodes.Call]:
    name = path.relative_to(root).with_suffix("").as_posix().removesuffix("/__init__").replace("/", ".")
    try:
        tree = astroid.MANAGER.ast_from_file(str(path), name)
    except (AstroidError, RecursionError):
        return {}
    return {
        Span(n.lineno or 0, n.col_offset or 0, n.end_lineno or 0, n.end_col_offset or 0): n
        for n in tree.nodes_of_class(nodes.Call)
    }


def _infer(call: nodes.Call, root: Path) -> list[Target]:
    try:
        inferred = list(call.func.infer())
    except (AstroidError, RecursionError):
        return []
    found: dict[Target, None] = {}
    for each in inferred:
        if isinstance(each, UninferableBase):
            continue
        while isinstance(each, bases.Proxy) and not isinstance(each, bases.Instance):
            each = each._proxied  # pyright: ignore[reportPrivateUsage] - the only way to the function of a bound method
        if isinstance(each, nodes.FunctionDef | nodes.ClassDef):
            found[_target(each, root)] = None
    return list(found)


def _target(node: nodes.FunctionDef | nodes.ClassDef, root: Path) -> Target:
    file = node.root().file
    if file and Path(file).is_relative_to(root):
        place = node.position  # that of the name; `lineno` may be a decorator's
        return Target(file, place.lineno if place else node.lineno or 0)
    return Target(name=node.qname())
