"""CI: a workflow for GitHub Actions, a job for GitLab."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from mergegate.scaffold.ceilings import Ceilings
from mergegate.scaffold.changes import Change, Note, Step, appended, read_text
from mergegate.scaffold.facts import Facts, requirement
from mergegate.scaffold.yaml_text import entries, parse, plain, scalars

WORKFLOWS = ".github/workflows"
GITLAB_FILE = ".gitlab-ci.yml"
_REQUIREMENTS = "requirements.txt"
_STAGES = re.compile(r"test|lint|check|quality|verify|valid|analy", re.IGNORECASE)
_BRANCH = re.compile(r"[\w][\w./+-]*")


class Judged(NamedTuple):
    """What the project's settings judge beside findings: coverage, and type errors if there are ceilings on them."""

    coverage: bool
    types: Ceilings | None


def github(facts: Facts, judged: Judged) -> Step:
    """Return what makes GitHub Actions run the gate."""
    folder = facts.top / WORKFLOWS
    for file in sorted((*folder.glob("*.yml"), *folder.glob("*.yaml"))):
        if facts.is_gated_by(read_text(file) or ""):
            return Note(file, "runs mergegate already")
    path = folder / f"{facts.name}.yml"
    if path.exists():
        return Note(path, "is there already")
    return Change(path, None, rendered("github.yml", facts, judged))


def gitlab(facts: Facts, judged: Judged) -> Step:
    """Return what makes GitLab run the gate, as `github` does: a pipeline, or a job behind those that there are."""
    path = facts.top / GITLAB_FILE
    text = read_text(path)
    if text is None:
        return Change(path, None, rendered("gitlab.yml", facts, judged))
    before = parse(text)
    jobs = entries(before.root) if before is not None else {}
    if any(facts.is_gated_by(f"{name}: {plain(job)}") for name, job in jobs.items()):
        return Note(path, "runs mergegate already")
    stage = _stage(scalars(jobs.get("stages")))
    addition = rendered("gitlab.yml", facts, judged).replace("stage: test\n", f"stage: {stage}\n")
    after = appended(text, addition)
    found = parse(after)
    if before is None or found is None:
        return Note(path, "is not one valid YAML document; add this yourself", addition)
    wanted = {key: plain(value) for key, value in jobs.items()}
    made = {key: plain(value) for key, value in entries(found.root).items()}
    if facts.name in wanted or made.pop(facts.name, None) is None or made != wanted:
        return Note(path, "cannot be added to at its end; add this yourself", addition)
    return Change(path, text, after)


def rendered(name: str, facts: Facts, judged: Judged) -> str:
    """Return a template with what it says of a project filled in."""
    text = (files("mergegate.scaffold") / "templates" / name).read_text(encoding="utf-8")
    for key, value in _values(facts, judged).items():
        text = text.replace(f"@{key}@", value)
    return text


def _values(facts: Facts, judged: Judged) -> Mapping[str, str]:
    arguments = "".join(f" {shlex.quote(argument)}" for argument in facts.arguments)
    branch = facts.branch if _BRANCH.fullmatch(facts.branch) else "main"
    return {
        "name": facts.name,
        "requirement": requirement("types" if judged.types is not None else ""),
        "beside": "".join(f" {each}" for each in _for_types(facts, judged.types)) if judged.types is not None else "",
        # the job runs no tests, and pytest itself judges coverage where they run
        "without": " --without coverage" if judged.coverage else "",
        "arguments": arguments,
        "branch": branch,
        "cache": (Path(facts.prefix) / facts.config.cache_dir).as_posix(),
        "python": facts.python,
    }


def _for_types(facts: Facts, ceilings: Ceilings) -> Iterator[str]:
    """Yield what else to install: the pyright that was measured with, and the project, for what it imports."""
    if ceilings.pyright:
        yield f'"pyright[nodejs]=={ceilings.pyright}"'
    if facts.is_installable:
        yield shlex.quote(f"./{facts.prefix}")
    elif (facts.root / _REQUIREMENTS).is_file():
        yield f"-r {shlex.quote(f'{facts.prefix}{_REQUIREMENTS}')}"


def _stage(stages: list[str]) -> str:
    """Return the stage of a pipeline in which the gate fits."""
    if not stages or "test" in stages:
        return "test"
    return next((name for name in stages if _STAGES.search(name)), stages[0])
