"""The HTML report in a real browser: it loads fast, loads nothing else, runs nothing foreign, and its filters work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mergegate.finding import Severity, Step
from mergegate.gate.conditions import Condition, Place, Status
from mergegate.gate.report import Report
from reports import finding, report, written

playwright = pytest.importorskip("playwright.sync_api", reason="needs the group `formats`")
BROWSER = os.environ.get("MERGEGATE_TEST_BROWSER") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium; MERGEGATE_TEST_BROWSER names it")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SECONDS = 10.0
"""Tenfold what an idle machine needs: the figure is to catch a page that lays out all cards at once."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=BROWSER, args=QUIET)
        yield started
        started.close()


def shop(count: int) -> Report:
    """A report in which every third finding is new, baselined and suppressed, and the first two share a cause."""
    line = "    result = self.repository.load(value)\n"
    files = {f"app/module_{number}.py": line * 10 for number in range(-(-count // 10))}
    findings = []
    for index in range(count):
        path, row = f"app/module_{index // 10}.py", index % 10 + 1
        chain = tuple(
            Step(f"app/module_{(index + hop) // 10 % len(files)}.py", row, f"load{hop}()") for hop in range(4)
        )
        severity = Severity.WARNING if index % 2 else Severity.ERROR
        findings.append(finding(path, row, 13, 40, witness=chain, severity=severity, scope=f"Service.f{index}"))
    made = report(files, findings, root=Path("/nowhere/shop"))
    statuses = ("new", "baselined", "suppressed")
    return replace(
        made, results=tuple(replace(each, status=statuses[i % 3]) for i, each in enumerate(made.results))
    )  # fmt: skip


def opened(browser: Any, tmp_path: Path, made: Report, **how: Any) -> tuple[Any, list[str]]:
    """Return the page of a report, and what it complained of, asked for or ran."""
    file = tmp_path / "report.html"
    file.write_text(written("html", made), encoding="utf-8")
    page = browser.new_page(**how)
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: None if request.url == file.as_uri() else seen.append(request.url))
    page.goto(file.as_uri())
    return page, seen


def shown(page: Any) -> int:
    return page.locator(".place:visible").count()


def test_filters_narrow_and_reset(browser: Any, tmp_path: Path) -> None:
    page, seen = opened(browser, tmp_path, shop(30))
    # what blocks nobody is behind a click
    assert shown(page) == 10
    assert page.inner_text("#count") == "30 findings"
    page.select_option("#status", "baselined")
    playwright.expect(page.locator("#count")).to_have_text("10 of 30 findings")
    assert shown(page) == 10
    page.select_option("#severity", "warning")
    playwright.expect(page.locator("#count")).to_have_text("5 of 30 findings")
    page.fill("#text", "service.f7 blocks")
    playwright.expect(page.locator("#count")).to_have_text("1 of 30 findings")
    page.fill("#text", "no such thing")
    playwright.expect(page.locator("#nothing")).to_be_visible()
    page.click("button[type=reset]")
    playwright.expect(page.locator("#count")).to_have_text("30 findings")
    assert seen == []


def test_it_can_be_used_by_keyboard_and_address(browser: Any, tmp_path: Path) -> None:
    page, seen = opened(browser, tmp_path, shop(30))
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "status"
    place = page.locator("[data-status=suppressed] .place").last
    page.evaluate(f"location.hash = '{place.get_attribute('id')}'")
    playwright.expect(place).to_be_in_viewport()
    page.locator("a.rule").first.click()
    playwright.expect(page.locator(".rules .text")).to_be_in_viewport()
    assert seen == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_screen(browser: Any, tmp_path: Path, scheme: str) -> None:
    page, _ = opened(browser, tmp_path, shop(30), viewport={"width": 400, "height": 800}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    colours = page.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    ink, paper = (sum(map(int, colour[4:-1].split(","))) for colour in colours)
    assert (ink < paper) == (scheme == "light")


def test_without_scripts_all_is_there_but_the_filters(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, shop(30), java_script_enabled=False)
    assert not page.locator("#filter").is_visible()
    assert shown(page) == 10
    page.locator("[data-status=baselined] > summary").click()
    assert shown(page) == 20


def test_what_is_folded_is_printed(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, shop(30))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert shown(page) == 30
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert shown(page) == 10


def test_nothing_foreign_runs_or_loads(browser: Any, tmp_path: Path) -> None:
    attack = '"><script>alert(1)</script><img src="https://evil.invalid/x" onerror="alert(2)"></pre></code>'
    path = f"{attack.replace('/', '')}.py"
    step = Step(path, 1, attack)
    hostile = finding(path, 1, 0, 90, message=attack, help=attack, scope=attack, witness=(step, step), cause=attack)
    page, seen = opened(browser, tmp_path, report({path: attack}, [hostile, replace(hostile, column=2)]))
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    page.fill("#text", "<script>alert(1)")
    playwright.expect(page.locator("#count")).to_have_text("2 findings")
    assert seen == []


def test_thousands_of_findings_load_fast(browser: Any, tmp_path: Path) -> None:
    page, seen = opened(browser, tmp_path, shop(3000))
    assert (tmp_path / "report.html").stat().st_size < 10_000_000
    assert page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") < SECONDS * 1000
    page.fill("#text", "f2999")
    playwright.expect(page.locator("#count")).to_have_text("1 of 3,000 findings")
    assert seen == []


def test_the_verdict_stays_whatever_is_filtered(browser: Any, tmp_path: Path) -> None:
    places = (Place("app/module_0.py", 3, "never called"),)
    made = replace(
        shop(12),
        conditions=(
            Condition("findings", "new findings", Status.FAILED, "4", "at most 0"),
            Condition("coverage", "total", Status.BROKEN, "", "", "run the tests again", places),
            Condition("contracts", "evidence", Status.ABSENT),
        ),
    )
    page, seen = opened(browser, tmp_path, made)
    for status in ("baselined", "new"):
        page.select_option("#status", status)
        assert page.locator(".gate td.outcome").filter(visible=True).all_inner_texts() == [
            "failed", "broken", "not configured"
        ]  # fmt: skip
    assert page.get_by_text("never called").is_hidden()
    page.get_by_text("where", exact=True).click()
    assert page.get_by_text("never called").is_visible()
    assert seen == []
