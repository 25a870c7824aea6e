"""The files that a commit has of a project, read from git only where they are different now."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mergegate.cache.keys import key
from mergegate.cache.store import Store
from mergegate.config import Config, find_files
from mergegate.engine.inputs import ChangedUnderneath, Input, look
from mergegate.engine.patterns import remembering
from mergegate.files.ignore import SUFFIX
from mergegate.git import Blob, Changes, Repository
from mergegate.secrets.kinds import kind_of

_MAX_LINKS = 8
_DIGEST = 16


class Past(NamedTuple):
    """A commit of a repository, and what has become of a project's files since."""

    repository: Repository
    commit: str
    changes: Changes


class PastFile(NamedTuple):
    """A file of a project in a commit.

    Attributes
    ----------
    path
        POSIX path relative to the project's root.
    blob
        The id of its content; empty if git does not keep it, so that the present file stands for it.
    same
        Whether the content is the present one.
    """

    path: str
    blob: str
    same: bool


def past_files(config: Config, past: Past, present: Collection[str], store: Store | None) -> list[PastFile]:
    """Return the files that are read of a project in a commit, sorted by path.

    What belongs to the project is decided by its present settings, ignore files and nested projects. Present files that
    git does not keep here (ignored ones, those of repositories inside) count as unchanged.

    Parameters
    ----------
    config
        The project.
    past
        The commit.
    present
        The paths of the project's present files.
    store
        The cache.
    """
    prefix = past.repository.prefix(config.root)
    tree = past.repository.files(past.commit, prefix)
    kept = {path.removeprefix(prefix): blob for path, blob in tree.items() if _is_read(path.removeprefix(prefix))}
    here = frozenset(present)
    members = here
    # a present file that is none of the project's was left out by its settings
    vanished = [path for path in kept if path not in here and not os.path.isfile(config.root / path)]  # noqa: PTH113
    if vanished:
        also = find_files(config, also=vanished, translate=remembering(store), wants=kind_of)
        members = here | {file.path for file in (*also.files, *also.others)}
    links = _Links(past, tree, [blob for path, blob in kept.items() if path in members and not blob.is_file])
    found = [PastFile(path, "", same=True) for path in _left_alone(config.root, prefix, past, here - kept.keys())]
    for path, blob in kept.items():
        if path not in members:
            continue
        content = links.follow(blob)
        if content is None:
            found.append(PastFile(path, "", same=True))
        else:
            # of what lies outside of the project the changes say nothing
            same = content.path.startswith(prefix) and past.changes.paths.isdisjoint((blob.path, content.path))
            found.append(PastFile(path, content.id, same))
    return sorted(found)


def _is_read(path: str) -> bool:
    return path.endswith(SUFFIX) or bool(kind_of(path))


class _Links:
    """Follows symbolic links within a commit."""

    def __init__(self, past: Past, tree: Mapping[str, Blob], links: Sequence[Blob]) -> None:
        self._past = past
        self._tree = tree
        self._targets = _read(past.repository, [blob.id for blob in links])

    def follow(self, blob: Blob) -> Blob | None:
        """Return the file to which a link leads, None if that is none of this commit; a file leads to itself."""
        repository, commit = self._past.repository, self._past.commit
        for _ in range(_MAX_LINKS):
            if blob.is_file:
                return blob
            if blob.id not in self._targets:
                self._targets |= _read(repository, [blob.id])
            folder = posixpath.dirname(blob.path)
            path = posixpath.normpath(posixpath.join(folder, os.fsdecode(self._targets[blob.id])))
            if path.startswith(("/", "../")):
                return None
            target = self._tree.get(path) or repository.files(commit, path).get(path)
            if target is None:
                return None
            blob = target
        return None


def _left_alone(root: Path, prefix: str, past: Past, paths: Collection[str]) -> Iterator[str]:
    """Yield those files that are not in the commit, but not for being new: git would not take them into any."""
    own: list[str] = []
    inner: dict[str, bool] = {"": False}

    def in_inner(folder: str) -> bool:
        known = inner.get(folder)
        if known is None:
            # a submodule, or a clone inside that git knows nothing of
            known = (root / folder / ".git").exists() or in_inner(posixpath.dirname(folder))
            inner[folder] = known
        return known

    for path in paths:
        if in_inner(posixpath.dirname(path)):
            yield path
        else:
            own.append(prefix + path)
    for path in past.repository.ignored(own):
        yield path.removeprefix(prefix)


class PastReader:
    """Reads the files of a commit; those that are the same now are taken as the present run has read them.

    Parameters
    ----------
    root
        The project's folder.
    repository
        Where the others come from.
    present
        The present files by path.
    store
        Where digests of blobs are remembered; None: all are read.
    """

    def __init__(self, root: Path, repository: Repository, present: Mapping[str, Input], store: Store | None) -> None:
        self._root = root
        self._repository = repository
        self._present = present
        self._store = store
        self._blobs: dict[str, str] = {}
        self._held: dict[str, bytes] = {}

    def read(self, files: Sequence[PastFile]) -> list[Input]:
        """Return the inputs of files, in their order; one that is the same but missing was not checked out."""
        inputs: list[Input] = []
        self._blobs = {file.path: file.blob for file in files if not file.same}
        known = self._digests()
        for file in files:
            if file.path in self._blobs:
                inputs.append(known[file.blob]._replace(path=file.path))
            elif file.path in self._present:
                inputs.append(self._present[file.path])
        return inputs

    def contents(self, input_: Input) -> bytes:
        """Return the contents of an input.

        Raises
        ------
        ChangedUnderneath
            If a present file is not any more what the present run has read.
        """
        blob = self._blobs.get(input_.path)
        return self._present_contents(input_) if blob is None else self._blob(blob)

    def source(self, path: str) -> bytes:
        """Return what a file held, for whoever shows findings. May raise OSError."""
        return self._blob(self._blobs[path]) if path in self._blobs else (self._root / path).read_bytes()

    def release(self) -> None:
        """Let go of the contents that were read."""
        self._held.clear()

    def _blob(self, blob: str) -> bytes:
        if blob not in self._held:
            # whoever asks for one that was remembered asks for the others too
            self._held |= _read(self._repository, [each for each in self._blobs.values() if each not in self._held])
        return self._held[blob]

    def _present_contents(self, input_: Input) -> bytes:
        if input_.problem:
            return b""
        try:
            data = (self._root / input_.path).read_bytes()
        except OSError:
            raise ChangedUnderneath(input_.path) from None
        if look(input_.path, data).digest != input_.digest:
            raise ChangedUnderneath(input_.path)
        return data

    def _digests(self) -> dict[str, Input]:
        """Return an input for each blob that is to be read, remembered or read."""
        entries = {key("blob", blob.encode("ascii")): blob for blob in self._blobs.values()}
        stored = self._store.get_many(entries) if self._store is not None else {}
        known = {
            entries[entry]: Input("", value[:_DIGEST], int.from_bytes(value[_DIGEST:], "little"))
            for entry, value in stored.items()
            if len(value) > _DIGEST
        }
        self._held = _read(self._repository, [blob for blob in entries.values() if blob not in known])
        for entry, blob in entries.items():
            if blob not in known:
                seen = known[blob] = look("", self._held[blob])
                if self._store is not None:
                    self._store.put("blob", entry, seen.digest + seen.lines.to_bytes(8, "little"))
        return known


def _read(repository: Repository, ids: Sequence[str]) -> dict[str, bytes]:
    wanted = list(dict.fromkeys(ids))
    return dict(zip(wanted, repository.read(wanted), strict=True)) if wanted else {}
