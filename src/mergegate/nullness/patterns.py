"""None in `match`: what each pattern says of its subject, where it matches and where it does not."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mergegate.nullness.conditions import ConditionRun
from mergegate.nullness.values import OK, SAFE, SOMETHING, State, Value, join, none_of, path_of, rebind


class PatternRun(ConditionRun):
    """Runs `match` statements."""

    def block(self, body: Sequence[ast.stmt], state: State | None) -> State | None:
        """Run statements in order; statements give this its meaning."""
        raise NotImplementedError

    def match(self, statement: ast.Match, state: State) -> State | None:
        """Run a `match`: what a case leaves over is tried by the next."""
        subject = statement.subject
        self.value(subject, state)
        ways: list[State | None] = []
        rest: State | None = state
        for case in statement.cases:
            if rest is None:
                break
            inside = self._matched(case.pattern, subject, dict(rest))
            if inside is not None and case.guard is not None:
                self.value(case.guard, inside)
                inside = self.assume(case.guard, inside, truth=True)
            if case.guard is None:
                rest = self._unmatched(case.pattern, subject, rest)
            ways.append(self.block(case.body, inside))
        return join([*ways, rest])

    def _matched(self, pattern: ast.pattern, subject: ast.expr | None, state: State) -> State | None:
        """Return the state where a pattern matches; None if it cannot."""
        match pattern:
            case ast.MatchSingleton(value=None):
                return state if self._narrowed(subject, state, to_none=True) else None
            case ast.MatchAs(pattern=inner, name=name):
                after = state if inner is None else self._matched(inner, subject, state)
                if name is not None and after is not None:
                    rebind(after, name, SOMETHING if subject is None else self.silently(subject, after))
                return after
            case ast.MatchOr(patterns=patterns):
                return join([self._matched(each, subject, dict(state)) for each in patterns])
            case ast.MatchSequence(patterns=patterns):
                return self._sequence(patterns, subject, state)
            case ast.MatchClass() | ast.MatchMapping():
                after = state if self._narrowed(subject, state) else None
                self._captures(pattern, state)
                if after is not None and isinstance(pattern, ast.MatchClass) and subject is not None:
                    for name, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
                        part = ast.copy_location(ast.Attribute(subject, name, ast.Load()), subject)
                        after = self._matched(inner, part, after) if after is not None else None
                return after
            case _:
                return state if self._narrowed(subject, state) else None

    def _sequence(self, patterns: list[ast.pattern], subject: ast.expr | None, state: State) -> State | None:
        parts = self._parts(subject, patterns)
        if parts is None:
            if not self._narrowed(subject, state):
                return None
            parts = [None] * len(patterns)
        after: State | None = state
        for part, pattern in zip(parts, patterns, strict=True):
            if isinstance(pattern, ast.MatchStar):
                if pattern.name and after is not None:
                    rebind(after, pattern.name, SOMETHING)
            elif after is not None:
                after = self._matched(pattern, part, after)
        return after

    @staticmethod
    def _parts(subject: ast.expr | None, patterns: list[ast.pattern]) -> list[ast.expr | None] | None:
        """Return the expressions that the patterns of a sequence are about, None if the subject is in one piece."""
        if any(isinstance(each, ast.MatchStar) for each in patterns):
            return None
        if isinstance(subject, ast.Tuple) and len(subject.elts) == len(patterns):
            return list(subject.elts)
        if subject is not None and path_of(subject):
            return [
                ast.copy_location(ast.Subscript(subject, ast.copy_location(ast.Constant(n), subject)), subject)
                for n in range(len(patterns))
            ]
        return None

    def _unmatched(self, pattern: ast.pattern, subject: ast.expr, state: State) -> State | None:
        """Return the state where a pattern does not match; None if it always does."""
        match pattern:
            case ast.MatchAs(pattern=None):
                return None
            case ast.MatchAs(pattern=ast.pattern() as inner):
                return self._unmatched(inner, subject, state)
            case ast.MatchOr(patterns=patterns):
                rest: State | None = state
                for each in patterns:
                    rest = self._unmatched(each, subject, rest) if rest is not None else None
                return rest
            case ast.MatchSingleton(value=None):
                return state if self._narrowed(subject, state) else None
            case ast.MatchSequence(patterns=patterns):
                return self._unmatched_sequence(patterns, subject, state)
            case ast.MatchClass(cls=cls, patterns=[], kwd_patterns=[]):
                return self._without_class(cls, subject, state)
            case _:
                return state

    def _unmatched_sequence(self, patterns: list[ast.pattern], subject: ast.expr, state: State) -> State | None:
        parts = self._parts(subject, patterns)
        if parts is None or not isinstance(subject, ast.Tuple):
            return state
        refutable = [
            (part, pattern) for part, pattern in zip(parts, patterns, strict=True)
            if not (isinstance(pattern, ast.MatchAs) and pattern.pattern is None)
        ]  # fmt: skip
        if not refutable:
            return None
        if len(refutable) == 1 and refutable[0][0] is not None:
            # the others match anything
            return self._unmatched(refutable[0][1], refutable[0][0], state)
        return state

    def _without_class(self, cls: ast.expr, subject: ast.expr, state: State) -> State | None:
        """Return the state where a value is no instance of the class that it is declared to be, if it is not None."""
        held = self.silently(subject, state)
        path = path_of(subject)
        if path and OK in held.origins and held.origins != SAFE and self.is_just(held, cls):
            state[path] = none_of(held)
        return state

    def is_just(self, held: Value, cls: ast.expr) -> bool:
        """Tell whether a value that is something is an instance of a class; where not known, nothing is claimed."""
        del held, cls
        return False

    def _narrowed(self, subject: ast.expr | None, state: State, *, to_none: bool = False) -> bool:
        if subject is None:
            return True
        if isinstance(subject, ast.Tuple):
            return not to_none
        return self.narrow(subject, state, to_none=to_none)

    def _captures(self, pattern: ast.pattern, state: State) -> None:
        for part in ast.walk(pattern):
            for name in (getattr(part, "name", None), getattr(part, "rest", None)):
                if isinstance(name, str):
                    rebind(state, name, SOMETHING)
