"""The guard of logs in pytest: tests fail by what they log and print, and say where it came from."""

from __future__ import annotations

from typing import Any

import pytest

from covered import plugin_options

pytest_plugins = ["pytester"]
MODULE = """
    import logging
    import sys
    import pytest

    log = logging.getLogger("shop")

    def test_logs_mail():
        log.warning("mail to %s", "anna.larsen@example.org")

    def test_prints_a_card():
        print("card 4111 1111 1111 1111")

    def test_extra_and_traceback():
        try:
            raise ValueError("phone: 415-555-2671")
        except ValueError:
            log.exception("failed", extra={"customer_ssn": "536221234"})

    def test_clean():
        log.warning("user %s has 3 items, took %d ns", "f47ac10b-58cc-4372-a567-0e02b2c3d479", 1764083596123456)
        print("10.1.2.3")

    @pytest.fixture
    def noisy():
        yield
        sys.stderr.write("bye anna.larsen@example.org")

    def test_clean_up(noisy):
        pass

    @pytest.mark.xfail(strict=True)
    def test_fails_anyway():
        log.warning("mail to anna.larsen@example.org")
        assert False
"""


def _run(pytester: pytest.Pytester, *options: str) -> Any:
    return pytester.runpytest_subprocess(*plugin_options(), "-p", "no:cacheprovider", *options)


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_what_comes_out_fails_the_test(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    pytester.makepyfile(test_shop=MODULE)
    run = _run(pytester, "--mergegate-pii-logs", *workers)
    run.assert_outcomes(passed=2, failed=3, errors=1, xfailed=1)
    run.stdout.fnmatch_lines_random([
        "*EMAIL_ADDRESS a[*][*][*]: test_shop.py:8, logger shop, WARNING",
        "*CREDIT_CARD_NUMBER 4[*][*][*]: standard output",
        "*PHONE_NUMBER 4[*][*][*]: test_shop.py:17, logger shop, ERROR",
        "*US_SSN 5[*][*][*]: test_shop.py:17, logger shop, ERROR, extra customer_ssn",
        "*EMAIL_ADDRESS a[*][*][*]: standard error",
    ])  # fmt: skip
    shown = run.stdout.str().partition("= FAILURES =")[2]
    assert "[EMAIL_ADDRESS]" in shown
    # source lines are shown as they are; what was captured is not
    assert "card 4111" not in shown.replace('print("card 4111 1111 1111 1111")', "")


def test_it_is_off_unless_asked_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_shop=MODULE)
    _run(pytester).assert_outcomes(passed=5, xfailed=1)


def test_settings_choose_what_is_looked_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_shop=MODULE)
    pytester.makeini("[pytest]\nmergegate_pii_logs = true\nmergegate_pii_entities =\n  IP_ADDRESS\n")
    run = _run(pytester)
    run.assert_outcomes(passed=4, failed=1, xfailed=1)
    run.stdout.fnmatch_lines(["*IP_ADDRESS 1[*][*][*]: standard output"])


def test_an_unknown_entity_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmergegate_pii_logs = true\nmergegate_pii_entities = EMAIL\n")
    run = _run(pytester)
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    run.stderr.fnmatch_lines(["*there is no entity 'EMAIL'*"])
