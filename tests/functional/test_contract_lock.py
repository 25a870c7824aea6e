"""`mergegate contracts check`, `lock` and `diff`, as users meet them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fronts import Cli
from mergegate.cli.running import run as run_in_process

LOCK = "contracts.lock.json"
ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "integer", "minimum": 0}, "note": {"type": "string"}},
    "required": ["id"],
    "additionalProperties": False,
}


class Project(Cli):
    """The command line in a folder, in this process: nothing here is about how it starts."""

    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = run_in_process(["contracts", *arguments])
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    monkeypatch.chdir(tmp_path)
    made = Project(tmp_path)
    made.capsys = capsys
    return made


@pytest.fixture
def cli(bare: Project) -> Project:
    bare.write("pyproject.toml", '[tool.mergegate.contracts.order]\nschema = "order.json"\npolicy = "full"\n')
    save(bare, ORDER)
    return bare


def save(cli: Cli, schema: Any, name: str = "order.json") -> None:
    cli.write(name, json.dumps(schema, indent=1))


def changed(**properties: Any) -> dict[str, Any]:
    return {**ORDER, "properties": {**ORDER["properties"], **properties}}


def run(cli: Project, *arguments: str, code: int = 0) -> str:
    found, out, err = cli.run(*arguments)
    assert found == code, out + err
    return out + err


def test_a_contract_is_locked_and_then_kept(cli: Project) -> None:
    assert "'mergegate contracts lock' makes it" in run(cli, "check", code=3)
    assert "1 contract, 1 not locked; written" in run(cli, "lock")
    first = (cli.folder / LOCK).read_bytes()
    assert "1 unchanged; up to date" in run(cli, "lock")
    assert (cli.folder / LOCK).read_bytes() == first
    assert "lock of order: unchanged (policy full)" in run(cli, "check")

    # a break: shown with its proof at the line of the keyword, in every format, and not locked
    save(cli, changed(id={"type": "integer", "minimum": 1}))
    shown = run(cli, "check", code=1)
    assert "order.json:6:1: error contract-breaks-consumers" in shown
    assert 'the old answer {"id": 0} is no longer valid (minimum was 0 and is 1)' in shown
    report = json.loads(cli.run("check", "--format", "json", "--exit-zero")[1])
    assert [(each["rule"], each["path"], each["line"]) for each in report["findings"]] == [
        ("contract-breaks-consumers", "order.json", 6)
    ]
    assert "--accept REASON order" in run(cli, "lock", code=2)
    assert (cli.folder / LOCK).read_bytes() == first

    # accepted with a reason, it is the new state
    run(cli, "lock", "--accept", "the rows are migrated")
    assert json.loads((cli.folder / LOCK).read_text(encoding="utf-8"))["contracts"]["order"]["versions"][1]["accepted"]
    assert "lock of order: unchanged" in run(cli, "check")


def test_what_is_compatible_or_reads_otherwise_has_to_be_locked(cli: Project) -> None:
    run(cli, "lock")
    save(cli, changed(note={"type": "string", "description": "What the customer said."}))
    assert "contract-prompt-drift" in run(cli, "check", code=3)
    run(cli, "lock")
    # the same values and texts in other words: there is nothing to do
    save(cli, {**ORDER, "properties": {
        "id": {"$ref": "#/$defs/Id"}, "note": {"description": "What the customer said.", "type": "string"},
    }, "$defs": {"Id": {"minimum": 0, "type": "integer"}}})  # fmt: skip
    assert "lock of order: unchanged" in run(cli, "check")
    cli.write("pyproject.toml", '[tool.mergegate.contracts.order]\nschema = "order.json"\npolicy = "backward"\n')
    save(cli, changed(more={}))
    assert "contract-not-locked" in run(cli, "check", code=3)
    assert "1 compatible; written" in run(cli, "lock")


def test_a_waiver_holds_until_its_day_for_one_schema(cli: Project) -> None:
    run(cli, "lock")
    save(cli, changed(id={"type": "integer", "minimum": 1}))
    assert "--until" in run(cli, "lock", "--waive", "soon", code=2)
    run(cli, "lock", "--waive", "rows are being migrated", "--until", "2999-12-31")
    assert "rows are being migrated, until 2999-12-31" in run(cli, "check")
    save(cli, changed(id={"type": "integer", "minimum": 2}))
    run(cli, "check", code=1)
    run(cli, "lock", "--waive", "was late", "--until", "2001-01-01")
    assert "its waiver ended on 2001-01-01" in run(cli, "check", code=1)


def test_transitive_policies_look_further_back(cli: Project) -> None:
    cli.write("pyproject.toml", '[tool.mergegate.contracts.order]\nschema = "order.json"\npolicy = "forward"\n')
    run(cli, "lock")
    narrow = {**ORDER, "properties": {"id": {"type": "integer", "minimum": 0}}}
    save(cli, narrow)
    run(cli, "lock")
    # forward alone compares with the last version, which is narrower than the first
    save(cli, {**narrow, "properties": {"id": {"type": "integer", "minimum": 0, "maximum": 9}}})
    run(cli, "lock")
    cli.write(
        "pyproject.toml", '[tool.mergegate.contracts.order]\nschema = "order.json"\npolicy = "backward_transitive"\n'
    )
    save(
        cli, {**narrow, "properties": {"id": {"type": "integer", "minimum": 0, "maximum": 9}, "new": {"type": "null"}}}
    )
    assert "versions before the last" in run(cli, "check", code=1)
    run(cli, "lock", "--accept", "nobody has such rows")
    save(cli, changed(id={"type": "integer", "minimum": 0}, new={"type": ["null", "string"]}))
    assert "contract-not-locked" in run(cli, "check", code=3)


def test_a_warning_does_not_fail(cli: Project) -> None:
    cli.write("a.contract.toml", 'schema = "order.json"\nlevel = "warn"\n')
    run(cli, "lock")
    save(cli, changed(id={"type": "integer", "minimum": 1}))
    assert "warning contract-breaks-consumers" in run(cli, "check", "a")
    assert "lock of order: breaking" in run(cli, "check", code=1)


def test_a_contract_that_is_gone_is_said_and_leaves_the_lock(cli: Project) -> None:
    cli.write("other.contract.toml", 'schema = "order.json"\n')
    run(cli, "lock")
    (cli.folder / "other.contract.toml").unlink()
    assert "nothing declares it any more" in run(cli, "check", code=3)
    run(cli, "lock")
    assert list(json.loads((cli.folder / LOCK).read_text(encoding="utf-8"))["contracts"]) == ["order"]


def test_the_gate_knows_the_lock(cli: Project) -> None:
    def gate() -> tuple[int, list[dict[str, Any]]]:
        code = run_in_process(["gate", "--format", "json", "--no-cache"])
        conditions = json.loads(cli.capsys.readouterr().out)["gate"]["conditions"]
        return code, [each for each in conditions if each["source"] == "contracts"]

    cli.write("app.py", "x = 1\n")
    # without a lock, and without outputs to be measured, nothing is wanted
    assert [each["status"] for each in gate()[1]] == ["not configured"]
    run(cli, "lock")
    code, conditions = gate()
    assert (code, [(each["name"], each["status"]) for each in conditions]) == (0, [("lock of order", "passed")])
    save(cli, changed(id={"type": "integer", "minimum": 1}))
    code, (condition,) = gate()
    assert (code, condition["status"], condition["actual"]) == (1, "failed", "breaking")
    assert condition["places"][0]["path"] == "order.json"
    assert "--accept REASON order" in condition["text"]
    save(cli, changed(note={"type": "string", "title": "Note"}))
    assert gate()[0] == 3
    (cli.folder / LOCK).write_text("{", encoding="utf-8")
    code, (condition,) = gate()
    assert (code, condition["name"], condition["status"]) == (3, "lock", "broken")


@pytest.mark.parametrize("damage", ["cut", "conflict", "edited", "shape", "bytes"])
def test_a_broken_lock_is_told_from_a_stale_one(cli: Project, damage: str) -> None:
    run(cli, "lock")
    text = (cli.folder / LOCK).read_text(encoding="utf-8")
    broken = {
        "cut": text[: len(text) // 2], "conflict": f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n",
        "edited": text.replace('"minimum": 0', '"minimum": 7'), "shape": '{"version": 1, "contracts": {"order": []}}',
    }  # fmt: skip
    (cli.folder / LOCK).write_bytes(b"\xff\xfe" if damage == "bytes" else broken[damage].encode())
    shown = run(cli, "check", code=3)
    assert "git checkout" in shown
    run(cli, "lock", code=3)
    run(cli, "lock", "--remake")
    assert "lock of order: unchanged" in run(cli, "check")


@pytest.mark.parametrize(
    ("toml", "schema", "says"),
    [
        ('schema = "none.json"', "{}", 'names the schema "none.json", which does not exist'),
        ('schema = "a.json"\npolicy = "backwards"', "{}", 'did you mean "backward"'),
        ('schema = "a.json"', '{"type": "text"}', "a.json:1: this is no schema"),
        ('schema = "a.json"', "{", "a.json:1: this is no JSON"),
        ('schema = "a.json"', '{"minimum": 1e400}', "the number 1e400 is too large"),
        ('schema = "a.json"', '{"enum": ["\\ud800"]}', "a.json:1: this is no schema"),
        ("schema = ", "{}", "is not valid TOML"),
        ("", "{}", 'lacks the key "schema"'),
    ],
)
def test_what_is_wrong_with_a_contract_is_one_line(bare: Project, toml: str, schema: str, says: str) -> None:
    bare.write("a.contract.toml", toml)
    bare.write("a.json", schema)
    code, out, err = bare.run("lock")
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert not (bare.folder / LOCK).exists()


def test_names_and_projects_without_contracts(tmp_path: Path, cli: Project) -> None:
    assert 'did you mean "order"' in run(cli, "check", "ordr", code=2)
    (tmp_path / "pyproject.toml").write_text("[tool.mergegate]\n", encoding="utf-8")
    assert "There is no contract in this project" in run(cli, "check", code=2)


def test_two_schemas_are_compared(cli: Project) -> None:
    save(cli, changed(id={"type": "number"}), "new.json")
    shown = run(cli, "diff", "order.json", "new.json")
    assert "/properties/id/type: the type was integer and is number (loosens)" in shown
    assert "backward (old answers still fit): yes" in shown
    assert "forward (old consumers accept new answers): no" in shown
    data = json.loads(run(cli, "diff", "new.json", "order.json", "--format", "json"))
    assert (data["backward"], data["forward"], data["full"]) == (False, True, False)
    run(cli, "lock")
    save(cli, changed(note={"type": "string", "maxLength": 3}))
    assert "maxLength was absent and is 3" in run(cli, "diff", "order")
    assert "there is no draft 'draft9'" in run(cli, "diff", "order.json", "new.json", "--draft", "draft9", code=2)


def test_locks_of_processes_at_once_are_whole(cli: Project) -> None:
    with ThreadPoolExecutor(3) as pool:
        codes = [each.returncode for each in pool.map(lambda _: cli("contracts", "lock"), range(3))]
    assert codes[0] in (0, 2)
    assert "lock of order: unchanged" in run(cli, "check")
