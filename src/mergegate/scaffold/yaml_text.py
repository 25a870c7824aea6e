"""Insertion into YAML as text: the parser says where, and checks that nothing else has changed."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from mergegate.scaffold.changes import newline


class Document(NamedTuple):
    """YAML text and the nodes in it; no root if the text holds none."""

    text: str
    root: yaml.Node | None


def parse(text: str) -> Document | None:
    """Return YAML text with its nodes, None if it is not one valid document. No tag is given a meaning."""
    try:
        return Document(text, yaml.compose(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return None


def entries(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """Return the values of a mapping by key; nothing for other nodes."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
    return {str(key.value): value for key, value in pairs if isinstance(key, yaml.ScalarNode)}


def items(node: yaml.Node | None) -> list[yaml.Node]:
    """Return the items of a list; nothing for other nodes."""
    if not isinstance(node, yaml.SequenceNode):
        return []
    found: list[yaml.Node] = node.value
    return found


def scalars(node: yaml.Node | None) -> list[str]:
    """Return the plain values of a list."""
    return [str(item.value) for item in items(node) if isinstance(item, yaml.ScalarNode)]


def plain(node: yaml.Node | None, seen: set[int] | None = None) -> Any:
    """Return what nodes hold, with their tags, so that two documents can be compared; what is repeated stands once."""
    seen = set() if seen is None else seen
    if node is None or id(node) in seen:
        return None
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
        return (node.tag, [(plain(key, seen), plain(value, seen)) for key, value in pairs])
    if isinstance(node, yaml.SequenceNode):
        return (node.tag, [plain(item, seen) for item in items(node)])
    return (node.tag, node.value)


def insert_after(text: str, node: yaml.Node, lines: str) -> list[str]:
    """Return where lines may go behind a node, the likeliest text first.

    A block ends for the parser where the next token begins, behind comments that belong to what follows; so the first
    text has the lines directly behind the last line of the node's own and the comments indented with it, the second
    where the parser says.
    """
    rows = text.splitlines(keepends=True)
    end = node.end_mark.line + (1 if node.end_mark.column else 0)
    close = end
    while close > 0 and (not rows[close - 1].strip() or rows[close - 1].lstrip().startswith("#")):
        close -= 1
    while close < end and _is_comment_below(rows[close], node.start_mark.column):
        close += 1
    return [_joined(rows, at, lines, newline(text)) for at in dict.fromkeys((close, end))]


def _is_comment_below(row: str, column: int) -> bool:
    return row.lstrip().startswith("#") and len(row) - len(row.lstrip()) > column


def _joined(rows: list[str], at: int, lines: str, ends: str) -> str:
    before = "".join(rows[:at])
    if before and not before.endswith("\n"):
        before += ends
    return before + lines.replace("\n", ends) + "".join(rows[at:])
