"""Links: the linked program of the last run, in the cache; the next run takes over what an edit left alone."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from mergegate.cache.keys import key
from mergegate.cache.store import Store
from mergegate.engine.extraction import summary_key
from mergegate.engine.inputs import Input
from mergegate.semantics.earlier import decode_state, encode_state
from mergegate.semantics.program import Before
from mergegate.semantics.recording import RecordingGraph
from mergegate.syntax.codec import decode


class Links:
    """The linked program of one project in the cache.

    Parameters
    ----------
    store
        The cache.
    name
        What the program is remembered by.
    base
        A digest of all that it depends on beside its modules and the installed packages.
    kept
        Whether this run's is worth its room.
    """

    def __init__(self, store: Store, name: str, base: bytes, *, kept: bool) -> None:
        self._store = store
        self._name = f"link:{name}"
        self._base = base
        self._kept = kept
        self._frame = b""
        self._keys: list[bytes] = []

    def before(self, inputs: Sequence[Input], tables: bytes) -> Before | None:
        """Return the program of the last run, None if there is none that this run could take anything over from.

        Parameters
        ----------
        inputs
            The files of the program, sorted by path.
        tables
            A digest of what is known of installed packages.
        """
        self._frame = key("link", self._base, tables)
        self._keys = [summary_key(each) for each in inputs]
        stored = self._store.state(self._name)
        if not stored:
            return None
        try:
            state = decode_state(stored)
        except ValueError:
            return None
        paths = [each.path for each in inputs]
        if state.frame != self._frame or [path for path, _ in state.modules] != paths:
            return None
        pairs = zip(state.modules, self._keys, strict=True)
        changed = {path: was for (path, was), now in pairs if was != now}
        found = self._store.get_many(dict.fromkeys(changed.values()))
        with contextlib.suppress(KeyError, ValueError):
            return Before(state, {path: decode(found[was]) for path, was in changed.items()})
        return None

    def keep(self, program: RecordingGraph) -> None:
        """Keep a program for the next run."""
        if self._kept and not program.is_entangled:
            # names of files need not be text: such a program is linked anew each time
            with contextlib.suppress(UnicodeEncodeError):
                self._store.put_state(self._name, encode_state(program, self._frame, self._keys))

    def distrust(self) -> None:
        """Forget the program of the last run."""
        self._store.put_state(self._name, b"")
