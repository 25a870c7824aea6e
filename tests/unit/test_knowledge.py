"""The knowledge tables hold together, say what is known of popular calls, and complain in one line when malformed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergegate.errors import ConfigError, RuleError
from mergegate.rules.catalogue import compile_catalogue, read_catalogue
from mergegate.rules.compiled import compile_knowledge, read_compiled
from mergegate.rules.folders import open_folders, rules_digest
from mergegate.rules.loader import load_knowledge, load_rules, load_type_table
from mergegate.rules.model import CATEGORIES, EFFECTS, GRADES, Blocking, Knowledge, Replacement
from mergegate.semantics.type_table import TypeTable

KNOWLEDGE = load_knowledge()
ENTRIES = list({id(entry): entry for entry in KNOWLEDGE.blocking.values()}.values())
TYPES = TypeTable(KNOWLEDGE.types, KNOWLEDGE.aliases)
ENTRY = "[[blocking]]\nnames = ['a.b']\ngrade = 'unbounded'\ncategory = 'network'\n"


def write(folder: Path, text: str, name: str = "knowledge/mine.toml") -> Path:
    """Write one file of a user's rule folder and return the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


# -- our own tables ----------------------------------------------------------------------------------------------------


def test_no_name_stands_in_two_entries() -> None:
    counted = Counter(name for entry in ENTRIES for name in entry.names)

    assert [name for name, count in counted.items() if count > 1] == []
    assert KNOWLEDGE.safe.isdisjoint(KNOWLEDGE.blocking)


def test_entries_use_the_vocabulary() -> None:
    assert {entry.grade for entry in ENTRIES} == set(GRADES)
    assert {entry.category for entry in ENTRIES} <= set(CATEGORIES)
    assert set(KNOWLEDGE.decorators.values()) <= set(EFFECTS)


def test_every_replacement_is_offered_by_an_entry() -> None:
    # calls for which nothing better is known are run in a thread
    assert {entry.replacement for entry in ENTRIES if entry.replacement} | {"thread"} == set(KNOWLEDGE.replacements)


@pytest.mark.parametrize("replacement", KNOWLEDGE.replacements.values(), ids=lambda r: r.id)
def test_replacements_are_short_imperative_sentences(replacement: Replacement) -> None:
    sentences = [replacement.default, *replacement.by_import.values()]

    for sentence in sentences:
        assert re.match(r"(use|run|read|await|do|create) ", sentence), sentence
        assert sentence.count("`") % 2 == 0
        assert len(sentence) < 150
        assert not sentence.endswith(".")


def test_names_are_those_by_which_the_type_table_knows_classes() -> None:
    tables = [KNOWLEDGE.blocking, KNOWLEDGE.safe, KNOWLEDGE.callers, KNOWLEDGE.handovers, KNOWLEDGE.decorators]
    known = [name.removesuffix(".*") for table in tables for name in table if "()" not in name]

    assert [name for name in known if TYPES.canonical(name) != name] == []


def test_what_follows_an_opening_names_openings_that_are_known() -> None:
    for entry in ENTRIES:
        for opener in entry.follows:
            assert KNOWLEDGE.lookup(opener) is not None, opener


