"""What is known of None in the whole program: callables, attributes, variables, parameters."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from mergegate.checks.optional.answers import Answers
from mergegate.checks.optional.attributes import OptionalAttributes
from mergegate.checks.optional.functions import Functions
from mergegate.checks.optional.likely import Likely
from mergegate.checks.optional.reasons import Reason, Reasons
from mergegate.checks.optional.shapes import ShapeResolver
from mergegate.finding import Confidence, Step
from mergegate.nullness.oracle import Argument, Called
from mergegate.nullness.reading import FunctionTree
from mergegate.nullness.run import FunctionRun
from mergegate.nullness.values import SAFE, SOMETHING, Shape, Value
from mergegate.rules.model import Knowledge
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.values import EXACT, how_known
from mergegate.semantics.values import NONE as NONE_UNION
from mergegate.semantics.values import Value as Callee
from mergegate.syntax.summary import NONE, FunctionFact, FunctionFlag, Place

_NONE = NONE_UNION[0]


class Lookups:
    """Answers to what the runs of single functions ask of the program."""

    def __init__(self, program: CallGraph, knowledge: Knowledge) -> None:
        self.program = program
        self.optional = knowledge.optional
        self.never_returns = knowledge.never_returns
        self.reasons = Reasons()
        self.likely = Likely(program, knowledge)
        self.attributes = OptionalAttributes(program, self.likely)
        self.shapes = ShapeResolver(program)
        self.functions = Functions(program, self._prepare)
        self._places: dict[int, dict[tuple[int, int], int]] = {}
        self._variables: dict[tuple[int, str], Reason | None] = {}
        self._declared: dict[int, int] = {}
        self._clears: dict[int, tuple[str, ...]] = {}
        self._resolved: dict[int, list[Reason]] = {}
        self._children: dict[int, dict[int, list[int]]] = {}

    def _prepare(
        self, function: int, tree: FunctionTree | ast.Module, offset: int
    ) -> tuple[FunctionRun, dict[int, int]]:
        answers = Answers(self, function, offset)
        return FunctionRun(answers, tree, offset), answers.origins

    # -- places --------------------------------------------------------------------------------------------------

    def at(self, module: int, line: int, column: int) -> int:
        """Return the function whose `def` stands at a place, -1 if there is none."""
        places = self._places.get(module)
        if places is None:
            base = self.program.function_base[module]
            facts = self.program.modules[module].functions
            places = self._places[module] = {
                (fact.line, fact.column): base + number
                for number, fact in enumerate(facts)
                if number and not fact.flags & FunctionFlag.LAMBDA
            }
        return places.get((line, column), -1)

    def calls_in(self, function: int, offset: int) -> dict[Place, int]:
        """Return the node of each call of a function, with those of the functions in it, by place in its tree.

        Parameters
        ----------
        offset
            What to add to lines in the tree.
        """
        module = self.program.function_module[function]
        facts = self.program.modules[module].functions
        number = function - self.program.function_base[module]
        inside = [number]
        children = self._children_in(module)
        for each in inside:
            inside.extend(
                child for child in children.get(each, ()) if number or facts[child].flags & FunctionFlag.LAMBDA
            )
        return {
            (each.line - offset, each.column, each.height, each.end_column): each.node
            for part in inside
            for each in facts[part].operations
            if each.kind == "call"
        }

    def _children_in(self, module: int) -> dict[int, list[int]]:
        known = self._children.get(module)
        if known is None:
            known = self._children[module] = {}
            for number, fact in enumerate(self.program.modules[module].functions):
                if number:
                    known.setdefault(fact.parent, []).append(number)
        return known

    # -- parameters, variables -----------------------------------------------------------------------------------

    def parameter(self, function: int, position: int, *, declared: bool) -> Reason:
        """Return the reason that stands for a parameter; whether it may be None at all is asked when it matters."""
        parameter = self.program.functions[function].parameters[position]
        module = self.program.function_module[function]
        if not declared and parameter.annotation:
            declared = _NONE in self.program.declared(module, parameter.annotation)
        kind = "declared parameter" if declared else "parameter" if parameter.default == NONE else "plain parameter"
        name = parameter.name
        return Reason(kind, f"the parameter `{name}`", Confidence.MEDIUM, (), function, position)

    def variable(self, module: int, name: str, node: int) -> Reason | None:
        """Return why a variable of a module may be None; None if nothing says so."""
        key = (module, name)
        if key not in self._variables:
            self._variables[key] = self._variable(module, name, node)
        return self._variables[key]

    def _variable(self, module: int, name: str, node: int) -> Reason | None:
        rows = self.program.modules[module].rows
        row = rows[node]
        parts = row[1:] if row[0] == "|" else (node,)
        path = self.program.paths[module]
        declarations = [part for part in parts if rows[part][0] == "&"]
        if declarations:
            if any(_NONE in self.program.declared(module, rows[each][2]) for each in declarations):
                step = Step(path, 1, f"`{name}` is declared to hold None")
                return Reason("variable", f"`{name}` of the module", Confidence.LOW, (step,))
            return None
        if NONE in parts and len(parts) > 1:
            step = Step(path, 1, f"`{name}` is set to None")
            return Reason("variable", f"`{name}` of the module", Confidence.LOW, (step,))
        return None

    # -- calls ---------------------------------------------------------------------------------------------------

    def call(
        self,
        asking: Answers,
        call: ast.Call,
        node: int,
        arguments: Sequence[Argument],
        shape: Shape,
        *,
        awaited: bool,
        clearing: bool = False,
    ) -> Called:
        """Return what a call does, by all that its callee may be."""
        row = self.program.modules[asking.module].rows[node]
        if row[0] != "(":
            return Called(Value(SAFE, shape))
        callees = self.program.value(asking.module, row[1])
        found = [
            self._callee(asking, call, callee, arguments, awaited=awaited, clearing=clearing) for callee in callees
        ]
        if not found:
            return Called(Value(SAFE, shape))
        # a receiver that may be of several classes may be of just the one that finds what it looks for
        origins: frozenset[int] = SAFE
        if all(each.value.origins != SAFE for each in found):
            origins = origins.union(*[each.value.origins for each in found])
        first = found[0]
        if len(found) > 1:
            first = Called(known=all(each.known for each in found), never=all(each.never for each in found))
        return first._replace(value=Value(origins, shape))

    def _callee(
        self,
        asking: Answers,
        call: ast.Call,
        callee: Callee,
        arguments: Sequence[Argument],
        *,
        awaited: bool,
        clearing: bool,
    ) -> Called:
        kind = callee[0]
        if kind in ("x", "xm"):
            return self._library(asking, call, callee, len(arguments))
        if kind == "fn":
            return self._own(asking, call, callee, arguments, awaited=awaited, clearing=clearing)
        return Called()

    def _library(self, asking: Answers, call: ast.Call, callee: Callee, count: int) -> Called:
        name = str(callee[1]) if callee[0] == "x" else f"{callee[1]}.{callee[3]}"
        if name in self.never_returns:
            return Called(never=True, known=True)
        most = self.listed(name)
        if most is None or count > most:
            return Called()
        short = name.removeprefix("builtins.")
        step = Step(asking.path, asking.line(call), f"`{short}()` gives the value")
        sure = Confidence.MEDIUM if name.endswith(_BY_KEY) else Confidence.HIGH
        return Called(Value(SAFE | {self.reasons.number(Reason("call", f"`{short}()`", sure, (step,)))}))

    def listed(self, name: str) -> int | None:
        """Return with how many arguments at most a callable of a library gives None; None if it never does."""
        most = self.optional.get(name)
        return self.optional.get(self.program.types.canonical(name)) if most is None else most

    def may_give(self, function: int) -> bool:
        """Tell whether a function may give None, by its form, its annotation, and the names of what it calls."""
        if self.declares(function) != 0:
            return self.declares(function) > 0
        return self.program.functions[function].name in self.likely.calls

    def _own(
        self,
        asking: Answers,
        call: ast.Call,
        callee: Callee,
        arguments: Sequence[Argument],
        *,
        awaited: bool,
        clearing: bool,
    ) -> Called:
        target, receiver = int(callee[1]), callee[2]
        fact = self.program.functions[target]
        if not self.is_plain(target):
            return Called()
        if self.program.is_async(target) is not awaited or fact.flags & FunctionFlag.GENERATOR:
            return Called()
        passed = self._passed(fact, arguments, bound=receiver is not None)
        overridden = (
            receiver is not None
            and how_known(receiver) != EXACT
            and isinstance(receiver[1], int)
            and bool(self.program.overriding(receiver[1], fact.name))
        )
        value = SOMETHING
        if self.may_give(target):
            step = Step(asking.path, asking.line(call), f"`{fact.qualname}()` gives the value")
            origins = tuple([(position, each.value.origins) for position, each in passed.items()])
            sure = Confidence.MEDIUM if overridden else Confidence.HIGH
            reason = Reason("own", f"`{fact.qualname}()`", sure, (step,), target, passed=origins)
            value = Value(SAFE | {self.reasons.number(reason)})
        never = self._says_never(target, fact)
        clears = self.clears(target) if clearing and receiver is not None else ()
        if overridden or not self._may_tell(fact, arguments):
            never = never or not (overridden or fact.results or fact.flags & (FunctionFlag.ENDS | FunctionFlag.STUB))
            return Called(value, never, known=not overridden, clears=clears)
        digest = self.functions.digest(target)
        ensured, true, false = (
            tuple([passed[p].expression for p in positions if p in passed])
            for positions in (digest.ensured, digest.if_true, digest.if_false)
        )
        never = never or (digest.never and not fact.flags & FunctionFlag.STUB)
        return Called(value, never, ensured, true, false, digest.known, clears)

    def clears(self, function: int) -> tuple[str, ...]:
        """Return the attributes of its own object that a method, or one that it calls, sets to None."""
        known = self._clears.get(function)
        if known is not None:
            return known
        self._clears[function] = ()
        fact, module = self.program.functions[function], self.program.function_module[function]
        found = set(fact.clears)
        number = function - self.program.function_base[module]
        for name in self.likely.own_calls(module).get(number, ()):
            hit = self.program.find_method(self.program.owner(function), name) if fact.owner >= 0 else None
            if hit is not None:
                row: Any = self.program.row(self.program.class_module[hit[0]], hit[1])
                if row[0] == "l":
                    home = self.program.function_base[self.program.class_module[hit[0]]]
                    found.update(self.clears(home + int(row[1])))
        self._clears[function] = tuple(sorted(found))
        return self._clears[function]

    @staticmethod
    def _may_tell(fact: FunctionFact, arguments: Sequence[Argument]) -> bool:
        """Tell whether a function may refuse arguments that are None, or tell of them, by its form."""
        if all(each.value.origins == SAFE for each in arguments):
            return False
        return bool(fact.flags & FunctionFlag.RAISES) or fact.name.lstrip("_").startswith(_TELLING)

    def _says_never(self, target: int, fact: FunctionFact) -> bool:
        module = self.program.function_module[target]
        row = self.program.modules[module].rows[fact.returns]
        return row[0] in ".gm" and row[-1] in ("NoReturn", "Never")

    @staticmethod
    def _passed(fact: FunctionFact, arguments: Sequence[Argument], *, bound: bool) -> dict[int, Argument]:
        """Return the argument for each parameter; nothing is claimed of a call that spreads some."""
        if any(each.name in ("*", "**") for each in arguments):
            return {}
        offset = 1 if bound or (fact.owner >= 0 and fact.name == "__init__") else 0
        names = {parameter.name: position for position, parameter in enumerate(fact.parameters)}
        found: dict[int, Argument] = {}
        position = offset
        for each in arguments:
            if each.name:
                if each.name in names:
                    found[names[each.name]] = each
            else:
                if position < len(fact.parameters) and fact.parameters[position].kind in "pa":
                    found[position] = each
                position += 1
        return found

    def resolved(self, number: int) -> list[Reason]:
        """Return the reasons that a number stands for once functions have been followed; none if there are none."""
        known = self._resolved.get(number)
        if known is None:
            self._resolved[number] = []  # what calls itself gives no None by that
            reason = self.reasons[number]
            known = self._resolved[number] = self._followed(reason) if reason.kind == "own" else [reason]
        return known

    def _followed(self, reason: Reason) -> list[Reason]:
        fact = self.program.functions[reason.function]
        name = f"`{fact.qualname}()`"
        found: list[Reason] = []
        for number, handed in self._gives(reason.function, fact, dict(reason.passed)):
            for each in self.resolved(number):
                if each.kind.endswith("parameter") and not handed:
                    found.append(each)  # the caller's own parameter comes back
                    continue
                sure = min(reason.confidence, each.confidence, key=lambda sure: sure.rank)
                if each.kind == "literal":
                    sure = reason.confidence
                steps = (*reason.steps, *each.steps)[:_MAX_STEPS]
                kind = each.kind if each.kind.endswith("parameter") else "call"
                found.append(Reason(kind, name, sure, steps, each.function if kind != "call" else -1, each.position))
        return found

    def _gives(self, target: int, fact: FunctionFact, passed: dict[int, frozenset[int]]) -> list[tuple[int, bool]]:
        """Return the reasons why a call of a function may give None, each with whether they arise in the function."""
        module = self.program.function_module[target]
        path, name = self.program.paths[module], f"`{fact.qualname}()`"
        declared = self.declares(target)
        if declared < 0:
            return []  # its author says that the way is not taken; type checkers report it there
        digest = self.functions.digest(target)
        found: list[tuple[int, bool]] = []
        for given in digest.nones:
            if any(passed.get(p) == SAFE for p in given.needs):
                continue
            if any(p not in passed and fact.parameters[p].default not in (0, NONE) for p in given.needs):
                continue
            sure = Confidence.MEDIUM if len(fact.guards) > 1 else Confidence.HIGH
            if given.needs and not all(p in passed for p in given.needs):
                sure = Confidence.MEDIUM
            step = Step(path, given.line, f"{name} gives None here")
            found.append((self.reasons.number(Reason("call", name, sure, (step,))), True))
            break
        for _, origins in digest.handed:
            found.extend((number, True) for number in sorted(origins))
        for position in sorted(digest.returned):
            if position in passed:
                found.extend((number, False) for number in sorted(passed[position] - SAFE))
            elif fact.parameters[position].default == NONE and passed:
                step = Step(path, fact.line, f"{name} gives the default of `{fact.parameters[position].name}`")
                found.append((self.reasons.number(Reason("call", name, Confidence.MEDIUM, (step,))), True))
        if not found and declared > 0 and not (digest.known and digest.nones):
            step = Step(path, fact.line, f"{name} is declared to give None")
            found.append((self.reasons.number(Reason("call", name, Confidence.MEDIUM, (step,))), True))
        return found

    def declares(self, function: int) -> int:
        """Return 1 if a function's annotation admits None, -1 if it does not, 0 if there is none."""
        known = self._declared.get(function)
        if known is None:
            fact, module = self.program.functions[function], self.program.function_module[function]
            known = 0
            if fact.returns:
                union = self.program.declared(module, fact.returns)
                row = self.program.modules[module].rows[fact.returns]
                vague = not union or any(value[0] == "tv" for value in union)
                known = 1 if _NONE in union else 0 if vague and row[0] in "|?" else -1
            self._declared[function] = known
        return known

    def is_plain(self, function: int) -> bool:
        """Tell whether no decorator changes what calls of a function pass and give."""
        return all(self._keeps(function, node) for node in self.program.functions[function].decorators)

    def _keeps(self, function: int, node: int) -> bool:
        values = self.program.value(self.program.function_module[function], node)
        return bool(values) and all(
            v[0] in ("x", "cls") and self.program.decorator_effects.get(str(v[1])) in _TRANSPARENT for v in values
        )

    def property_reason(self, key: int, name: str) -> Reason | None:
        """Return why a property of a class may give None; None if nothing says so."""
        hit = self.program.find_method(key, name)
        if hit is None:
            return None
        for value in self.program.value(self.program.class_module[hit[0]], hit[1]):
            if value[0] == "fn" and self.program.is_property(value[1]) and self.may_give(value[1]):
                fact: FunctionFact = self.program.functions[int(value[1])]
                return Reason("own", f"`{fact.qualname}`", Confidence.MEDIUM, (), value[1])
        return None

    def ends(self, module: int, node: int) -> bool:
        """Tell whether a call never comes back, whatever it calls."""
        row = self.program.modules[module].rows[node]
        callees = self.program.value(module, row[1]) if row[0] == "(" else ()
        return bool(callees) and all(
            callee[0] == "fn"
            and not self.program.functions[int(callee[1])].results
            and self.functions.digest(callee[1]).never
            for callee in callees
        )

    def swallows(self, module: int, node: int) -> bool:
        """Tell whether what a call makes may end an exception as a context manager."""
        for value in self.program.value(module, node):
            if value[0] != "ins" or not isinstance(value[1], int):
                continue
            for name in ("__exit__", "__aexit__"):
                hit = self.program.find_method(value[1], name)
                if hit is not None:
                    home = self.program.class_module[hit[0]]
                    row: Any = self.program.modules[home].rows[hit[1]]
                    if row[0] == "l":
                        fact: FunctionFact = self.program.modules[home].functions[int(row[1])]
                        returns: Any = self.program.modules[home].rows[fact.returns]
                        return returns[0] in "gm" and returns[-1] == "bool"
        return False


_MAX_STEPS = 8
_TELLING = (
    "is",
    "has",
    "can",
    "should",
    "valid",
    "check",
    "need",
    "exist",
    "not_",
    "no_",
    "some",
    "any",
    "all",
    "present",
)
# whether a key is there is often known from elsewhere
_BY_KEY = (".get", "getenv", ".findtext", "current_task", "currentframe")
_TRANSPARENT = ("transparent", "static", "class", "property", "cached-property", "cache")
