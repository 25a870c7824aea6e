"""Generates `rules/knowledge/types/stdlib.json` from typeshed's stubs of the standard library.

Usage: ``python scripts/generate_types.py [--stubs FOLDER] [--output FOLDER]``

FOLDER holds the stubs with their `VERSIONS` file; by default the copy that an installed mypy carries. What only some of
the supported versions of Python have is taken as well, platforms other than Linux are left out.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import operator
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from mergegate.rules import stubs
from mergegate.rules.json_types import HEADS, TypeJson, join_types
from mergegate.rules.stubs import Context, ModuleRecord, Symbol, TypeAlias, dotted_name

VERSIONS = ((3, 11), (3, 12), (3, 13), (3, 14))
PLATFORM = "linux"

# public, but other modules are where their names are documented
UNPREFERRED = frozenset({"posixpath", "ntpath", "genericpath", "posix", "nt", "typing_extensions", "sre_compile", "sre_parse"})
# names that are spelt otherwise than their stubs derive them
RENAMED = {
    "multiprocessing.synchronize.Barrier": "multiprocessing.Barrier",
    "multiprocessing.synchronize.BoundedSemaphore": "multiprocessing.BoundedSemaphore",
    "multiprocessing.synchronize.Condition": "multiprocessing.Condition",
    "multiprocessing.synchronize.Event": "multiprocessing.Event",
    "multiprocessing.synchronize.Lock": "multiprocessing.Lock",
    "multiprocessing.synchronize.RLock": "multiprocessing.RLock",
    "multiprocessing.synchronize.Semaphore": "multiprocessing.Semaphore",
}
# results that their stubs leave open for the sake of rare cases
RESULTS = {
    "urllib.request.urlopen": "http.client.HTTPResponse",
    "urllib.request.OpenerDirector.open": "http.client.HTTPResponse",
}
EXTRA_ALIASES = {
    "multiprocessing": {"Pool": "multiprocessing.pool.Pool"},
    "typing": {
        "ChainMap": "collections.ChainMap", "Counter": "collections.Counter", "DefaultDict": "collections.defaultdict",
        "Deque": "collections.deque", "Dict": "builtins.dict", "FrozenSet": "builtins.frozenset",
        "List": "builtins.list", "OrderedDict": "collections.OrderedDict", "Set": "builtins.set",
        "Tuple": "builtins.tuple", "Type": "builtins.type",
    },
}  # fmt: skip


# -- versions and platforms ------------------------------------------------------------------------------------------

_COMPARISONS = {
    ast.GtE: operator.ge, ast.Gt: operator.gt, ast.LtE: operator.le, ast.Lt: operator.lt, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip


def truth(test: ast.expr, version: tuple[int, int]) -> bool:
    """Return whether a condition of a stub holds on Linux under a version of Python; unknown ones do."""
    if isinstance(test, ast.BoolOp):
        parts = [truth(value, version) for value in test.values]
        return all(parts) if isinstance(test.op, ast.And) else any(parts)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return not truth(test.operand, version)
    if isinstance(test, ast.Compare):
        left, right = dotted_name(test.left), test.comparators[0]
        compare = _COMPARISONS[type(test.ops[0])]
        if left == "sys.version_info":
            wanted = ast.literal_eval(right)
            return compare(version[: len(wanted)], wanted) if len(wanted) <= 2 else compare((*version, 99), wanted)
        if left == "sys.platform":
            return compare(PLATFORM, ast.literal_eval(right))
    if isinstance(test, ast.Call) and dotted_name(test.func) == "sys.platform.startswith":
        return PLATFORM.startswith(ast.literal_eval(test.args[0]))
    return dotted_name(test) != "sys.platform"


def in_force(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Return the statements of a body that any supported version has, newest last in each condition."""
    for node in body:
        if isinstance(node, ast.If):
            truths = [truth(node.test, version) for version in VERSIONS]
            if any(truths):
                yield from in_force(node.body)
            if not all(truths):
                yield from in_force(node.orelse)
        elif isinstance(node, ast.Try):
            yield from in_force(node.body)
        else:
            yield node