# -- facts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "grade", "category"),
    [
        ("time.sleep", "unbounded", "sleep"),
        ("builtins.open", "contents", "file"),
        ("builtins.input", "unbounded", "input"),
        ("subprocess.run", "unbounded", "process"),
        ("subprocess.Popen", "contents", "process"),
        ("subprocess.Popen.__exit__", "unbounded", "process"),
        ("pathlib.Path.read_text", "contents", "file"),
        ("pathlib.Path.exists", "metadata", "metadata"),
        ("os.path.getsize", "metadata", "metadata"),
        ("io.TextIOWrapper.read", "contents", "file"),
        ("socket.getaddrinfo", "unbounded", "network"),
        ("sqlite3.Cursor.execute", "contents", "database"),
        ("threading.Event.wait", "unbounded", "wait"),
        ("threading.Lock.acquire", "unbounded", "lock"),
        ("queue.Queue.get", "unbounded", "wait"),
        ("concurrent.futures.Future.result", "unbounded", "wait"),
        ("asyncio.run", "unbounded", "loop"),
        ("requests.Session.post", "unbounded", "network"),
        ("httpx.Client.send", "unbounded", "network"),
        ("sqlalchemy.orm.Session.execute", "unbounded", "database"),
        ("sqlmodel.Session.exec", "unbounded", "database"),
        ("redis.Redis.hgetall", "unbounded", "database"),
        ("redis.client.Pipeline.execute", "unbounded", "database"),
        ("botocore.client.BaseClient.put_object", "unbounded", "cloud"),
        ("boto3.client", "contents", "cloud"),
        ("openai.OpenAI.chat.completions.create", "unbounded", "ai"),
        ("openai._resource.SyncAPIResource.create", "unbounded", "ai"),
        ("tiktoken.get_encoding", "first-use", "network"),
        ("django.db.models.Manager.get", "unbounded", "database"),
        ("langchain_core.runnables.Runnable.invoke", "unbounded", "ai"),
        ("PIL.Image.open", "contents", "file"),
    ],
)
def test_known_to_block(name: str, grade: str, category: str) -> None:
    entry = KNOWLEDGE.lookup(name)

    assert entry is not None
    assert (entry.grade, entry.category) == (grade, category)
    assert not KNOWLEDGE.is_safe(name)


@pytest.mark.parametrize(
    "name",
    [
        "pathlib.PurePath.joinpath", "pathlib.Path.joinpath", "os.path.join", "os.path.abspath", "io.BytesIO.read",
        "io.TextIOWrapper.seek", "io.TextIOWrapper.close", "httpx.Client", "requests.Session", "urllib3.PoolManager",
        "openai.OpenAI", "openai.OpenAI.with_options", "openai.OpenAI.__enter__", "sqlalchemy.orm.Session.add",
        "sqlalchemy.orm.Session.expunge", "sqlalchemy.ext.asyncio.AsyncSession.execute", "redis.Redis",
        "redis.Redis.pipeline", "redis.client.Pipeline.set", "redis.asyncio.Redis.get", "queue.Queue.get_nowait",
        "asyncio.Queue.get", "asyncio.Task.result", "subprocess.Popen.kill", "boto3.Session", "hmac.new",
        "botocore.client.BaseClient.generate_presigned_url", "logging.Logger.info", "builtins.dict.get",
        "openai.OpenAI.chat.completions.create().model_dump", "google.genai.Client.aio.models.generate_content",
    ],
)  # fmt: skip
def test_known_or_taken_to_be_free(name: str) -> None:
    assert KNOWLEDGE.lookup(name) is None


def test_conditions_on_arguments() -> None:
    waiting = KNOWLEDGE.blocking["queue.Queue.get"].free_when
    locking = KNOWLEDGE.blocking["fcntl.flock"].free_when
    measuring = KNOWLEDGE.blocking["psutil.cpu_percent"]
    image = KNOWLEDGE.blocking["PIL.Image.open"].free_when

    assert {(c.argument, c.position, c.equals) for c in waiting} == {("block", 0, False), ("timeout", 1, 0)}
    assert {c.mentions for c in locking} == {"LOCK_NB", "LOCK_UN"}
    assert [(c.argument, c.given) for c in measuring.blocks_when] == [("interval", True)]
    assert any(c.has_equals and c.equals is None for c in measuring.free_when)
    assert "io.BytesIO" in {c.type for c in image}


