"""The identity of a finding: what machines use to recognise it in the next run."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence

from mergegate.finding import Finding

_LENGTH = 20


def fingerprints(findings: Sequence[Finding], line_text: Callable[[str, int], str]) -> list[str]:
    """Return one identity for each finding, unique among them.

    It is made of the rule, the file, the scope and the reported line's text without blanks; findings that agree in all
    of these are told apart by their order. No line number and no message goes in, so edits elsewhere in the file, a new
    indentation and another way to the same call keep it.

    Parameters
    ----------
    findings
        All findings of the program in report order: a selection would change the order of equal ones.
    line_text
        Gives the text of a line (1-based) of a file.
    """
    seen: defaultdict[tuple[str, ...], int] = defaultdict(int)
    found: list[str] = []
    for finding in findings:
        text = "".join(line_text(finding.path, finding.line).split())
        parts = (finding.rule, finding.path, finding.scope, text)
        occurrence = seen[parts]
        seen[parts] += 1
        data = "\0".join((*parts, str(occurrence))).encode("utf-8", "surrogatepass")
        found.append(hashlib.blake2b(data, digest_size=_LENGTH // 2).hexdigest())
    return found
