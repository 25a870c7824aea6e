"""The hook of pre-commit: a new configuration, or an entry behind those that a project has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import yaml

from mergegate.scaffold.changes import Change, Note, Step, appended, read_text
from mergegate.scaffold.facts import Facts, requirement
from mergegate.scaffold.yaml_text import Document, entries, insert_after, items, parse, plain

FILE = ".pre-commit-config.yaml"


class _Style(NamedTuple):
    """How the entries of a configuration are indented, in columns."""

    entry: int = 2
    key: int = 4
    hook: int = 6


def pre_commit(facts: Facts) -> Step:
    """Return what brings the hook into the configuration of pre-commit."""
    path = facts.top / FILE
    text = read_text(path)
    document = parse(text) if text is not None else None
    if text is None or (document is not None and document.root is None):
        return Change(path, text, appended(text or "", f"repos:\n{_entry(facts, _Style())}"))
    if document is None:
        return Note(path, "is not valid YAML; repair it and add this", _entry(facts, _Style()))
    repos = entries(document.root).get("repos")
    if any(facts.is_gated_by(str(plain(repo))) for repo in items(repos)):
        return Note(path, "runs mergegate already")
    return _extended(path, document, repos, facts)


def _extended(path: Path, document: Document, repos: yaml.Node | None, facts: Facts) -> Step:
    if isinstance(repos, yaml.SequenceNode) and repos.value and not repos.flow_style:
        style = _style(repos)
        addition = _entry(facts, style)
        for after in insert_after(document.text, repos, addition):
            found = parse(after)
            if found is not None and _is_extended(document, found):
                return Change(path, document.text, after)
    return Note(path, "has no list of repos that this can be added to; do it yourself", _entry(facts, _Style()))


def _style(repos: yaml.SequenceNode) -> _Style:
    last = items(repos)[-1]
    entry, key = repos.start_mark.column, last.start_mark.column
    hooks = entries(last).get("hooks")
    is_block = isinstance(hooks, yaml.SequenceNode) and not hooks.flow_style
    return _Style(entry, key, hooks.start_mark.column if is_block and hooks is not None else key + 2)


def _is_extended(before: Document, after: Document) -> bool:
    """Tell whether one more repository is all that has changed."""
    old, new = (entries(each.root) for each in (before, after))
    rest = [key for key in old if key != "repos"]
    return (
        list(old) == list(new)
        and all(plain(old[key]) == plain(new[key]) for key in rest)
        and [plain(item) for item in items(old["repos"])] == [plain(item) for item in items(new["repos"])[:-1]]
        and len(items(new["repos"])) == len(items(old["repos"])) + 1
        and "mergegate" in str(plain(items(new["repos"])[-1]))
    )


def _entry(facts: Facts, style: _Style) -> str:
    hook = [
        "id: mergegate",
        f"name: {facts.name}",
        "entry: mergegate check",
        *([f"args: {json.dumps(list(facts.arguments))}"] if facts.arguments else []),
        "language: python",
        f"additional_dependencies: [{requirement()}]",
        "types: [text]",
        "# a change in one file can make a call in another one block",
        "pass_filenames: false",
        "require_serial: true",
    ]
    dash = "- ".ljust(max(2, style.key - style.entry))
    indent = " " * style.hook
    lines = [f"{' ' * style.entry}{dash}repo: local", f"{' ' * style.key}hooks:"]
    lines += [f"{indent}{'  ' if number else '- '}{line}" for number, line in enumerate(hook)]
    return "".join(f"{line}\n" for line in lines)
