"""Reading function heads: parameters, defaults, flags; bodies are put off until the enclosing scope is complete."""

from __future__ import annotations

import ast
import sys

from mergegate.syntax.alternatives import alternative
from mergegate.syntax.bindings import BindingReader
from mergegate.syntax.fingerprints import MAX_LENGTH, fingerprint
from mergegate.syntax.reader import FunctionNode
from mergegate.syntax.scope import Scope
from mergegate.syntax.summary import UNKNOWN, FunctionFact, FunctionFlag, Parameter, ParameterKind, Place


class FunctionReader(BindingReader):
    """Functions and lambdas."""

    def function(
        self,
        definition: FunctionNode,
        name: str,
        *,
        method: bool,
        decorators: tuple[int, ...] = (),
        places: tuple[Place, ...] = (),
    ) -> int:
        """Register a function and put off its body.

        Parameters
        ----------
        method
            Whether it is an attribute of the class whose body is being read.
        decorators, places
            The nodes of its decorators, and where they stand.
        """
        outer = self.scope
        mark = len(outer.log)
        if _TYPE_PARAMETERS and not isinstance(definition, ast.Lambda):
            self.bind_type_parameters(definition)
        parameters = self.parameters(definition.args)
        returns = UNKNOWN if isinstance(definition, ast.Lambda) else self.annotation(definition.returns)
        if _TYPE_PARAMETERS:
            outer.rollback(mark)
        index = len(self.facts.functions)
        self.facts.functions.append(
            FunctionFact(
                name, self.qualify(name), definition.lineno, definition.col_offset,
                definition.end_lineno or definition.lineno, _flags(definition) | alternative(self.flags),
                outer.class_index if method else -1, outer.function, tuple(parameters), returns,
                decorators=decorators, places=places,
            )
        )  # fmt: skip
        scope = Scope(index, outer, class_index=outer.class_index if method else -1)
        self.facts.scopes.append(scope)
        self.start_body(scope, definition, parameters)
        if method and parameters and parameters[0].kind in "pa" and not _is_static(definition):
            self.facts.receivers[self.nodes["p", index, 0]] = outer.class_index
        self.deferred.append((scope, definition))
        return self.nodes["l", index]

    def start_body(self, scope: Scope, definition: FunctionNode, parameters: list[Parameter]) -> None:
        """Let the parameters be known in the body."""
        entry, function = scope.entry, scope.function
        for position, parameter in enumerate(parameters):
            node = self.nodes["p", function, position]
            entry[parameter.name] = self.nodes["T*", node] if parameter.kind == "*" else node
        scope.env.update(entry)
        if self.rebound and definition in self.rebound:
            rebound = scope.special = self.rebound[definition]
            for name in rebound.intersection(entry):
                scope.cells[name] = scope.env[name] = self.nodes.variable((entry[name],))

    def bind_type_parameters(self, definition: ast.stmt) -> None:
        """Let each `[T: Bound]` stand for its bound."""
        for parameter in getattr(definition, "type_params", ()):
            bound = getattr(parameter, "bound", None)
            if isinstance(bound, ast.Tuple):
                node = self.nodes.union([self.annotation(e) for e in bound.elts])
            else:
                node = self.annotation(bound)
            self.scope.set(parameter.name, node)

    def parameters(self, arguments: ast.arguments) -> list[Parameter]:
        """Read a parameter list; defaults are evaluated here, annotations are not."""
        found: list[Parameter] = []
        ordinary = arguments.args
        if arguments.posonlyargs:
            ordinary = [*arguments.posonlyargs, *ordinary]
        defaults = arguments.defaults
        given = len(ordinary) - len(defaults)
        for position, argument in enumerate(ordinary):
            default = self.default(defaults[position - given]) if position >= given else UNKNOWN
            found.append(self.parameter(argument, "a", default))
        for parameter in found[: len(arguments.posonlyargs)]:
            parameter.kind = "p"
        if arguments.vararg is not None:
            found.append(self.parameter(arguments.vararg, "*", UNKNOWN))
        for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            found.append(self.parameter(argument, "k", self.default(value) if value is not None else UNKNOWN))
        if arguments.kwarg is not None:
            found.append(self.parameter(arguments.kwarg, "**", UNKNOWN))
        return found

    def default(self, value: ast.expr) -> int:
        """Read a default; of a short text, that other texts can be told from it."""
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and len(value.value) <= MAX_LENGTH:
            return self.nodes["s", fingerprint(value.value)]
        return self.read(value)

    def parameter(self, argument: ast.arg, kind: ParameterKind, default: int) -> Parameter:
        """Read one parameter."""
        annotation = argument.annotation
        return Parameter(argument.arg, kind, UNKNOWN if annotation is None else self.annotation(annotation), default)

    def qualify(self, name: str) -> str:
        """Return the dotted name of something defined in the current scope."""
        outer = self.scope
        if outer.is_class:
            return f"{self.facts.classes[outer.class_index].qualname}.{name}"
        if outer.parent is not None:
            return f"{self.facts.functions[outer.function].qualname}.{name}"
        return name


# `def f[T](...)` came with Python 3.12
_TYPE_PARAMETERS = sys.version_info >= (3, 12)


def _flags(definition: FunctionNode) -> int:
    if isinstance(definition, ast.Lambda):
        return FunctionFlag.LAMBDA
    flags = FunctionFlag.ASYNC if isinstance(definition, ast.AsyncFunctionDef) else 0
    return flags | FunctionFlag.STUB if _is_stub(definition) else flags


def _is_static(definition: FunctionNode) -> bool:
    if isinstance(definition, ast.Lambda):
        return False
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in definition.decorator_list)


def _is_stub(definition: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether the body only declares: `...`, `pass`, a docstring, or `raise NotImplementedError`."""
    for statement in definition.body:
        if isinstance(statement, ast.Expr):
            if isinstance(statement.value, ast.Constant):
                continue
        elif isinstance(statement, ast.Raise):
            exception = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
            if isinstance(exception, ast.Name) and exception.id in ("NotImplementedError", "NotImplemented"):
                continue
        elif isinstance(statement, ast.Pass):
            continue
        return False
    return True
