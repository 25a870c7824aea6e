"""Calls: what calling a value gives, by declaration, by body, and by what this very call passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from mergegate.semantics.callables import Callables
from mergegate.semantics.library import library_result
from mergegate.semantics.type_table import MISSING
from mergegate.semantics.values import (
    DECLARED,
    EXACT,
    NO_ARGUMENTS,
    NONE,
    SELF,
    UNKNOWN,
    Arguments,
    ClassKey,
    Union,
    Value,
    join,
)  # fmt: skip
from mergegate.syntax.demands import alternatives, fails
from mergegate.syntax.summary import FIRST_ROWS, FunctionFlag, Row
from mergegate.syntax.summary import NONE as NONE_ROW


class Calls(Callables):
    """Results of calls, and the guards that the constants of a call leave open."""

    def call_union(self, callees: Union, arguments: Arguments) -> Union:
        """Return what calling any of the values gives."""
        return join([self._call_value(value, arguments) for value in callees]) if callees else UNKNOWN

    def _call_value(self, value: Value, arguments: Arguments) -> Union:
        kind = value[0]
        if kind == "fn":
            return self.function_result(value[1], value[2], arguments)
        if kind == "cls":
            return self._construct(value[1], arguments)
        if kind == "x":
            return self._external_result(value[1], arguments)
        if kind == "xm":
            return self._method_result(value, arguments)
        if kind == "call":
            return value[1]
        if kind == "part":
            return self.call_union(value[1], NO_ARGUMENTS)
        if kind == "ins":
            return self.call_union(self._attribute_of_value(value, "__call__"), arguments)
        return UNKNOWN

    def _construct(self, key: ClassKey, arguments: Arguments) -> Union:
        found = library_result(self, key, arguments) if isinstance(key, str) else None
        return (("ins", key, (), EXACT),) if found is None else found

    def _external_result(self, path: str, arguments: Arguments) -> Union:
        found = library_result(self, path, arguments)
        if found is not None:
            return found
        type_ = self.types.function(path)
        if type_ is not MISSING:
            return self.type_value(type_) or (("x", f"{path}()"),)
        last = path.rpartition(".")[2]
        if last[:1].isupper() and not last.isupper() and "(" not in path:
            # an unknown library's class by its name
            return (("ins", path, (), EXACT),)
        return (("x", f"{path}()"),) if path.count("(") < _MAX_CALLS_IN_PATH else UNKNOWN

    def _method_result(self, value: Value, arguments: Arguments) -> Union:
        _, key, args, name = value
        found = library_result(self, f"{key}.{name}", arguments)
        if found is not None:
            return found
        member = self.types.member(key, name)
        if member is None:
            return (("x", f"{key}.{name}()"),)
        owner, kind, type_ = member
        receiver = ("ins", key, args, DECLARED)
        union = self.type_value(type_, self.bindings_of(receiver, owner))
        if kind == "attribute":
            return self.call_union(union, arguments)
        return union or (("x", f"{key}.{name}()"),)

    def is_library_coroutine(self, value: Value) -> bool:
        """Tell whether calling an external function or method only makes a coroutine, by the type table."""
        if value[0] == "x":
            type_ = self.types.function(value[1])
        else:
            member = self.types.member(value[1], value[3])
            type_ = member[2] if member is not None and member[1] == "method" else None
        return isinstance(type_, list) and cast("list[object]", type_)[:1] == ["await"]

    # -- functions of the program --------------------------------------------------------------------------------

    def function_result(self, function: int, receiver: Value | None, arguments: Arguments) -> Union:
        """Return what a call of a function gives, once its decorators have run."""
        fact = self.functions[function]
        made = self.callable_of(function)
        apart = fact.flags & (FunctionFlag.ASYNC | FunctionFlag.GENERATOR)
        if made.wrappers and not made.runs and not apart and not fact.returns:
            wrapped = join([self._plain_result(w, None, NO_ARGUMENTS) for w in made.wrappers])
            return wrapped or self._plain_result(function, receiver, arguments)
        if made.effect in ("contextmanager", "asynccontextmanager"):
            return (("cm" if made.effect == "contextmanager" else "acm", function),)
        result = self._plain_result(function, receiver, arguments)
        if made.effect in ("thread", "coroutine") and not fact.flags & FunctionFlag.ASYNC:
            return (("aw", result),)
        return result

    def _plain_result(self, function: int, receiver: Value | None, arguments: Arguments) -> Union:
        flags = self.functions[function].flags
        if flags & FunctionFlag.GENERATOR:
            return (("agen" if flags & FunctionFlag.ASYNC else "gen", function),)
        result = self._returned(function, receiver, arguments)
        return (("aw", result),) if flags & FunctionFlag.ASYNC else result

    def _returned(self, function: int, receiver: Value | None, arguments: Arguments) -> Union:
        fact, home = self.functions[function], self.function_module[function]
        union: Union = UNKNOWN
        if fact.returns:
            union = self.declared(home, fact.returns)
            variable = self._type_variable_argument(function, receiver, arguments)
            if variable:
                return variable
        # a declared union of several classes says less than the body, and so does `Any | None`
        if len(union) != 1 or union == NONE:
            allowed = self.allowed_guards(function, receiver, arguments)
            nodes = [node for node, guard in fact.results if guard in allowed or not guard]
            if self.choices_of(function):
                decisions = self.decisions(function, lambda i: self._passed_row(function, receiver, arguments, i))
                nodes = [self.decided(home, node, function, decisions) for node in nodes] if decisions else nodes
            results = [self.value(home, node) for node in nodes]
            inferred = tuple(v for v in join(results) if v[0] != "none") if results else UNKNOWN
            union = inferred or union
        if receiver is not None:
            union = tuple(self._rebind(v, receiver) for v in self.substituted(union, receiver))
        return tuple(self._argument_for(v, function, receiver, arguments) for v in union)

    def _rebind(self, value: Value, receiver: Value) -> Value:
        """Replace `self` and `Self` in a result by the receiver of the call."""
        own = value[0] == "ins" and value[3] == SELF
        if value[0] == "self" or own:
            if receiver[0] == "cls":
                return ("ins", receiver[1], (), DECLARED)
            return receiver if receiver[0] == "ins" else value
        if receiver[0] == "cls" and value[0] in ("cls", "ins") and isinstance(value[1], int):
            descends = isinstance(receiver[1], int) and value[1] in self.mro(receiver[1])
            if descends and value[0] == "cls":
                return receiver
            if descends and value[3] == EXACT:
                # `return cls(...)` in a base's factory
                return ("ins", receiver[1], (), EXACT)
        return value

    def _argument_for(self, value: Value, function: int, receiver: Value | None, arguments: Arguments) -> Value:
        """Replace a parameter that is returned by what was passed for it, if that is one thing."""
        if value[0] != "prm" or value[1] != function or arguments.module < 0:
            return value
        node = self.argument_node(function, receiver, arguments, value[2])
        union = self.value(arguments.module, node) if node else UNKNOWN
        return union[0] if len(union) == 1 else value

    def argument_node(self, function: int, receiver: Value | None, arguments: Arguments, position: int) -> int:
        """Return the caller's node passed for a parameter, or 0 if none was."""
        parameters = self.functions[function].parameters
        name = parameters[position].name
        for key, node in arguments.keywords:
            if key == name:
                return node
        offset = 1 if self._is_bound(function, receiver) else 0
        if position - offset < 0 or parameters[position].kind not in "pa":
            return 0
        passed = arguments.positional
        return passed[position - offset] if position - offset < len(passed) else 0

    def _is_bound(self, function: int, receiver: Value | None) -> bool:
        fact = self.functions[function]
        return receiver is not None or (fact.owner >= 0 and fact.name == "__init__")

    def _type_variable_argument(self, function: int, receiver: Value | None, arguments: Arguments) -> Union:
        """Return what the type variable of `-> T` stands for, from the argument whose annotation mentions it."""
        fact, home = self.functions[function], self.function_module[function]
        if self.row(home, fact.returns)[0] not in "gm(" or arguments.module < 0:
            return UNKNOWN
        for position, parameter in enumerate(fact.parameters):
            if parameter.annotation:
                node = self.argument_node(function, receiver, arguments, position)
                passed = self.value(arguments.module, node) if node else self.value(home, parameter.default)
                found = self._bound(home, parameter.annotation, fact.returns, passed) if passed else UNKNOWN
                if found:
                    return found
        return UNKNOWN

    def _bound(self, home: int, annotation: int, variable: int, passed: Union) -> Union:
        """Return what a type variable stands for if a value of type `annotation` is `passed`."""
        if annotation == variable:
            return tuple(v for v in passed if v[0] not in ("none", "prm"))
        row = self.row(home, annotation)
        if row[0] == "|" and variable in row[1:]:
            return self._bound(home, variable, variable, passed)
        if row[0] != "[":
            return UNKNOWN
        form = self.row(home, row[1])[-1]
        parts = self.arguments(home, row[2])
        if parts[-1] != variable:
            return UNKNOWN
        if form in ("type", "Type"):
            return tuple(("ins", v[1], (), DECLARED) for v in passed if v[0] == "cls")
        if form in ("Optional", "Annotated"):
            return self._bound(home, variable, variable, passed)
        if form == "Callable":
            return self.call_union(passed, NO_ARGUMENTS)
        if form in ("Awaitable", "Coroutine"):
            return self.awaited(passed)
        return self.element_of(passed) if len(parts) == 1 else UNKNOWN

    # -- guards --------------------------------------------------------------------------------------------------

    def allowed_guards(self, function: int, receiver: Value | None, arguments: Arguments) -> set[int]:
        """Return the guards of a function that the constants of a call leave open."""
        fact = self.functions[function]
        allowed = set(range(len(fact.guards)))
        if len(fact.guards) < 2:
            return allowed
        for number, conditions in enumerate(fact.guards):
            for position, wanted in conditions:
                if self.is_refuted(wanted, lambda p, i=position: self.passed_row(function, receiver, arguments, i, p)):
                    allowed.discard(number)
        return allowed

    def is_refuted(self, demand: str, passed: Callable[[str], Row]) -> bool:
        """Tell whether what is passed certainly meets no test of a demand; `passed` gives the row for a path."""
        return all(fails(passed(test.path), test) for test in alternatives(demand))

    def passed_row(self, function: int, receiver: Value | None, arguments: Arguments, position: int, path: str) -> Row:
        """Return the constant passed for a parameter, or for an item of a `**` parameter."""
        if not path:
            return self._passed_row(function, receiver, arguments, position)
        if path[0] != ":" or self._has_unpacking(arguments):
            return UNKNOWN_ROW
        given = next((node for key, node in arguments.keywords if key == path[1:]), 0)
        return self.constant(arguments.module, given) if given else FIRST_ROWS[NONE_ROW]

    def constant(self, module: int, node: int) -> Row:
        """Return the row of a node; of a member of an enum, the class and the name."""
        row = self.row(module, node)
        if row[0] == "." and row[2].isupper():
            owner = self.row(module, row[1])
            if owner[0] in ".gm" and str(owner[-1])[:1].isupper():
                return ("E", owner[-1], row[2])
        return row

    def _passed_row(self, function: int, receiver: Value | None, arguments: Arguments, position: int) -> Row:
        """Return the row passed for a parameter, by the call or by default; the unknown row if that is open."""
        home, node = arguments.module, self.argument_node(function, receiver, arguments, position)
        if not node and not self._has_unpacking(arguments):
            home, node = self.function_module[function], self.fact(function).parameters[position].default
        return self.constant(home, node) if node else UNKNOWN_ROW

    def _has_unpacking(self, arguments: Arguments) -> bool:
        """Tell whether `*args` or `**kwargs` may pass what the call does not spell out."""
        if arguments.module < 0:
            return True
        rows = self.modules[arguments.module].rows
        return any(key == "**" for key, _ in arguments.keywords) or any(rows[n][0] == "*" for n in arguments.positional)


_MAX_CALLS_IN_PATH = 3
UNKNOWN_ROW: Row = ("?",)
