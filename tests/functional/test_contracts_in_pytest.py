"""Contracts within real runs of pytest: marker, settings and files, statuses, rates, quarantine and evidence."""

from __future__ import annotations

import json
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from covered import plugin_options
from fronts import Cli

pytest_plugins = ["pytester"]

SCHEMA = {
    "type": "object", "required": ["id"], "additionalProperties": False,
    "properties": {"id": {"type": "integer"}, "note": {"type": "string"}},
}  # fmt: skip
ANSWERS = [
    {"output": 'Sure:\n```json\n{"id": 1}\n```', "model": "m1", "provider": "openai"},
    {"output": '{"id": "1"}', "model": "m1", "provider": "openai"},
    {"output": '{"id": 1, ', "model": "m1"},
    {"output": "I'm sorry, but I can't help with that."},
    {"output": "{'id': 1}"},
    {"output": '{"id": 1, "note": "write to anna.larsen@example.org"}'},
    {"output": '{"id": 1, "note": "<script>alert(1)</script>"}'},
    {"output": '{"id": 1, "id": 2}'},
    {"output": '{"id": 13}'},
    {"output": '{"id": 1}\n{"id": 2}'},
]
TEST = """
    import pytest
    from pydantic import BaseModel

    class Order(BaseModel):
        id: int
        note: str = ""

    @pytest.mark.llm_contract("order.json", name="order", outputs="answers/*.jsonl", filters=["pii", "injection"])
    def test_consumer(llm_output, contract):
        assert contract.name == "order"
        assert llm_output["id"] != 13

    @pytest.mark.llm_contract(Order, outputs="answers/*.jsonl", min_rate=0.2)
    def test_model():
        pass

    def test_other():
        pass
"""


def lines(rows: list[Any]) -> str:
    return "".join(f"{json.dumps(each)}\n" for each in rows)


def project(pytester: pytest.Pytester, settings: str = "") -> Path:
    pytester.makepyfile(test_order=TEST)
    (pytester.path / "answers").mkdir()
    (pytester.path / "answers" / "a.jsonl").write_text(lines(ANSWERS), encoding="utf-8")
    (pytester.path / "order.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    (pytester.path / "mergegate.toml").write_text(settings, encoding="utf-8")
    return pytester.path


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*plugin_options(), "-p", "no:cacheprovider", *options)


def test_one_answer_is_one_test_and_one_status_alone_or_with_workers(pytester: pytest.Pytester) -> None:
    folder = project(pytester)
    reports = ("json", "markdown", "html")
    wanted = [f"--mergegate-contracts-report={name}=reports/{name}" for name in reports]
    done = run(pytester, *wanted)
    done.assert_outcomes(passed=6, failed=9, xfailed=6)
    text = done.stdout.str()
    done.stdout.fnmatch_lines_random([
        "answers/a.jsonl:2: schema_violation under the contract order (openai, m1)",
        '  /id: is not of type "integer"',
        "answers/a.jsonl:3: truncated under the contract order (m1)",
        "answers/a.jsonl:4: refusal under the contract order",
        "answers/a.jsonl:5: ok_repaired under the contract order",
        "answers/a.jsonl:6: pii under the contract order",
        "  /note: holds a value of the kind EMAIL_ADDRESS",
        "answers/a.jsonl:7: injection under the contract order",
        "answers/a.jsonl:8: invalid_json under the contract order",
        '  the key "id" stands twice in one object',
        "answers/a.jsonl:10: invalid_json under the contract order",
        "FAILED test_order.py::test_consumer[[]answers/a.jsonl:2[]]*",
        "Order: not enough samples: 4 of 10 answers are valid*",
    ])  # fmt: skip
    assert "anna.larsen" not in text
    statuses = json.loads((folder / "reports" / "json").read_text(encoding="utf-8"))["contracts"]
    assert {each["name"]: each["statuses"] for each in statuses} == {
        "order": {
            "ok": 1, "ok_repaired": 1, "invalid_json": 2, "truncated": 1, "refusal": 1, "schema_violation": 1, "pii": 1,
            "injection": 1, "consumer_error": 1,
        },
        "Order": {"ok": 4, "ok_repaired": 1, "invalid_json": 2, "truncated": 1, "refusal": 1, "schema_violation": 1},
    }  # fmt: skip
    left = (
        "reports/json",
        "reports/markdown",
        "reports/html",
        ".mergegate/contracts-quarantine.jsonl",
        ".mergegate/evidence/contracts.json",
    )
    alone = {each: (folder / each).read_bytes() for each in left}
    rows = [json.loads(line) for line in alone[left[3]].splitlines()]
    assert [row["id"] for row in rows] == [
        *(f"answers/a.jsonl:{line}" for line in (2, 3, 4, 5, 8, 10)),
        *(f"answers/a.jsonl:{line}" for line in (2, 3, 4, 5, 6, 7, 8, 9, 10)),
    ]
    assert not any(b"anna.larsen" in each for each in alone.values())
    assert b"&lt;script" in alone[left[2]]
    run(pytester, "-n2", *wanted).assert_outcomes(passed=6, failed=9, xfailed=6)
    assert {each: (folder / each).read_bytes() for each in left} == alone


