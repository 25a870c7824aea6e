"""Every format on reports made from findings at awkward places."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest

from mergegate.finding import Confidence, Severity, Step
from mergegate.gate.report import Report
from mergegate.reporters import FORMATS
from mergegate.syntax.pragmas import Pragma
from reports import REPORT_SCHEMA, SARIF_SCHEMA, finding, report, written


def cells(text: str) -> int:
    """The width of a text on a terminal."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.category(character) in ("Mn", "Me", "Cf") for character in text)


# -- text ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("    sleep(1)", "sleep(1)"),
        ("\tif x:\tsleep(1)  # tabs", "sleep(1)"),
        ("x = '日本語'; sleep(1)", "sleep(1)"),
        ("x = 'e\u0301'; sleep('e\u0301日')", "sleep('e\u0301日')"),
        ("x = '👩\u200d🚀'; sleep(1)", "sleep(1)"),
        ("x = '\ufeff'; sleep(1)", "sleep(1)"),
        ("y = '" + "z" * 5000 + "'; sleep(1); '" + "z" * 5000 + "'", "sleep(1)"),
    ],
)
def test_carets_stand_below_what_is_meant(line: str, marked: str) -> None:
    start = len(line[: line.index(marked)].encode())
    text = written("text", report({"a.py": line}, [finding("a.py", 1, start, start + len(marked.encode()))]))
    shown, carets = text.splitlines()[1:3]
    before = shown[: shown.index(marked)]
    assert carets.index("^") == cells(before)
    assert carets.count("^") == cells(marked)
    assert len(shown) < 300


def test_the_first_line_of_a_long_call_is_marked_to_its_end() -> None:
    source = "sleep(\n    1,\n)  \n"
    text = written("text", report({"a.py": source}, [finding("a.py", 1, 0, 1, end_line=3)]))
    assert "    1 | sleep(\n      | ^^^^^^\n" in text


def test_a_finding_says_place_rule_chain_and_help() -> None:
    chain = (Step("a.py", 2, "load()"), Step("db.py", 7, "time.sleep()"))
    made = report({"a.py": "\nlöad()", "db.py": ""}, [finding("a.py", 2, 0, 7, witness=chain)])
    text = written("text", made)
    assert text.startswith("a.py:2:1: error blocking-call-in-async: time.sleep() blocks the event loop\n")
    assert re.search(r"chain: a\.py:2 load\(\)\n +db\.py:7 time\.sleep\(\)\n", text)
    assert "  help: use await asyncio.sleep()\n" in text
    assert text.endswith("1 new (1 error), 2 files in 0.4 s (cached 1)\n")
    assert "warning: the cache is read-only\n" in text


def test_columns_are_characters_from_one() -> None:
    text = written("text", report({"a.py": "'äöü'; f()"}, [finding("a.py", 1, 10, 13)]))
    assert text.startswith("a.py:1:8: ")


def test_one_cause_is_shown_once_with_its_other_places() -> None:
    files = {f"m{number:02}.py": "load()\nload()\n" for number in range(30)}
    findings = [finding(path, line, 0, 6, cause="db.load") for path in files for line in (1, 2)]
    made = report(files, findings)
    text = written("text", made)
    assert text.count("error blocking-call-in-async") == 1
    assert "59 more places with this cause" in text
    assert "m01.py:1:1, 2:1\n" in text
    assert "39 more (--show-witness)" in text
    assert text.rstrip().splitlines()[-1].startswith("60 new (60 error)")
    assert "m29.py:1:1, 2:1\n" in written("text", made, show_witness=True)
    assert len(json.loads(written("json", made))["findings"]) == 60


def test_a_long_chain_is_cut_unless_all_is_asked_for() -> None:
    chain = tuple(Step("a.py", line, f"f{line}()") for line in range(1, 13))
    made = report({"a.py": "x()"}, [finding("a.py", 1, 0, 3, witness=chain)])
    assert "... 6 more (--show-witness)" in written("text", made)
    assert "f7()" not in written("text", made)
    assert "f12()" in written("text", made)
    assert "f7()" in written("text", made, show_witness=True)


