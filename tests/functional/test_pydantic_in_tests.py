"""The guard of pydantic in real runs of pytest: deprecations that tests run into, at the finding's place."""

from __future__ import annotations

import pytest

from covered import plugin_options
from fronts import SOURCE

pytest.importorskip("pydantic", minversion="2")

MODELS = """\
from pydantic import BaseModel, validator


class Item(BaseModel):
    name: str

    class Config:
        title = "an item"

    @validator("name")
    def short(cls, value):
        return value


class Quiet(BaseModel):
    name: str

    class Config:  # mergegate: ignore[pydantic] -- read by both versions
        title = "quiet"


def dump(item):
    return item.dict()
"""
TESTS = """\
import pytest
from models import Item, dump


def test_dump():
    assert dump(Item(name="a")) == {"name": "a"}


def test_dump_again():
    assert dump(Item(name="b"))


def test_that_it_warns():
    with pytest.warns(DeprecationWarning):
        Item(name="a").json()
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    pytester.makepyfile(models=MODELS, test_models=TESTS)
    pytester.path.joinpath("mergegate.toml").touch()
    return pytester


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess(*plugin_options(), "-p", "no:cacheprovider", *options)


def test_deprecations_fail_the_run_at_the_place_that_has_to_change(project: pytest.Pytester) -> None:
    done = run(project, "--mergegate-pydantic=fail")

    assert done.ret == 1
    done.assert_outcomes(passed=3, warnings=done.parseoutcomes()["warnings"])
    section = "\n".join(done.outlines).partition("mergegate pydantic")[2]
    # the warning about the inner class names a line of pydantic; the finding stands on its head
    assert "models.py:7: pydantic-inner-config: Deprecated in pydantic 2: `class Config` of the model `Item`" in section
    assert "    raised while tests were collected" in section
    assert "models.py:10: pydantic-validator-deprecated:" in section
    # nothing proves here that it is a model: pydantic itself does
    assert "models.py:23: The `dict` method is deprecated; use `model_dump` instead." in section
    assert "    raised in test_models.py::test_dump and 1 more" in section
    assert "json" not in section
    assert "models.py:18" not in section
    assert "3 deprecated uses of pydantic; the run fails for them" in section


def test_they_are_told_or_kept_silent_as_the_settings_say(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nmergegate_pydantic = report\nfilterwarnings =\n    ignore:The `dict` method\n")

    told = run(project)
    silent = run(project, "--mergegate-pydantic=off")
    wrong = run(project, "--mergegate-pydantic=loud")

    assert told.ret == 0
    told.stdout.fnmatch_lines(["*2 deprecated uses of pydantic; mergegate_pydantic = fail lets the run fail for them"])
    assert silent.ret == 0
    assert "mergegate pydantic" not in silent.stdout.str()
    assert wrong.ret == 4
    wrong.stderr.fnmatch_lines(["*mergegate_pydantic is 'loud': allowed are off, report, fail"])
