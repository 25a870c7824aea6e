"""All that sets a project up, part by part; what there is already stays as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from mergegate.scaffold.ceilings import Ceilings, customary
from mergegate.scaffold.changes import Step
from mergegate.scaffold.facts import Facts
from mergegate.scaffold.floors import Floors
from mergegate.scaffold.git_files import attributes, ignored
from mergegate.scaffold.hooks import pre_commit
from mergegate.scaffold.pipelines import Judged, github, gitlab
from mergegate.scaffold.settings import settings

PARTS = ("settings", "coverage", "pyright", "git", "pre-commit", "ci", "baseline")
"""The names of the parts, in the order in which they are made."""


def planned(
    facts: Facts,
    parts: Collection[str],
    hosts: Collection[str],
    floors: Floors | None = None,
    ceilings: Ceilings | None = None,
) -> Iterator[Step]:
    """Yield what is to become of each file, the baseline apart.

    Parameters
    ----------
    facts
        The project.
    parts
        Those of `PARTS` that are wanted.
    hosts
        The CI systems that are to run the gate.
    floors
        What tests are to cover at least, if `coverage` is among the parts.
    ceilings
        How many type errors there may be; None: they are not to be judged.

    Raises
    ------
    MergegateError
        If a file cannot be read.
    """
    settled = "settings" in parts or facts.config.file is not None
    wanted = floors if "coverage" in parts and settled else None
    limits = ceilings if settled else None
    yield from settings(
        facts, mergegate="settings" in parts, pyright="pyright" in parts, floors=wanted, ceilings=limits
    )
    judged = Judged(
        wanted is not None or "coverage" in facts.config.origins,
        limits or (customary() if facts.config.types_wanted else None),
    )
    if facts.repository is None:
        # git, hooks and CI work on repositories
        return
    if "git" in parts:
        yield ignored(facts)
        yield attributes(facts, coverage=judged.coverage, types=judged.types is not None)
    if "pre-commit" in parts:
        yield pre_commit(facts)
    if "ci" in parts:
        if "github" in hosts:
            yield github(facts, judged)
        if "gitlab" in hosts:
            yield gitlab(facts, judged)
