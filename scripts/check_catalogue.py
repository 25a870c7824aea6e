"""Checks the names of the knowledge tables against the packages themselves, read from wheels and never imported.

Usage: python scripts/check_catalogue.py FOLDER...

A FOLDER holds wheels or sdists, or is itself laid out like site-packages (typeshed's `stdlib` folder, for instance).
A name is *missing* if its package is there and says so, *async* if it is a coroutine function (which never blocks its
caller), and *open* if the sources cannot tell: extension modules, attributes set dynamically, bases of other packages.
Exit code 1 if a name is missing or async.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mergegate.rules.loader import load_knowledge
from mergegate.rules.model import Knowledge

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_SOURCES = (".py", ".pyi")
_BINARIES = (".so", ".pyd")
_MAX_DEPTH = 40
_TRANSPARENT_FORMS = ("Optional", "ClassVar", "Final", "Required", "NotRequired")


@dataclass(slots=True)
class Module:
    """A module's source and, once asked for, what its names are bound to."""

    name: str
    source: bytes
    package: bool
    names: dict[str, list[Thing]] | None = None
    stars: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Thing:
    """What a name is bound to: a module, class, function, import or value, where it stands."""

    kind: str
    module: str
    node: ast.AST | None = None
    target: str = ""
    owner: ast.ClassDef | None = None


OPEN = Thing("open", "")


