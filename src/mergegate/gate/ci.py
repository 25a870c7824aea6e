"""What the environment says of the CI system that runs this process."""

from __future__ import annotations

from collections.abc import Mapping

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
