"""The report on contracts for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from mergegate.contracts.report import ContractReport, as_data


def write(reports: Sequence[ContractReport]) -> Iterator[str]:
    """Write the report, the same for the same verdicts."""
    yield json.dumps({"version": 1, "contracts": [as_data(each) for each in reports]}, indent=2) + "\n"
