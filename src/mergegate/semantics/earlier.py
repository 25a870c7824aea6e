"""An earlier state of a program: what building its functions gave, as bytes, and what of it holds after an edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from mergegate.rules.model import Blocking
from mergegate.semantics.graph import Edge, Special, Virtual
from mergegate.semantics.recording import Earlier, Note, RecordingGraph, Unit
from mergegate.semantics.shapes import Shapes, changed_facts
from mergegate.semantics.values import ClassKey, Union, Value
from mergegate.syntax.summary import ModuleSummary

_UnitRow = tuple[int, int, tuple[Edge, ...], list[list[Any]]]
_NoteRow = tuple[str, int, int, Any]


class State(msgspec.Struct, array_like=True, gc=False):
    """What is kept of a linked program.

    Attributes
    ----------
    frame
        A digest of all that it depends on beside the modules.
    modules
        (path, key of the summary) of each module.
    functions, classes
        How many each module has.
    linearisations
        That of each class.
    properties, operators
        Names that some class has as a property or an operator.
    groups, primitives
        Those that edges lead to.
    sets
        The sets of facts that something read.
    units
        (function, number of the set, edges, calls that hand callables on).
    notes
        (check, function, number of the set, answer).
    scans
        (check, module, answer).
    """

    frame: bytes
    modules: list[tuple[str, bytes]]
    functions: list[int]
    classes: list[int]
    linearisations: list[list[ClassKey]]
    properties: list[str]
    operators: list[str]
    groups: list[Any]
    primitives: list[str]
    sets: list[bytes]
    units: list[_UnitRow]
    notes: list[_NoteRow]
    scans: list[tuple[str, int, Any]]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(State)


def encode_state(graph: RecordingGraph, frame: bytes, keys: Sequence[bytes]) -> bytes:
    """Return what is to be kept of a program.

    Parameters
    ----------
    frame
        A digest of all that it depends on beside the modules.
    keys
        The key of each module's summary.
    """
    sets: dict[int, int] = {}

    def number(reads: int) -> int:
        return sets.setdefault(reads, len(sets))

    units = [(f, number(u.reads), u.edges, u.handed) for f, u in graph.units.items()]
    notes = [(check, f, number(note.reads), note.answer) for (check, f), note in graph.notes.items()]
    groups: list[list[Any]] = []
    for group in graph.groups:
        if isinstance(group, Virtual):
            groups.append([group.targets])
        else:
            guards = None if group.guards is None else sorted(group.guards)
            groups.append([group.function, guards, group.receiver, group.exact])
    return _ENCODER.encode(
        (
            frame,
            list(zip(graph.paths, keys, strict=True)),
            [len(summary.functions) for summary in graph.modules],
            [len(summary.classes) for summary in graph.modules],
            [graph.mro(key) for key in range(len(graph.classes))],
            sorted(graph.property_names),
            sorted(graph.operators),
            groups,
            [primitive.name for primitive in graph.primitives],
            [mask.to_bytes((mask.bit_length() + 7) // 8, "little") for mask in sets],
            units,
            notes,
            [(check, module, answer) for (check, module), answer in graph.scans.items()],
        )
    )


def decode_state(data: bytes) -> State:
    """Read what `encode_state` wrote.

    Raises
    ------
    ValueError
        If the bytes are no encoded state.
    """
    try:
        return _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"no state of a program: {error}") from error


class _Moved(Exception):  # noqa: N818  (a signal, not an error)
    """Something that is no longer there was mentioned."""


class After(Earlier):
    """What holds of an earlier state.

    Parameters
    ----------
    state
        The state of a program with the same modules.
    graph
        The program as it is now, not yet built.
    old
        The earlier summaries of the modules that have changed, by number.
    """

    def __init__(self, state: State, graph: RecordingGraph, old: Mapping[int, ModuleSummary]) -> None:
        self.state = state
        self.graph = graph
        self.changed = 0
        self._read: dict[str, Callable[[Any], Any]] = {
            "f": self._function, "c": self._class, "u": self._union, "U": self._unions, "v": self._receiver, "x": _same,
        }  # fmt: skip
        self._functions: list[int] = []
        self._classes: list[int] = []
        self._now: list[int] = [-1] * len(graph.functions)
        for module, (functions, classes) in enumerate(zip(state.functions, state.classes, strict=True)):
            self._add_module(module, functions, classes, old)
        self._compare_hierarchy()
        masks = [int.from_bytes(each, "little") for each in state.sets]
        self._holds = [not mask & self.changed for mask in masks]
        self._masks = masks
        self._scans = {(check, module): answer for check, module, answer in state.scans if module not in old}
        self._units = {row[0]: row for row in state.units if self._holds[row[1]]}
        self._notes = {(row[0], row[1]): row for row in state.notes if self._holds[row[2]]}

    # -- what has changed ----------------------------------------------------------------------------------------

    def _add_module(self, module: int, functions: int, classes: int, old: Mapping[int, ModuleSummary]) -> None:
        graph = self.graph
        base, class_base = graph.function_base[module], graph.class_base[module]
        first = len(self._functions)
        before = old.get(module)
        if before is None:
            self._functions.extend(range(base, base + functions))
            self._classes.extend(range(class_base, class_base + classes))
            self._now[base : base + functions] = range(first, first + functions)
            return
        then, now = Shapes(before), Shapes(graph.modules[module])
        for kind, name in changed_facts(then, now):
            self.changed |= graph.layout.bit(module, kind, name)
        numbers = {symbol: base + number for number, symbol in enumerate(now.functions)}
        self._functions.extend(numbers.get(symbol, -1) for symbol in then.functions)
        class_numbers = {symbol: class_base + number for number, symbol in enumerate(now.classes)}
        self._classes.extend(class_numbers.get(symbol, -1) for symbol in then.classes)
        bodies, executed = now.bodies(), then.bodies()
        for number, symbol in enumerate(then.functions):
            if symbol in numbers and bodies[symbol] == executed[symbol]:
                self._now[numbers[symbol]] = first + number

    def _compare_hierarchy(self) -> None:
        """Note the classes whose linearisation or subclasses are others than before."""
        graph = self.graph
        module_of, classes, bit = graph.class_module, list(graph.classes), graph.layout.bit
        before: dict[int, tuple[ClassKey, ...]] = {}
        for new, line in zip(self._classes, self.state.linearisations, strict=True):
            if new >= 0:
                before[new] = tuple([key if isinstance(key, str) else self._classes[key] for key in line])
        for key, fact in enumerate(classes):
            line, then = graph.mro(key), before.get(key, ())
            if line != then:
                self.changed |= bit(module_of[key], "m", fact.qualname)
        was: dict[ClassKey, list[int]] = {}
        for new, line in zip(self._classes, self.state.linearisations, strict=True):
            for ancestor in line[1:]:
                number = ancestor if isinstance(ancestor, str) else self._classes[ancestor]
                was.setdefault(number, []).append(new)
        for ancestor in was.keys() | graph.all_subclasses.keys():
            if was.get(ancestor) != graph.all_subclasses.get(ancestor):
                if isinstance(ancestor, str):
                    self.changed |= graph.layout.outside
                elif ancestor >= 0:
                    self.changed |= bit(module_of[ancestor], "s", classes[ancestor].qualname)

    # -- what holds ----------------------------------------------------------------------------------------------

    def unit(self, graph: RecordingGraph, function: int) -> Unit | None:
        """Return what building a function gave, in the ids of this program; None if it must be built."""
        row = self._units.get(self._now[function])
        if row is None:
            return None
        _, reads, edges, handed = row
        if not all(self._is_there(edge.target) for edge in edges):
            return None
        try:
            calls = tuple(
                [
                    (function, position, self._function(target), None if receiver is None else self._value(receiver))
                    for _, position, target, receiver in handed
                ]
            )
        except _Moved:
            return None
        # from here on nothing fails: groups and primitives must be numbered as if the function had been built
        moved = tuple([edge._replace(target=self._target(graph, edge.target)) for edge in edges])
        return Unit(moved, calls, self._masks[reads])

    def note(self, check: str, function: int) -> Note | None:
        """Return what a check found out about a function; None if it must be asked again."""
        row = self._notes.get((check, self._now[function]))
        return None if row is None else Note(row[3], self._masks[row[2]])

    def scan(self, check: str, module: int) -> Any:
        """Return what a check found out about a module; None if it must be asked again."""
        return self._scans.get((check, module))

    def _is_there(self, target: int) -> bool:
        if target < 0:
            return isinstance(self.graph.verdict(self.state.primitives[-1 - target]), Blocking)
        if target < len(self._functions):
            return self._functions[target] >= 0
        group: Any = self.state.groups[target - len(self._functions)]
        if len(group) == 1:
            return all(self._functions[int(each)] >= 0 for each in group[0])
        receiver = int(group[2])
        return self._functions[int(group[0])] >= 0 and (receiver < 0 or self._classes[receiver] >= 0)

    def _target(self, graph: RecordingGraph, target: int) -> int:
        if target < 0:
            return graph.primitive_named(self.state.primitives[-1 - target])
        if target < len(self._functions):
            return self._functions[target]
        group: Any = self.state.groups[target - len(self._functions)]
        if len(group) == 1:
            return graph.group(Virtual(tuple([self._functions[int(each)] for each in group[0]])))
        function, guards, receiver, exact = group
        allowed = None if guards is None else frozenset(guards)
        return graph.group(
            Special(self._functions[function], allowed, self._classes[receiver] if receiver >= 0 else -1, exact)
        )

    def _function(self, function: int) -> int:
        found = self._functions[function]
        if found < 0:
            raise _Moved
        return found

    def _class(self, key: ClassKey) -> ClassKey:
        found = key if isinstance(key, str) else self._classes[key]
        if found == -1:
            raise _Moved
        return found

    def _union(self, union: Sequence[Sequence[Any]]) -> Union:
        return tuple([self._value(value) for value in union])

    def _value(self, value: Sequence[Any]) -> Value:
        """Return a value in the ids of this program."""
        kind, *fields = value
        how = _FIELDS.get(kind)
        if how is None:
            raise _Moved
        return kind, *[self._read[what](field) for what, field in zip(how, fields, strict=False)]

    def _unions(self, unions: Sequence[Sequence[Sequence[Any]]]) -> tuple[Union, ...]:
        return tuple([self._union(union) for union in unions])

    def _receiver(self, value: Sequence[Any] | None) -> Value | None:
        return None if value is None else self._value(value)


def _same(field: Any) -> Any:
    return field


# of each kind of value, what its fields are: f a function, c a class, u a union, U several, v a value, x anything else
_FIELDS: dict[str, str] = {
    "mod": "xx", "cls": "cx", "ins": "cUx", "fn": "fv", "x": "x", "xm": "cUx", "aw": "u", "gen": "f", "agen": "f",
    "cm": "f", "acm": "f", "tup": "U", "call": "u", "part": "u", "with": "u", "awith": "u", "type": "u",
    "super": "cv", "prm": "fx", "self": "", "none": "",
}  # fmt: skip