def test_what_confidence_hides_is_counted_with_the_flag_that_shows_it() -> None:
    unsure = {"rule": "file-metadata-in-async", "confidence": Confidence.MEDIUM, "severity": Severity.WARNING}
    findings = [finding("a.py", 1, 0, 1), finding("a.py", 2, 0, 1, **unsure), finding("a.py", 3, 0, 1, **unsure)]
    findings.append(finding("a.py", 4, 0, 1, confidence=Confidence.LOW))
    files = {"a.py": "a\nb\nc\nd\n"}
    last = written("text", report(files, findings)).splitlines()[-1]
    assert last.startswith("1 new (1 error), 3 hidden for their confidence (")
    assert "(--min-confidence medium shows 2, low all 3)" in last
    less = written("text", report(files, findings, min_confidence="medium"))
    assert "1 hidden for its confidence (--min-confidence low shows it)" in less
    assert "hidden" not in written("text", report(files, findings, min_confidence="low"))


def test_nothing_in_the_code_can_steer_the_terminal() -> None:
    line = "x = '\x1b[2J\x07\u202e'; sleep(1)"
    start = len(line[: line.index("sleep")].encode())
    made = report({"a.py": line}, [finding("a.py", 1, start, start + 8, message="calls \x1b[31m\nname")])
    text = written("text", made)
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert "\x1b[" in written("text", made, color=True)


def test_paths_are_seen_from_the_current_folder() -> None:
    made = report({"src/pkg/a.py": "f()", "b.py": "f()"}, [finding("src/pkg/a.py", 1, 0, 3), finding("b.py", 1, 0, 3)])
    text = written("text", made, folder="src")
    assert "\npkg/a.py:1:1: " in text
    assert text.startswith("../b.py:1:1: ")


def test_statistics_count_rules_and_causes() -> None:
    findings = [finding("a.py", line, 0, 1, cause="x") for line in (1, 2, 3)]
    text = written("text", report({"a.py": "a\nb\nc\n"}, findings), statistics=True)
    assert text.startswith("3  blocking-call-in-async (from 1 cause)\n")


@pytest.mark.parametrize(
    "source",
    [
        "# -*- coding: latin-1 -*-\nx = 'äöü'; f()\n".encode("latin-1"),
        "\ufeff# bom\nx = 'äöü'; f()\n".encode(),
        "# old\rx = 'äöü'; f()\r".encode(),
    ],
)
def test_source_is_decoded_as_python_does(source: bytes) -> None:
    start = len("x = 'äöü'; ".encode())
    text = written("text", report({"a.py": source}, [finding("a.py", 2, start, start + 3)]))
    assert "    2 | x = 'äöü'; f()\n      |            ^^^\n" in text
    assert text.startswith("a.py:2:12: ")


@pytest.mark.parametrize("format_", FORMATS)
def test_a_place_beyond_the_file_does_no_harm(format_: str) -> None:
    assert written(format_, report({"a.py": b""}, [finding("a.py", 99, 50, 60), finding("a.py", 1, 5, 4)]))


# -- json ----------------------------------------------------------------------------------------------------------


def awkward() -> Report:
    chain = (Step("a b/ü%#?.py", 1, "lö ad()"), Step("db.py", 7, "items[0](x)"))
    pragmas = {"db.py": (Pragma("mergegate", 1, 1, 1, ("async",), "measured"),)}
    findings = [
        finding("a b/ü%#?.py", 1, 14, 17, witness=chain, cause="db.load", scope="Service.run"),
        finding("db.py", 1, 0, 3, severity=Severity.WARNING, message='see [x](1): 100 % of "it"'),
        finding("db.py", 2, 0, 3, rule="file-metadata-in-async", severity=Severity.INFO, help=""),
    ]
    return report({"a b/ü%#?.py": "x = '𝄞é'; f()", "db.py": "f()\nf()"}, findings, pragmas)


def test_json_is_what_its_schema_says() -> None:
    document = json.loads(written("json", awkward()))
    jsonschema.validate(document, REPORT_SCHEMA)
    assert [each["status"] for each in document["findings"]] == ["new", "suppressed", "new"]
    first = document["findings"][0]
    assert (first["path"], first["line"], first["column"], first["end_column"]) == ("a b/ü%#?.py", 1, 11, 14)
    assert first["witness"][1] == {"path": "db.py", "line": 7, "text": "items[0](x)"}
    assert document["errors"] == [{"message": "the cache is read-only"}]
    assert document["summary"]["new"] == 2
    assert document["summary"]["suppressed"] == 1
    assert len({each["fingerprint"] for each in document["findings"]}) == 3


