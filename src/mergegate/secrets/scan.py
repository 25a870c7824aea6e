"""The scan of one file: from its bytes to the credentials in it."""

from __future__ import annotations

from mergegate.secrets.config_files import config_candidates
from mergegate.secrets.judgement import Secret, judge
from mergegate.secrets.notebooks import scan_notebook
from mergegate.secrets.python_literals import python_candidates
from mergegate.secrets.suspects import suspect_lines
from mergegate.secrets.tables import Tables


def scan(data: bytes, kind: str, tables: Tables) -> list[Secret]:
    """Return the credentials in a file, in order.

    Parameters
    ----------
    data
        The file.
    kind
        `python`, or what `kinds.kind_of` says of its path.
    tables
        What to judge by.
    """
    if kind == "notebook":
        return scan_notebook(data, tables)
    if kind == "python":
        candidates = python_candidates(data, tables.positions, suspect_lines(data, tables))
    else:
        candidates = config_candidates(data, kind)
    return judge(data, candidates, tables)