def test_hand_overs_callers_decorators_and_loop_entries() -> None:
    entries = {(entry.base, method): entry for entry in KNOWLEDGE.loop_entries for method in entry.methods}
    middleware = entries["langchain.agents.middleware.AgentMiddleware", "before_model"]

    assert {"asyncio.to_thread", "asyncio.AbstractEventLoop.run_in_executor"} <= KNOWLEDGE.handovers
    assert KNOWLEDGE.callers["functools.reduce"].position == 0
    assert KNOWLEDGE.callers["asyncio.AbstractEventLoop.call_later"].position == 1
    assert KNOWLEDGE.decorators["asgiref.sync.sync_to_async"] == "thread"
    assert KNOWLEDGE.decorators["tenacity.retry"] == "transparent"
    assert ("tornado.web.RequestHandler", "get") in entries
    assert middleware.unless_defined == "abefore_model"


def test_replacements_fit_the_imports_of_the_file() -> None:
    sleep = KNOWLEDGE.replacements[KNOWLEDGE.blocking["time.sleep"].replacement]

    assert sleep.default == "use `await asyncio.sleep(...)`"
    assert sleep.by_import["trio"] == "use `await trio.sleep(...)`"


# -- patterns ----------------------------------------------------------------------------------------------------------

SEGMENTS = st.sampled_from(["a", "b", "c()", "__enter__"])
NAMES = st.lists(SEGMENTS, min_size=1, max_size=5).map(".".join)
PATTERNS = st.one_of(NAMES, NAMES.map(lambda name: f"{name}.*"))


def specificity(pattern: str, name: str) -> int:
    """Return how specifically a pattern means a name, 0 if it does not."""
    if pattern == name:
        return 1000
    prefix = pattern.removesuffix("*")
    rest = name.removeprefix(prefix).split(".")
    if prefix == pattern or not name.startswith(prefix) or any("()" in part for part in rest):
        return 0
    return 0 if rest[-1].startswith("__") else len(prefix)


@given(st.dictionaries(PATTERNS, st.booleans(), max_size=12), NAMES)
def test_the_most_specific_entry_decides(verdicts: dict[str, bool], name: str) -> None:
    blocking = {p: Blocking((p,), "unbounded", "network") for p, blocks in verdicts.items() if blocks}
    safe = frozenset(p for p, blocks in verdicts.items() if not blocks)
    knowledge = Knowledge(blocking, safe, {}, {}, (), {}, {}, {})
    best = max(verdicts, key=lambda pattern: specificity(pattern, name), default="")
    decided = bool(best) and specificity(best, name) > 0

    assert knowledge.lookup(name) is (blocking.get(best) if decided else None)
    assert knowledge.is_safe(name) == (decided and best in safe)


# -- users' tables -----------------------------------------------------------------------------------------------------


def test_users_add_tables_rules_and_names(tmp_path: Path) -> None:
    write(tmp_path, "[[blocking]]\nnames = ['shop.{pay,refund}']\ngrade = 'unbounded'\ncategory = 'network'\n")

    knowledge = load_knowledge([tmp_path], blocking=["bank.Client.*"], safe=["requests.*"], handovers=["shop.pool.run"])

    assert knowledge.lookup("shop.refund") is not None
    assert knowledge.lookup("bank.Client.transfer") is not None
    assert knowledge.lookup("requests.get") is None
    assert knowledge.is_safe("requests.Session.get")
    assert knowledge.decorators["shop.pool.run"] == "thread"
    assert "shop.pool.run" in knowledge.handovers


def test_what_users_say_counts_above_our_tables(tmp_path: Path) -> None:
    write(tmp_path, "safe = ['time.sleep']\n" + ENTRY.replace("a.b", "io.BytesIO.*"))

    knowledge = load_knowledge([tmp_path])

    assert knowledge.lookup("time.sleep") is None
    assert knowledge.lookup("io.BytesIO.read") is not None
    # the last word is the configuration's
    assert load_knowledge([tmp_path], blocking=["time.sleep"]).lookup("time.sleep") is not None


def test_the_digest_follows_every_file(tmp_path: Path) -> None:
    def digest(*folders: Path) -> str:
        return rules_digest(open_folders(folders))

    first = digest(write(tmp_path, "safe = ['a.b']\n"))
    second = digest(write(tmp_path, "safe = ['a.c']\n"))
    third = digest(write(tmp_path, "safe = ['a.c']\n", "knowledge/other.toml"))
    fourth = digest(write(tmp_path, "", "knowledge/types/libraries/bank.toml"))

    assert len({digest(), first, second, third, fourth}) == 5


