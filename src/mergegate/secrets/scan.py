"""The scan of one file: from its bytes to the credentials in it."""

from __future__ import annotations

from mergegate.secrets.judgement import Secret, judge
from mergegate.secrets.python_literals import python_candidates
from mergegate.secrets.suspects import suspect_lines
from mergegate.secrets.tables import Tables
from mergegate.trees import Parsed


def scan(parsed: Parsed, kind: str, tables: Tables) -> list[Secret]:
    """Return the credentials in a file, in order.

    Parameters
    ----------
    parsed
        The file.
    kind
        `python`, or what `kinds.kind_of` says of its path.
    tables
        What to judge by.
    """
    data = parsed.data
    if kind == "python":
        return judge(data, python_candidates(parsed, tables.positions, suspect_lines(data, tables)), tables)
    # most runs look at code alone
    if kind == "notebook":
        from mergegate.secrets.notebooks import scan_notebook  # noqa: PLC0415

        return scan_notebook(data, tables)
    from mergegate.secrets.config_files import config_candidates  # noqa: PLC0415

    return judge(data, config_candidates(data, kind), tables)