class Sources:
    """All modules of the given folders."""

    def __init__(self) -> None:
        self.modules: dict[str, Module] = {}
        self.binaries: set[str] = set()
        self.tops: set[str] = set()
        self.folders: set[str] = set()

    def add_folder(self, folder: Path) -> None:
        """Add what a folder holds: archives, or modules laid out as in site-packages."""
        archives = [path for path in sorted(folder.iterdir()) if path.name.endswith((".whl", ".tar.gz", ".zip"))]
        for archive in archives:
            self._add_archive(archive)
        if not archives:
            for path in folder.rglob("*.py*"):
                if path.suffix in _SOURCES:
                    self._add(path.relative_to(folder).as_posix(), path.read_bytes())

    def _add_archive(self, path: Path) -> None:
        if path.name.endswith(".tar.gz"):
            with tarfile.open(path) as archive:
                for member in archive.getmembers():
                    handle = archive.extractfile(member) if member.name.endswith(_SOURCES) else None
                    if handle is not None:
                        # an sdist's top folder is the release, and `src` is no package
                        self._add(member.name.partition("/")[2].removeprefix("src/"), handle.read())
            return
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(_SOURCES):
                    self._add(name, archive.read(name))
                elif name.endswith(_BINARIES):
                    self.binaries.add(name.partition(".")[0].replace("/", "."))

    def _add(self, name: str, source: bytes) -> None:
        parts = name.rpartition(".")[0].split("/")
        if ".data" in parts[0]:
            # scripts and data of a wheel: `purelib` would be packages
            parts = parts[2:]
        parts[0] = parts[0].removesuffix("-stubs")
        package = parts[-1] == "__init__"
        dotted = ".".join(parts[:-1] if package else parts)
        known = self.modules.get(dotted)
        if dotted and (known is None or name.endswith(".pyi")):
            self.modules[dotted] = Module(dotted, source, package)
            self.tops.add(parts[0])
            self.folders.update(".".join(parts[:end]) for end in range(1, len(parts)))

    # -- names -----------------------------------------------------------------------------------------------------

    def names(self, module: Module) -> dict[str, list[Thing]]:
        """Return what the global names of a module are bound to."""
        if module.names is None:
            module.names = {}
            try:
                tree = ast.parse(module.source)
            except (SyntaxError, ValueError):
                return module.names
            for statement in _flat(tree.body):
                for name, thing in self._bindings(module, statement):
                    module.names.setdefault(name, []).append(thing)
        return module.names

    def _bindings(self, module: Module, statement: ast.stmt) -> Iterator[tuple[str, Thing]]:
        if isinstance(statement, ast.ImportFrom):
            base = self._absolute(module, statement)
            for alias in statement.names:
                if alias.name == "*":
                    module.stars.append(base)
                else:
                    yield alias.asname or alias.name, Thing("import", base, target=alias.name)
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                name = alias.asname or alias.name.partition(".")[0]
                yield name, Thing("module", alias.name if alias.asname else name)
        else:
            yield from _own_bindings(module.name, statement, None)

    def _absolute(self, module: Module, statement: ast.ImportFrom) -> str:
        if not statement.level:
            return statement.module or ""
        parts = module.name.split(".")
        kept = len(parts) - statement.level + (1 if module.package else 0)
        return ".".join([*parts[:kept], *([statement.module] if statement.module else [])])

    # -- resolution ------------------------------------------------------------------------------------------------

    def resolve(self, dotted: str) -> Thing | None:
        """Return what a dotted name of the tables stands for, `OPEN` if that cannot be told, None if it is missing."""
        parts = dotted.split(".")
        thing: Thing | None = Thing("module", parts[0].removesuffix("()"))
        for part in parts[1:]:
            calls = part.count("()")
            if thing is None or thing is OPEN:
                return thing
            thing = self.member(thing, part.replace("()", ""), 0)
            for _ in range(calls):
                thing = self._result(thing) if thing is not None else None
        return thing

    def member(self, thing: Thing, name: str, depth: int) -> Thing | None:
        """Return an attribute of a thing."""
        if depth > _MAX_DEPTH:
            return OPEN
        if thing.kind == "module":
            return self._module_member(thing.module, name, depth)
        if thing.kind == "class" and isinstance(thing.node, ast.ClassDef):
            return self._class_member(thing, name, depth)
        if thing.kind == "value":
            typed = self._type_of(thing, depth)
            return self.member(typed, name, depth + 1) if typed is not OPEN else OPEN
        if thing.kind == "function" and self._is_property(thing):
            return self.member(self._annotated(thing, depth), name, depth + 1)
        return OPEN

    def _module_member(self, module: str, name: str, depth: int) -> Thing | None:
        found = self.modules.get(module)
        child = f"{module}.{name}"
        is_module = child in self.modules or child in self.folders
        if found is None:
            if is_module:
                return Thing("module", child)
            return None if module in self.folders and module not in self.binaries else OPEN
        things = self.names(found).get(name)
        if things and not (is_module and all(t.kind == "import" and t.module == module for t in things)):
            return self._followed(things, depth)
        if is_module:
            return Thing("module", child)
        for star in found.stars:
            if star != module:
                reached = self._module_member(star, name, depth + 1) if depth < _MAX_DEPTH else OPEN
                if reached is not None:
                    return reached
        dynamic = "__getattr__" in self.names(found) or "_LazyModule" in self.names(found)
        return OPEN if dynamic or child in self.binaries else None

    def _followed(self, things: list[Thing], depth: int) -> Thing | None:
        """Follow imports; of several bindings the first that says most."""
        best: Thing | None = OPEN
        for thing in things:
            if thing.kind != "import":
                if thing.kind in ("class", "function"):
                    return thing
                best = thing if best is OPEN else best
            elif depth < _MAX_DEPTH:
                reached = self._module_member(thing.module, thing.target, depth + 1)
                if reached is not None and reached is not OPEN:
                    return reached
        return best

    def _class_member(self, thing: Thing, name: str, depth: int) -> Thing | None:
        node = thing.node
        assert isinstance(node, ast.ClassDef)
        own = [t for s in _flat(node.body) for n, t in _own_bindings(thing.module, s, node) if n == name]
        if own:
            return own[0]
        for method in _flat(node.body):
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                for inner in ast.walk(method):
                    if _assigns_self(inner, name):
                        return Thing("value", thing.module, inner, owner=node)
        undecided = any(keyword.arg == "metaclass" for keyword in node.keywords)
        for base in node.bases:
            found = self._expression(thing.module, base, depth + 1)
            if found is OPEN or found.kind != "class":
                undecided = undecided or _last(base) not in ("object", "Generic", "ABC", "Protocol", "NamedTuple")
                continue
            member = self.member(found, name, depth + 1)
            if member is OPEN:
                undecided = True
            elif member is not None:
                return member
        names = {s.name for s in node.body if isinstance(s, ast.FunctionDef)}
        return OPEN if undecided or names & {"__getattr__", "__getattribute__"} else None

    def _expression(self, module: str, node: ast.AST | None, depth: int) -> Thing:
        """Return the class or function that a base, annotation or callee names."""
        if depth > _MAX_DEPTH or node is None:
            return OPEN
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                return self._expression(module, ast.parse(node.value, mode="eval").body, depth + 1)
            except SyntaxError:
                return OPEN
        if isinstance(node, ast.Name):
            return self._module_member(module, node.id, depth + 1) or OPEN
        if isinstance(node, ast.Attribute):
            base = self._expression(module, node.value, depth + 1)
            return (self.member(base, node.attr, depth + 1) or OPEN) if base is not OPEN else OPEN
        if isinstance(node, ast.Subscript):
            inner = node.slice if _last(node.value) in _TRANSPARENT_FORMS else node.value
            return self._expression(module, inner, depth + 1)
        if isinstance(node, ast.BinOp):
            return self._expression(module, node.left, depth + 1)
        return OPEN

    def _type_of(self, thing: Thing, depth: int) -> Thing:
        """Return the class of which a value is an instance."""
        node = thing.node
        if isinstance(node, ast.AnnAssign):
            return self._expression(thing.module, node.annotation, depth + 1)
        value = node.value if isinstance(node, ast.Assign) else None
        if isinstance(value, ast.Call):
            made = self._expression(thing.module, value.func, depth + 1)
            if _last(value.func) in ("TypeVar", "cast", "field", "Field"):
                return OPEN
            return made if made.kind == "class" else self._annotated(made, depth)
        return self._expression(thing.module, value, depth + 1) if isinstance(value, ast.Name | ast.Attribute) else OPEN

    def _annotated(self, thing: Thing, depth: int) -> Thing:
        node = thing.node
        if not isinstance(node, ast.FunctionDef):
            return OPEN
        if thing.owner is not None and _last(node.returns) == "Self":
            return Thing("class", thing.module, thing.owner)
        return self._expression(thing.module, node.returns, depth + 1)

    def _result(self, thing: Thing) -> Thing:
        return thing if thing.kind == "class" else self._annotated(thing, 0)

    @staticmethod
    def _is_property(thing: Thing) -> bool:
        decorators = thing.node.decorator_list if isinstance(thing.node, ast.FunctionDef) else []
        return any(_last(d) in ("property", "cached_property") for d in decorators)


