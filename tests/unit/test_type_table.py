"""The type table over the real data: names, results and classes of the standard library and of packages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mergegate.errors import RuleError
from mergegate.rules.json_types import HEADS, split
from mergegate.rules.types_source import load_package, load_types, stdlib_modules
from mergegate.semantics.type_table import MISSING, TypeTable

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "rules" / "knowledge" / "types"
GENERATOR = ROOT / "scripts" / "generate_types.py"
LIBRARIES = sorted((FOLDER / "libraries").glob("*.toml"))


@pytest.fixture(scope="module")
def table() -> TypeTable:
    return TypeTable(*load_types(FOLDER))


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("_io.TextIOWrapper", "io.TextIOWrapper"),
        ("concurrent.futures._base.Future", "concurrent.futures.Future"),
        ("concurrent.futures.thread.ThreadPoolExecutor", "concurrent.futures.ThreadPoolExecutor"),
        ("asyncio.queues.Queue", "asyncio.Queue"),
        ("_asyncio.Future", "asyncio.Future"),
        ("asyncio.events.AbstractEventLoop.run_in_executor", "asyncio.AbstractEventLoop.run_in_executor"),
        ("_thread.lock", "threading.Lock"),
        ("posixpath.join", "os.path.join"),
        ("genericpath.exists", "os.path.exists"),
        ("multiprocessing.queues.Queue", "multiprocessing.Queue"),
        ("multiprocessing.synchronize.Lock", "multiprocessing.Lock"),
        ("multiprocessing.context.Process", "multiprocessing.Process"),
        ("multiprocessing.Pool", "multiprocessing.pool.Pool"),
        ("json.decoder.JSONDecoder", "json.JSONDecoder"),
        ("unittest.case.TestCase", "unittest.TestCase"),
        ("typing.List", "builtins.list"),
        ("typing_extensions.Self", "typing.Self"),
        ("collections.abc.Iterator", "typing.Iterator"),
        ("urllib.request.urlopen", "urllib.request.urlopen"),
        ("requests.sessions.Session.get", "requests.Session.get"),
        ("httpx._client.AsyncClient", "httpx.AsyncClient"),
        ("sqlalchemy.orm.session.Session", "sqlalchemy.orm.Session"),
        ("openai._client.OpenAI", "openai.OpenAI"),
        ("redis.client.StrictRedis", "redis.Redis"),
        ("redis.asyncio.client.Redis", "redis.asyncio.Redis"),
        ("langchain_openai.chat_models.base.ChatOpenAI", "langchain_openai.ChatOpenAI"),
        ("no.such.package.Thing", "no.such.package.Thing"),
        ("requests.get().json", "requests.get().json"),
    ],
)
def test_canonical_path_is_the_public_one(table: TypeTable, name: str, canonical: str) -> None:
    assert table.canonical(name) == canonical


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("os.path", "module"),
        ("concurrent", "module"),
        ("google.cloud", "module"),
        ("pathlib.Path", "class"),
        ("asyncio.Lock", "class"),
        ("imaplib.IMAP4.error", "class"),
        ("os.stat", "function"),
        ("random.random", "function"),
        ("sys.stdout", "variable"),
        ("typing.Optional", "variable"),
        ("httpx", "module"),
        ("httpx.Client", "class"),
        ("httpx.get", "function"),
        ("os.no_such_thing", None),
        ("nosuchmodule", None),
    ],
)
def test_kind(table: TypeTable, name: str, kind: str | None) -> None:
    assert table.kind(name) == kind


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("os.stat", "os.stat_result"),
        ("sqlite3.connect", "sqlite3.Connection"),
        ("logging.getLogger", "logging.Logger"),
        ("urllib.request.urlopen", "http.client.HTTPResponse"),
        ("time.sleep", "None"),
        ("random.random", "builtins.float"),
        ("subprocess.run", ["subprocess.CompletedProcess", ["|", "builtins.str", "builtins.bytes"]]),
        ("asyncio.create_subprocess_exec", ["await", "asyncio.subprocess.Process"]),
        ("importlib.resources.as_file", ["with", "pathlib.Path"]),
        ("tempfile.mkstemp", ["builtins.tuple", "builtins.int", ["|", "builtins.str", "builtins.bytes"]]),
        ("json.loads", None),
        ("sqlite3.Connection", MISSING),
        ("os.no_such_thing", MISSING),
        ("requests.get", "requests.Response"),
        ("httpx.stream", ["with", "httpx.Response"]),
        ("sqlalchemy.create_engine", "sqlalchemy.Engine"),
        ("sqlalchemy.ext.asyncio.create_async_engine", "sqlalchemy.ext.asyncio.AsyncEngine"),
        ("boto3.client", "botocore.client.BaseClient"),
        ("psycopg2.connect", "psycopg2.extensions.connection"),
        ("asyncpg.connect", ["await", "asyncpg.Connection"]),
        ("langchain.chat_models.init_chat_model", "langchain_core.language_models.BaseChatModel"),
    ],
)
def test_result_of_a_function(table: TypeTable, name: str, result: object) -> None:
    assert table.function(name) == result


def test_open_gives_concrete_files(table: TypeTable) -> None:
    result = table.function("builtins.open")
    assert isinstance(result, list)
    assert result[:2] == ["|", "io.TextIOWrapper"]
    assert set(result[2:]) == {"io.BufferedReader", "io.BufferedWriter", "io.BufferedRandom", "io.FileIO"}


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("sys.stdout", "typing.TextIO"),
        ("os.environ", ["os._Environ", "builtins.str"]),
        ("signal.SIGINT", "signal.Signals"),
        ("typing.Optional", None),
    ],
)
def test_type_of_a_variable(table: TypeTable, name: str, type_: object) -> None:
    assert table.variable(name) == type_


@pytest.mark.parametrize(
    ("owner", "name", "member"),
    [
        ("pathlib.Path", "read_text", ("pathlib.Path", "method", "builtins.str")),
        ("pathlib.PosixPath", "parent", ("pathlib.PurePath", "attribute", "~Self")),
        ("pathlib.Path", "home", ("pathlib.Path", "method", "~Self")),
        ("subprocess.Popen", "stdout", ("subprocess.Popen", "attribute", ["|", ["typing.IO", "~AnyStr"], "None"])),
        ("concurrent.futures.Future", "result", ("concurrent.futures.Future", "method", "~_T")),
        ("concurrent.futures.ThreadPoolExecutor", "__enter__", ("concurrent.futures.Executor", "method", "~Self")),
        ("asyncio.Queue", "get", ("asyncio.Queue", "method", ["await", "~_T"])),
        ("asyncio.Task", "result", ("asyncio.Future", "method", "~_T")),
        ("sqlite3.Connection", "cursor", ("sqlite3.Connection", "method", "sqlite3.Cursor")),
        ("signal.Signals", "SIGTERM", ("signal.Signals", "attribute", "signal.Signals")),
        ("signal.Signals", "name", ("enum.Enum", "attribute", "builtins.str")),
        ("builtins.dict", "items", ("builtins.dict", "method", ["_collections_abc.dict_items", "~_KT", "~_VT"])),
        ("httpx.Client", "headers", ("httpx._client.BaseClient", "attribute", "httpx.Headers")),
        ("httpx.AsyncClient", "get", ("httpx.AsyncClient", "method", ["await", "httpx.Response"])),
        ("httpx.AsyncClient", "stream", ("httpx.AsyncClient", "method", ["awith", "httpx.Response"])),
        ("aiohttp.ClientSession", "get", ("aiohttp.ClientSession", "method", ["await", "aiohttp.ClientResponse"])),
        ("openai.AzureOpenAI", "chat", ("openai.OpenAI", "attribute", "openai.resources.Chat")),
        ("openai.resources.Chat", "completions",
         ("openai.resources.Chat", "attribute", "openai.resources.chat.Completions")),
        ("redis.client.Pipeline", "hset", ("redis.client.Pipeline", "method", "~Self")),
        ("pymongo.MongoClient", "shop",
         ("pymongo.MongoClient", "attribute", ["pymongo.database.Database", "~T"])),
        ("sqlmodel.Session", "scalars", ("sqlalchemy.orm.Session", "method", "sqlalchemy.ScalarResult")),
        ("django.db.models.Model", "objects",
         ("django.db.models.Model", "attribute", ["django.db.models.Manager", "~Self"])),
        ("langchain_openai.ChatOpenAI", "invoke",
         ("langchain_core.language_models.BaseChatModel", "method", "langchain_core.messages.AIMessage")),
        ("pathlib.Path", "no_such_thing", None),
        ("no.such.Thing", "get", None),
    ],
)  # fmt: skip
def test_member(table: TypeTable, owner: str, name: str, member: object) -> None:
    assert table.member(owner, name) == member


def test_linearisation(table: TypeTable) -> None:
    order = list(table.mro("collections.OrderedDict"))
    assert order[:3] == ["collections.OrderedDict", "builtins.dict", "typing.MutableMapping"]
    assert order[-1] == "builtins.object"
    assert list(table.mro("builtins.object")) == ["builtins.object"]
    assert "langchain_core.runnables.Runnable" in table.mro("langchain_openai.ChatOpenAI")
    assert list(table.mro("no.such.Thing")) == []


def test_type_arguments_of_bases(table: TypeTable) -> None:
    info = table.klass("collections.OrderedDict")
    assert info is not None
    assert (info.bases, info.base_args, info.typevars) == (("builtins.dict",), (("~_KT", "~_VT"),), ("_KT", "_VT"))


def all_names(source: Any, module: str) -> dict[str, object]:
    record: dict[str, Any] = json.loads(source) if isinstance(source, str) else source()
    return {f"{module}.{name}": value for part in ("a", "c", "f", "v") for name, value in record.get(part, {}).items()}


def all_modules() -> dict[str, object]:
    types, _ = load_types(FOLDER)
    modules = {name: source for name, source in types.items() if isinstance(source, str)}
    for path in LIBRARIES:
        modules.update(load_package(path)[0])
    return modules


def classes_in(type_: Any) -> set[str]:
    if isinstance(type_, str):
        return set() if type_ == "None" or type_.startswith("~") else {type_}
    if isinstance(type_, list):
        head, parts = split(type_)
        return set[str]().union({head} - HEADS, *map(classes_in, parts))
    if isinstance(type_, dict):
        members = [*type_.get("b", []), *type_.get("m", {}).values(), *type_.get("v", {}).values()]
        return set[str]().union(*map(classes_in, members))
    assert type_ is None
    return set()


@pytest.mark.parametrize("path", LIBRARIES, ids=lambda path: path.stem)
def test_library_file_names_only_what_the_table_knows(table: TypeTable, path: Path) -> None:
    modules, aliases = load_package(path)
    for module, source in modules.items():
        assert module.partition(".")[0] == path.stem
        assert callable(source)
        for part in ("c", "f", "v"):
            for name, value in source().get(part, {}).items():
                assert table.canonical(f"{module}.{name}") == f"{module}.{name}"
                for found in classes_in(value):
                    assert table.canonical(found) == found, f"{module}.{name} names an alias"
                    assert table.klass(found) is not None, f"{module}.{name} names {found}"
    for alias, target in aliases.items():
        assert alias != target
        assert table.kind(target) is not None, f"{alias} leads to {target}, which is not in the table"


def test_every_base_in_the_standard_library_is_known(table: TypeTable) -> None:
    unknown: list[str] = []
    for module, source in all_modules().items():
        for name in all_names(source, module) if isinstance(source, str) else ():
            info = table.klass(name)
            unknown += [f"{name}({base})" for base in info.bases if table.klass(base) is None] if info else []
    # a base that typeshed itself computes at run time is marked, not dropped
    assert all(entry.endswith("(?)") for entry in unknown)
    assert len(unknown) < 10


def test_aliases_end_in_definitions(table: TypeTable) -> None:
    for module, source in all_modules().items():
        for name in all_names(source, module):
            canonical = table.canonical(name)
            assert table.canonical(canonical) == canonical
            assert table.kind(canonical) is not None, name


def test_a_cycle_of_aliases_ends() -> None:
    table = TypeTable({}, {"a.x": "b.x", "b.x": "a.x"})
    assert table.canonical("a.x.y") in ("a.x.y", "b.x.y")


def test_a_cycle_of_bases_ends() -> None:
    table = TypeTable({"m": {"c": {"A": {"b": ["m.B"]}, "B": {"b": ["m.A"]}}}}, {})
    assert table.mro("m.A")[0] == "m.A"
    assert table.member("m.A", "nothing") is None


def test_only_what_is_asked_for_is_decoded() -> None:
    types, aliases = load_types(FOLDER)
    broken = {name: source if name in ("os", "os.path") else "no JSON" for name, source in types.items()}
    assert TypeTable(broken, aliases).function("os.path.exists") == "builtins.bool"


def test_stdlib_modules() -> None:
    modules = stdlib_modules(FOLDER)
    assert {"os", "asyncio", "tomllib", "_thread", "winreg", "distutils"} <= modules
    assert not {"mypy", "requests", "_typeshed"} & modules


# -- hand-kept files -----------------------------------------------------------------------------------------------


def table_of(folder: Path, toml: str) -> TypeTable:
    (folder / "libraries").mkdir()
    (folder / "libraries" / "shop.toml").write_text(toml, encoding="utf-8")
    return TypeTable(*load_types(folder))


def test_stub_forms(tmp_path: Path) -> None:
    table = table_of(
        tmp_path,
        """