def test_fingerprints_outlive_edits_elsewhere() -> None:
    def prints(source: str, lines: Sequence[int]) -> list[str]:
        made = report({"a.py": source}, [finding("a.py", line, 0, 3, scope="run") for line in lines])
        return [result.fingerprint for result in made.results]

    before = prints("f(1)\nf(1)\nf(2)\n", (1, 2, 3))
    assert len(set(before)) == 3
    assert prints("\nif x:\n    f( 1 )\nf(1)\nx\nf(2)\n", (3, 4, 6)) == before
    # selecting less does not renumber equal findings
    findings = [finding("a.py", line, 0, 3, scope="run") for line in (1, 2)]
    unsure = replace(findings[0], confidence=Confidence.LOW)
    kept = report({"a.py": "f(1)\nf(1)\n"}, [unsure, findings[1]])
    assert [result.fingerprint for result in kept.results] == before[1:2]


# -- sarif ---------------------------------------------------------------------------------------------------------


def test_sarif_is_valid_and_says_everything() -> None:
    log = json.loads(written("sarif", awkward()))
    jsonschema.Draft7Validator(SARIF_SCHEMA).validate(log)
    (run,) = log["runs"]
    assert run["columnKind"] == "utf16CodeUnits"
    # the most relevant come first: new ones before suppressed ones
    first, third, second = run["results"]
    location = first["locations"][0]["physicalLocation"]
    uri = location["artifactLocation"]["uri"]
    assert unquote(uri) == "a b/ü%#?.py"
    assert re.fullmatch(r"[A-Za-z0-9%/._~-]+", uri)
    assert location["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
    # the clef takes four bytes, two code units of UTF-16 and one character
    assert location["region"] == {"startLine": 1, "startColumn": 12, "endLine": 1, "endColumn": 15}
    flow = first["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in flow] == [1, 7]
    assert first["properties"] == {"family": "async", "confidence": "high"}
    assert (first["level"], second["level"], third["level"]) == ("error", "warning", "note")
    assert [each["baselineState"] for each in (first, third, second)] == ["new", "new", "unchanged"]
    assert second["suppressions"] == [{"kind": "inSource", "justification": "measured"}]
    assert r"\[x\](1)" in second["message"]["text"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[each["ruleIndex"]]["id"] for each in run["results"]] == [each["ruleId"] for each in run["results"]]
    described = next(rule for rule in rules if rule["id"] == "blocking-call-in-async")
    assert "```python" in described["help"]["markdown"]
    assert "```" not in described["help"]["text"]
    assert "    await x()" in described["help"]["text"]


def test_sarif_paths_start_at_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    root = tmp_path / "services" / "my app"
    root.mkdir(parents=True)
    made = report({"a.py": "f()"}, [finding("a.py", 1, 0, 3)], root=root)
    (result,) = json.loads(written("sarif", made))["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "services/my%20app/a.py"
    assert "file=services/my app/a.py," in written("github", made)


def test_a_file_name_that_is_no_text_survives() -> None:
    name = b"caf\xe9.py".decode("utf-8", "surrogateescape")
    made = report({name: "f()"}, [finding(name, 1, 0, 3)])
    assert json.loads(written("json", made))["findings"][0]["path"] == name
    assert "caf%E9.py" in written("sarif", made)
    written("text", made).encode("utf-8")


# -- github --------------------------------------------------------------------------------------------------------


def test_annotations_are_escaped_and_the_worst_come_first() -> None:
    findings = [
        finding("a,b:c.py", 1, 0, 3, severity=Severity.INFO, message="plain"),
        finding("a,b:c.py", 2, 0, 3, severity=Severity.WARNING, message="100 %\nof it, a: b"),
        finding("a,b:c.py", 3, 0, 3, help=""),
    ]
    lines = written("github", report({"a,b:c.py": "f()\nf()\nf()\n"}, findings)).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::warning", "::notice"]
    assert lines[2] == (
        "::warning file=a%2Cb%3Ac.py,line=2,endLine=2,title=blocking-call-in-async,col=1,endColumn=4"
        "::100 %25 of it, a: b%0Ahelp: use await asyncio.sleep()"
    )


def test_suppressed_findings_are_no_annotations() -> None:
    pragmas = {"a.py": (Pragma("pylint", 1, 1, 1, ("E7101",), ""),)}
    made = report({"a.py": "f()"}, [finding("a.py", 1, 0, 3)], pragmas)
    assert "::error" not in written("github", made)
    assert "0 new, 1 suppressed" in written("text", made)
