"""The cache can be damaged, locked, full, read-only or killed half-way: the findings stay what they are."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from zlib import crc32

import pytest

from mergegate.cache import store as cache_store
from mergegate.config import load_config
from mergegate.engine import Analysis, analyse
from mergegate.errors import MergegateError

SOURCES = {
    "app/__init__.py": "",
    "app/main.py": "from app.helpers import load\n\nasync def handler():\n    load()\n",
    "app/helpers.py": "import time\n\ndef load():\n    time.sleep(1)\n",
    "app/direct.py": "import time\n\nasync def nap():\n    time.sleep(1)  # known\n",
    "app/broken.py": "def f(:\n",
}
RULE = "blocking-call-in-async"
# runs in another process what the tests run in theirs
SCRIPT = """
import json, os, signal, sys
from pathlib import Path
from mergegate.config import load_config
from mergegate.engine import analyse
if __name__ == "__main__":
    exec(sys.argv[2] if len(sys.argv) > 2 else "")
    analysis = analyse(load_config(Path(sys.argv[1])))
    print(json.dumps([[f.path, f.line, f.rule] for f in analysis.findings]))
    print(json.dumps(analysis.warnings))
"""


@pytest.fixture(autouse=True)
def _not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in SOURCES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "mergegate.toml").write_text("")
    return root


def run(root: Path, **options: object) -> Analysis:
    return analyse(load_config(root), **options)  # pyright: ignore[reportArgumentType]


def places(analysis: Analysis) -> list[tuple[str, int, str]]:
    return [(each.path, each.line, each.rule) for each in analysis.findings]


def database(root: Path) -> Path:
    (path,) = (root / ".mergegate_cache").glob("*.db")
    return path


def in_process(root: Path, first: str = "", **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(root), first], capture_output=True, text=True, check=False, **options
    )  # pyright: ignore[reportCallIssue, reportArgumentType]


EXPECTED = [
    ("app/broken.py", 1, "unreadable-file"),
    ("app/direct.py", 4, "blocking-call-in-async"),
    ("app/main.py", 4, "blocking-helper-in-async"),
]


def test_cold_warm_and_uncached_runs_find_the_same(project: Path) -> None:
    cold, warm, uncached = run(project), run(project), run(project, cache=False)
    assert places(cold) == EXPECTED
    assert cold.findings == warm.findings == uncached.findings
    assert cold.pragmas == warm.pragmas == uncached.pragmas
    assert (cold.cached, warm.cached, uncached.cached) == (0, 5, 0)
    assert (cold.files, cold.lines) == (warm.files, warm.lines) == (uncached.files, uncached.lines) == (5, 13)
    assert cold.warnings == warm.warnings == ()


def test_equal_files_are_modules_of_their_own(project: Path) -> None:
    # deciding what a call's constants rule out adds to the facts of the module that is asked
    text = (
        "import httpx\n\ndef client(wait):\n    if wait:\n        made = httpx.Client()\n    else:\n"
        "        made = httpx.AsyncClient()\n    return (made, wait)\n\n"
        "async def handler():\n    client(True)[0].get('/')\n    await client(False)[0].get('/')\n"
    )
    for name in ("app/one.py", "app/two.py", "app/three.py"):
        (project / name).write_text(text, encoding="utf-8")
    found = [(each.path, each.line) for each in run(project, cache=False).findings if each.rule == RULE]
    assert [place for place in found if place[1] == 11] == [
        ("app/one.py", 11), ("app/three.py", 11), ("app/two.py", 11),
    ]  # fmt: skip
    assert run(project, cache=False).findings == run(project).findings == run(project).findings


def test_without_the_cache_nothing_is_written(project: Path) -> None:
    run(project, cache=False)
    assert not (project / ".mergegate_cache").exists()


def test_one_edit_costs_one_summary(project: Path) -> None:
    run(project)
    (project / "app/helpers.py").write_text("def load():\n    return 1\n")
    edited = run(project)
    assert edited.cached == 4
    assert places(edited) == EXPECTED[:2]


def test_a_moved_file_keeps_its_summary(project: Path) -> None:
    run(project)
    (project / "app/direct.py").rename(project / "app/renamed.py")
    moved = run(project)
    assert moved.cached == 5
    assert ("app/renamed.py", 4, "blocking-call-in-async") in places(moved)


def test_an_edit_that_keeps_size_and_time_is_seen(project: Path) -> None:
    path = project / "app/direct.py"
    # until then the times are too young to be trusted, and every file is read anyway
    time.sleep(2.1)
    run(project)
    db = sqlite3.connect(database(project))
    (known,) = db.execute("SELECT value FROM states WHERE name LIKE 'files:%'").fetchone()
    db.close()
    assert sorted(json.loads(known)) == sorted([*SOURCES, "mergegate.toml"])
    assert places(run(project)) == EXPECTED
    before = path.stat()
    path.write_text(path.read_text().replace("time.sleep(1)", "time.clock(1)"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert ("app/direct.py", 4, "blocking-call-in-async") not in places(run(project))


def test_an_edit_within_the_grain_of_the_clock_is_seen(project: Path) -> None:
    path = project / "app/direct.py"
    for _ in range(20):
        path.write_text("import time\n\nasync def nap():\n    time.sleep(1)\n")
        assert ("app/direct.py", 4, "blocking-call-in-async") in places(run(project))
        path.write_text("import time\n\nasync def nap():\n    time.clock(1)\n")
        assert ("app/direct.py", 4, "blocking-call-in-async") not in places(run(project))


def test_a_new_module_that_shadows_another_is_seen(project: Path) -> None:
    (project / "app/main.py").write_text("from extra import load\n\nasync def handler():\n    load()\n")
    assert ("app/main.py", 4, "blocking-helper-in-async") not in places(run(project))
    (project / "extra.py").write_text("import time\n\ndef load():\n    time.sleep(1)\n")
    assert ("app/main.py", 4, "blocking-helper-in-async") in places(run(project))


def test_a_setting_that_changes_findings_is_seen(project: Path) -> None:
    run(project)
    (project / "mergegate.toml").write_text('[async]\nsafe = ["time.sleep"]\n')
    assert places(run(project)) == EXPECTED[:1]
    (project / "mergegate.toml").write_text("")
    assert places(run(project)) == EXPECTED


def test_a_declared_callable_gets_its_rule_and_replacement(project: Path) -> None:
    (project / "mergegate.toml").write_text(
        '[async]\nblocking = [{name = "store.dump", grade = "contents", replacement = "await store.adump()"}]\n'
    )
    (project / "app/extra.py").write_text("import store\n\nasync def save():\n    store.dump()\n")
    for analysis in (run(project), run(project)):
        (finding,) = (each for each in analysis.findings if each.path == "app/extra.py")
        assert (finding.rule, finding.line) == ("file-io-in-async", 4)
        assert "await store.adump()" in finding.message + finding.help


def test_a_changed_rule_folder_is_seen(project: Path) -> None:
    table = project / "house/knowledge/ours.toml"
    table.parent.mkdir(parents=True)
    table.write_text('[[blocking]]\nnames = ["other.call"]\ngrade = "unbounded"\ncategory = "network"\n')
    (project / "mergegate.toml").write_text('rule-folders = ["house"]\n')
    (project / "app/extra.py").write_text("import store\n\nasync def save():\n    store.dump()\n")
    # old enough for its times to be trusted from here on
    time.sleep(2.1)
    for _ in range(2):
        assert places(run(project)) == EXPECTED
    before = table.stat()
    table.write_text('[[blocking]]\nnames = ["store.dump"]\ngrade = "unbounded"\ncategory = "network"\n')
    assert table.stat().st_size == before.st_size
    os.utime(table, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ("app/extra.py", 4, "blocking-call-in-async") in places(run(project))


def test_an_editor_buffer_counts_instead_of_the_file_and_leaves_no_trace(project: Path) -> None:
    run(project)
    buffer = b"import time\n\n\nasync def nap():\n    time.sleep(1)\n"
    edited = run(project, overlay={"app/direct.py": buffer})
    assert ("app/direct.py", 5, "blocking-call-in-async") in places(edited)
    assert edited.sources("app/direct.py") == buffer
    assert edited.sources("app/main.py") == SOURCES["app/main.py"].encode()
    assert places(run(project)) == EXPECTED


def test_a_buffer_of_a_new_file_is_part_of_the_program(project: Path) -> None:
    (project / "app/main.py").write_text("from app.fresh import load\n\nasync def handler():\n    load()\n")
    overlay = {"app/fresh.py": b"import time\n\ndef load():\n    time.sleep(1)\n"}
    assert places(run(project, overlay=overlay)) == EXPECTED
    assert places(run(project)) == EXPECTED[:2]


@pytest.mark.parametrize("seed", range(12))
def test_damage_at_random_places_changes_no_finding(project: Path, seed: int) -> None:
    run(project)
    path = database(project)
    data = bytearray(path.read_bytes())
    dice = random.Random(seed)
    for _ in range(dice.choice([1, 8, 200, 3000])):
        data[dice.randrange(len(data))] = dice.randrange(256)
    path.write_bytes(data)
    for _ in range(2):
        damaged = run(project)
        assert places(damaged) == EXPECTED
        assert len(damaged.warnings) <= 1


@pytest.mark.parametrize("part", [0.0, 0.1, 0.37, 0.5, 0.9, 0.999])
def test_a_cut_off_cache_changes_no_finding(project: Path, part: float) -> None:
    run(project)
    path = database(project)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    assert places(run(project)) == EXPECTED
    healed = run(project)
    assert (places(healed), healed.cached, healed.warnings) == (EXPECTED, 5, ())


@pytest.mark.parametrize(
    "data", [b"no database at all, but long enough to be one" * 100, b"SQLite format 3\0" + b"\0" * 5000]
)
def test_what_is_no_cache_is_set_aside_with_one_warning(project: Path, data: bytes) -> None:
    run(project)
    path = database(project)
    path.write_bytes(data)
    analysis = run(project)
    assert places(analysis) == EXPECTED
    assert len(analysis.warnings) == 1
    assert str(path) in analysis.warnings[0]
    assert path.with_name(f"{path.name}.corrupt").read_bytes() == data
    assert run(project).warnings == ()


def test_another_programs_database_is_set_aside(project: Path) -> None:
    run(project)
    path = database(project)
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE entries (something TEXT)")
        db.execute("CREATE TABLE states (something TEXT)")
    db.close()
    analysis = run(project)
    assert (places(analysis), len(analysis.warnings)) == (EXPECTED, 1)
    assert run(project).warnings == ()


@pytest.mark.parametrize("kind", ["summary", "run", "rules", "knowledge", "patterns"])
@pytest.mark.parametrize(
    "value", [b"", b"\xff\x00", b"{}", b"[]", b"[[1],2]", b'[{"a":[1]},{}]', b"null", b"[[[]],{}]"]
)
def test_forged_entries_that_are_whole_change_no_finding(project: Path, kind: str, value: bytes) -> None:
    (project / ".gitignore").write_text("nothing\n")
    run(project)
    db = sqlite3.connect(database(project))
    with db:
        if kind != "run":
            db.execute("DELETE FROM entries WHERE kind = 'run'")
        for (key,) in db.execute("SELECT key FROM entries WHERE kind = ?", (kind,)).fetchall():
            db.execute("UPDATE entries SET value = ?, crc = ? WHERE key = ?", (value, crc32(value, crc32(key)), key))
    db.close()
    assert places(run(project)) == EXPECTED
    assert places(run(project)) == EXPECTED


def test_a_forged_table_of_file_times_changes_no_finding(project: Path) -> None:
    run(project)
    for value in (b"[]", b"\xff", b'{"app/main.py": [1]}', b'{"app/main.py": [1, 2, 3, 4, "zz", 6]}', b"7"):
        db = sqlite3.connect(database(project))
        with db:
            db.execute("UPDATE states SET value = ?, crc = ? WHERE name LIKE 'files:%'", (value, crc32(value)))
        db.close()
        assert places(run(project)) == EXPECTED


def test_a_file_in_the_place_of_the_folder_leaves_the_run_uncached(project: Path) -> None:
    (project / ".mergegate_cache").write_text("in the way")
    for _ in range(2):
        analysis = run(project)
        assert (places(analysis), analysis.cached) == (EXPECTED, 0)
        assert len(analysis.warnings) == 1
        assert ".mergegate_cache" in analysis.warnings[0]


def test_a_folder_in_the_place_of_the_database_leaves_the_run_uncached(project: Path) -> None:
    run(project)
    path = database(project)
    path.unlink()
    path.mkdir()
    analysis = run(project)
    assert (places(analysis), len(analysis.warnings)) == (EXPECTED, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that nobody can write, root included")
def test_a_read_only_file_system_leaves_the_run_uncached(project: Path) -> None:
    (project / "mergegate.toml").write_text('cache-dir = "/proc/mergegate"\n')
    analysis = run(project)
    assert (places(analysis), len(analysis.warnings)) == (EXPECTED, 1)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only to this user")
def test_a_read_only_folder_leaves_findings_alone(project: Path) -> None:
    run(project)
    (project / "app/helpers.py").write_text(SOURCES["app/helpers.py"] + "\n")
    folder = project / ".mergegate_cache"
    database(project).chmod(0o400)
    folder.chmod(0o500)
    try:
        analysis = run(project)
    finally:
        folder.chmod(0o700)
    assert (places(analysis), len(analysis.warnings)) == (EXPECTED, 1)


def test_a_cache_that_another_process_holds_is_left_alone(project: Path) -> None:
    run(project)
    (project / "app/helpers.py").write_text(SOURCES["app/helpers.py"] + "\n")
    holder = sqlite3.connect(database(project), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        analysis = run(project)
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert (places(analysis), len(analysis.warnings)) == (EXPECTED, 1)
    assert "locked" in analysis.warnings[0]
    assert run(project).warnings == ()


def test_two_runs_at_once_find_the_same(project: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(project)]
    for _ in range(3):
        runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        for each in runs:
            out, err = each.communicate(timeout=60)
            found, warnings = map(json.loads, out.splitlines())
            assert (each.returncode, err, warnings) == (0, "", [])
            assert [tuple(row) for row in found] == EXPECTED
        cache_store.clean(project / ".mergegate_cache")


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
@pytest.mark.parametrize("moment", ["BEGIN", "INSERT", "COMMIT"])
def test_a_run_that_is_killed_while_it_writes_leaves_a_usable_cache(project: Path, moment: str) -> None:
    run(project)
    (project / "app/helpers.py").write_text(SOURCES["app/helpers.py"] + "\n# changed\n")
    # sqlite tells of each statement before it runs it: that is when the process dies
    script = f"""