def test_the_compiled_form_says_the_same(tmp_path: Path) -> None:
    folder = write(tmp_path, "safe = ['shop.quick']\n")
    knowledge = load_knowledge([folder], blocking=["shop.*"])

    assert read_compiled(compile_knowledge(knowledge), knowledge.types, knowledge.aliases) == knowledge


def test_the_catalogue_says_of_rules_what_reports_show() -> None:
    rules = load_rules()

    again = read_catalogue(compile_catalogue(rules))

    assert {name: replace(rule, examples=()) for name, rule in again.items()} == {
        name: replace(rule, examples=()) for name, rule in rules.items()
    }
    assert {name: rule.examples for name, rule in again.items()} == {name: rule.pair for name, rule in rules.items()}


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-9], lambda data: b"", lambda data: data.replace(b'"version":', b'"version":9', 1),
        lambda data: data.replace(b'"fix":"', b'"fax":"', 1), lambda data: data.replace(b'"since":"0.1"', b'"since":1'),
    ],
)  # fmt: skip
def test_a_damaged_catalogue_is_refused(change: Callable[[bytes], bytes]) -> None:
    data = change(compile_catalogue(load_rules()))

    with pytest.raises(RuleError, match="compiled rules are damaged"):
        read_catalogue(data)


@pytest.mark.parametrize(
    "change", [lambda data: data[:-9], lambda data: b"", lambda data: data.replace(b'"version"', b'"vision"', 1)]
)
def test_a_damaged_compiled_form_is_refused(change: Callable[[bytes], bytes]) -> None:
    data = change(compile_knowledge(KNOWLEDGE))

    with pytest.raises(RuleError, match="compiled knowledge is damaged"):
        read_compiled(data, *load_type_table())


# -- malformed files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("safe = [", r"is not valid TOML: Invalid value"),
        ("safes = ['a.b']", r"safes: is not known here, did you mean 'safe'\? \(allowed: blocking, safe, "),
        ("safe = 'a.b'", r"safe: is not an array of non-empty strings \(allowed: "),
        ("safe = ['a b']", r"safe: 'a b' is not a name \(allowed: dotted names"),
        (
            ENTRY.replace("unbounded", "unbound"),
            r"blocking\[1\]\.grade: 'unbound' is not known, did you mean 'unbounded'",
        ),
        (ENTRY.replace("network", "net"), r"blocking\[1\]\.category: 'net' is not known.* \(allowed: sleep, process, "),
        (ENTRY.replace("['a.b']", "[]"), r"blocking\[1\]\.names: is empty \(allowed: at least one string\)"),
        (ENTRY.replace("names = ['a.b']\n", ""), r"blocking\[1\]\.names: is missing"),
        (ENTRY + "replacement = 'nothing'\n", r"blocking\[1\]\.replacement: 'nothing' is not known \(allowed: "),
        (ENTRY + ENTRY, r"blocking\[2\]\.names: 'a\.b' already stands in an entry"),
        ("safe = ['a.b']\n" + ENTRY, r"safe: 'a\.b' already stands in an entry"),
        (
            ENTRY + "free_when = [{ argument = 'x' }]\n",
            r"blocking\[1\]\.free_when\[1\]: has 0 tests \(allowed: just one of ",
        ),
        (
            ENTRY + "free_when = [{ argument = 'x', position = -1, given = true }]\n",
            r"blocking\[1\]\.free_when\[1\]\.position: is -1",
        ),
        (
            ENTRY + "free_when = [{ argument = 'x', equals = 'y' }]\n",
            r"blocking\[1\]\.free_when\[1\]\.equals: is 'y' \(allowed: true, false",
        ),
        ("blocking = ['a.b']", r"blocking\[1\]: is not a table"),
        ("[decorators]\nthreads = ['a.b']", r"decorators\.threads: is not known here, did you mean 'thread'\?"),
        ("[[caller]]\nnames = ['a.b']\n", r"caller\[1\]\.argument: is missing \(allowed: a string\)"),
        ("[[replacement]]\nid = 'x'\ndefault = ''\n", r"replacement\[1\]\.default: is empty"),
    ],
)
def test_a_malformed_table_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    folder = write(tmp_path, text)

    with pytest.raises(RuleError) as caught:
        load_knowledge([folder])

    assert re.search(rf"knowledge/mine\.toml: {said}", str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)


