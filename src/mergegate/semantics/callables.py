"""Callables: what decorators make of a function: its binding, the wrappers that run in its place, its effects."""

from __future__ import annotations

from dataclasses import dataclass

from mergegate.semantics.choices import Choices
from mergegate.syntax.summary import FunctionFlag


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
        "" or what a decorator does with calls: thread, task, cache, contextmanager, asynccontextmanager, loop, command.
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


class Callables(Choices):
    """Decorators."""

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
        """Return how a method binds: "" (to the instance), "static" or "class"."""
        return self.callable_of(function).binding

    def is_property(self, function: int) -> bool:
        """Tell whether reading the attribute calls the function."""
        return self.callable_of(function).property

    def is_async(self, function: int) -> bool:
        """Tell whether a call of the function only makes a coroutine (or awaitable) and runs nothing."""
        made = self.callable_of(function)
        if made.effect in ("thread", "coroutine", "task"):
            return True
        if made.wrappers and not made.runs:
            return all(self.functions[w].flags & FunctionFlag.ASYNC for w in made.wrappers)
        return bool(self.functions[function].flags & FunctionFlag.ASYNC)


_IMPLICIT_CLASS_METHODS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
_PROPERTY_BASES = frozenset({"builtins.property", "functools.cached_property"})
