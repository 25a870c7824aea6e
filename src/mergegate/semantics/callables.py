"""Calls: what decorators make of a function, and what calling a value gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mergegate.semantics.attributes import Attributes
from mergegate.semantics.library import library_result
from mergegate.semantics.type_table import MISSING
from mergegate.semantics.values import DECLARED, EXACT, SELF, UNKNOWN, Union, Value, join
from mergegate.syntax.summary import FunctionFlag, Parameter

Arguments = Sequence[int]
Keywords = Sequence[Sequence[Any]]


@dataclass(slots=True)
class Callable:
    """What a function is once its decorators have run.

    Attributes
    ----------
    binding
        "" (ordinary), "static" or "class".
    property
        Reading the attribute calls it.
    effect
        "" or what a decorator does with calls: thread, task, cache, contextmanager, asynccontextmanager, loop.
    wrappers
        Functions of the program that run in its place.
    runs
        Whether the original body still runs on the caller's thread.
    """

    binding: str = ""
    property: bool = False
    effect: str = ""
    wrappers: tuple[int, ...] = ()
    runs: bool = True


class Callables(Attributes):
    """Decorators and call results."""

    decorator_effects: dict[str, str]
    _callables: dict[int, Callable]

    def callable_of(self, function: int) -> Callable:
        """Return what the decorators of a function make of it."""
        known = self._callables.get(function)
        if known is None:
            known = self._callables[function] = Callable()
            fact = self.functions[function]
            if fact.name in _IMPLICIT_CLASS_METHODS and fact.owner >= 0:
                known.binding = "class" if fact.name != "__new__" else "static"
            for node in reversed(fact.decorators):
                self._apply_decorator(known, function, node)
        return known

    def _apply_decorator(self, made: Callable, function: int, node: int) -> None:
        module = self.function_module[function]
        row = self.modules[module].rows[node]
        factory = row[0] == "("
        for value in self.value(module, row[1] if factory else node):
            kind = value[0]
            if kind in ("x", "cls") and isinstance(value[1], str):
                self._apply_known(made, self.decorator_effects.get(value[1], ""))
            elif kind == "xm":
                self._apply_known(made, self.decorator_effects.get(f"{value[1]}.{value[3]}", ""))
            elif kind == "fn":
                self._apply_own(made, function, value[1], factory=factory)
            elif kind == "cls" and any(str(a) in _PROPERTY_BASES for a in self.mro(value[1])):
                made.property = True

    def _apply_known(self, made: Callable, effect: str) -> None:
        if effect in ("property", "cached-property"):
            made.property = True
            if effect == "cached-property":
                made.effect = "cache"
        elif effect in ("static", "class"):
            made.binding = effect
        elif effect and effect != "transparent":
            made.effect = effect

    def _apply_own(self, made: Callable, function: int, decorator: int, *, factory: bool) -> None:
        """Follow a decorator of the program: the function that it returns runs in place of the decorated one."""
        inner = self._returned_functions(decorator)
        if factory:
            inner = [g for f in inner for g in self._returned_functions(f)]
        inner = [f for f in inner if f != function]
        if inner:
            made.wrappers = tuple(dict.fromkeys([*made.wrappers, *inner]))
            made.runs = False

    def _returned_functions(self, function: int) -> list[int]:
        """Return the functions nested in `function` that it returns."""
        module = self.function_module[function]
        rows = self.modules[module].rows
        found: list[int] = []
        for node, _ in self.functions[function].results:
            for part in rows[node][1:] if rows[node][0] == "|" else [node]:
                if rows[part][0] == "(" and rows[part][2]:
                    part = rows[part][2][0]
                if rows[part][0] == "l":
                    found.append(self.function_base[module] + rows[part][1])
        return found

    def method_kind(self, function: int) -> str:
        return self.callable_of(function).binding

    def is_property(self, function: int) -> bool:
        return self.callable_of(function).property

    def is_async(self, function: int) -> bool:
        """Tell whether a call of the function only makes a coroutine (or awaitable) and runs nothing."""
        made = self.callable_of(function)
        if made.effect in ("thread", "coroutine", "task"):
            return True
        if made.wrappers and not made.runs:
            return all(self.functions[w].flags & FunctionFlag.ASYNC for w in made.wrappers)
        return bool(self.functions[function].flags & FunctionFlag.ASYNC)

    # -- results -------------------------------------------------------------------------------------------------

    def call_union(self, callees: Union, module: int, positional: Any, keywords: Any) -> Union:
        if not callees:
            return UNKNOWN
        return join([self._call_value(value, module, positional, keywords) for value in callees])

    def _call_value(self, value: Value, module: int, positional: Arguments, keywords: Keywords) -> Union:
        kind = value[0]
        if kind == "fn":
            return self.function_result(value[1], value[2], positional, keywords, module)
        if kind == "cls":
            return self._construct(value[1], module, positional, keywords)
        if kind == "x":
            return self._external_result(value[1], module, positional, keywords)
        if kind == "xm":
            return self._method_result(value, module, positional, keywords)
        if kind == "call":
            return value[1]
        if kind == "part":
            return self.call_union(value[1], module, (), ())
        if kind == "ins":
            return self.call_union(self._attribute_of_value(value, "__call__"), module, positional, keywords)
        return UNKNOWN

    def _construct(self, key: int | str, module: int, positional: Arguments, keywords: Keywords) -> Union:
        if isinstance(key, str):
            found = library_result(self, key, module, positional, keywords)
            return (("ins", key, (), EXACT),) if found is None else found
        return (("ins", key, (), EXACT),)

    def _external_result(self, path: str, module: int, positional: Arguments, keywords: Keywords) -> Union:
        found = library_result(self, path, module, positional, keywords)
        if found is not None:
            return found
        type_ = self.types.function(path)
        if type_ is not MISSING:
            return self.type_value(type_) or (("x", f"{path}()"),)
        last = path.rpartition(".")[2]
        if last[:1].isupper() and not last.isupper() and "(" not in path:
            # an unknown library's class by its name
            return (("ins", path, (), EXACT),)
        return (("x", f"{path}()"),) if path.count("(") < 3 else UNKNOWN

    def _method_result(self, value: Value, module: int, positional: Arguments, keywords: Keywords) -> Union:
        _, key, args, name = value
        found = library_result(self, f"{key}.{name}", module, positional, keywords)
        if found is not None:
            return found
        member = self.types.member(key, name)
        if member is None:
            return (("x", f"{key}.{name}()"),)
        owner, kind, type_ = member
        receiver = ("ins", key, args, DECLARED)
        union = self.type_value(type_, self.bindings_of(receiver, owner))
        if kind == "attribute":
            return self.call_union(union, module, positional, keywords)
        return union or (("x", f"{key}.{name}()"),)

    def function_result(
        self, function: int, receiver: Value | None, positional: Any, keywords: Any, module: int
    ) -> Union:
        fact = self.functions[function]
        made = self.callable_of(function)
        flags = fact.flags
        if made.wrappers and not made.runs and not flags & (FunctionFlag.ASYNC | FunctionFlag.GENERATOR) and not fact.returns:
            wrapped = join([self._plain_result(w, None, (), (), module) for w in made.wrappers])
            return wrapped or self._plain_result(function, receiver, positional, keywords, module)
        if made.effect in ("contextmanager", "asynccontextmanager"):
            return (("cm" if made.effect == "contextmanager" else "acm", function),)
        result = self._plain_result(function, receiver, positional, keywords, module)
        if made.effect in ("thread", "coroutine") and not flags & FunctionFlag.ASYNC:
            return (("aw", result),)
        return result

    def _plain_result(self, function: int, receiver: Value | None, positional: Any, keywords: Any, module: int) -> Union:
        fact = self.functions[function]
        if fact.flags & FunctionFlag.GENERATOR:
            return (("agen" if fact.flags & FunctionFlag.ASYNC else "gen", function),)
        result = self._returned(function, receiver, positional, keywords, module)
        return (("aw", result),) if fact.flags & FunctionFlag.ASYNC else result

    def _returned(self, function: int, receiver: Value | None, positional: Any, keywords: Any, module: int) -> Union:
        fact, home = self.functions[function], self.function_module[function]
        union: Union = UNKNOWN
        if fact.returns:
            union = self.declared(home, fact.returns)
            variable = self._type_variable_argument(function, receiver, positional, keywords, module)
            if variable:
                return variable
        if not union or self._is_vague(union):
            allowed = self.allowed_guards(function, receiver, positional, keywords, module)
            results = [self.value(home, node) for node, guard in fact.results if guard in allowed or not guard]
            inferred = tuple(v for v in join(results) if v[0] != "none") if results else UNKNOWN
            union = inferred or union
        if receiver is not None:
            union = tuple(self._rebind(v, receiver) for v in union)
        return tuple(self._argument_for(v, function, receiver, positional, keywords, module) for v in union if v is not None)

    def _is_vague(self, union: Union) -> bool:
        """Tell whether a declared return says less than the body: a union of several classes, or a bare Any."""
        return len(union) > 1

    def _rebind(self, value: Value, receiver: Value) -> Value:
        """Replace `self` and `Self` in a result by the receiver of the call."""
        if value[0] == "self" or (value[0] == "ins" and value[3] == SELF and receiver[0] == "ins"):
            if receiver[0] == "cls":
                return ("ins", receiver[1], (), DECLARED)
            return receiver
        if value[0] == "ins" and value[3] == SELF and receiver[0] == "cls":
            return ("ins", receiver[1], (), DECLARED)
        if value[0] == "cls" and receiver[0] == "cls" and isinstance(value[1], int) and self.is_subclass(receiver[1], value[1]):
            return receiver
        if value[0] == "ins" and receiver[0] == "cls" and isinstance(value[1], int) and isinstance(receiver[1], int) and value[1] in self.mro(receiver[1]) and value[3] == EXACT:
            # `return cls(...)` in a base's factory
            return ("ins", receiver[1], (), EXACT)
        return value

    def _argument_for(
        self, value: Value, function: int, receiver: Value | None, positional: Any, keywords: Any, module: int
    ) -> Value:
        """Replace a parameter that is returned by what was passed for it, if that is one thing."""
        if value[0] != "prm" or value[1] != function or module < 0:
            return value
        node = self.argument_node(function, receiver, positional, keywords, value[2])
        if node:
            union = self.value(module, node)
            if len(union) == 1:
                return union[0]
        return value

    def argument_node(self, function: int, receiver: Value | None, positional: Any, keywords: Any, position: int) -> int:
        """Return the caller's node passed for a parameter, or 0 if none was."""
        parameters: list[Parameter] = self.functions[function].parameters
        name = parameters[position].name
        for key, node in keywords:
            if key == name:
                return node
        offset = 1 if self._is_bound(function, receiver) else 0
        if position - offset < 0 or parameters[position].kind not in "pa":
            return 0
        return positional[position - offset] if position - offset < len(positional) else 0

    def _is_bound(self, function: int, receiver: Value | None) -> bool:
        return receiver is not None or (self.functions[function].owner >= 0 and self.functions[function].name == "__init__")

    def _type_variable_argument(
        self, function: int, receiver: Value | None, positional: Any, keywords: Any, module: int
    ) -> Union:
        """Return the instance that `def get(self, kind: type[T]) -> T` gives for the class passed."""
        fact, home = self.functions[function], self.function_module[function]
        returns = self.modules[home].rows[fact.returns]
        if returns[0] != "g" or module < 0:
            return UNKNOWN
        rows = self.modules[home].rows
        for position, parameter in enumerate(fact.parameters):
            row = rows[parameter.annotation]
            if row[0] == "[" and row[2] == fact.returns and self._is_type_form(home, row[1]):
                node = self.argument_node(function, receiver, positional, keywords, position)
                found = self.value(module, node) if node else UNKNOWN
                return tuple(("ins", v[1], (), DECLARED) for v in found if v[0] == "cls")
        return UNKNOWN

    def _is_type_form(self, module: int, node: int) -> bool:
        return any(v[0] in ("cls", "x") and v[1] in ("builtins.type", "typing.Type") for v in self.value(module, node))

    # -- guards --------------------------------------------------------------------------------------------------

    def allowed_guards(
        self, function: int, receiver: Value | None, positional: Any, keywords: Any, module: int
    ) -> set[int]:
        """Return the guards of a function that the constants of a call leave open."""
        fact = self.functions[function]
        allowed = set(range(len(fact.guards)))
        if len(fact.guards) < 2:
            return allowed
        for number, conditions in enumerate(fact.guards):
            for position, wanted in conditions:
                node = self.argument_node(function, receiver, positional, keywords, position)
                home = module
                if not node:
                    if "**" in [k for k, _ in keywords] or any(self._is_star(module, p) for p in positional):
                        continue
                    node, home = fact.parameters[position].default, self.function_module[function]
                if node and home >= 0 and self._contradicts(self.modules[home].rows[node], wanted):
                    allowed.discard(number)
        return allowed

    def _is_star(self, module: int, node: int) -> bool:
        return module >= 0 and self.modules[module].rows[node][0] == "*"

    def _contradicts(self, row: Any, wanted: str) -> bool:
        """Tell whether a constant argument rules a guard out."""
        if row[0] == "k" and row[1] in ("True", "False", "None"):
            truth = row[1] == "True"
            absent = row[1] == "None"
        elif row[0] == "#":
            truth, absent = bool(row[1]), False
        elif row[0] in "(cl":
            # an object made on the spot is there, and true but for odd cases
            truth, absent = True, False
            if wanted in ("truthy", "falsy"):
                return False
        else:
            return False
        return {"truthy": not truth, "falsy": truth, "none": not absent, "some": absent}[wanted]


_IMPLICIT_CLASS_METHODS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
_PROPERTY_BASES = frozenset({"builtins.property", "functools.cached_property"})
