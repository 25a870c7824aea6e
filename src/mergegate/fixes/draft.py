"""A draft: the tree of one file, what rewrites may ask of it, and the edits that they have planned."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias, TypeVar

import libcst as cst

from mergegate.fixes.bindings import Bindings
from mergegate.rules.migrations import PydanticNames, pydantic_names

# what an edit makes of a node: another one, several, or none
Edited: TypeAlias = "cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[Any]"
Edit = Callable[[Any], Edited]
_Node = TypeVar("_Node", bound=cst.CSTNode)


class Refusal(Exception):  # noqa: N818 - a verdict, not an error
    """A rewrite is not made.

    Parameters
    ----------
    reason
        Why not, and what to do by hand.
    unsafe
        Whether it would be made with `--unsafe`.
    """

    def __init__(self, reason: str, *, unsafe: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unsafe = unsafe


class Request(NamedTuple):
    """A finding to repair: the node it stands on, and the arguments of its rewrite."""

    node: cst.CSTNode
    arguments: tuple[str, ...]
    line: int


class Move(NamedTuple):
    """A name of an import statement that is imported from elsewhere, or under another name.

    Attributes
    ----------
    home, name
        From where and what to import.
    local
        What the file calls it, if that is not its name.
    """

    alias: cst.ImportAlias
    home: str
    name: str
    local: str


@dataclass
class Plan:
    """What a rewrite wants done; it counts only when the rewrite has planned all of it.

    Attributes
    ----------
    edits
        What becomes of nodes, by the original node.
    needs
        (module, name) to import; no name: the module itself.
    retired
        Local names whose imports go if nothing uses them any more.
    moves
        Names to import from elsewhere, by import statement.
    """

    edits: list[tuple[cst.CSTNode, Edit]] = field(default_factory=list[tuple[cst.CSTNode, Edit]])
    needs: dict[tuple[str, str], None] = field(default_factory=dict[tuple[str, str], None])
    retired: set[str] = field(default_factory=set[str])
    moves: list[tuple[cst.ImportFrom, Move]] = field(default_factory=list[tuple[cst.ImportFrom, Move]])


class Draft:
    """One file while it is rewritten.

    Parameters
    ----------
    module
        Its tree.
    parents
        Each node's parent.
    unsafe
        Whether rewrites that may change behaviour are asked for.
    """

    def __init__(self, module: cst.Module, parents: Mapping[cst.CSTNode, cst.CSTNode], *, unsafe: bool) -> None:
        self.module = module
        self.parents = parents
        self.unsafe = unsafe
        self.bindings = Bindings.of(module)
        self.accepted = Plan()
        self._plan = Plan()
        text = module.code
        self.quote = "'" if text.count("'") > text.count('"') else '"'

    @property
    def names(self) -> PydanticNames:
        """The tables of the migration."""
        return pydantic_names()

    # -- planning ------------------------------------------------------------------------------------------------

    @contextmanager
    def planning(self) -> Generator[None]:
        """Take over what is planned inside, unless it ends with a refusal."""
        self._plan = Plan()
        yield
        made, all_ = self._plan, self.accepted
        all_.edits.extend(made.edits)
        all_.needs.update(made.needs)
        all_.retired.update(made.retired)
        all_.moves.extend(made.moves)

    def edit(self, node: _Node, edit: Callable[[_Node], Edited]) -> None:
        """Plan that a node, with the edits made inside it, is replaced by what `edit` returns."""
        self._plan.edits.append((node, edit))

    def remove_statement(self, statement: cst.BaseSmallStatement) -> None:
        """Plan that a statement goes, and with it its line if it has nothing else."""
        line = self.parents[statement]
        whole = isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
        self.edit(line if whole else statement, lambda _: cst.RemoveFromParent())

    def at_own_risk(self, reason: str) -> None:
        """Refuse, unless rewrites that may change behaviour are asked for."""
        if not self.unsafe:
            raise Refusal(reason, unsafe=True)

    def move(self, statement: cst.ImportFrom, move: Move) -> None:
        """Plan that an imported name comes from elsewhere."""
        self._plan.moves.append((statement, move))

    def retire(self, *names: str) -> None:
        """Plan that the imports of local names go, if nothing is left that uses them."""
        self._plan.retired.update(names)

    def need(self, home: str, name: str, *, instead_of: str = "") -> str:
        """Plan that a name is imported, and return what the file calls it.

        Parameters
        ----------
        instead_of
            The dotted name of an import that goes: it does not take the name.

        Raises
        ------
        Refusal
            If the file means something else by the name.
        """
        dotted = f"{home}.{name}"
        for local, origins in self.bindings.bound.items():
            if origins == {dotted} and local in self.bindings.top_level:
                return local
        if not self.bindings.bound.get(name, set()) <= {dotted, instead_of}:
            raise Refusal(f"`{name}` means something else in this file: import `{dotted}` under another name by hand")
        self._plan.needs[home, name] = None
        return name

    def need_module(self, name: str) -> str:
        """Plan that a module is imported as a whole, and return what the file calls it.

        Raises
        ------
        Refusal
            If the file means something else by its name.
        """
        for local, origins in self.bindings.bound.items():
            if origins == {name} and local in self.bindings.top_level:
                return local
        if name in self.bindings.bound:
            raise Refusal(f"`{name}` means something else in this file: rename that first")
        self._plan.needs[name, ""] = None
        return name

    # -- reading -------------------------------------------------------------------------------------------------

    def code(self, node: cst.CSTNode) -> str:
        """Return the source of a node."""
        return self.module.code_for_node(node)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        """Return the node around a node."""
        return self.parents[node]

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield the nodes around a node, from the inside."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def enclosing(self, node: cst.CSTNode, kind: type[_Node]) -> _Node | None:
        """Return the innermost node of a kind around a node."""
        return next((each for each in self.around(node) if isinstance(each, kind)), None)

    def text(self, value: str) -> cst.SimpleString:
        """Return a string in the quotes that the file uses most."""
        return cst.SimpleString(f"{self.quote}{value}{self.quote}")

    def stands_in_a_string(self, name: str) -> bool:
        """Tell whether a string of the file that reads like a type or a list of names has the name in it."""
        word = re.compile(rf"\b{re.escape(name)}\b")
        return any(word.search(text) for text in self.bindings.names_in_strings)
