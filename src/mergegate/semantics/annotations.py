"""The meaning of annotations: from a type expression to the union of values that it declares."""

from __future__ import annotations

from mergegate.semantics.members import Members
from mergegate.semantics.values import DECLARED, NONE, STR, UNKNOWN, Union, a_class, join
from mergegate.syntax.summary import Row

_MAX_DEPTH = 25


class Annotations(Members):
    """Reads annotation nodes."""

    def value(self, module: int, node: int) -> Union:
        """Return what a node may be; `Resolver` gives this its meaning."""
        del module, node
        return UNKNOWN

    def base_values(self, module: int, node: int) -> Union:
        """Return what a base-class expression stands for, its type arguments left out."""
        row = self.modules[module].rows[node]
        if row[0] == "[":
            # Generic[T], Base[T]
            return self.base_values(module, row[1])
        return self.value(module, node)

    def declared(self, module: int, node: int, depth: int = 0) -> Union:
        """Return the values that an annotation admits, None left out unless nothing else is named."""
        row = self.modules[module].rows[node]
        op = row[0]
        if depth > _MAX_DEPTH or op == "?":
            return UNKNOWN
        if op == "|":
            return join([self.declared(module, part, depth + 1) for part in row[1:]])
        if op == "k":
            return NONE if row[1] == "None" else UNKNOWN
        if op == "[":
            return self._subscripted(module, row, depth)
        if op == "(":
            return self._called_alias(module, node, depth)
        if op == "r":
            return self.dependency_result(module, row[1])
        if op == "g":
            found = self.definition(module, row[1])
            if found is not None and found != (module, node):
                return self._alias(*found, depth)
        if op == "m":
            origin = self._import_origin(module, row)
            if origin is not None:
                return self._alias(*origin, depth)
        if op == "i":
            # inside `isinstance(x, T)` blocks a name used as annotation keeps its own meaning
            return self.declared(module, row[1], depth + 1)
        return self.instances(self.value(module, node))

    def _import_origin(self, module: int, row: Row) -> tuple[int, int] | None:
        target = self.index.absolute(module, row[1], row[2])
        found = self.index.find(target, module)
        return self.definition(found, row[3]) if found >= 0 and row[3] else None

    def _alias(self, module: int, node: int, depth: int) -> Union:
        """Follow a type alias (`Db = Annotated[Session, Depends(f)]`) to what it declares."""
        row = self.modules[module].rows[node]
        if row[0] in "[|r":
            return self.declared(module, node, depth + 1)
        if row[0] == "(":
            return self._called_alias(module, node, depth)
        if row[0] == "&":
            return self.declared(module, row[1], depth + 1)
        return self.instances(self.value(module, node))

    def _called_alias(self, module: int, node: int, depth: int) -> Union:
        """Read `NewType("Id", Base)` and `TypeVar("T", bound=Base)`."""
        _, callee, positional, keywords = self.row(module, node)
        target = self.value(module, callee)
        name = next((v[1] for v in target if v[0] in ("cls", "x")), "")
        if name == "typing.NewType" and len(positional) == 2:
            return self.declared(module, positional[1], depth + 1)
        if name == "typing.TypeVar":
            bounds = [bound for key, bound in keywords if key == "bound"] or positional[1:]
            return (("tv", module, node, join([self.declared(module, b, depth + 1) for b in bounds])),)
        return UNKNOWN

    def instances(self, classes: Union) -> Union:
        """Return instances of the classes among the values."""
        found: list[Union] = []
        for value in classes:
            if value[0] == "cls" or value[0] == "x":
                special = _SPECIAL_NAMES.get(value[1])
                found.append(special if special is not None else (("ins", value[1], (), DECLARED),))
            elif value[0] == "none":
                found.append(NONE)
        return join(found) if found else UNKNOWN

    def arguments(self, module: int, node: int) -> list[int]:
        """Return the nodes between the brackets of a subscripted annotation."""
        row = self.modules[module].rows[node]
        return list(row[1:]) if row[0] == "T" else [node]

    def _subscripted(self, module: int, row: Row, depth: int) -> Union:
        parts = self.arguments(module, row[2])
        heads = self.value(module, row[1])
        for head in heads:
            if head[0] not in ("cls", "x"):
                continue
            name = head[1]
            if isinstance(name, str):
                form = _FORMS.get(name) or _FORMS.get(name.rpartition(".")[2] if "." in name else name)
                if form == "optional":
                    return join([self.declared(module, parts[0], depth + 1), NONE])
                if form == "first":
                    return self.declared(module, parts[0], depth + 1)
                if form == "union":
                    return join([self.declared(module, p, depth + 1) for p in parts])
                if form == "type":
                    named = self.declared(module, parts[0], depth + 1)
                    # a type variable that nothing binds stands for its bound
                    bounds = [bound for v in named if v[0] == "tv" for bound in v[3]]
                    return tuple(a_class(v[1], DECLARED) for v in (*named, *bounds) if v[0] == "ins")
                if form == "call":
                    return (("call", self.declared(module, parts[-1], depth + 1)),)
                if form == "await":
                    return (("aw", self.declared(module, parts[-1], depth + 1)),)
                if form == "str":
                    return STR
                if name == "builtins.tuple":
                    return self._tuple(module, parts, depth)
            args = tuple(self.declared(module, p, depth + 1) for p in parts)
            return (("ins", name, args, DECLARED),)
        return UNKNOWN

    def _tuple(self, module: int, parts: list[int], depth: int) -> Union:
        converted = [self.declared(module, p, depth + 1) for p in parts]
        if len(parts) == 2 and self._is_ellipsis(module, parts[1]):
            return (("ins", "builtins.tuple", (converted[0],), DECLARED),)
        return (("tup", tuple(converted)),)

    def _is_ellipsis(self, module: int, node: int) -> bool:
        row = self.modules[module].rows[node]
        return row[0] == "k" and row[1] == "..."

    def dependency_result(self, module: int, node: int) -> Union:
        """Return what a framework injects for a dependency callable; `Resolver` gives this its meaning."""
        del module, node
        return UNKNOWN


_SPECIAL_NAMES: dict[object, Union] = {
    "typing.Any": UNKNOWN,
    "builtins.object": UNKNOWN,
    "typing.Self": (("self",),),
    "typing_extensions.Self": (("self",),),
    "typing.Callable": (("call", UNKNOWN),),
    "collections.abc.Callable": (("call", UNKNOWN),),
    "builtins.tuple": (("ins", "builtins.tuple", (), DECLARED),),
}

# the last names of the special forms are unambiguous, wherever they were imported from
_FORMS = {
    "Optional": "optional", "Annotated": "first", "Final": "first", "ClassVar": "first", "Required": "first",
    "NotRequired": "first", "ReadOnly": "first", "InitVar": "first", "Mapped": "first", "Union": "union",
    "typing.Type": "type", "builtins.type": "type", "Type": "type", "Callable": "call", "Awaitable": "await",
    "Coroutine": "await", "SerializeAsAny": "first", "SkipValidation": "first", "InstanceOf": "first",
    "SQLCoreOperations": "first", "WriteOnlyMapped": "first", "DynamicMapped": "first", "Literal": "str",
    "LiteralString": "str",
}  # fmt: skip