RULE = """id = 'slow-call'
family = 'mine'
severity = 'error'
confidence = 'high'
since = '1'
check = 'blocking'
summary = 'A slow call.'
rationale = 'It is slow.'
fix = 'Make it fast.'
"""
BAD = "[[example]]\nkind = 'bad'\nname = 'x'\ncode = 'f()  # <- slow-call'\n"


def test_examples_give_their_marks_away(tmp_path: Path) -> None:
    two = "[[example.file]]\npath = 'a.py'\ncode = '''\nf()\ng()  # <- slow-call, other-rule\n'''\n"
    example = "[[example]]\nkind = 'bad'\nname = 'y'\n" + two

    rule = load_rules([write(tmp_path, RULE + BAD + example, "mine/slow-call.toml")])["slow-call"]

    assert [(f.path, f.code, dict(f.expected)) for e in rule.examples for f in e.files] == [
        ("example.py", "f()", {1: ("slow-call",)}),
        ("a.py", "f()\ng()\n", {2: ("other-rule", "slow-call")}),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RULE.replace("'slow-call'", "'Slow'"), r"id: is 'Slow' \(allowed: kebab-case"),
        (RULE.replace("'slow-call'", "'slow-calls'"), r"id: is 'slow-calls', but the file's place says 'slow-call'"),
        (RULE.replace("'mine'", "'async'"), r"family: is 'async', but the file's place says 'mine'"),
        (RULE.replace("'error'", "'fatal'"), r"severity: 'fatal' is not known \(allowed: error, warning, info\)"),
        (RULE.replace("fix =", "fixes ="), r"fixes: is not known here, did you mean 'fix'\?"),
        (RULE + "pylint = 'E71'\n", r"pylint: is 'E71' \(allowed: a letter of CEFIRW and four digits\)"),
        (RULE + "pylint = 'W7101'\n", r"pylint: the number of W7101 already belongs to blocking-call-in-async"),
        (RULE + "enabled = 'no'\n", r"enabled: is 'no' \(allowed: true or false\)"),
        (RULE + "categories = ['net']\n", r"categories: 'net' is not known \(allowed: sleep"),
        (RULE.replace("'A slow call.'", '"A slow\\ncall."'), r"summary: has several lines"),
        (RULE + BAD.replace("bad", "good"), r"example\[1\]\.kind: is good, but a line is marked"),
        (RULE + BAD.replace("  # <- slow-call", ""), r"example\[1\]\.kind: is bad, but no line is marked"),
        (RULE + BAD.replace("code =", "codes ="), r"example\[1\]\.codes: is not known here, did you mean 'code'\?"),
    ],
)
def test_a_malformed_rule_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    folder = write(tmp_path, text, "mine/slow-call.toml")

    with pytest.raises(RuleError) as caught:
        load_rules([folder])

    assert re.search(rf"mine/slow-call\.toml: {said}", str(caught.value)), str(caught.value)


def test_a_rule_folder_must_hold_something(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="holds no rules"):
        load_rules([tmp_path])
    with pytest.raises(RuleError, match="is not a folder"):
        load_knowledge([tmp_path / "missing"])


@pytest.mark.parametrize("option", ["blocking", "safe", "handovers"])
def test_a_declared_name_must_be_one(option: str) -> None:
    with pytest.raises(ConfigError, match=rf"{option}: 'my call' is not a name"):
        load_knowledge(**{option: ["my call"]})
