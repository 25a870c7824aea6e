"""Makes reports from findings at chosen places, and writes them in a format."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mergegate.config import Config
from mergegate.engine import Analysis
from mergegate.finding import Confidence, Finding, Severity
from mergegate.gate.report import Report, make_report
from mergegate.reporters import Style, built_in
from mergegate.rules.model import Example, ExampleFile, Rule
from mergegate.syntax.pragmas import Pragma

DATA = Path(__file__).parent / "data"
SARIF_SCHEMA = json.loads((DATA / "sarif-schema-2.1.0.json").read_text("utf-8"))
REPORT_SCHEMA = json.loads(
    (Path(__file__).parents[1] / "src/mergegate/reporters/schemas/report.schema.json").read_text("utf-8")
)
RULES = {
    rule.id: rule
    for rule in (
        Rule(
            "blocking-call-in-async", "E7101", "async", Severity.ERROR, Confidence.HIGH, "0.1", "blocking",
            "A call blocks the loop", "Everything `else` waits.\n\nReally.", "Await it:\n\n```python\nawait x()\n```\n",
            references=("https://docs.python.org/3/",),
            examples=(Example("bad", "plain", (ExampleFile("a.py", "import time\n", {}),)),),
        ),
        Rule(
            "file-metadata-in-async", "W7104", "async", Severity.WARNING, Confidence.MEDIUM, "0.1", "blocking",
            "A call asks the disk", "It is short.", "Use a thread.",
        ),
    )
}  # fmt: skip


def finding(path: str, line: int, column: int, end: int, **changes: object) -> Finding:
    made = Finding(
        "blocking-call-in-async", "async", Severity.ERROR, Confidence.HIGH, path, line, column, line, end,
        "time.sleep() blocks the event loop", "use await asyncio.sleep()",
    )  # fmt: skip
    return replace(made, **changes)


def report(
    files: Mapping[str, str | bytes],
    findings: Sequence[Finding],
    pragmas: Mapping[str, tuple[Pragma, ...]] | None = None,
    root: Path = Path("/nowhere"),
    **settings: object,
) -> Report:
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    analysis = Analysis(
        root=root, rules=RULES, findings=tuple(sorted(findings, key=lambda each: each.sort_key)), pragmas=pragmas or {},
        sources=lambda path: data[path], paths=tuple(data), nested=(), files=len(data), lines=9, cached=1,
        seconds=0.42, warnings=("the cache is read-only",),
    )  # fmt: skip
    return make_report(analysis, replace(Config(root=root), **settings))


def written(format_: str, made: Report, **style: object) -> str:
    return "".join(built_in(format_)(made, Style(**style)))  # type: ignore[arg-type]
