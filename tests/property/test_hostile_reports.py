"""Whatever the code, its file names and the messages hold: every report parses, and nothing in it is alive."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mergegate.finding import Severity, Step
from mergegate.gate.conditions import Condition, Place, Status
from mergegate.gate.report import Report
from mergegate.reporters import FORMATS
from mergegate.reporters.arrangement import by_cause
from reports import DATA, REPORT_SCHEMA, SARIF_SCHEMA, finding, report, written

PIECES = (
    "<script>alert(1)</script>", "</script>", "</style>", "</pre>", "</details>", "<!--", "-->", "]]>", "&", "&lt;",
    '" onload="x', "'", "`", "``", "```", "~~~", "|", "\\|", "\\", "*", "_", "__init__", "[x](javascript:y)", "![x](y)",
    "@user", "#12", "$x$", "https://e.vil/", "www.e.vil", "a@b.cd", "::error::x", "##[error]x", "%0A", "%", ":", ",",
    "\x1b[31m", "\x1b]8;;x\x07", "\x00", "\x85", "\u2028", "\r\n", "\n", "\r", "\t", "\ufeff", "\ufffe", "\uffff",
    "\u202e", "\u2066", "\u200d", "e\u0301", "\U0001d11e", "\u65e5", "{}", "{{x}}", "- [ ] x", "# x", "> x", "1. x", "=",
)  # fmt: skip
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=8).map("".join)
# the names that a file system can give: any bytes but those two
NAME = st.lists(st.one_of(st.sampled_from(PIECES).map(str.encode), st.binary(max_size=4)), min_size=1, max_size=5).map(
    lambda parts: os.fsdecode(b"".join(parts).replace(b"/", b"").replace(b"\0", b"") + b".py")
)


@st.composite
def hostile(draw: st.DrawFn) -> Report:
    """A report of findings whose every text is hostile."""
    paths = draw(st.lists(NAME, min_size=1, max_size=2, unique=True))
    files = {
        path: draw(st.one_of(TEXT.map(lambda text: text.encode("utf-8", "replace")), st.binary())) for path in paths
    }
    place = st.tuples(st.sampled_from(paths), st.integers(1, 4), st.integers(0, 20), st.integers(0, 20))
    findings = []
    for path, line, column, end in draw(st.lists(place, min_size=1, max_size=3)):
        witness = [Step(draw(st.sampled_from(paths)), draw(st.integers(1, 4)), draw(TEXT)) for _ in range(2)]
        severity = draw(st.sampled_from(Severity))
        texts = {"message": draw(TEXT), "help": draw(TEXT), "scope": draw(TEXT), "cause": draw(TEXT)}
        findings.append(finding(path, line, column, end, severity=severity, witness=tuple(witness), **texts))
    return report(files, findings)


@st.composite
def verdicts(draw: st.DrawFn) -> Report:
    """A report with the verdict of a gate whose every text is hostile."""
    made = draw(hostile())
    places = st.builds(Place, NAME, st.integers(0, 4), TEXT)
    conditions = st.builds(
        Condition, TEXT, TEXT, st.sampled_from(Status), TEXT, TEXT, TEXT, st.lists(places, max_size=4).map(tuple)
    )
    return replace(made, conditions=tuple(draw(st.lists(conditions, min_size=1, max_size=3))))


def one_by_one() -> Iterator[Report]:
    """Reports in which each piece stands in every text once, so that no luck is needed."""
    for start in range(0, len(PIECES), 8):
        files, findings = {}, []
        for piece in PIECES[start : start + 8]:
            name = piece.encode("utf-8").replace(b"/", b"").replace(b"\0", b"")
            path = os.fsdecode(b"a" + name + b"\xe9.py")
            text = f"x{piece}y{piece} {piece}z{piece}"
            files[path] = f"f('{text}')\n".encode()
            steps = (Step(path, 1, text), Step(path, 1, text))
            texts = {"message": text, "help": text, "scope": text, "cause": text}
            findings.append(finding(path, 1, 0, 3, witness=steps, **texts))
        yield report(files, findings)


def tried(*arguments: object) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a test those reports besides what is drawn."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        for made in one_by_one():
            test = example(made, *arguments)(test)
        return test

    return decorate


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_SHA", "CI_COMMIT_SHA"):
        monkeypatch.delenv(name, raising=False)


# what fails is short as it is: shrinking would take minutes
some = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def harmless(text: str) -> bool:
    """Whether a text has no control character, no half of a pair and nothing that reorders it."""
    steering = {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}
    return not any(unicodedata.category(each) in ("Cc", "Cs") or each in steering for each in text.replace("\n", ""))


def strings(value: object) -> Iterator[str]:
    """All the strings within JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


@some
@tried()
@given(hostile())
def test_json_is_json(made: Report) -> None:
    document = json.loads(written("json", made))
    jsonschema.validate(document, REPORT_SCHEMA)
    assert [each["message"] for each in document["findings"]] == [each.finding.message for each in made.results]


@cache
def sarif_schema() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(SARIF_SCHEMA)


@some
@tried()
@given(hostile())
def test_sarif_is_sarif(made: Report) -> None:
    log = json.loads(written("sarif", made))
    sarif_schema().validate(log)
    results = log["runs"][0]["results"]
    assert len(results) == len(made.results)
    for result in results:
        location = result["locations"][0]["physicalLocation"]
        assert re.fullmatch(r"[A-Za-z0-9%._~-]+", location["artifactLocation"]["uri"])
        assert harmless(result["message"]["text"])
        # a link in a message is escaped
        assert not re.search(r"(?<!\\)\]\(", result["message"]["text"])


