"""What git is told in the work tree: which files to ignore, and by what to merge baselines."""

from __future__ import annotations

from pathlib import Path, PurePath

from mergegate.scaffold.changes import Change, Note, Step, appended, read_text
from mergegate.scaffold.facts import Facts

MERGE_DRIVER = "mergegate-baseline"
COVERAGE_DRIVER = "mergegate-coverage"
_EVIDENCE = ".mergegate"


def attribute(name: str, driver: str = MERGE_DRIVER) -> str:
    """Return the line of `.gitattributes` that lets baselines of a name be merged by their meaning."""
    return f"{name} merge={driver} text eol=lf"


def attributes(facts: Facts, *, coverage: bool, types: bool) -> Step:
    """Return what tells git how baselines are merged, those of coverage and of type errors if they are judged."""
    config = facts.config
    files = [config.baseline, *([config.types.baseline] if types else [])]
    lines = [attribute(PurePath(file).name) for file in files]
    if coverage:
        lines.append(attribute(PurePath(config.coverage.baseline).name, COVERAGE_DRIVER))
    return _with_lines(facts.top / ".gitattributes", lines)


def ignored(facts: Facts) -> Step:
    """Return what keeps caches and measurements out of commits, and the baseline in them."""
    own = facts.root / ".gitignore"
    path = own if own.exists() else facts.top / ".gitignore"
    names = (facts.config.cache_dir, _EVIDENCE)
    known = {line.strip().strip("/") for line in (read_text(path) or "").splitlines()}
    lines = [f"{name.strip('/')}/" for name in names if name.strip("/") not in known]
    baseline = f"{facts.prefix}{facts.config.baseline}"
    if facts.repository is not None and facts.repository.ignored([baseline]):
        lines.append(f"!{PurePath(baseline).name}")
    return _with_lines(path, lines)


def _with_lines(path: Path, lines: list[str]) -> Step:
    text = read_text(path)
    missing = [line for line in lines if line not in (text or "").splitlines()]
    if not missing:
        return Note(path, "has what it needs")
    return Change(path, text, appended(text or "", "".join(f"{line}\n" for line in missing), gap=False))
