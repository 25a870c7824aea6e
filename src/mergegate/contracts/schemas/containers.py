"""Objects and arrays of a schema: the least one, the fullest one, and each with one part changed at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from mergegate.contracts.schemas.conjunction import both
from mergegate.contracts.schemas.hints import Hints
from mergegate.contracts.schemas.json_data import Json, as_list, as_object, token
from mergegate.contracts.schemas.patterns import samples
from mergegate.contracts.schemas.sampling import Sampler, alternately
from mergegate.contracts.schemas.scalars import counts

_DEEP = 4
_MIXTURES = 24
_EXTRA = ("extra", "a", "b", "x", "", "A", "a b", "ab", "0")
_LARGEST = 60


class _Members:
    """What an object of a schema may hold."""

    def __init__(self, sampler: Sampler, table: dict[str, Json], hints: Hints) -> None:
        self.properties = as_object(table.get("properties"))
        self.patterns = as_object(table.get("patternProperties"))
        self.rest = table.get("additionalProperties", table.get("unevaluatedProperties", True))
        self.names = table.get("propertyNames", True)
        self.hints = hints
        self.sampler = sampler
        self.needed = as_object(table.get("dependentRequired"))

    def schema(self, name: str) -> Json:
        """Return what the value of a member has to be."""
        found = [schema for pattern, schema in self.patterns.items() if matches(pattern, name)]
        if name in self.properties:
            found.append(self.properties[name])
        joined = found[0] if found else self.rest
        for each in found[1:]:
            joined = both(joined, each)
        return joined

    def extra(self) -> list[str]:
        """Return names of members besides the properties."""
        names = as_object(self.names)
        named = [*as_list(names.get("enum")), *([names["const"]] if "const" in names else [])]
        found = [name for name in named if isinstance(name, str)]
        for pattern in (*self.patterns, *([names["pattern"]] if "pattern" in names else []), *self.hints.name_patterns):
            found += samples(str(pattern), self.sampler.random, 3)
        found += [*self.hints.names, *_EXTRA]
        if self.names is not True:
            wanted = self.sampler.values(self.names, self.hints, _DEEP)
            found += [name for name in islice(wanted, 4) if isinstance(name, str)]
            fits = self.sampler.fits(self.names) or self.sampler.fits({"allOf": [self.names]})
            found = [name for name in found if fits is None or fits.is_valid(name)]
        return [name for name in dict.fromkeys(found) if name not in self.properties and self.schema(name) is not False]

    def completed(self, names: list[str]) -> list[str]:
        """Return names with those that they need beside them."""
        found = list(dict.fromkeys(names))
        for name in found:
            found += [each for each in as_list(self.needed.get(name)) if each not in found]
        return found


def objects(sampler: Sampler, table: dict[str, Json], hints: Hints, depth: int) -> Iterator[Json]:
    """Yield objects that a schema may admit."""
    members = _Members(sampler, table, hints)
    required = members.completed([str(name) for name in as_list(table.get("required"))])
    least = _filled(sampler, members, required, depth)
    if least is None:
        return
    low = int(table.get("minProperties", 0))
    most = table.get("maxProperties")
    extra = members.extra()
    optional = [name for name in members.properties if name not in least]
    for name in (*optional, *extra, *(f"k{index}" for index in range(low))):
        if len(least) >= low:
            break
        least |= _filled(sampler, members, [name], depth) or {}
    yield least
    room = None if most is None else int(most)
    full = dict(least)
    if depth < _DEEP:
        for name in optional:
            if room is None or len(full) < room:
                full |= _filled(sampler, members, members.completed([name]), depth) or {}
        yield full
    yield from _changed(sampler, members, (least, full, extra), depth)
    for count in counts(low, room, hints, _LARGEST):
        more = dict(least)
        for name in (*optional, *extra, *(f"k{index}" for index in range(count))):
            if len(more) >= count:
                break
            more |= _filled(sampler, members, [name], depth + 1) or {}
        yield more
    yield from _mixed(sampler, members, list(dict.fromkeys((*full, *extra[:2]))), required, depth)


def _filled(sampler: Sampler, members: _Members, names: list[str], depth: int) -> dict[str, Json] | None:
    """Return an object with members of these names, None if one of them cannot have a value."""
    found: dict[str, Json] = {}
    for name in names:
        value = sampler.first(members.schema(name), depth + 1)
        if not value:
            return None
        found[name] = value[0]
    return found


def _changed(
    sampler: Sampler, members: _Members, bases: tuple[dict[str, Json], dict[str, Json], list[str]], depth: int
) -> Iterator[Json]:
    least, full, extra = bases

    def varied(name: str) -> Iterator[Json]:
        if name in full and name not in least:
            yield {key: value for key, value in full.items() if key != name}
        for value in sampler.values(members.schema(name), members.hints, depth + 1):
            yield {**least, name: value}
            if len(full) > len(least):
                yield {**full, name: value}

    shallow = depth < _DEEP
    yield from alternately([varied(name) for name in (*full, *(extra if shallow else extra[:2]))])


def _mixed(sampler: Sampler, members: _Members, names: list[str], required: list[str], depth: int) -> Iterator[Json]:
    if depth >= 2:
        return
    pools = {
        name: list(islice(sampler.values(members.schema(name), members.hints, depth + 1), 6)) for name in names[:20]
    }
    for _ in range(_MIXTURES):
        chosen = [name for name in pools if name in required or sampler.random.random() < 0.6]
        yield {name: sampler.random.choice(pools[name]) for name in chosen if pools[name]}


def arrays(sampler: Sampler, table: dict[str, Json], hints: Hints, depth: int) -> Iterator[Json]:
    """Yield arrays that a schema may admit."""
    prefix = as_list(table.get("prefixItems"))
    rest = table.get("items", table.get("unevaluatedItems", True))
    unique = table.get("uniqueItems") is True
    wanted = [table["contains"]] * int(table.get("minContains", 1)) if "contains" in table else []
    least = max(int(table.get("minItems", 0)), len(wanted))
    most = table.get("maxItems")
    sizes = counts(int(table.get("minItems", 0)), None if most is None else int(most), hints, _LARGEST)
    sizes = sorted(sizes, key=lambda size: (size < least, sizes.index(size)))
    pool = list(islice(sampler.values(rest, hints, depth + 1), _LARGEST if unique else 12)) if depth <= 10 else []

    def sized(size: int) -> Iterator[Json]:
        schemas = [prefix[index] if index < len(prefix) else rest for index in range(size)]
        base = _items(sampler, schemas, pool if unique else pool[:1], len(prefix), depth, unique=unique)
        if base is None:
            return
        for offset, each in enumerate(wanted):
            value = sampler.first(both(each, schemas[-1 - offset]) if offset < size else False, depth + 1)
            if value:
                base[-1 - offset] = value[0]
        yield list(base)
        if size:
            yield from islice(_varied_items(sampler, schemas, base, hints, depth), 40 if depth < 2 else 8)

    yield from alternately([sized(size) for size in sizes[: None if depth < _DEEP else 2]])
    if table.get("uniqueItems") is not True and pool:
        yield from ([one, one] for one in pool[:4])
        yield pool[:3]


def _items(
    sampler: Sampler, schemas: list[Json], pool: list[Json], fixed: int, depth: int, *, unique: bool
) -> list[Json] | None:
    found: list[Json] = []
    used: set[str] = set()
    for index, schema in enumerate(schemas):
        own = islice(sampler.values(schema, Hints(), depth + 1), 4 if unique else 1) if index < fixed else ()
        values = list(own) if index < fixed else pool
        chosen = next((value for value in values if not unique or token(value) not in used), None)
        if chosen is None and not any(value is None for value in values):
            return None
        used.add(token(chosen))
        found.append(chosen)
    return found


def _varied_items(sampler: Sampler, schemas: list[Json], base: list[Json], hints: Hints, depth: int) -> Iterator[Json]:
    def varied(index: int) -> Iterator[Json]:
        for value in sampler.values(schemas[index], hints, depth + 1):
            yield [*base[:index], value, *base[index + 1 :]]

    yield from alternately([varied(index) for index in range(min(len(base), 8))])


def matches(pattern: str, name: str) -> bool:
    """Tell whether a pattern of a schema matches the name of a member."""
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False
