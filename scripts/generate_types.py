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
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from typeshed import RENAMED, Definition, Library, find_modules, in_force

from mergegate.rules import stubs
from mergegate.rules.json_types import HEADS, TypeJson, join_types, split
from mergegate.rules.stub_types import Context, Symbol, TypeAlias, dotted_name, read_constant
from mergegate.rules.stubs import ModuleRecord

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
            if alias != own and own not in library.modules:
                records[module].aliases[name] = alias
            if found == Definition(module, name):
                home = canonical.rpartition(".")[0]
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
    if type_ is None:
        return None
    head, parts = split(type_)
    read = [known_type(part, classes) for part in parts]
    if head == "|":
        return join_types(read)
    if head in classes or head in HEADS or head == "None" or head.startswith("~"):
        return [head, *read] if isinstance(type_, list) else head
    return None


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
            record.variables[name] = read_constant(node.value)


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
        parser.error("no stubs found: install mypy, or give typeshed's stdlib folder (it holds VERSIONS) by --stubs")
    modules = find_modules(options.stubs)
    text = render(make_records(Library(modules)))
    write(options.output / "stdlib.json", text)
    tops = sorted({name.partition(".")[0] for name in modules} - {"_typeshed"})
    write(options.output / "stdlib_modules.txt", "\n".join(tops) + "\n")
    print(f"{len(modules)} modules, {len(text)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
