"""A call graph that records what its answers depend on, so that those of an earlier one can be taken over.

Each fact of the program that evaluation reads outside the function at hand has a bit: what a module binds to a name or
stars, what a function's callers see of it, a class, its linearisation, its subclasses. Facts share bits by the hash of
their names, which keeps sets of them small; sharing only makes more depend on a change. What is memoised is memoised
with the bits that it read.
"""

from __future__ import annotations

from collections.abc import Callable as Function
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple, SupportsIndex, TypeVar, overload
from zlib import crc32

from mergegate.rules.model import Blocking, Knowledge
from mergegate.semantics.callables import Callable
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.construction import Factory
from mergegate.semantics.graph import Edge
from mergegate.semantics.type_table import TypeTable
from mergegate.semantics.values import ClassKey, Union, Value
from mergegate.syntax.summary import ModuleSummary

# no more bits than this for a whole program: sets of them are kept by the ten thousand
_MOST_BITS = 4096
_MOST_PER_MODULE = 16
_NO_CUT = 1 << 30

Handed = tuple[int, int, int, Value | None]
_Fact = TypeVar("_Fact")
_Answer = TypeVar("_Answer")


class Unit(NamedTuple):
    """What building one function gave: its edges, the calls that hand callables on, and the set of facts it read."""

    edges: tuple[Edge, ...]
    handed: tuple[Handed, ...]
    reads: int


class Note(NamedTuple):
    """What a check found out about one function, as plain data without ids, and the set of facts it read."""

    answer: Any
    reads: int


