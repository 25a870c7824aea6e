"""Reading a git repository: commits, trees, blobs and renames, through git's plumbing and without touching anything."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from mergegate.errors import MergegateError

# a hook exports these for its own repository, relative to a folder that need not be ours
_FOREIGN = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE", "GIT_LITERAL_PATHSPECS", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS",
)  # fmt: skip
_FIXED = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
# no transport may start (older versions of git fetch what a partial clone lacks), and no program of the repository's
_COMMAND = (
    "git", "--literal-pathspecs", "-c", "protocol.allow=never", "-c", "core.fsmonitor=false",
    "-c", f"core.hooksPath={os.devnull}", "-c", "core.quotePath=false",
)  # fmt: skip
_EMPTY_BLOBS = frozenset(
    {
        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
        "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
    }
)
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_SUBMODULE = "160000"


class GitError(MergegateError):
    """Git is missing, refuses, or does not know what it was asked for."""


class Blob(NamedTuple):
    """A file in a commit: its path from the repository's root, the id of its content and its mode (`100644`)."""

    path: str
    id: str
    mode: str

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file, no symbolic link."""
        return self.mode.startswith("100")


class Commit(NamedTuple):
    """A commit of a history: its id, and the day on which it was made (ISO 8601)."""

    id: str
    day: str


class Changes(NamedTuple):
    """What became of the files of a commit; all paths are from the repository's root.

    Attributes
    ----------
    paths
        The files that are different now, gone or renamed. Line ends that git converts are no difference.
    renames
        The new paths of renamed files by the old ones. Git judges by similar content; pairs of empty files are left
        out: they are equal, not the same.
    """

    paths: frozenset[str]
    renames: dict[str, str]


class Index(NamedTuple):
    """What the next commit would hold.

    Attributes
    ----------
    staged
        Paths from the root of the files that it adds or changes.
    differing
        The ids of what the index holds of the files that are otherwise in the work tree, by path.
    """

    staged: tuple[str, ...]
    differing: Mapping[str, str]


class Repository:
    """A git repository with a work tree.

    Parameters
    ----------
    root
        The top folder of the work tree.
    is_shallow
        Whether history was cut when it was cloned.
    """

    def __init__(self, root: Path, *, is_shallow: bool = False) -> None:
        self.root = root
        self.is_shallow = is_shallow

    @classmethod
    def find(cls, folder: Path) -> Repository | None:
        """Return the repository that holds a folder, None if there is none.

        Raises
        ------
        GitError
            If there is one and git is not installed or refuses to read it.
        """
        folder = folder.resolve()
        if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
            return None
        answer = _output(folder, "rev-parse", "--show-toplevel", "--is-shallow-repository")
        top, shallow = answer.rstrip(b"\n").rsplit(b"\n", 1)
        return cls(Path(os.fsdecode(top)).resolve(), is_shallow=shallow == b"true")

    def prefix(self, folder: Path) -> str:
        """Return the path from the root to a folder inside, ending in a slash; empty for the root itself."""
        relative = folder.resolve().relative_to(self.root).as_posix()
        return "" if relative == "." else f"{relative}/"

    def resolve(self, revision: str) -> str:
        """Return the id of the commit that a revision names; a branch may also be one of `origin`.

        Raises
        ------
        GitError
            If there is no such commit here; the hint says what to fetch.
        """
        for name in (revision, f"origin/{revision}"):
            done = _run(self.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            if done.returncode == 0:
                return done.stdout.strip().decode("ascii")
        raise GitError(f"{revision!r} is no commit that this clone knows", self._what_to_fetch(revision))

    def merge_base(self, one: str, other: str) -> str:
        """Return the commit at which two lines of history parted.

        Raises
        ------
        GitError
            If they have none in common, as in a shallow clone.
        """
        first, second = self.resolve(one), self.resolve(other)
        done = _run(self.root, "merge-base", first, second)
        if done.returncode == 0:
            return done.stdout.split()[0].decode("ascii")
        raise GitError(f"{one!r} and {other!r} have no commit in common here", self._what_to_fetch(one))

    def files(self, commit: str, prefix: str = "") -> dict[str, Blob]:
        """Return the files and symbolic links of a commit by path, those below a prefix if one is given.

        Parameters
        ----------
        commit
            A commit's id, as `resolve` gives it.
        prefix
            Path from the repository's root; a folder ends in a slash.
        """
        below = ("--", prefix.rstrip("/")) if prefix else ()
        listing = _output(self.root, "ls-tree", "-r", "-z", "--full-tree", commit, *below)
        found: dict[str, Blob] = {}
        for line in listing.split(b"\0"):
            if not line:
                continue
            entry, _, name = line.partition(b"\t")
            mode, kind, identity = entry.decode("ascii").split()
            if kind == "blob":
                path = os.fsdecode(name)
                found[path] = Blob(path, identity, mode)
        return found

    def read(self, ids: Iterable[str]) -> Iterator[bytes]:
        """Give the contents of blobs in the order of their ids, one at a time.

        Raises
        ------
        GitError
            If one is not here, as in a partial clone.
        """
        with subprocess.Popen(
            (*_COMMAND, "cat-file", "--batch"),
            cwd=self.root, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            asked, answers = process.stdin, process.stdout
            if asked is None or answers is None:
                return
            for identity in ids:
                asked.write(f"{identity}\n".encode("ascii"))
                asked.flush()
                header = answers.readline().split()
                if len(header) != 3:
                    asked.close()
                    message = f"The content {identity} is not in this clone"
                    raise GitError(message, "it is a partial clone: clone without --filter")
                size = int(header[2])
                yield answers.read(size + 1)[:size]
            asked.close()

    def index(self) -> Index:
        """Return what the index holds beside the last commit and the files that are there.

        Raises
        ------
        GitError
            If git fails.
        """
        staged = _raw(_output(self.root, "diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames"))
        differing = _raw(_output(self.root, "diff", "--raw", "-z", "--no-abbrev", "--no-renames"))
        # of a file that differs, git names what the index has first
        return Index(
            tuple(path for path, (_, after, is_file) in staged.items() if is_file and after.strip("0")),
            {path: before for path, (before, _, _) in differing.items() if before.strip("0")},
        )

    def show(self, commit: str, path: str) -> bytes | None:
        """Return what a file holds in a commit, None if the commit has no such file; the path is from the root."""
        blob = self.files(commit, path).get(path)
        return next(self.read((blob.id,))) if blob is not None and blob.is_file else None

    def renames(self, base: str, head: str | None = None, prefix: str = "") -> dict[str, str]:
        """Return what was renamed since a commit; the parameters are those of `changes`."""
        return self.changes(base, head, prefix).renames

    def changes(self, base: str, head: str | None = None, prefix: str = "") -> Changes:
        """Return what has become of the files of a commit.

        Parameters
        ----------
        base
            The commit to compare with.
        head
            The commit that came later; None: the work tree with what is staged in it.
        prefix
            Only below this folder.
        """
        between = (base,) if head is None else (base, head)
        listing = _output(
            self.root, "diff", "--raw", "-z", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--no-relative",
            "--ignore-submodules", "--find-renames", *between, "--", *((prefix,) if prefix else ()),
        )  # fmt: skip
        fields = iter(listing.split(b"\0"))
        paths: set[str] = set()
        renames: dict[str, str] = {}
        for entry in fields:
            if not entry:
                continue
            _, _, old_id, _, kind = entry.split()
            old = os.fsdecode(next(fields))
            if not kind.startswith(b"A"):
                paths.add(old)
            if kind.startswith(b"R"):
                new = os.fsdecode(next(fields))
                if old_id.decode("ascii") not in _EMPTY_BLOBS:
                    renames[old] = new
        return Changes(frozenset(paths), renames)

    def added_lines(self, base: str, prefix: str = "") -> dict[str, frozenset[int]]:
        """Return the lines that the work tree has and a commit has not, by path from the root.

        Blanks, empty lines and renames make no difference; files that are in neither the commit nor the index are left
        out.

        Parameters
        ----------
        base
            The commit.
        prefix
            Only below this folder.
        """
        listing = _output(
            self.root, "diff", "--unified=0", "--no-color", "--no-ext-diff",
            "--no-textconv", "--no-relative", "--ignore-submodules", "--find-renames", "--ignore-all-space",
            "--ignore-blank-lines", "--diff-algorithm=histogram", "--src-prefix=a/", "--dst-prefix=b/", base, "--",
            *((prefix,) if prefix else ()),
        )  # fmt: skip
        found: dict[str, set[int]] = {}
        lines: set[int] = set()
        left = 0
        for line in listing.split(b"\n"):
            if left:
                # what stands in the files may look like anything; the note on a last line without an end is not of them
                left -= not line.startswith(b"\\ ")
            elif line.startswith(b"+++ b/"):
                lines = found.setdefault(os.fsdecode(line[6:].rstrip(b"\t")), set())
            elif hunk := _HUNK.match(line):
                first, count = int(hunk[2]), int(hunk[3] or 1)
                lines.update(range(first, first + count))
                left = int(hunk[1] or 1) + count
        return {path: frozenset(each) for path, each in found.items()}

    def branch(self) -> str:
        """Return the name of the branch that is checked out, empty if none is."""
        return _run(self.root, "symbolic-ref", "--short", "--quiet", "HEAD").stdout.strip().decode("utf-8", "replace")

    def history(self, path: str, limit: int) -> list[Commit]:
        """Return the last commits that changed a file, the oldest first; the path is from the root."""
        listing = _output(self.root, "log", f"--max-count={limit}", "--format=%H %cs", "--", path)
        return [Commit(*line.split(" ")) for line in reversed(listing.decode("ascii").splitlines())]

    def change_counts(self, limit: int, prefix: str = "") -> dict[str, int]:
        """Return how many of the last commits changed each file, by path from the root."""
        listing = _output(
            self.root, "log", f"--max-count={limit}", "--no-merges", "--format=", "--name-only", "-z", "--no-renames",
            "--", *((prefix,) if prefix else ()),
        )  # fmt: skip
        counts: dict[str, int] = {}
        for name in listing.split(b"\0"):
            path = os.fsdecode(name.strip(b"\n"))
            if path:
                counts[path] = counts.get(path, 0) + 1
        return counts

    def ignored(self, paths: Iterable[str]) -> frozenset[str]:
        """Return those of some files that git neither tracks nor would add; none may lie in another repository."""
        # this command takes no literal paths; behind `./` nothing is magic
        asked = b"".join(b"./" + os.fsencode(path) + b"\0" for path in paths)
        if not asked:
            return frozenset()
        done = _run(self.root, "--no-literal-pathspecs", "check-ignore", "-z", "--stdin", given=asked)
        if done.returncode not in (0, 1):
            raise _failure("check-ignore", done)
        return frozenset(os.fsdecode(path[2:]) for path in done.stdout.split(b"\0") if path)

    def remote_urls(self) -> tuple[str, ...]:
        """Return the addresses of the remote repositories; they may hold credentials, so they are not to be shown."""
        done = _run(self.root, "config", "--null", "--get-regexp", r"^remote\..*\.url$")
        entries = done.stdout.decode("utf-8", "replace").split("\0")
        return tuple(url for entry in entries if (url := entry.partition("\n")[2]))

    def default_branch(self) -> str:
        """Return the branch that `origin` or, failing that, this clone takes for the main one; empty if it is unknown.

        Without a remote it is `main` or `master` if there is one, else the branch that is checked out.
        """
        head = _run(self.root, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
        if head.returncode == 0:
            return os.fsdecode(head.stdout).strip().removeprefix("origin/")
        for name in ("main", "master"):
            for place in ("remotes/origin", "heads"):
                known = _run(self.root, "rev-parse", "--verify", "--quiet", f"refs/{place}/{name}")
                if known.returncode == 0:
                    return name
        current = _run(self.root, "symbolic-ref", "--quiet", "--short", "HEAD")
        return os.fsdecode(current.stdout).strip()

    def _what_to_fetch(self, revision: str) -> str:
        branch = revision.removeprefix("origin/")
        if self.is_shallow:
            return (
                f"the clone is shallow: run 'git fetch --unshallow origin {branch}', "
                "or give the checkout step of CI fetch-depth: 0"
            )
        return f"check the spelling, or run 'git fetch origin {branch}'"


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {**kept, **_FIXED}


def _run(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = (*_COMMAND, *arguments)
    try:
        return subprocess.run(command, cwd=folder, env=_environment(), input=given, capture_output=True, check=False)
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}", "install git and put it on the PATH") from None


def _output(folder: Path, *arguments: str) -> bytes:
    done = _run(folder, *arguments)
    if done.returncode:
        raise _failure(arguments[0], done)
    return done.stdout


def _raw(output: bytes) -> dict[str, tuple[str, str, bool]]:
    """Read `git diff --raw -z`: by path the ids before and after, and whether it is a file after."""
    parts = output.rstrip(b"\0").split(b"\0") if output else []
    found: dict[str, tuple[str, str, bool]] = {}
    for head, path in zip(parts[::2], parts[1::2], strict=True):
        old, new, before, after, _ = head.decode("ascii").lstrip(":").split()
        if _SUBMODULE in (old, new):
            continue
        found[os.fsdecode(path)] = before, after, new.startswith("100")
    return found


def _failure(command: str, done: subprocess.CompletedProcess[bytes]) -> GitError:
    said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    advice = next((line.strip() for line in said[1:] if line.strip().startswith("git ")), "")
    reason = said[0].removeprefix("fatal: ").removeprefix("error: ")
    return GitError(f"git {command} failed: {reason}", f"run '{advice}'" if advice else "")
