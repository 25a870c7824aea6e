"""What a commit had already: its findings, by which those of now are told apart into old and new."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mergegate.config import Config
from mergegate.engine.past import analyse_past
from mergegate.engine.past_files import Past
from mergegate.gate.growth import Base
from mergegate.gate.remembered import identities
from mergegate.gate.report import Known, judge
from mergegate.gate.source import Sources
from mergegate.git import GitError, Repository

if TYPE_CHECKING:
    from mergegate.engine import Analysis


def find_base(folder: Path, name: str, *, exact: bool = False) -> Base:
    """Return the commit with which the work tree around a folder is compared.

    Parameters
    ----------
    folder
        The folder.
    name
        A branch, tag or other name of a commit.
    exact
        Whether that commit itself is meant rather than the one at which HEAD left it.

    Raises
    ------
    GitError
        If there is no repository, or no such commit in it.
    """
    if not name:
        raise GitError("--since names nothing", "a variable may be empty: name a branch, as in --since origin/main")
    repository = Repository.find(folder)
    if repository is None:
        raise GitError(f"{folder} lies in no git repository, so nothing is known of {name!r}", "leave out --since")
    return Base(repository, name, repository.resolve(name) if exact else repository.merge_base(name, "HEAD"))


def known_in(
    base: Base,
    config: Config,
    present: Analysis,
    *,
    salt: str = "",
    cache: bool = True,
    trust_stat: bool = True,
    verify: bool = False,
) -> Known:
    """Return the findings that a project had in a commit, by the settings, rules and installed packages of now.

    Those that were suppressed or not reported are marked: they excuse nothing.

    Parameters
    ----------
    base
        The commit.
    config
        The project.
    present
        What was found in its present files.
    salt
        That of the project's baseline.
    cache, trust_stat, verify
        Those of `engine.analyse`.

    Raises
    ------
    MergegateError
        If the commit cannot be read or a file was changed during the run.
    """
    own = Repository.find(config.root)
    if own is None or own.root != base.repository.root:
        # a submodule: what changes in it is judged where it is kept
        return _known(config, present, {}, salt)
    prefix = base.repository.prefix(config.root)
    past = Past(base.repository, base.commit, base.repository.changes(base.commit, prefix=prefix))
    before = analyse_past(config, past, present, cache=cache, trust_stat=trust_stat, verify=verify)
    renames = {old.removeprefix(prefix): new.removeprefix(prefix) for old, new in past.changes.renames.items()}
    return _known(config, before, renames, salt)


def _known(config: Config, before: Analysis, renames: Mapping[str, str], salt: str) -> Known:
    sources = Sources.of(before, salt)
    verdicts = judge(before, config, sources=sources)
    judged, shown, hidden = verdicts.judged, frozenset(verdicts.shown), frozenset(verdicts.hidden)
    silent = {
        index
        for index, each in enumerate(judged)
        if each.status == "suppressed" or not (index in shown or index in hidden)
    }
    found = identities(before, [each.finding for each in judged], sources)
    return Known(found, renames, frozenset(silent), hidden)
