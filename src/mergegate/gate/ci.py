"""Under what a run takes place: what the environment says of the CI system that runs this process, and options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

# what CI systems call the commit or branch that a change is to be merged into, the most exact first
_BASES = (
    "CI_MERGE_REQUEST_DIFF_BASE_SHA", "GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CHANGE_TARGET",
    "BITBUCKET_PR_DESTINATION_BRANCH", "SYSTEM_PULLREQUEST_TARGETBRANCH", "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
)  # fmt: skip
_SYSTEMS = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")
_NO = {"", "0", "false", "no"}


def ci_runs(environment: Mapping[str, str]) -> bool:
    """Tell whether a CI system runs this process."""
    return any(environment.get(name, "").lower() not in _NO for name in _SYSTEMS)


def base_names(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names that a CI system gives the base of a change, empty if it tests no change."""
    found = (environment.get(name, "").removeprefix("refs/heads/") for name in _BASES)
    return tuple(name for name in found if name)


class Circumstances(NamedTuple):
    """Under what a run takes place.

    Attributes
    ----------
    ci
        Whether nothing may be written, for nobody is there to commit it.
    partial
        Whether a part of the project is looked at only.
    bases
        Names of what the change is to be merged into; empty: unknown, so that growth is not looked for.
    allow_growth
        Whether the baseline may accept more than the base's.
    """

    ci: bool
    partial: bool
    bases: tuple[str, ...]
    allow_growth: bool


def circumstances(
    environment: Mapping[str, str],
    *,
    ci: bool | None = None,
    base: str = "",
    partial: bool = False,
    allow_growth: bool = False,
) -> Circumstances:
    """Return what options say; what they leave open, the environment does.

    Parameters
    ----------
    environment
        The variables of the process.
    ci
        Whether a CI system runs this process; None: as the environment says.
    base
        What the change is to be merged into; empty: in CI what the environment says.
    partial, allow_growth
        Those of `Circumstances`.
    """
    in_ci = ci_runs(environment) if ci is None else ci
    bases = (base,) if base else base_names(environment) if in_ci else ()
    return Circumstances(in_ci, partial, bases, allow_growth)
