"""The stage of summaries: what each file says to the program, through the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from mergegate.cache.keys import EXTRACTOR, key, sources_part
from mergegate.engine.inputs import Input
from mergegate.engine.per_file import FileStage
from mergegate.engine.stack import on_fresh_stack

if TYPE_CHECKING:
    from mergegate.syntax.summary import ModuleSummary
    from mergegate.trees import Parsed

# encoded where it comes out of the cache or from another process
Summary: TypeAlias = "bytes | ModuleSummary"


class Summaries(FileStage):
    """The summaries of files.

    Attributes
    ----------
    cached
        How many of the files that were looked up have their summary in the cache.
    """

    entry = "summary"

    def keys(self, inputs: Iterable[Input]) -> list[bytes]:
        """Return the keys of summaries: equal files have equal ones, wherever they are."""
        return [summary_key(each) for each in inputs]

    def read(self, data: bytes) -> Summary:
        """Return a summary as it is: it is decoded when it is linked."""
        return data

    def look_up(self, inputs: Sequence[Input]) -> None:
        """Find out of which files the summary is known."""
        super().look_up(inputs)
        self.cached = sum(each not in self.stale for each in self._keys)

    def take(self, entry: bytes, made: Any) -> None:
        """Take a summary, encoded or not: it need not be to be linked in the process that made it."""
        self._known[entry] = made
        if self.store is not None:
            self.store.put(self.entry, entry, encoded(made))

    def given(self) -> list[Summary]:
        """Return the summaries of the files, which are let go of here: a big program would be held twice."""
        found = self.results()
        self._known.clear()
        return found


def summary_key(input_: Input) -> bytes:
    """Return the key of a file's summary."""
    return key("summary", sources_part(EXTRACTOR), input_.digest)


def maker() -> Callable[[Parsed, str], ModuleSummary]:
    """Return what makes the summary of a file."""
    from mergegate.syntax.extract import summary_of  # noqa: PLC0415  (a run without changes needs none)

    return lambda parsed, _: summary_of(parsed.data, parsed.tree)


def summarise_all(files: list[bytes]) -> list[bytes]:
    """Return the encoded summaries of contents."""
    from mergegate.syntax.extract import summarise  # noqa: PLC0415  (a run without changes needs none)

    return on_fresh_stack(lambda: [summarise(data) for data in files])


def encoded(made: Summary) -> bytes:
    """Return what was made of a file as bytes."""
    if isinstance(made, bytes):
        return made
    from mergegate.syntax.codec import encode  # noqa: PLC0415  (a run without changes needs none)

    return encode(made)
