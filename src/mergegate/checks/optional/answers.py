"""What the program says to the run of one function: parameters, calls, attributes, elements."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mergegate.checks.optional.reasons import Reason
from mergegate.finding import Confidence, Step
from mergegate.nullness.oracle import NOTHING, Argument, Called
from mergegate.nullness.values import SAFE, SOMETHING, Origins, Shape, State, Value, deep, is_none, last_name, path_of
from mergegate.semantics.values import NONE as NONE_UNION
from mergegate.semantics.values import Union
from mergegate.syntax.alternatives import place_of
from mergegate.syntax.summary import Place

if TYPE_CHECKING:
    from mergegate.checks.optional.lookups import Lookups

_NONE = NONE_UNION[0]


class Answers:
    """The oracle of one function.

    Parameters
    ----------
    lookups
        What is known of the whole program.
    function
        The function that is run.
    offset
        What to add to the lines in its tree.
    """

    def __init__(self, lookups: Lookups, function: int, offset: int) -> None:
        self.lookups = lookups
        self.program = lookups.program
        self.function = function
        self.offset = offset
        self.module = self.program.function_module[function]
        self.path = self.program.paths[self.module]
        self.literals: set[int] = set()
        self.origins: dict[int, int] = {}
        self._nodes: dict[Place, int] | None = None
        self._has_lookups: bool | None = None
        self._names: dict[str, Value] = {}

    # -- names ---------------------------------------------------------------------------------------------------

    def literal(self, line: int) -> int:
        """Return the number of the reason that None is written there."""
        step = Step(self.path, line + self.offset, "None is written here")
        number = self.lookups.reasons.number(Reason("literal", "None", Confidence.MEDIUM, (step,)))
        self.literals.add(number)
        return number

    def parameters(self, definition: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> dict[str, Value]:
        """Return what the parameters of a function hold when it starts."""
        arguments = definition.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        spread = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        if isinstance(definition, ast.Lambda):
            return {each.arg: SOMETHING for each in (*named, *spread)}
        function = self.lookups.at(self.module, definition.lineno + self.offset, definition.col_offset)
        if function < 0:
            return {each.arg: SOMETHING for each in (*named, *spread)}
        fact = self.program.functions[function]
        found: dict[str, Value] = {}
        for position, parameter in enumerate(fact.parameters):
            shape: Shape = ("p", function, position)
            if parameter.kind in ("*", "**"):
                found[parameter.name] = Value(SAFE, shape if parameter.kind == "**" else ())
                continue
            if position == 0 and fact.owner >= 0:
                found[parameter.name] = Value(SAFE, shape)
                continue
            number = self._parameter(function, position, definition)
            found[parameter.name] = Value(SAFE | {number}, shape)
            if function == self.function:
                self.origins[position] = number
        return found

    def _parameter(self, function: int, position: int, definition: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        comment = _type_comment(definition, self.program.functions[function].parameters[position].name)
        declared = comment and _NONE in self.lookups.shapes.annotated(self.module, comment)
        return self.lookups.reasons.number(self.lookups.parameter(function, position, declared=bool(declared)))

    def name(self, name: str, line: int) -> Value:
        """Return what a name of the module may hold."""
        del line
        known = self._names.get(name)
        if known is None:
            known = self._names[name] = self._name(name)
        return known

    def _name(self, name: str) -> Value:
        summary = self.program.modules[self.module]
        node = summary.names.get(name)
        if node is None or self.function == self.program.function_base[self.module]:
            return SOMETHING
        reason = self.lookups.variable(self.module, name, node)
        origins = SAFE if reason is None else SAFE | {self.lookups.reasons.number(reason)}
        return Value(origins, ("n", self.module, node))

    # -- members -------------------------------------------------------------------------------------------------

    def attribute(self, base: Shape, name: str, expression: ast.Attribute) -> Value:
        """Return what an attribute may hold."""
        del expression
        if not base:
            return SOMETHING
        shape: Shape = ("a", base, name)
        if name not in self.lookups.likely.attributes or deep(base) > _MAX_STEPS:
            return Value(SAFE, shape if deep(base) <= _MAX_STEPS else ())
        found = [self._member(value, name) for value in self.lookups.shapes.union(base)]
        if not found or any(number == 0 for number in found):
            return Value(SAFE, shape)
        return Value(SAFE | {number for number in found if number}, shape)

    def _member(self, value: tuple[object, ...], name: str) -> int:
        """Return the number of the reason why a member of a value may be None, 0 if there is none."""
        if value[0] != "ins" or not isinstance(value[1], int):
            return 0
        reason = self.lookups.attributes.reason(value[1], name)
        if reason is None:
            reason = self.lookups.property_reason(value[1], name)
        return 0 if reason is None else self.lookups.reasons.number(reason)

    def element(self, base: Shape) -> Value:
        """Return what an element of an iterable may be."""
        if not base or deep(base) > _MAX_STEPS:
            return SOMETHING
        union = self.program.element_of(self.lookups.shapes.union(base))
        return self._declared(union, ("e", base), "an element")

    def item(self, base: Shape, index: int | str | None) -> Value:
        """Return what a subscript may give."""
        if not base or deep(base) > _MAX_STEPS:
            return SOMETHING
        held = self.lookups.shapes.union(base)
        if isinstance(index, str) and len(held) == 1 and held[0][0] == "ins" and isinstance(held[0][1], int):
            # a key of a typed dictionary
            reason = self.lookups.attributes.reason(held[0][1], index)
            if reason is not None:
                return Value(SAFE | {self.lookups.reasons.number(reason)}, ("a", base, index))
        return self._declared(self.program.subscript_of(held, index), ("i", base, index), "an item")

    def _declared(self, union: Union, shape: Shape, what: str) -> Value:
        if _NONE not in union:
            return Value(SAFE, shape if union else ())
        reason = Reason("declared", what, Confidence.MEDIUM)
        return Value(SAFE | {self.lookups.reasons.number(reason)}, shape)

    def annotation(self, annotation: ast.expr | str) -> Value:
        """Return what a variable with an annotation may hold."""
        union = self.lookups.shapes.annotated(self.module, annotation)
        return self._declared(union, ("u", tuple([v for v in union if v != _NONE])), "a variable")

    # -- calls ---------------------------------------------------------------------------------------------------

    def call(self, call: ast.Call, arguments: Sequence[Argument], state: State, *, awaited: bool) -> Called:
        """Return what a call does."""
        name = last_name(call.func)
        special = self._special(name, call, arguments)
        if special is not None:
            return special
        node = self._node(call)
        if not node:
            return NOTHING
        likely = self.lookups.likely
        shape: Shape = ("n", self.module, node) if not awaited else ()
        wanted = name in likely.calls or name in likely.never
        clearing = self._may_clear(call, state)
        if (
            not wanted
            and not clearing
            and not (name in likely.own and any(each.value.origins != SAFE for each in arguments))
        ):
            return Called(Value(SAFE, shape))
        return self.lookups.call(self, call, node, arguments, shape, awaited=awaited, clearing=clearing)

    def _may_clear(self, call: ast.Call, state: State) -> bool:
        """Tell whether a call is of a method of an object of which attributes are known not to be None."""
        func = call.func
        if not isinstance(func, ast.Attribute) or func.attr not in self.lookups.likely.clearing:
            return False
        base = f"{path_of(func.value)}."
        return len(base) > 1 and any(
            key.startswith(base) and key[len(base) :] in self.lookups.likely.attributes for key in state
        )

    def _special(self, name: str, call: ast.Call, arguments: Sequence[Argument]) -> Called | None:
        """Return what builtin functions with a default of None give."""
        given = call.args
        if name == "cast" and len(given) == 2:
            declared = self.annotation(given[0])
            held = arguments[1].value.origins
            origins = held if declared.origins != SAFE else SAFE
            return Called(Value(origins, declared.shape))
        if isinstance(call.func, ast.Name) and name in _DEFAULTS and len(given) == _DEFAULTS[name]:
            if is_none(given[-1]):
                return self._with_default(name, call)
        elif name in ("max", "min") and any(each.name == "default" and is_none(each.expression) for each in arguments):
            return self._with_default(name, call)
        elif name == "pop" and isinstance(call.func, ast.Attribute) and len(given) == 2 and is_none(given[1]):
            return self._with_default("pop", call)
        return None

    def _with_default(self, name: str, call: ast.Call) -> Called:
        sure = Confidence.HIGH if name in ("next", "max", "min") else Confidence.MEDIUM
        step = Step(self.path, self.line(call), f"`{name}()` with None as default")
        number = self.lookups.reasons.number(Reason("call", f"`{name}()` with None as its default", sure, (step,)))
        return Called(Value(SAFE | {number}))

    def line(self, part: ast.expr) -> int:
        """Return the line of a part of the tree in the file."""
        return part.lineno + self.offset

    @property
    def has_lookups(self) -> bool:
        """Whether the function calls a method `get`."""
        if self._has_lookups is None:
            rows = self.program.modules[self.module].rows
            callees: list[Any] = [rows[rows[node][1]] for node in self._calls().values() if rows[node][0] == "("]
            self._has_lookups = any(row[0] == "." and row[2] == "get" for row in callees)
        return self._has_lookups

    def _node(self, call: ast.Call) -> int:
        return self._calls().get(place_of(call), 0)

    def _calls(self) -> dict[Place, int]:
        if self._nodes is None:
            self._nodes = self.lookups.calls_in(self.function, self.offset)
        return self._nodes

    def never_empty(self, origins: Origins) -> bool:
        """Tell whether what is falsy is None: as far as guards go, of a lookup it is."""
        reasons = self.lookups.reasons
        return all(reasons[number].kind in ("call", "own") for number in origins if number)

    def admits(self, held: Value) -> bool:
        """Tell whether a value may be None, as far as its declaration says."""
        return any(self.lookups.reasons[number].kind != "plain parameter" for number in held.origins if number)

    def ends(self, call: ast.Call) -> bool:
        """Tell whether a call never comes back, its callee followed for it."""
        node = self._node(call)
        return bool(node) and self.lookups.ends(self.module, node)

    def says(self, held: Value) -> bool:
        """Tell whether anything is known of a value: its type, or that it may be None."""
        reasons = self.lookups.reasons
        sources = [reasons[number] for number in held.origins if number]
        if sources and not all(reason.kind in ("parameter", "plain parameter") for reason in sources):
            return True
        return bool(held.shape) and (held.shape[0] in "tl" or bool(known(self.lookups.shapes.union(held.shape))))

    def swallows(self, manager: ast.expr) -> bool:
        """Tell whether a context manager may end an exception."""
        if not isinstance(manager, ast.Call):
            return False
        node = self._node(manager)
        return bool(node) and self.lookups.swallows(self.module, node)


def _type_comment(definition: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> str:
    arguments = definition.args
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if each.arg == name:
            return each.type_comment or ""
    return ""


def known(union: Union) -> Union:
    """Return the values of a union of which more is known than a name."""
    return tuple([value for value in union if value[0] not in ("prm", "x", "xm")])


_MAX_STEPS = 5
_DEFAULTS = {"next": 2, "getattr": 3}