def _own_bindings(module: str, statement: ast.stmt, owner: ast.ClassDef | None) -> Iterator[tuple[str, Thing]]:
    if isinstance(statement, ast.ClassDef):
        yield statement.name, Thing("class", module, statement)
    elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        yield statement.name, Thing("function", module, statement, owner=owner)
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    yield name.id, Thing("value", module, statement, owner=owner)
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id, Thing("value", module, statement, owner=owner)


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements with those in branches, `try` and `with` blocks, all of them."""
    for statement in body:
        if isinstance(statement, ast.If | ast.Try | ast.With):
            blocks = [getattr(statement, part, []) for part in ("body", "orelse", "finalbody")]
            handlers = [h.body for h in getattr(statement, "handlers", [])]
            for block in [*blocks, *handlers]:
                yield from _flat(block)
        else:
            yield statement


def _assigns_self(node: ast.AST, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(t, ast.Attribute) and t.attr == name and _last(t.value) == "self" for t in targets)


def _last(node: ast.AST | None) -> str:
    if isinstance(node, ast.Subscript):
        return _last(node.value)
    if isinstance(node, ast.Constant):
        return str(node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def verdict(sources: Sources, name: str) -> str:
    """Return found, async, missing, open or absent (no package of that name)."""
    plain = name.removesuffix(".*")
    if plain.partition(".")[0].removesuffix("()") not in sources.tops:
        return "absent"
    thing = sources.resolve(plain)
    if thing is None:
        # what a call returns is often annotated by a base that has less
        return "open" if "()" in plain else "missing"
    if thing is OPEN:
        return "open"
    return "async" if isinstance(thing.node, ast.AsyncFunctionDef) and not name.endswith(".*") else "found"


def main() -> int:
    """Check all tables against the folders named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--show", default="missing,async", help="which verdicts to list, with commas")
    options = parser.parse_args()
    sources = Sources()
    for folder in options.folders:
        sources.add_folder(folder)
    shown, failed = options.show.split(","), False
    for table, names, strict in _tables(load_knowledge()):
        verdicts = {name: verdict(sources, name) for name in sorted(names)}
        wrong = [name for name, said in verdicts.items() if said in ("missing", "async")]
        failed = failed or (strict and bool(wrong))
        for name, said in verdicts.items():
            if said in shown:
                print(f"{table}: {name}: {said}")
        print(f"{table}: {', '.join(f'{count} {said}' for said, count in Counter(verdicts.values()).most_common())}")
    return 1 if failed else 0


def _tables(knowledge: Knowledge) -> list[tuple[str, Iterable[str], bool]]:
    """Return the tables with their names, and whether a name that is missing or asynchronous there is a mistake."""
    verified = [name for name, entry in knowledge.blocking.items() if entry.verified or _is_stdlib(name)]
    claimed = frozenset(verified)
    return [
        ("blocking, verified", verified, True),
        ("blocking, other versions", [name for name in knowledge.blocking if name not in claimed], False),
        ("safe", knowledge.safe, False),
        ("handovers", knowledge.handovers, False),
        ("callers", knowledge.callers, True),
        ("decorators", knowledge.decorators, True),
        ("loop entries", [f"{e.base}.{method}" for e in knowledge.loop_entries for method in e.methods], False),
    ]


def _is_stdlib(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


if __name__ == "__main__":
    sys.exit(main())
