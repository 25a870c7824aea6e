"""The modules of typeshed's standard library: what their names mean, and under which public path each is known."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mergegate.rules import stubs
from mergegate.rules.stub_types import dotted_name

VERSIONS = ((3, 11), (3, 12), (3, 13), (3, 14))
PLATFORM = "linux"

# public, but other modules are where their names are documented
UNPREFERRED = frozenset(
    {"posixpath", "ntpath", "genericpath", "posix", "nt", "typing_extensions", "sre_compile", "sre_parse"}
)
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

# -- versions and platforms ------------------------------------------------------------------------------------------

_CALLABLES = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
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
            if target is not None and isinstance(self.node(target), _CALLABLES):
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
