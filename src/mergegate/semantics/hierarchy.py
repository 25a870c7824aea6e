"""The class hierarchy: C3 linearisation over program and external classes, members, subclasses and overrides."""

from __future__ import annotations

from collections.abc import Sequence

from mergegate.semantics.values import ClassKey


def linearise(key: ClassKey, bases: Sequence[Sequence[ClassKey]]) -> list[ClassKey]:
    """Merge the linearisations of the bases by C3; an inconsistent hierarchy is flattened depth first.

    Parameters
    ----------
    key
        The class itself.
    bases
        The linearisation of each base, in order.
    """
    pending = [list(b) for b in bases if b]
    pending.append([b[0] for b in bases if b])
    order: list[ClassKey] = [key]
    while any(pending):
        pending = [p for p in pending if p]
        head = next((p[0] for p in pending if not any(p[0] in other[1:] for other in pending)), None)
        if head is None:
            flat = [k for p in pending for k in p]
            return order + [k for i, k in enumerate(flat) if k not in flat[:i] and k not in order]
        order.append(head)
        for p in pending:
            if p[0] == head:
                del p[0]
    return order