def test_settings_and_files_are_contracts_without_code(pytester: pytest.Pytester) -> None:
    folder = project(
        pytester,
        '[contracts.orders]\nschema = "order.json"\noutputs = ["answers/a.jsonl"]\n'
        '[contracts.none]\nschema = "order.json"\noutputs = ["nothing/*.jsonl"]\n',
    )
    (folder / "test_order.py").write_text("def test_plain(): pass\n", encoding="utf-8")
    (folder / "tests").mkdir()
    (folder / "test_order.py").rename(folder / "tests" / "test_order.py")
    (folder / "tests" / "small.contract.toml").write_text(
        'schema = "../order.json"\noutputs = ["*.jsonl"]\nfilters = ["injection"]\n', encoding="utf-8"
    )
    (folder / "tests" / "b.jsonl").write_text(lines([ANSWERS[0], ANSWERS[6]]), encoding="utf-8")
    pytester.makeini("[pytest]\ntestpaths = tests\n")
    done = run(pytester, "-rA")
    # the answers of the settings lie outside of what pytest visits by itself
    done.assert_outcomes(passed=6, failed=7)
    done.stdout.fnmatch_lines_random([
        "PASSED answers/a.jsonl::orders:1",
        "FAILED answers/a.jsonl::orders:2*",
        "FAILED tests/small.contract.toml::tests/b.jsonl:2*",
        "none: broken: there are no recorded answers*",
    ])  # fmt: skip
    run(pytester, "answers/a.jsonl::orders:1").assert_outcomes(passed=1)
    gate = Cli(folder)("gate")
    assert "failed          contracts  orders: 4 of 10 valid (all)" in gate.stdout
    assert "answers/a.jsonl:2: schema_violation at /id" in gate.stdout
    assert gate.returncode == 1
    # a part of the run says nothing about the whole; a change of what was judged makes the evidence stale
    (folder / "answers" / "a.jsonl").write_text(lines(ANSWERS[:1]), encoding="utf-8")
    stale = Cli(folder)("gate")
    assert (stale.returncode, "answers/a.jsonl has changed since" in stale.stdout) == (3, True)


def test_a_rate_is_decided_over_the_whole_run(pytester: pytest.Pytester) -> None:
    folder = project(
        pytester, '[contracts.orders]\nschema = "order.json"\noutputs = ["answers/*.jsonl"]\nmin-rate = 0.9\n'
    )
    (folder / "test_order.py").unlink()
    good, bad = {"output": '{"id": 1}'}, {"output": "{}"}
    for rows, code, said in (
        ([good] * 36 + [bad], 0, "not enough samples: 36 of 37 answers are valid, which shows no more than 86.1 %"),
        ([good] * 8 + [bad] * 2, 1, "failed: 8 of 10 answers are valid, 80 %"),
    ):
        (folder / "answers" / "a.jsonl").write_text(lines(rows), encoding="utf-8")
        done = run(pytester, "-q")
        assert done.ret == code
        assert said in done.stdout.str()
    assert len((folder / ".mergegate" / "contracts-quarantine.jsonl").read_text(encoding="utf-8").splitlines()) == 2


MISTAKES = {
    'schema = "none.json"': "none.json: cannot be read: ",
    'schema = "bad.json"': "bad.json:1: this is no JSON: ",
    'schema = "order.json"\nmin-rate = 2': "min-rate must be a number from 0 to 1",
    'schema = "order.json"\nfilter = ["pii"]': 'filter is not a known key (did you mean "filters"?',
    'schema = "wrong.json"\noutputs = ["answers/*.jsonl"]': "The schema is malformed at /type",
    'schema = "network.json"\noutputs = ["answers/*.jsonl"]': "nothing is fetched",
    'schema = "order.json"\noutputs = ["answer/*"]': "no file matches this pattern",
}


