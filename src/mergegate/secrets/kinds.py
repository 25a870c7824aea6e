"""Kinds of configuration files, by their paths."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BY_NAME: Mapping[str, str] = {
    ".env": "env", ".envrc": "env", ".npmrc": "env", ".pypirc": "ini", ".netrc": "text", "dockerfile": "env",
    "containerfile": "env", "pip.conf": "ini", "pip.ini": "ini", "credentials": "ini", ".htpasswd": "text",
}  # fmt: skip
_BY_SUFFIX: Mapping[str, str] = {
    ".env": "env", ".yml": "yaml", ".yaml": "yaml", ".toml": "env", ".ini": "ini", ".cfg": "ini", ".conf": "ini",
    ".properties": "ini", ".json": "json", ".sh": "env", ".bash": "env", ".tfvars": "env", ".pem": "text",
    ".key": "text", ".ipynb": "notebook",
}  # fmt: skip
_LEFT_OUT = re.compile(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|composer\.lock|[\w.-]*-lock\.(?:json|ya?ml)|\.secrets\.baseline"
    r"|mergegate-[\w-]*\.json|[\w.-]*\.(?:min|schema|sbom|spdx|cdx)\.json|tsconfig[\w.-]*\.json|openapi[\w.-]*|swagger[\w.-]*)$"
    r"|(?:^|/)(?:locales?|i18n|translations?|lang|cassettes|__snapshots__)/"
)


def kind_of(path: str) -> str:
    """Return the kind of a configuration file by its path, empty if it is none that is read.

    Parameters
    ----------
    path
        POSIX path relative to the project.
    """
    name = path.rpartition("/")[2].lower()
    if _LEFT_OUT.search(path):
        return ""
    if name.startswith((".env.", "dockerfile.")):
        return "env"
    return _BY_NAME.get(name) or _BY_SUFFIX.get(name[name.rfind(".") :] if "." in name else "", "")