[aliases]
"shop.impl" = "shop"
[modules]
shop = '''
VERSION: str
def get() -> list[Item] | None: ...
post = get
async def fetch() -> Item: ...
@contextmanager
def opened() -> Iterator[Item]: ...
Thing = shop.items.Thing
class Item(Generic[T]):
    class Part: ...
    part: Part
    value: T
    @property
    def total() -> int: ...
    def copy() -> Self: ...
    clone = copy
    def kind() -> type[Item]: ...
    def pair() -> tuple[T, str]: ...
    def many() -> tuple[int, ...]: ...
    def factory() -> Callable[..., Item]: ...
'''
"shop.items" = '''
class Thing: ...
'''
""",
    )
    assert table.variable("shop.VERSION") == "builtins.str"
    assert table.function("shop.post") == ["|", ["builtins.list", "shop.Item"], "None"]
    assert table.function("shop.fetch") == ["await", "shop.Item"]
    assert table.function("shop.opened") == ["with", "shop.Item"]
    assert table.canonical("shop.impl.Thing") == "shop.items.Thing"
    types = {
        name: found[1:]
        for name in ("part", "value", "total", "clone", "kind", "pair", "many", "factory")
        if (found := table.member("shop.Item", name))
    }
    assert types == {
        "part": ("attribute", "shop.Item.Part"),
        "value": ("attribute", "~T"),
        "total": ("attribute", "builtins.int"),
        "clone": ("method", "~Self"),
        "kind": ("method", ["type", "shop.Item"]),
        "pair": ("method", ["builtins.tuple", "~T", "builtins.str"]),
        "many": ("method", ["builtins.tuple...", "builtins.int"]),
        "factory": ("method", ["call", "shop.Item"]),
    }
    assert table.kind("shop.Item.Part") == "class"


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("modules = 3", "must map names to text"),
        ("[modules]\nshop = 3", "must map names to text"),
        ("[modules]\n[module]\n", "unknown key 'module'"),
        ("[modules", "shop.toml"),
        ("[modules]\nshop = 'class A('", "module shop, line 1"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, toml: str, words: str) -> None:
    with pytest.raises(RuleError, match=words) as caught:
        table_of(tmp_path, toml).kind("shop.A")
    assert "shop.toml" in str(caught.value)


def test_a_generated_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stdlib.json").write_text('{"os": {}}', encoding="utf-8")
    with pytest.raises(RuleError, match=r"generate_types\.py"):
        load_types(tmp_path)


# -- the generator -------------------------------------------------------------------------------------------------

STUBS = {
    "VERSIONS": "builtins: 3.0-\nshop: 3.0-\nshop._impl: 3.0-\ngone: 3.0-3.9\ntyping: 3.5-\n",
    "builtins.pyi": "class object: ...\nclass int: ...\nclass str: ...\nclass property: ...\nclass type: ...\n",
    "typing.pyi": (
        "class _SpecialForm: ...\nGeneric: _SpecialForm\nSelf: _SpecialForm\nclass TypeVar: ...\ndef overload(f): ...\n"
    ),
    "gone.pyi": "class Gone: ...\n",
    "shop/__init__.pyi": "from shop._impl import *\nfrom shop._impl import Item as Item\n",
    "shop/_impl.pyi": """