@some
@tried()
@given(hostile())
def test_gitlab_is_harmless_json(made: Report) -> None:
    issues = json.loads(written("gitlab", made))
    assert len(issues) == len(made.new)
    assert all(map(harmless, strings(issues)))
    assert len({each["fingerprint"] for each in issues}) == len(issues)


@cache
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(DATA / "junit.xsd")


@some
@tried()
@given(hostile())
def test_junit_is_xml(made: Report) -> None:
    text = written("junit", made)
    junit_schema().validate(text)
    root = ElementTree.fromstring(text)
    assert len(root.findall(".//failure")) == len({each.finding.path for each in made.new})
    assert all(harmless(each) for each in root.itertext())


@some
@tried()
@given(hostile())
def test_annotations_are_one_command_a_line(made: Report) -> None:
    text = written("github", made)
    assert harmless(text)
    lines = text.split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(made.new) + 1
    for line in lines:
        command = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        assert command, line
        names = [each.partition("=")[0] for each in command[2].split(",")]
        assert set(names) <= {"file", "line", "endLine", "title", "col", "endColumn"}
        assert not re.search(r"%(?!25|0D|0A|3A|2C)", line)


def inline(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from inline(token.children or [])


ALLOWED_HTML = re.compile(
    r"</?(code|details|summary)>|<!-- mergegate: -->"
    r"|<details><summary>\S+ <code>[\w-]+</code> <code>[^<>`]*</code></summary>"
)
VERDICT_HTML = re.compile(r"<details><summary><code>[^<>`]*</code></summary>")


@some
@tried("markdown")
@given(hostile(), st.sampled_from(["markdown", "summary"]))
def test_markdown_has_no_markup_but_ours(made: Report, format_: str) -> None:
    text = written(format_, made)
    assert harmless(text)
    tokens = list(inline(MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(text)))
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens}
    assert kinds <= {
        "heading", "paragraph", "inline", "text", "text_special", "table", "thead", "tbody", "tr", "th", "td",
        "html_block", "html_inline", "fence", "bullet_list", "list_item", "strong", "blockquote", "softbreak",
    }  # fmt: skip
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            for line in token.content.splitlines():
                assert ALLOWED_HTML.fullmatch(line.strip()), line
    # a bar in a text ends no cell: the third one is the place
    cells = [after.content for token, after in pairwise(tokens) if token.type == "td_open"]
    assert cells
    assert all(re.match(r"<code>[^<]*:\d+</code>", place) for place in cells[2::3])
    depth = 0
    for token in tokens:
        if token.type in ("text", "text_special") and depth == 0:
            # outside of code nothing is left that a code host makes mentions, references or formulas of
            assert not re.search(r"[@$]|#\d", token.content), token.content
        if token.type == "html_inline":
            depth += {"<code>": 1, "</code>": -1}.get(token.content, 0)


class Page(HTMLParser):
    """Collects what a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.counts: dict[str, int] = {}
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.attributes.update(name for name, _ in attrs)
        self.links.extend(value or "" for name, value in attrs if name in ("href", "src"))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & {*self.open}:
            self.text.append(data)


@some
@tried()
@given(hostile())
def test_the_page_has_no_markup_but_ours(made: Report) -> None:
    text = written("html", made)
    assert text.isascii()
    page = Page(text)
    assert page.open == []
    assert page.tags <= {
        "html", "head", "meta", "title", "style", "body", "a", "header", "h1", "span", "p", "dl", "div", "dt", "dd",
        "section", "h2", "table", "thead", "tr", "th", "tbody", "td", "form", "label", "input", "select", "option",
        "button", "output", "main", "article", "h3", "code", "pre", "mark", "ol", "ul", "li", "strong", "details",
        "summary", "footer", "script",
    }  # fmt: skip
    assert page.counts["script"] == page.counts["style"] == 1
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "style")}
    assert all(link.startswith(("#", "https://docs.python.org/")) for link in page.links)
    assert harmless("".join(page.text))


@some
@given(verdicts())
def test_a_verdict_is_as_harmless_as_the_findings(made: Report) -> None:
    document = json.loads(written("json", made))
    jsonschema.validate(document, REPORT_SCHEMA)
    assert len(document["gate"]["conditions"]) == len(made.conditions)
    blocking = [each for each in made.conditions if each.status in (Status.FAILED, Status.BROKEN)]
    assert document["gate"]["open"] is not bool(blocking)
    issues = json.loads(written("gitlab", made))
    assert len(issues) == len(made.new) + sum(len(each.places) for each in blocking)
    assert len({each["fingerprint"] for each in issues}) == len(issues)
    assert all(map(harmless, strings(issues)))
    junit = written("junit", made)
    junit_schema().validate(junit)
    assert all(harmless(each) for each in ElementTree.fromstring(junit).itertext())
    page = Page(written("html", made))
    assert page.open == []
    assert harmless("".join(page.text))
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "style")}
    for line in written("github", made).splitlines():
        assert re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line), line
        assert harmless(line)
    for line in written("text", made).split("gate open")[-1].split("gate closed")[-1].splitlines():
        assert harmless(line)


@some
@given(verdicts())
def test_a_verdict_in_markdown_has_no_markup_but_ours(made: Report) -> None:
    text = written("markdown", made)
    assert harmless(text)
    tokens = list(inline(MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(text)))
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            for line in token.content.splitlines():
                assert ALLOWED_HTML.fullmatch(line.strip()) or VERDICT_HTML.fullmatch(line.strip()), line
    # every condition has its row, whatever is in it
    assert sum(token.type == "tr_open" for token in tokens) == 2 + len(made.conditions) + len(by_cause(made.new))


@some
@given(hostile(), st.sampled_from(FORMATS))
def test_every_format_can_be_written_to_a_file(made: Report, format_: str) -> None:
    written(format_, made).encode("utf-8", "strict" if format_ != "text" else "backslashreplace")
