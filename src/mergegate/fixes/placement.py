"""Finds the nodes that findings stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst
from libcst.metadata import CodeRange

from mergegate.finding import Finding

# kinds of nodes that a finding names by their head alone
_HEADS = (cst.ClassDef, cst.FunctionDef)


class Places:
    """The nodes of a tree by where they begin.

    Parameters
    ----------
    positions
        Where each node stands; columns in characters.
    lines
        The lines of the file.
    """

    def __init__(self, positions: Mapping[cst.CSTNode, CodeRange], lines: Sequence[str]) -> None:
        self._lines = lines
        self._positions = positions
        self._by_start: dict[tuple[int, int], list[cst.CSTNode]] = {}
        for node, place in positions.items():
            self._by_start.setdefault((place.start.line, place.start.column), []).append(node)

    def find(self, finding: Finding, kinds: tuple[type[cst.CSTNode], ...]) -> cst.CSTNode | None:
        """Return the node of one of some kinds that a finding stands on; None if the file is not as it was."""
        start = finding.line, self._characters(finding.line, finding.column)
        end = finding.end_line, self._characters(finding.end_line, finding.end_column)
        for node in self._by_start.get(start, ()):
            if isinstance(node, kinds):
                last = self._positions[node].end
                if isinstance(node, _HEADS) or (last.line, last.column) == end:
                    return node
        return None

    def _characters(self, line: int, offset: int) -> int:
        text = self._lines[line - 1] if 0 < line <= len(self._lines) else ""
        return offset if text.isascii() else len(text.encode()[:offset].decode("utf-8", "ignore"))