class Layout:
    """Which bit stands for which fact.

    Parameters
    ----------
    modules
        How many modules the program has.
    """

    def __init__(self, modules: int) -> None:
        self._per_module = max(1, min(_MOST_PER_MODULE, _MOST_BITS // max(modules, 1)))
        self._bits = [1 << number for number in range(modules * self._per_module + 1)]
        # classes outside the program that have subclasses in it
        self.outside = self._bits[-1]

    def bit(self, module: int, kind: str, name: str) -> int:
        """Return the set of one fact.

        Parameters
        ----------
        kind
            n (a name), * (stars), f (a function), c (a class), m (its linearisation) or s (its subclasses).
        """
        number = crc32(f"{kind}{name}".encode("utf-8", "surrogatepass")) % self._per_module
        return self._bits[module * self._per_module + number]


class Reads:
    """The set of facts that have been read."""

    __slots__ = ("mask",)

    def __init__(self) -> None:
        self.mask = 0


class Earlier:
    """What is known from an earlier program; here nothing is."""

    def unit(self, graph: RecordingGraph, function: int) -> Unit | None:
        """Return what building a function gave, in the ids of this program; None if it must be built."""
        del graph, function
        return None

    def note(self, check: str, function: int) -> Note | None:
        """Return what a check found out about a function; None if it must be asked again."""
        del check, function
        return None

    def scan(self, check: str, module: int) -> Any:
        """Return what a check found out about a module; None if it must be asked again."""
        del check, module
        return None


class RecordingGraph(CallGraph):
    """A call graph whose functions are built once, and taken over afterwards while what they depend on is the same.

    Attributes
    ----------
    units, notes, scans
        What is known of the functions and modules of this program.
    is_entangled
        Whether some answer depends on which question was asked first. Then nothing may be taken over: another program
        is asked in another order.
    """

    def __init__(
        self,
        paths: Sequence[str],
        summaries: Sequence[ModuleSummary],
        knowledge: Knowledge,
        types: TypeTable,
        source_roots: Sequence[str] = (),
    ) -> None:
        self.reads = Reads()
        self.layout = Layout(len(paths))
        self.earlier = Earlier()
        self.units: dict[int, Unit] = {}
        self.notes: dict[tuple[str, int], Note] = {}
        self.scans: dict[tuple[str, int], Any] = {}
        self._value_reads: list[dict[int, int]] = [{} for _ in paths]
        self._answer_reads: dict[Hashable, int] = {}
        self._asked: set[Hashable] = set()
        self._sets: dict[int, int] = {}
        self._is_linking = True
        super().__init__(paths, summaries, knowledge, types, source_roots)
        self._is_linking = False
        self._class_names = [fact.qualname for fact in self.classes]
        # the hierarchy is compared by what it is, and all else that was memoised to find it is forgotten
        self._value_reads = [{} for _ in paths]
        self._answer_reads = {}
        bit = self.layout.bit
        functions = [bit(m, "f", f.qualname) for m, f in zip(self.function_module, self.functions, strict=True)]
        classes = [bit(m, "c", c.qualname) for m, c in zip(self.class_module, self.classes, strict=True)]
        self.functions = _Watched(self.functions, functions, self.reads)
        self.classes = _Watched(self.classes, classes, self.reads)

    # -- functions -----------------------------------------------------------------------------------------------

    def _build_function(self, function: int) -> None:
        unit = self.earlier.unit(self, function)
        if unit is not None:
            self.edges[function].extend(unit.edges)
            self._handed.extend(unit.handed)
        else:
            known = len(self._handed)
            self.reads.mask = 0
            super()._build_function(function)
            edges = tuple(self.edges[function])
            unit = Unit(edges, tuple(self._handed[known:]), self._interned(self.reads.mask))
        self.units[function] = unit

    def remembered(self, check: str, function: int, find: Function[[], Any]) -> Any:
        """Return what a check finds out about a function, asking only if that may have changed."""
        note = self.notes.get((check, function)) or self.earlier.note(check, function)
        if note is None:
            self.reads.mask = 0
            answer = find()
            note = Note(answer, self._interned(self.reads.mask))
        self.notes[check, function] = note
        return note.answer

    def scanned(self, check: str, module: int, find: Function[[], Any]) -> Any:
        """Return what a check finds out about a module from its summary alone, asking only if it has changed."""
        answer = self.earlier.scan(check, module)
        if answer is None:
            answer = find()
        self.scans[check, module] = answer
        return answer

    @property
    def all_subclasses(self) -> Mapping[ClassKey, list[int]]:
        """The classes of the program that descend from each class."""
        return self._subclasses

    def verdict(self, name: str) -> Blocking | bool | None:
        """Return what the knowledge says of a name: an entry, True for safe, None for nothing."""
        return self._verdict(name)

    def primitive_named(self, name: str) -> int:
        """Return the target that stands for the primitive of a name which the knowledge calls blocking."""
        entry = self._verdict(name)
        assert isinstance(entry, Blocking)
        return self._primitive(entry, name)

    # -- what is memoised ----------------------------------------------------------------------------------------

    def value(self, module: int, node: int) -> Union:
        """Return what a node of a module may be."""
        memo, reads, known = self._memo[module], self.reads, self._value_reads[module]
        found = memo[node]
        if found is not None:
            mask = known.get(node)
            if mask is not None:
                reads.mask |= mask
            return found
        outer, reads.mask = reads.mask, 0
        result = super().value(module, node)
        if memo[node] is not None and reads.mask:
            known[node] = self._interned(reads.mask)
        reads.mask |= outer
        return result

    def callable_of(self, function: int) -> Callable:
        """Return what the decorators of a function make of it."""
        return self._answer(("callable", function), super().callable_of, function)

    def construction_hooks(self, key: int) -> tuple[list[int], list[Factory]]:
        """Return the (validators, default factories) of a class, those of its bases included."""
        return self._answer(("hooks", key), super().construction_hooks, key)

    def _variables_of(self, key: int) -> tuple[Value, ...]:
        return self._answer(("variables", key), super()._variables_of, key)

    def overriding(self, key: ClassKey, name: str) -> list[int]:
        """Return the classes whose `name` subclasses of `key` have instead of its own: subclasses or their mixins."""
        return self._answer(("overriding", key, name), super().overriding, key, name)

    def virtual(self, key: int, name: str) -> int:
        """Return the node that stands for the overrides of a method below a class."""
        return self._answer(("virtual", key, name), super().virtual, key, name)

    def _answer(self, question: Hashable, find: Function[..., _Answer], *arguments: Any) -> _Answer:
        """Return what is memoised elsewhere, noting what it read when it was found out."""
        reads = self.reads
        known = self._answer_reads.get(question)
        if known is not None:
            reads.mask |= known
            return find(*arguments)
        if question in self._asked:
            self.is_entangled = True
            return find(*arguments)
        self._asked.add(question)
        outer, reads.mask = reads.mask, 0
        cut, self._cut = self._cut, _NO_CUT
        found = find(*arguments)
        if self._cut < _NO_CUT:
            # found while one of the questions around it waited for this answer
            self.is_entangled = True
        self._cut = min(cut, self._cut)
        self._asked.discard(question)
        self._answer_reads[question] = self._interned(reads.mask)
        reads.mask |= outer
        return found

    # -- what is read --------------------------------------------------------------------------------------------

    def definition(self, module: int, name: str, depth: int = 0) -> tuple[int, int] | None:
        """Return (module, node) that defines a global name, through imports and stars; None if none here does."""
        bit = self.layout.bit
        self.reads.mask |= bit(module, "n", name) | bit(module, "*", "")
        return super().definition(module, name, depth)

    def mro(self, key: ClassKey) -> tuple[ClassKey, ...]:
        """Return the linearisation of a class; bases that are not known end it silently (see `has_unknown_base`)."""
        if isinstance(key, int) and not self._is_linking:
            self.reads.mask |= self._bit_of_class(key, "m")
        return super().mro(key)

    def subclasses(self, key: ClassKey) -> list[int]:
        """Return all classes of the program that descend from `key`."""
        if not self._is_linking:
            self.reads.mask |= self._bit_of_class(key, "s")
        return super().subclasses(key)

    def _bit_of_class(self, key: ClassKey, kind: str) -> int:
        if isinstance(key, str):
            return self.layout.outside
        return self.layout.bit(self.class_module[key], kind, self._class_names[key])

    def _interned(self, mask: int) -> int:
        return self._sets.setdefault(mask, mask)


class _Watched(list[_Fact]):
    """A list that notes which of its items are read by index; who goes through all of them asks for no one fact."""

    def __init__(self, items: Sequence[_Fact], bits: Sequence[int], reads: Reads) -> None:
        super().__init__(items)
        self._bits = bits
        self._reads = reads

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> _Fact: ...
    @overload
    def __getitem__(self, index: slice[Any, Any, Any], /) -> list[_Fact]: ...
    def __getitem__(self, index: Any, /) -> Any:
        if type(index) is int:
            self._reads.mask |= self._bits[index]
        return super().__getitem__(index)
