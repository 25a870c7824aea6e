"""Which rules are asked for by the names of rules and families."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mergegate.rules.rule import Rule

EVERYTHING = "all"


def selected_rules(rules: Mapping[str, Rule], select: Collection[str], ignore: Collection[str]) -> frozenset[str]:
    """Return the ids of the rules that are asked for.

    Of the names the more specific one wins: a rule over its family over `all`; of equally specific ones, `ignore`. A
    family stands for its rules that are enabled by default, and for all of them if none is.

    Parameters
    ----------
    rules
        The known rules by id.
    select
        Names of rules and families; empty: every rule that is enabled by default.
    ignore
        Names of rules and families that are not asked for.
    """
    on = {rule.family for rule in rules.values() if rule.enabled}

    def is_selected(rule: Rule) -> bool:
        for name in (rule.id, rule.family, EVERYTHING):
            if name in ignore:
                return False
            if name in select:
                return rule.enabled or name != rule.family or rule.family not in on
        return rule.enabled and not select

    return frozenset(rule.id for rule in rules.values() if is_selected(rule))
