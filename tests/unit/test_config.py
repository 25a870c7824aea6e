"""The configuration: where it is found, what it may say, and how clearly it complains."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema
import pytest

from mergegate.config import BlockingName, config_schema, discover_projects, effective, load_config
from mergegate.errors import ConfigError

RULES = ("blocking-call-in-async", "blocking-helper-in-async", "unreadable-file")
FAMILIES = ("async", "core")


def write(root: Path, name: str, text: str = "") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_without_any_configuration_is_its_own_project(tmp_path: Path) -> None:
    file = write(tmp_path, "app/main.py")
    assert load_config(tmp_path / "app").root == tmp_path / "app"
    assert load_config(file).root == tmp_path / "app"


def test_without_configuration_the_git_work_tree_is_the_project(tmp_path: Path) -> None:
    write(tmp_path, ".git/HEAD")
    assert load_config(write(tmp_path, "src/app/main.py")).root == tmp_path


def test_a_work_tree_that_is_linked_has_a_file_for_its_git_folder(tmp_path: Path) -> None:
    write(tmp_path, ".git", "gitdir: elsewhere")
    assert load_config(write(tmp_path, "src/main.py")).root == tmp_path


def test_the_nearest_configuration_above_the_path_counts(tmp_path: Path) -> None:
    write(tmp_path, ".git/HEAD")
    write(tmp_path, "pyproject.toml", "[tool.mergegate]\njobs = 1\n")
    write(tmp_path, "inner/pyproject.toml", "[tool.mergegate]\njobs = 2\n")
    write(tmp_path, "inner/deeper/pyproject.toml", "[project]\nname = 'mergegate-user'\n")
    config = load_config(write(tmp_path, "inner/deeper/main.py"))
    assert (config.root, config.jobs) == (tmp_path / "inner", 2)


def test_a_file_of_its_own_wins_over_pyproject_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "[tool.mergegate]\njobs = 1\n")
    write(tmp_path, "mergegate.toml", "jobs = 2\n")
    assert load_config(tmp_path).jobs == 2


def test_an_explicit_file_makes_its_folder_the_project(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "[tool.mergegate]\njobs = 1\n")
    file = write(tmp_path, "ci/strict.toml", "jobs = 2\n")
    config = load_config(tmp_path, file)
    assert (config.root, config.jobs, config.file) == (tmp_path / "ci", 2, file)


@pytest.mark.parametrize("name", ["none.toml", "pyproject.toml"])
def test_an_explicit_file_must_hold_a_configuration(tmp_path: Path, name: str) -> None:
    write(tmp_path, "pyproject.toml", "[project]\n")
    with pytest.raises(ConfigError, match=name):
        load_config(tmp_path, tmp_path / name)


def test_a_broken_pyproject_that_does_not_speak_of_us_is_not_our_business(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "[project\n")
    assert load_config(tmp_path).root == tmp_path


def test_all_settings_are_read(tmp_path: Path) -> None:
    for folder in ("lib", "house-rules", "env"):
        (tmp_path / folder).mkdir()
    write(
        tmp_path,
        "mergegate.toml",
        """
        select = ["async"]
        ignore = ["unreadable-file"]
        min-confidence = "medium"
        exclude = ["generated/"]
        respect-gitignore = false
        src = ["lib"]
        python = "env"
        rule-folders = ["house-rules"]
        jobs = 3
        cache-dir = ".cache/mergegate"
        require-reasons = true
        per-file-ignores = {"tests/**" = ["async"]}
        severity = {blocking-call-in-async = "info"}
        [async]
        safe = ["app.quick"]
        hand-overs = ["app.in_thread"]
        blocking = ["app.slow", {name = "app.files.*", grade = "contents", replacement = "await app.aio()"}]
        """,
    )
    config = load_config(tmp_path)
    assert config.select == ("async",)
    assert config.ignore == ("unreadable-file",)
    assert config.min_confidence == "medium"
    assert config.exclude == ("generated/",)
    assert config.respect_gitignore is False
    assert (config.src, config.python, config.rule_folders) == (("lib",), "env", ("house-rules",))
    assert (config.jobs, config.cache_dir, config.require_reasons) == (3, ".cache/mergegate", True)
    assert config.per_file_ignores == {"tests/**": ("async",)}
    assert config.severity == {"blocking-call-in-async": "info"}
    assert (config.async_.safe, config.async_.hand_overs) == (("app.quick",), ("app.in_thread",))
    assert config.async_.blocking == (
        BlockingName(name="app.slow"),
        BlockingName(name="app.files.*", grade="contents", replacement="await app.aio()"),
    )


# the text of [tool.mergegate] from line 3 of the file on, the line of the fault, and what the message must say
WRONG = {
    "unknown key": ('selct = ["async"]', 3, ["selct is not a known key", 'did you mean "select"?', "min-confidence"]),
    "key far from any": ("zzz = 1", 3, ["zzz is not a known key", "allowed: ", "cache-dir"]),
    "underscore for hyphen": ("jobs = 1\ncache_dir = 'x'", 4, ['did you mean "cache-dir"?']),
    "string for list": ('select = "async"', 3, ["select must be a list", 'write ["async"]']),
    "item of a list": ("exclude = [\n  'a',\n  'b',  # 7\n  7,\n]", 6, ["exclude[2] must be a string, not 7"]),
    "item before a bracket": ("exclude = [\n  'a',\n  7]", 5, ["exclude[1] must be a string"]),
    "item in one line": ("jobs = 1\nexclude = ['a', '']", 4, ["exclude[1] must not be empty"]),
    "bool for number": ("jobs = true", 3, ["jobs must be a whole number of at least 0, not true"]),
    "number below": ("jobs = -1", 3, ["at least 0, not -1"]),
    "number for bool": ("require-reasons = 1", 3, ["require-reasons must be true or false, not 1"]),
    "choice": ('min-confidence = "hihg"', 3, ['"hihg"', 'did you mean "high"?', "allowed: high, medium, low"]),
    "choice of another kind": ("min-confidence = 3", 3, ["cannot be 3", "allowed: high, medium, low"]),
    "date": ("cache-dir = 2020-01-01", 3, ["cache-dir must be a string, not a date or time"]),
    "severity": ('severity = {x = "fatal"}', 3, ["severity.x cannot be", "error, warning, info"]),
    "severity in a table": ('[tool.mergegate.severity]\na = "info"\nb = "bad"', 5, ["severity.b cannot be"]),
    "per-file-ignores": ('[tool.mergegate.per-file-ignores]\n"a/**" = "async"', 4, ["per-file-ignores.a/** must be"]),
    "list for table": ("async = []", 3, ["async must be a table, not a list"]),
    "key in a section": ('[tool.mergegate.async]\nsafe = []\nblockin = ["x"]', 5, ['did you mean "blocking"?']),
    "grade": (
        '[tool.mergegate.async]\nblocking = [\n  "a.b",\n  {name = "c.d", grade = "content"},\n]',
        6,
        ["async.blocking[1].grade", 'did you mean "contents"?'],
    ),
    "nameless entry": (
        "[[tool.mergegate.async.blocking]]\ngrade = 'contents'",
        3,
        ['async.blocking[0] lacks the key "name"'],
    ),
    "array of tables": (
        "[[tool.mergegate.async.blocking]]\nname = 'a'\n[[tool.mergegate.async.blocking]]\nname = 'b'\ngrade = 1",
        7,
        ["async.blocking[1].grade"],
    ),
    "missing folder": ('jobs = 1\nsrc = ["nowhere"]', 4, ['src[0] names the folder "nowhere", which does not exist']),
    "missing python": ('python = "nowhere"', 3, ['python names "nowhere", which does not exist']),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_has_no_meaning_is_one_clear_line_with_its_place(tmp_path: Path, case: str) -> None:
    text, line, said = WRONG[case]
    file = write(tmp_path, "pyproject.toml", f"# select, jobs, exclude\n[tool.mergegate]\n{text}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{file}:{line}: ")
    assert "\n" not in message
    for words in said:
        assert words in message


def test_line_numbers_hold_with_windows_line_ends(tmp_path: Path) -> None:
    (tmp_path / "mergegate.toml").write_bytes(b"jobs = 1\r\n\r\nnope = 2\r\n")
    with pytest.raises(ConfigError, match=r"mergegate\.toml:3: nope"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"jobs = \n", "not valid TOML.*line 1"),
        (b"jobs = 1\nselect = ['\xff']\n", r"mergegate\.toml:2: is not UTF-8"),
        (b"a = " + b"[" * 5000, "nested too deeply|not valid TOML"),
        (b"[tool.mergegate]\njobs = 1\n", r"without \[tool\.mergegate\]"),
    ],
)
def test_a_file_that_is_no_configuration_is_one_clear_line(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "mergegate.toml").write_bytes(data)
    with pytest.raises(ConfigError, match=said) as caught:
        load_config(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_schema_is_valid_and_knows_all_settings(tmp_path: Path) -> None:
    schema = config_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    assert list(schema["properties"]) == [each.key for each in effective(load_config(tmp_path))]
    assert all(each["description"] for each in schema["properties"].values())


@pytest.mark.parametrize("case", sorted(WRONG.keys() - {"missing folder", "missing python"}))
def test_the_schema_rejects_what_the_reader_rejects(case: str) -> None:
    table = tomllib.loads(f"[tool.mergegate]\n{WRONG[case][0]}\n")["tool"]["mergegate"]
    validator = jsonschema.Draft7Validator(config_schema())
    assert not validator.is_valid(table)


@pytest.mark.parametrize(
    "text", ["", "jobs = 0", "select = []", 'async.blocking = ["a.b", {name = "c", grade = "first-use"}]']
)
def test_the_schema_accepts_what_the_reader_accepts(tmp_path: Path, text: str) -> None:
    write(tmp_path, "mergegate.toml", text)
    load_config(tmp_path)
    jsonschema.Draft7Validator(config_schema()).validate(tomllib.loads(text))


def test_each_setting_in_effect_tells_its_source(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "[tool.mergegate]\nselect = [\n  'async',\n]\njobs = 2\n")
    config = load_config(tmp_path).override(jobs=4, ignore=("core",))
    settings = {each.key: (each.value, each.source) for each in effective(config)}
    assert settings["select"] == (["async"], "pyproject.toml:2")
    assert settings["jobs"] == (4, "command line")
    assert settings["ignore"] == (["core"], "command line")
    assert settings["min-confidence"] == ("high", "default")
    assert settings["async"] == ({"blocking": [], "safe": [], "hand-overs": []}, "default")


def test_an_override_is_checked_as_the_file_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"command line: min-confidence cannot be .*allowed: high"):
        load_config(tmp_path).override(min_confidence="maximal")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('jobs = 1\nselect = [\n  "async",\n  "blocking-cal-in-async",\n]', ":4: select[1]"),
        ('severity = {blocking-cal-in-async = "info"}', ":1: severity.blocking-cal-in-async"),
        ('[per-file-ignores]\n"x.py" = ["blocking-cal-in-async"]', ":2: per-file-ignores.x.py[0]"),
    ],
)
def test_names_of_rules_are_checked_against_the_known_ones(tmp_path: Path, text: str, place: str) -> None:
    write(tmp_path, "mergegate.toml", text)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path).check_rules(RULES, FAMILIES)
    assert place in str(caught.value)
    assert 'did you mean "blocking-call-in-async"?' in str(caught.value)


def test_an_unknown_rule_on_the_command_line_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    write(tmp_path, "mergegate.toml", 'select = ["async"]')
    with pytest.raises(ConfigError, match=r"^command line: select\[0\] names an unknown rule or family \"nope\""):
        load_config(tmp_path).override(select=("nope",)).check_rules(RULES, FAMILIES)


def test_known_rules_families_and_all_are_accepted(tmp_path: Path) -> None:
    write(tmp_path, "mergegate.toml", 'select = ["all", "async"]\nignore = ["unreadable-file"]')
    load_config(tmp_path).check_rules(RULES, FAMILIES)


def test_nested_configured_projects_are_projects_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "[tool.mergegate]\n")
    write(tmp_path, "services/api/pyproject.toml", "[tool.mergegate]\njobs = 1\n")
    write(tmp_path, "services/api/plugins/mergegate.toml", "jobs = 2\n")
    write(tmp_path, "services/web/pyproject.toml", "[project]\nname = 'web'\n")
    write(tmp_path, "node_modules/x/pyproject.toml", "[tool.mergegate]\n")
    write(tmp_path, "vendored/pyproject.toml", "[tool.mergegate]\n")
    write(tmp_path, ".gitignore", "vendored/\n")
    found = discover_projects(tmp_path)
    assert [each.root.relative_to(tmp_path).as_posix() for each in found] == [
        ".",
        "services/api",
        "services/api/plugins",
    ]
    assert [each.jobs for each in found] == [0, 1, 2]
