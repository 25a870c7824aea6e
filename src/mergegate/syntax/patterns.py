"""Reading `match`: what patterns bind, and what they say about the subject."""

from __future__ import annotations

import ast

from mergegate.syntax.guarded import GuardedReader
from mergegate.syntax.scope import Changes, Key
from mergegate.syntax.subjects import Demands
from mergegate.syntax.summary import UNKNOWN


class PatternReader(GuardedReader):
    """Structural pattern matching."""

    def read_match(self, statement: ast.Match) -> None:
        scope = self.scope
        subject = self.read(statement.subject)
        key = self.narrowing_key(statement.subject)
        mark = len(scope.log)
        ends: list[Changes | None] = []
        complete = False
        for case in statement.cases:
            self.bind_pattern(case.pattern, subject)
            if key is not None:
                self.narrow_subject(key, case.pattern)
            if case.guard is not None:
                self.read(case.guard)
                self.assume(case.guard, True)
            elif isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
                complete = True
            guard = scope.guard
            demands = self.pattern_demands(statement.subject, case.pattern)
            if demands:
                scope.guard = scope.guarded_by(demands)
            self.block(case.body)
            scope.guard = guard
            ends.append(None if scope.dead else scope.changes(mark))
            scope.rollback(mark)
            scope.dead = False
        self.join(ends if complete else [{}, *ends])

    def narrow_subject(self, key: Key, pattern: ast.pattern) -> None:
        """Let the subject be what a pattern demands of it."""
        while isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
            pattern = pattern.pattern
        kinds = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
        classes = [self.annotation(kind.cls) for kind in kinds if isinstance(kind, ast.MatchClass)]
        if len(classes) == len(kinds):
            self.narrow(key, classes[0] if len(classes) == 1 else self.nodes["T", *classes], 1)

    def pattern_demands(self, subject: ast.expr, pattern: ast.pattern) -> Demands:
        """Return what `case "a" | "b":`, of strings or enum members, demands of a parameter."""
        kinds = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
        values = [kind.value for kind in kinds if isinstance(kind, ast.MatchValue)]
        demands: Demands = []
        if len(values) == len(kinds):
            self.demand_text(subject, "=", ast.Tuple(elts=values), demands)
        return demands

    def bind_pattern(self, pattern: ast.pattern, subject: int) -> None:
        """Bind the names of a pattern that is matched against `subject`."""
        if isinstance(pattern, ast.MatchAs):
            if pattern.pattern is not None:
                if isinstance(pattern.pattern, ast.MatchClass):
                    subject = self.nodes["i", subject, self.annotation(pattern.pattern.cls), 1]
                self.bind_pattern(pattern.pattern, subject)
            if pattern.name is not None:
                self.bind(pattern.name, subject)
        elif isinstance(pattern, ast.MatchStar):
            if pattern.name is not None:
                self.bind(pattern.name, self.nodes["L", self.nodes["e", subject]])
        elif isinstance(pattern, ast.MatchClass):
            self.bind_class_pattern(pattern, subject)
        elif isinstance(pattern, ast.MatchSequence):
            self.bind_sequence_pattern(pattern, subject)
        elif isinstance(pattern, ast.MatchMapping):
            for key, value in zip(pattern.keys, pattern.patterns, strict=True):
                self.bind_pattern(value, self.nodes["[", subject, self.read(key)])
            if pattern.rest is not None:
                self.bind(pattern.rest, self.nodes["D", UNKNOWN, self.nodes["[", subject, UNKNOWN]])
        elif isinstance(pattern, ast.MatchOr):
            for alternative in pattern.patterns:
                self.bind_pattern(alternative, subject)

    def bind_class_pattern(self, pattern: ast.MatchClass, subject: int) -> None:
        if self.rows[subject][0] != "i":
            subject = self.nodes["i", subject, self.annotation(pattern.cls), 1]
        for attribute, value in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            self.bind_pattern(value, self.nodes[".", subject, attribute])
        for value in pattern.patterns:
            # which attribute a position means is said by `__match_args__`; `str(x)` and the like give the subject
            plain = isinstance(pattern.cls, ast.Name) and pattern.cls.id in _SELF_MATCHING
            self.bind_pattern(value, subject if plain else UNKNOWN)

    def bind_sequence_pattern(self, pattern: ast.MatchSequence, subject: int) -> None:
        count = len(pattern.patterns)
        starred = next((i for i, p in enumerate(pattern.patterns) if isinstance(p, ast.MatchStar)), count)
        for position, value in enumerate(pattern.patterns):
            if position == starred:
                self.bind_pattern(value, subject)
            else:
                self.bind_pattern(value, self.nodes["u", subject, position if position < starred else position - count])


_SELF_MATCHING = frozenset(
    {"bool", "bytearray", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}
)
