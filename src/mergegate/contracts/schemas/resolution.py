"""Local references of a schema, resolved: what is not recursive stands in its place, what is gets a name of its own."""

from __future__ import annotations

from mergegate.contracts.schemas.json_data import (
    Document,
    Json,
    Pointer,
    as_list,
    as_object,
    at,
    is_object,
    is_schema,
    parsed,
)
from mergegate.contracts.schemas.keywords import DEFINITIONS, DRAFTS, TEXTS, TOOLING, mapped, walk

_LARGEST = 20_000
_DYNAMIC = frozenset({"$dynamicRef", "$recursiveRef", "$dynamicAnchor", "$recursiveAnchor"})


class Unresolvable(Exception):  # noqa: N818  (a schema of this kind is taken as it is)
    """A schema whose references cannot be put in place without changing what they mean."""


def resolved(document: Document, draft: str) -> Document | None:
    """Return a schema that names no definition but recursive ones, which are called by the order in which they come.

    Names of definitions, unused ones, and whether something is written in place or referred to leave no trace.

    Parameters
    ----------
    document
        The schema; its references are known to lead somewhere.
    draft
        Up to draft 7 what stands beside a reference counts for nothing.

    Returns
    -------
    Document or None
        None if it uses what this does not follow (resources of their own identity, dynamic references, other documents)
        or would become too large.
    """
    try:
        return _Resolver(document, DRAFTS.index(draft) < DRAFTS.index("2019-09")).whole()
    except Unresolvable:
        return None


class _Resolver:
    def __init__(self, document: Document, alone: bool) -> None:
        self.document = document
        self.alone = alone
        self.base = ""
        self.anchors: dict[str, Pointer] = {}
        self.size = 0
        self.names: dict[Pointer, str] = {}
        self.bodies: dict[str, Json] = {}
        self._look()
        self.recursive = self._find_recursive()

    def whole(self) -> Document:
        """Resolve the whole document."""
        root = self._target((), []) if () in self.recursive else self._resolve(self.document, [()])
        if self.bodies and is_object(root):
            root = {**root, "$defs": dict(sorted(self.bodies.items()))}
        return root

    def _look(self) -> None:
        for pointer, schema in walk(self.document):
            table = as_object(schema)
            if table.keys() & _DYNAMIC:
                raise Unresolvable
            identity = table.get("$id", table.get("id"))
            if isinstance(identity, str):
                if identity.startswith("#") and len(identity) > 1:
                    self.anchors[identity[1:]] = pointer
                elif pointer:
                    raise Unresolvable
                else:
                    self.base = identity.removesuffix("#")
            if isinstance(table.get("$anchor"), str):
                self.anchors[table["$anchor"]] = pointer

    def _pointer(self, reference: str) -> Pointer:
        place = reference
        if self.base and place.startswith(self.base):
            place = place[len(self.base) :] or "#"
        if not place.startswith("#"):
            raise Unresolvable
        from urllib.parse import unquote  # noqa: PLC0415

        fragment = unquote(place[1:])
        pointer = parsed(fragment) if fragment.startswith("/") or not fragment else self.anchors.get(fragment)
        if pointer is None:
            raise Unresolvable
        try:
            target = at(self.document, pointer)
        except KeyError:
            raise Unresolvable from None
        if not is_schema(target):
            raise Unresolvable
        return tuple(str(part) for part in pointer)

    def _references(self, schema: Json) -> set[Pointer]:
        found: set[Pointer] = set()
        for _, each in _used(schema):
            reference = as_object(each).get("$ref")
            if isinstance(reference, str):
                found.add(self._pointer(reference))
        return found

    def _find_recursive(self) -> set[Pointer]:
        graph: dict[Pointer, set[Pointer]] = {}
        pending: list[Pointer] = [()]
        while pending:
            pointer = pending.pop()
            if pointer not in graph:
                graph[pointer] = self._references(at(self.document, pointer))
                pending.extend(graph[pointer])
        return {pointer for pointer in graph if pointer in _reachable(graph, pointer)}

    def _resolve(self, schema: Json, way: list[Pointer]) -> Json:
        self.size += 1
        if self.size > _LARGEST:
            raise Unresolvable
        if isinstance(schema, bool):
            return schema
        table = {key: value for key, value in as_object(schema).items() if key not in DEFINITIONS | TOOLING}
        reference = table.pop("$ref", None)
        if isinstance(reference, str):
            target = self._target(self._pointer(reference), way)
            return self._beside(target, table, way)
        return mapped(table, lambda inner: self._resolve(inner, way))

    def _beside(self, target: Json, table: dict[str, Json], way: list[Pointer]) -> Json:
        texts = {key: value for key, value in table.items() if key in TEXTS}
        rest = {key: value for key, value in table.items() if key not in TEXTS}
        if self.alone or not rest:
            if texts and is_object(target):
                return {**as_object(target), **texts}
            return target
        beside = as_object(mapped(rest, lambda inner: self._resolve(inner, way)))
        return {**texts, **beside, "allOf": [*as_list(beside.get("allOf")), target]}

    def _target(self, pointer: Pointer, way: list[Pointer]) -> Json:
        if pointer not in self.recursive:
            return self._resolve(at(self.document, pointer), [*way, pointer])
        name = self.names.get(pointer)
        if name is None:
            name = self.names[pointer] = f"r{len(self.names):03}"
            self.bodies[name] = self._resolve(at(self.document, pointer), [])
        return {"$ref": f"#/$defs/{name}"}


def _used(schema: Json) -> list[tuple[Pointer, Json]]:
    """Return the schemas inside of one that are not mere definitions."""
    return [
        (pointer, each)
        for pointer, each in walk(schema)
        if not any(
            part in DEFINITIONS and (index == 0 or pointer[index - 1] != "properties")
            for index, part in enumerate(pointer[:-1])
        )
    ]


def _reachable(graph: dict[Pointer, set[Pointer]], start: Pointer) -> set[Pointer]:
    found: set[Pointer] = set()
    pending = list(graph[start])
    while pending:
        pointer = pending.pop()
        if pointer not in found:
            found.add(pointer)
            pending.extend(graph[pointer])
    return found