import sqlite3
connect = sqlite3.connect
def connect_and_watch(*args, **options):
    db = connect(*args, **options)
    db.set_trace_callback(lambda sql: sql.startswith({moment!r}) and os.kill(os.getpid(), signal.SIGKILL))
    return db
sqlite3.connect = connect_and_watch
"""
    killed = in_process(project, script)
    assert killed.returncode == -signal.SIGKILL
    after = run(project)
    assert (places(after), after.warnings) == (EXPECTED, ())
    assert run(project).cached == 5


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize("size", [0, 4096, 20_000, 45_000])
def test_a_full_disk_leaves_findings_alone(project: Path, size: int) -> None:
    limit = f"""
import resource
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
"""
    done = in_process(project, limit)
    found, warnings = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (0, "")
    assert [tuple(row) for row in found] == EXPECTED
    assert len(warnings) <= 1
    assert places(run(project)) == EXPECTED


def test_the_folder_keeps_itself_out_of_git_and_backups(project: Path) -> None:
    run(project)
    folder = project / ".mergegate_cache"
    assert (folder / ".gitignore").read_text() == "*\n"
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


def test_a_folder_that_was_there_before_is_not_made_ours(project: Path) -> None:
    (project / "mergegate.toml").write_text('cache-dir = "app"\n')
    run(project)
    assert not (project / "app/.gitignore").exists()
    cache_store.clean(project / "app")
    assert sorted(path.name for path in (project / "app").iterdir()) == sorted(Path(name).name for name in SOURCES)


def test_info_counts_and_clean_removes(project: Path) -> None:
    folder = project / ".mergegate_cache"
    assert cache_store.info(folder).entries == {}
    run(project)
    found = cache_store.info(folder)
    # the settings may hold credentials, but are no part of the program
    assert found.entries == {"knowledge": 1, "leaks": 5, "rules": 1, "run": 1, "secrets": 6, "summary": 5}
    assert found.bytes == database(project).stat().st_size
    assert cache_store.clean(folder) == found.bytes
    assert not folder.exists()
    assert cache_store.clean(folder) == 0


def age(root: Path, days: int, kinds: tuple[str, ...]) -> None:
    """Make entries look as if they had last been used some days ago, and the cache as if it had been swept before."""
    db = sqlite3.connect(database(root))
    with db:
        for kind in kinds:
            db.execute("UPDATE entries SET day = day - ? WHERE kind = ?", (days, kind))
        db.execute("UPDATE states SET crc = crc - ? WHERE name = 'swept'", (days,))
    db.close()


def test_what_nobody_used_for_a_week_is_dropped(project: Path) -> None:
    run(project)
    (project / "app/helpers.py").write_text("def load():\n    return 1\n")
    run(project)
    age(project, 8, ("summary", "leaks", "secrets", "run"))
    run(project)
    entries = cache_store.info(project / ".mergegate_cache").entries
    assert entries == {"knowledge": 1, "leaks": 5, "rules": 1, "run": 1, "secrets": 6, "summary": 5}


def test_runs_without_a_change_keep_the_summaries_alive(project: Path) -> None:
    run(project)
    for _ in range(3):
        age(project, 5, ("summary", "run", "rules", "knowledge"))
        run(project)
    (project / "app/helpers.py").write_text("def load():\n    return 1\n")
    assert run(project).cached == 4


def test_the_least_recently_used_goes_first_when_there_is_too_much(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(project)
    (project / "app/helpers.py").write_text("def load():\n    return 1\n")
    age(project, 3, ("summary", "run", "rules", "knowledge"))
    monkeypatch.setattr(cache_store, "MAX_BYTES", 1)
    run(project)
    entries = cache_store.info(project / ".mergegate_cache").entries
    assert sum(entries.values()) < 8
    monkeypatch.undo()
    assert places(run(project)) == EXPECTED[:2]


def test_a_difference_between_cache_and_cold_run_is_an_internal_error(project: Path) -> None:
    run(project)
    assert places(run(project, verify=True)) == EXPECTED
    db = sqlite3.connect(database(project))
    with db:
        key, value = db.execute("SELECT key, value FROM entries WHERE kind = 'run'").fetchone()
        forged = value.replace(b'"app/direct.py",4,', b'"app/direct.py",3,')
        assert forged != value
        db.execute("UPDATE entries SET value = ?, crc = ? WHERE key = ?", (forged, crc32(forged, crc32(key)), key))
    db.close()
    with pytest.raises(MergegateError, match=r"2 differ, first app/direct\.py:3") as caught:
        run(project, verify=True)
    assert caught.value.exit_code == 2


def test_in_ci_every_file_is_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    run(project)
    db = sqlite3.connect(database(project))
    assert db.execute("SELECT count(*) FROM states WHERE name LIKE 'files:%'").fetchone() == (0,)
    db.close()
    assert places(run(project)) == EXPECTED


def test_many_files_are_read_by_worker_processes_and_give_the_same(project: Path) -> None:
    for number in range(12):
        (project / f"app/big{number}.py").write_text(SOURCES["app/direct.py"] + f"# {number} filler\n" * 30_000)
    serial = run(project, cache=False, jobs=1)
    assert len(serial.findings) == 15
    assert serial.findings == run(project, cache=False, jobs=2).findings
    assert serial.findings == run(project, jobs=2).findings


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_the_death_of_a_worker_process_changes_no_finding(project: Path) -> None:
    for number in range(12):
        (project / f"app/big{number}.py").write_text(SOURCES["app/direct.py"] + f"# {number} filler\n" * 30_000)
    killer = """
import multiprocessing, threading, time
def kill():
    while not multiprocessing.active_children():
        time.sleep(0.001)
    victim = multiprocessing.active_children()[0].pid
    os.kill(victim, signal.SIGKILL)
    print("killed", file=sys.stderr)
threading.Thread(target=kill, daemon=True).start()
"""
    (project / "mergegate.toml").write_text("jobs = 2\n")
    done = in_process(project, killer)
    assert (done.returncode, done.stderr) == (0, "killed\n")
    assert len(json.loads(done.stdout.splitlines()[0])) == 15