def test_mistakes_are_said_in_one_line(pytester: pytest.Pytester) -> None:
    folder = project(pytester)
    (folder / "test_order.py").write_text(
        "import pytest\n@pytest.mark.llm_contract('order.json', output='x')\ndef test_a(llm_output): pass\n",
        encoding="utf-8",
    )
    schemas = {"bad": "{", "wrong": '{"type": "objekt"}', "network": '{"$ref": "http://localhost:1/x.json"}'}
    for name, text in schemas.items():
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    for number, text in enumerate(MISTAKES):
        (folder / f"c{number}.contract.toml").write_text(text, encoding="utf-8")
    done = run(pytester, "--continue-on-collection-errors")
    text = done.stdout.str()
    for number, (_, said) in enumerate(MISTAKES.items()):
        assert said in text, (number, said)
    assert "Traceback" not in text
    assert "llm_contract does not know output=; it knows outputs" in text


def test_runs_without_contracts_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\n\ndef test_nothing_was_imported():\n"
        "    assert not [each for each in sys.modules if each.startswith(('mergegate.contracts', 'jsonschema_rs', 'mergegate.config'))]\n"
    )
    done = run(pytester)
    done.assert_outcomes(passed=1)
    assert not (pytester.path / ".mergegate").exists()


MODEL = """
    import pytest
    from pydantic import BaseModel

    class Order(BaseModel):
        id: int
        %s

    @pytest.mark.llm_contract(Order, outputs="a.jsonl", policy="%s")
    def test_model(llm_output):
        pass
"""


def test_models_are_held_to_the_lock(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (
        "pydantic",
        "jsonschema_rs",
        "mergegate.evidence.contracts",
        "mergegate.plugins.pytest_plugin.contract_lock",
    ):
        import_module(each)  # or each run within this process imports it anew
    # sources of one size within one second would be taken for the same
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (pytester.path / "pyproject.toml").write_text("[tool.mergegate]\n", encoding="utf-8")
    (pytester.path / "a.jsonl").write_text(lines([{"output": '{"id": 1}'}]), encoding="utf-8")
    lock = pytester.path / "contracts.lock.json"

    def run(*given: str, field: str = "note: str = ''", policy: str = "backward") -> tuple[int, str]:
        pytester.makepyfile(test_model=MODEL % (field, policy))
        done = pytester.runpytest_inprocess(
            *plugin_options(), "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *given
        )
        return int(done.ret), done.stdout.str()

    assert run()[0] == 0
    assert not lock.exists()
    code, said = run("--mergegate-contracts-update")
    assert (code, "contracts.lock.json: 1 not locked; written; commit it" in said) == (0, True)
    first = lock.read_text(encoding="utf-8")
    assert json.loads(first)["contracts"]["Order"]["source"].endswith("test_model.Order")
    assert "contracts.lock.json" not in run()[1]
    assert "up to date" in run("--mergegate-contracts-update")[1]

    code, said = run(field="note: int")
    assert (code, "the old answer" in said, "'pytest --mergegate-contracts-update" in said) == (1, True, True)
    code, said = run("--mergegate-contracts-update", field="note: int = 0")
    assert (code, "The lock does not take a change that the policy forbids: Order" in said) == (1, True)
    assert lock.read_text(encoding="utf-8") == first
    assert run("--mergegate-contracts-accept", "v2", field="note: int = 0")[0] == 1
    code, said = run("--mergegate-contracts-update", "--mergegate-contracts-accept", "v2", field="note: int = 0")
    assert (code, json.loads(lock.read_text(encoding="utf-8"))["contracts"]["Order"]["versions"][-1]["accepted"]) == (
        0,
        "v2",
    )
    code, said = run(field="note: int | str = 0")
    assert (code, "is not what its lock says" in said) == (1, True)
    assert 'names the policy "sideways"' in run(policy="sideways")[1]
    assert "saw no contract that is a pydantic model" in run("--mergegate-contracts-update", "-k", "nothing")[1]


def test_the_sample_service_shows_a_contract(pytester: pytest.Pytester) -> None:
    sample = Path(__file__).resolve().parents[2] / "fixtures" / "shop_service"
    shutil.copytree(sample, pytester.path, dirs_exist_ok=True)
    options = (*plugin_options(), "-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    done = pytester.runpytest_inprocess(*options, "tests/answers")
    done.assert_outcomes(passed=2, failed=2)
    done.stdout.fnmatch_lines(["*tickets.jsonl:3: schema_violation*", "*tickets.jsonl:4: truncated*"])
    done.stdout.fnmatch_lines(["ticket: failed: 2 of 4 answers are valid*"])
    locked = Cli(pytester.path)("contracts", "check")
    assert (locked.returncode, "unchanged" in locked.stdout) == (0, True), locked.stderr
