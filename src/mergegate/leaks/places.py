"""Places where what is written matters less: there, people print what they made up."""

from __future__ import annotations

import re

from mergegate.finding import Confidence, Severity

_FOR_TESTS = re.compile(
    r"(?:^|/)(?:tests?|testing|fixtures|examples?|samples?|docs?|tutorials?|benchmarks?|mocks?|e2e|cookbook|demos?|scripts)/"
    r"|(?:^|/)(?:conftest|test_[^/]*|[^/]*_tests?)\.py$"
)


def weighed(path: str, severity: Severity, confidence: Confidence) -> tuple[Severity, Confidence]:
    """Return how bad and how sure a leak is, considering where it lies.

    Parameters
    ----------
    path
        The file, relative to the root of the project.
    """
    if not _FOR_TESTS.search(path):
        return severity, confidence
    return Severity.WARNING if severity is Severity.ERROR else Severity.INFO, confidence.lowered()