import sys
from typing import Generic, Self, TypeVar, overload
__all__ = ["Item", "buy", "Old"]
_T = TypeVar("_T")
_S = TypeVar("_S")
class Item(Generic[_T]):
    value: _T
    def copy(self) -> Self: ...
    def twin(self: _S) -> _S: ...
    @property
    def price(self) -> int: ...
    if sys.version_info >= (3, 13):
        def fresh(self) -> int: ...
    if sys.version_info < (3, 9):
        def stale(self) -> int: ...
    if sys.platform == "win32":
        def drive(self) -> str: ...
@overload
def buy(x: int) -> int: ...
@overload
def buy(x: str) -> str | None: ...
if sys.version_info >= (3, 12):
    Old = Item
else:
    class Old: ...
def hidden() -> int: ...
""",
}


def generate(stubs: Path, output: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(GENERATOR), "--stubs", str(stubs), "--output", str(output)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def stub_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stubs")
    for name, text in STUBS.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_generation_is_deterministic(stub_tree: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert generate(stub_tree, tmp_path / name).returncode == 0
    assert (tmp_path / "one" / "stdlib.json").read_bytes() == (tmp_path / "two" / "stdlib.json").read_bytes()


def test_generated_facts(stub_tree: Path, tmp_path: Path) -> None:
    assert generate(stub_tree, tmp_path).returncode == 0
    table = TypeTable(*load_types(tmp_path))
    assert table.canonical("shop._impl.Item") == "shop.Item"
    assert table.function("shop.buy") == ["|", "builtins.int", "builtins.str", "None"]
    members = ("value", "copy", "twin", "price", "fresh", "stale", "drive")
    assert [(found[1:] if (found := table.member("shop.Item", name)) else None) for name in members] == [
        ("attribute", "~_T"),
        ("method", "~Self"),
        ("method", "~Self"),
        ("attribute", "builtins.int"),
        ("method", "builtins.int"),
        None,
        None,
    ]
    assert table.kind("gone") is None
    assert table.kind("shop.hidden") is None
    assert table.function("shop._impl.hidden") == "builtins.int"
    assert stdlib_modules(tmp_path) == {"builtins", "shop", "typing"}


def test_generator_says_what_it_lacks(tmp_path: Path) -> None:
    done = generate(tmp_path / "nowhere", tmp_path)
    assert done.returncode == 2
    assert "no stubs found" in done.stderr
    assert "Traceback" not in done.stderr
