"""What a rule file says, as plain data; apart from the tables, for reports need rules alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mergegate.finding import Confidence, Severity


@dataclass(frozen=True, slots=True)
class ExampleFile:
    """One file of an example; `expected` maps 1-based lines to the ids of the rules that report there, sorted."""

    path: str
    code: str
    expected: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Example:
    """A small program that shows a rule: `kind` is "bad" or "good"."""

    kind: str
    name: str
    files: tuple[ExampleFile, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as its file under `rules/<family>/<id>.toml` declares it.

    Attributes
    ----------
    id
        Kebab-case symbol that names the defect; also the pylint symbol.
    pylint
        pylint message id, such as `E7101`; empty if pylint itself reports the defect.
    check
        The algorithm that looks for it: a module of `mergegate.checks`.
    categories
        Which categories of knowledge entries this rule reports, for checks that serve several rules.
    applicability
        How far `mergegate fix` repairs what it reports: `safe`, `unsafe` (only with `--unsafe`), or empty: never.
    """

    id: str
    pylint: str
    family: str
    severity: Severity
    confidence: Confidence
    since: str
    check: str
    summary: str
    rationale: str
    fix: str
    categories: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    enabled: bool = True
    applicability: str = ""

    @property
    def pair(self) -> tuple[Example, ...]:
        """The first bad and the first good example: what reports and explanations show."""
        firsts = [next((each for each in self.examples if each.kind == kind), None) for kind in ("bad", "good")]
        return tuple(each for each in firsts if each is not None)