# -- modules ---------------------------------------------------------------------------------------------------------


class Import(NamedTuple):
    """A name bound to a module, or to a name of one."""

    module: str
    name: str
    exported: bool


class Definition(NamedTuple):
    """Where something is defined; name "" means the module itself."""

    module: str
    name: str


class Module:
    """One stub file: what its names are bound to."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.is_package = path.name == "__init__.pyi"
        statements = list(in_force(ast.parse(path.read_bytes(), str(path)).body))
        self.own = stubs.definitions(statements)
        self.imports: dict[str, Import] = {}
        self.stars: list[str] = []
        self.exports: set[str] | None = None
        for node in statements:
            if isinstance(node, ast.ImportFrom):
                self._import_from(node)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    self.imports[bound] = Import(alias.name if alias.asname else bound, "", alias.asname == alias.name)
            else:
                self._exports(node)

    def _import_from(self, node: ast.ImportFrom) -> None:
        parts = self.name.split(".")
        if node.level:
            parts = parts[: len(parts) - node.level + self.is_package]
        base = ".".join([*(parts if node.level else []), *([node.module] if node.module else [])])
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(base)
            else:
                self.imports[alias.asname or alias.name] = Import(base, alias.name, alias.asname == alias.name)

    def _exports(self, node: ast.stmt) -> None:
        """Follow `__all__ = [...]` and `__all__ += [...]`."""
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id == "__all__" and isinstance(value, ast.List | ast.Tuple):
            names = {e.value for e in value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)}
            self.exports = (self.exports or set()) | names

    def exports_name(self, name: str) -> bool:
        """Return whether the module offers a name to its users."""
        if self.exports is not None:
            return name in self.exports
        imported = self.imports.get(name)
        return not name.startswith("_") and (imported is None or imported.exported)


def find_modules(folder: Path) -> dict[str, Module]:
    """Return the modules of a folder of stubs that a supported version of Python has."""
    supported: dict[str, bool] = {}
    for line in (folder / "VERSIONS").read_text(encoding="utf-8").splitlines():
        name, _, span = line.partition("#")[0].partition(":")
        if span:
            last = span.strip().partition("-")[2].split(".")
            supported[name.strip()] = last == [""] or tuple(map(int, last)) >= VERSIONS[0]
    found: dict[str, Module] = {}
    for path in sorted(folder.rglob("*.pyi")):
        name = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        known = name
        while known and known not in supported:
            known = known.rpartition(".")[0]
        if supported.get(known, False):
            found[name] = Module(name, path)
    return found


# -- names -----------------------------------------------------------------------------------------------------------


class Library:
    """All modules together: what names mean, and under which path each definition is known."""

    def __init__(self, modules: dict[str, Module]) -> None:
        self.modules = modules
        self._resolved: dict[tuple[str, str], Definition | None] = {}
        self.offers = {name: self._names(name, set()) for name in modules}
        self.paths = self._canonical_paths()

    def _names(self, module: str, seen: set[str]) -> set[str]:
        """Return all names that a module binds, those of its stars included."""
        if module in seen or module not in self.modules:
            return set()
        seen.add(module)
        found = {*self.modules[module].own, *self.modules[module].imports}
        for star in self.modules[module].stars:
            found |= {n for n in self._names(star, seen) if self._passes_star(star, n)}
        return found

    def _passes_star(self, star: str, name: str) -> bool:
        exports = self.modules[star].exports
        return name in exports if exports is not None else not name.startswith("_")

    def resolve(self, module: str, name: str) -> Definition | None:
        """Return where a name of a module is defined, or None if it is not known."""
        key = (module, name)
        if key not in self._resolved:
            self._resolved[key] = None
            self._resolved[key] = self._resolve(module, name)
        return self._resolved[key]

    def _resolve(self, module: str, name: str) -> Definition | None:
        if module == "typing_extensions" and name in self.modules["typing"].own:
            module = "typing"
        here = self.modules.get(module)
        if here is None:
            return None
        nodes = here.own.get(name)
        if nodes:
            return self._assigned_alias(module, nodes) or Definition(module, name)
        imported = here.imports.get(name)
        if imported is not None:
            return self._imported(imported)
        for star in here.stars:
            if star in self.modules and self._passes_star(star, name) and (found := self.resolve(star, name)):
                return found
        return Definition(f"{module}.{name}", "") if f"{module}.{name}" in self.modules else None

    def _imported(self, imported: Import) -> Definition | None:
        if not imported.name:
            return Definition(imported.module, "") if imported.module in self.modules else None
        found = self.resolve(imported.module, imported.name)
        submodule = f"{imported.module}.{imported.name}"
        if found is None and submodule in self.modules:
            return Definition(submodule, "")
        return found

    def _assigned_alias(self, module: str, nodes: list[ast.stmt]) -> Definition | None:
        """Follow `Lock = _thread.lock`: an assignment that names a class or a function."""
        for node in nodes:
            value = node.value if isinstance(node, ast.Assign) else None
            dotted = dotted_name(value) if value is not None else ""
            target = self.resolve_dotted(module, dotted) if dotted else None
            if target is not None and isinstance(self.node(target), ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                return target
        return None

    def resolve_dotted(self, module: str, dotted: str) -> Definition | None:
        """Return where `a.b.c`, written in a module, is defined; builtins are seen from everywhere."""
        first, *rest = dotted.split(".")
        found = self.resolve(module, first) or self.resolve("builtins", first)
        for part in rest:
            if found is None:
                return None
            found = self._member(found, part)
        return found

    def _member(self, owner: Definition, part: str) -> Definition | None:
        if not owner.name:
            return self.resolve(owner.module, part)
        nested = Definition(owner.module, f"{owner.name}.{part}")
        return nested if self.node(nested) is not None else None

    def node(self, definition: Definition) -> ast.stmt | None:
        """Return the (first) statement of a definition; that of a nested class by its qualified name."""
        first, *rest = definition.name.split(".")
        nodes = self.modules[definition.module].own.get(first, [])
        for part in rest:
            bodies = [s for n in nodes if isinstance(n, ast.ClassDef) for s in in_force(n.body)]
            nodes = [s for s in bodies if isinstance(s, ast.ClassDef) and s.name == part]
        return nodes[0] if nodes else None

    # -- the most public path ------------------------------------------------------------------------------------

    def _canonical_paths(self) -> dict[Definition, Definition]:
        seen: dict[Definition, list[Definition]] = {}
        for module, names in sorted(self.offers.items()):
            for name in sorted(names):
                found = self.resolve(module, name)
                if found is not None and found.name:
                    seen.setdefault(found, []).append(Definition(module, name))
        return {found: min(paths, key=lambda path: self._rank(path, found)) for found, paths in seen.items()}

    def _rank(self, path: Definition, found: Definition) -> tuple[object, ...]:
        """Sort the paths of a definition, the most public first."""
        parts = path.module.split(".")
        private = any(part.startswith("_") for part in parts) and path.module != "__future__"
        family = found.module == path.module or found.module.startswith(f"{path.module}.")
        return (
            not self.modules[path.module].exports_name(path.name) and path != found,
            private,
            path.module in UNPREFERRED or parts[0] == "compression",
            path.name.startswith("_") and not found.name.startswith("_"),
            not family,
            len(parts),
            path.name != found.name,
            path,
        )

    def canonical(self, definition: Definition) -> str:
        """Return the dotted name under which the table knows a definition."""
        if not definition.name:
            return definition.module
        first, _, rest = definition.name.partition(".")
        path = self.paths.get(Definition(definition.module, first), Definition(definition.module, first))
        dotted = f"{path.module}.{path.name}"
        return RENAMED.get(dotted, dotted) + (f".{rest}" if rest else "")


class ModuleScope:
    """What names mean in a stub of the library."""

    def __init__(self, library: Library, module: str) -> None:
        self.library = library
        self.module = module

    def statements(self, body: Sequence[ast.stmt]) -> Iterable[ast.stmt]:
        """Return the statements that are in force."""
        return in_force(body)

    def resolve(self, dotted: str) -> Symbol:
        """Return the meaning of a dotted name."""
        found = self.library.resolve_dotted(self.module, dotted) if dotted else None
        if found is None:
            return None
        name = self.library.canonical(found)
        name = EXTRA_ALIASES.get(found.module, {}).get(found.name, name)
        node = self.library.node(found) if found.name else None
        scope = ModuleScope(self.library, found.module)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            variable = stubs.type_variable(node, scope)
            if variable is not None:
                return variable
            if is_type_alias(node) and node.value is not None:
                return TypeAlias(node.value, scope)
            if isinstance(node.value, ast.Call) and dotted_name(node.value.func) == "TypedDict":
                return "builtins.dict"
        return name


def is_type_alias(node: ast.stmt) -> bool:
    """Return whether a statement names a type expression."""
    if isinstance(node, ast.AnnAssign):
        return dotted_name(node.annotation).rpartition(".")[2] == "TypeAlias"
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript | ast.BinOp | ast.Name | ast.Attribute)


# -- records ---------------------------------------------------------------------------------------------------------


def make_records(library: Library) -> dict[str, ModuleRecord]:
    """Return the record of each module; definitions stand under their canonical path, other paths are aliases."""
    records = {name: ModuleRecord() for name in library.modules}
    for module, names in sorted(library.offers.items()):
        for name in sorted(names):
            found = library.resolve(module, name)
            if found is None:
                continue
            own, canonical = f"{module}.{name}", library.canonical(found)
            alias = EXTRA_ALIASES.get(found.module, {}).get(found.name, canonical)
            if alias != own:
                records[module].aliases[name] = alias
            if found == Definition(module, name):
                home = library.paths[found].module if canonical not in RENAMED.values() else canonical.rpartition(".")[0]
                add_definition(records[home], canonical, found, library)
    for module, aliases in EXTRA_ALIASES.items():
        if module in records:
            records[module].aliases.update(aliases)
    for canonical in RENAMED.values():
        module, _, name = canonical.rpartition(".")
        if module in records and name in records[module].classes:
            records[module].variables.pop(name, None)
            records[module].functions.pop(name, None)
            records[module].aliases.pop(name, None)
    set_results(records)
    prune(records)
    return records


def set_results(records: dict[str, ModuleRecord]) -> None:
    """Put the results of `RESULTS` in place."""
    for name, result in RESULTS.items():
        module = next((m for m in (name.rpartition(".")[0], name.rsplit(".", 2)[0]) if m in records), None)
        if module is None:
            continue
        owner, _, member = name.removeprefix(f"{module}.").rpartition(".")
        functions = records[module].classes[owner]["m"] if owner else records[module].functions
        functions[member] = result


def prune(records: dict[str, ModuleRecord]) -> None:
    """Drop aliases of what the table does not hold, and replace types that are no classes of it by "unknown"."""
    classes = {f"{module}.{name}" for module, record in records.items() for name in record.classes}
    known = classes | set(records)
    for module, record in records.items():
        known.update(f"{module}.{name}" for name in (*record.functions, *record.variables))
    for record in records.values():
        record.aliases = {name: target for name, target in record.aliases.items() if target in known}
        tables = [record.functions, record.variables]
        tables += [made.get(part, {}) for made in record.classes.values() for part in ("m", "v")]
        for table in tables:
            table.update({name: known_type(type_, classes) for name, type_ in table.items()})
        for made in record.classes.values():
            made["b"] = [known_type(base, classes) or "?" for base in made.get("b", [])]
            if not made["b"]:
                del made["b"]


def known_type(type_: TypeJson, classes: set[str]) -> TypeJson:
    """Return a type without the classes that the table does not hold."""
    if isinstance(type_, str):
        return type_ if type_ in classes or type_ == "None" or type_.startswith("~") else None
    if type_ is None:
        return None
    head, *parts = type_
    read = [known_type(part, classes) for part in parts]
    if head == "|":
        return join_types(read)
    return [head, *read] if head in HEADS or head in classes else None


def add_definition(record: ModuleRecord, canonical: str, found: Definition, library: Library) -> None:
    """Add a class, function or variable to the record of the module under whose path it is known."""
    scope = ModuleScope(library, found.module)
    name = canonical.rpartition(".")[2]
    nodes = library.modules[found.module].own[found.name]
    classes = [n for n in nodes if isinstance(n, ast.ClassDef)]
    functions = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    if classes:
        stubs.add_class(record, name, canonical, classes, scope)
    elif functions:
        record.functions[name] = stubs.read_functions(functions, Context(scope))
    elif stubs.type_variable(nodes[0], scope) is None and not (name.startswith("__") and name.endswith("__")):
        add_variable(record, name, nodes[0], scope)


def add_variable(record: ModuleRecord, name: str, node: ast.stmt, scope: ModuleScope) -> None:
    """Add a variable, or what a bound method that it holds gives when called (`random.random = _inst.random`)."""
    if isinstance(node, ast.AnnAssign):
        if is_type_alias(node):
            return
        type_ = stubs.read_variable(node, Context(scope))
        record.variables[name] = None if type_ == "typing._SpecialForm" else type_
    elif isinstance(node, ast.Assign):
        bound = bound_method(node.value, scope)
        if bound is not None:
            record.functions[name] = stubs.read_functions(bound[0], Context(bound[1]))
        elif not isinstance(node.value, ast.Subscript | ast.BinOp):
            record.variables[name] = stubs.read_constant(node.value)


def bound_method(value: ast.expr, scope: ModuleScope) -> tuple[list[stubs.Function], ModuleScope] | None:
    """Return the definitions of the method that `instance.method` names, and where they stand."""
    if not isinstance(value, ast.Attribute):
        return None
    library = scope.library
    owner = library.resolve_dotted(scope.module, dotted_name(value.value))
    node = library.node(owner) if owner is not None and owner.name else None
    if owner is None or not isinstance(node, ast.AnnAssign):
        return None
    kind = library.resolve_dotted(owner.module, dotted_name(node.annotation))
    while kind is not None and kind.name and isinstance(body := library.node(kind), ast.ClassDef):
        found = stubs.definitions(in_force(body.body)).get(value.attr, [])
        methods = [n for n in found if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        if methods:
            return methods, ModuleScope(library, kind.module)
        kind = library.resolve_dotted(kind.module, dotted_name(body.bases[0])) if body.bases else None
    return None


# -- output ----------------------------------------------------------------------------------------------------------


def render(records: dict[str, ModuleRecord]) -> str:
    """Return the table as JSON with one module a line, so that a reader decodes just the modules that it needs."""
    lines = [
        f"{json.dumps(name)}:{json.dumps(record.as_json(), ensure_ascii=True, separators=(',', ':'))}"
        for name, record in sorted(records.items())
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


def default_stubs() -> Path | None:
    """Return the stubs that an installed mypy carries."""
    found = importlib.util.find_spec("mypy")
    return Path(found.origin).parent / "typeshed" / "stdlib" if found is not None and found.origin else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stubs", type=Path, default=default_stubs(), help="typeshed's stdlib folder")
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--output", type=Path, default=root / "rules" / "knowledge" / "types")
    options = parser.parse_args(arguments)
    if options.stubs is None or not (options.stubs / "VERSIONS").is_file():
        parser.error("no stubs found: install mypy, or name the folder that holds typeshed's stdlib/VERSIONS by --stubs")
    modules = find_modules(options.stubs)
    text = render(make_records(Library(modules)))
    write(options.output / "stdlib.json", text)
    tops = sorted({name.partition(".")[0] for name in modules if name != "_typeshed" and not name.startswith("_typeshed.")})
    write(options.output / "stdlib_modules.txt", "\n".join(tops) + "\n")
    print(f"{len(modules)} modules, {len(text)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
