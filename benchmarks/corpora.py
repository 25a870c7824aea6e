"""The code that is measured: pinned packages fetched once, or local folders, staged as plain projects."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.errors import BenchmarkError

_PINS = Path(__file__).with_name("corpora.toml")


class Pin(NamedTuple):
    """A released package."""

    name: str
    version: str


class Corpus(NamedTuple):
    """A project to measure: `files` are absolute; `lines` counts them all."""

    name: str
    folder: Path
    files: tuple[Path, ...]
    lines: int


def pins(table: str = "corpus") -> list[Pin]:
    """Return the pinned packages of a table of `corpora.toml`."""
    entries = tomllib.loads(_PINS.read_text(encoding="utf-8"))[table]
    return [Pin(entry["name"], entry["version"]) for entry in entries]


def stage(source: str, cache: Path) -> Corpus:
    """Return a corpus by the name of a pinned package, as `name==version`, or by the path of a folder.

    Raises
    ------
    BenchmarkError
        The source is none of these, or pip cannot fetch it.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        return _copy(folder.name, folder.resolve(), cache)
    pin = known_pin(source)
    return _copy(f"{pin.name} {pin.version}", fetch(pin, cache), cache)


def known_pin(source: str) -> Pin:
    """Return the package meant by `name==version`, or by the name of a pinned one.

    Raises
    ------
    BenchmarkError
        It is neither.
    """
    name, _, version = source.partition("==")
    if version:
        return Pin(name, version)
    known = {pin.name: pin for pin in [*pins(), *pins("accuracy")]}
    if name not in known:
        raise BenchmarkError(f"{source} is neither a folder nor a pinned package", f"choose from {', '.join(known)}")
    return known[name]


def _copy(name: str, folder: Path, cache: Path) -> Corpus:
    """Stage the Python files of a folder: runs write a cache and edit a file, never in the original."""
    target = cache / "staged" / f"{folder.name}-{zlib.crc32(os.fsencode(folder)):08x}"
    shutil.rmtree(target, ignore_errors=True)
    _link_files(folder, folder.rglob("*.py"), target)
    return _read(name, target)


def fetch(pin: Pin, cache: Path) -> Path:
    """Return the folder of a package's unpacked Python files, from the cache or by pip."""
    target = cache / "packages" / f"{pin.name}-{pin.version}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        downloads, unpacked = Path(scratch) / "downloads", Path(scratch) / "unpacked"
        requirement = f"{pin.name}=={pin.version}"
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            str(downloads),
            requirement,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise BenchmarkError(f"pip cannot download {requirement}: {reason}", "give a local folder with --corpus")
        for name, data in _members(next(downloads.iterdir())):
            path = unpacked / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        unpacked.rename(target)
    return target


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Return the Python files of a wheel or a source archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                if _is_wanted(name):
                    yield name, wheel.read(name)
        return
    with tarfile.open(archive) as source:
        for member in source:
            if member.isfile() and _is_wanted(member.name):
                content = source.extractfile(member)
                if content is not None:
                    yield member.name, content.read()


def _is_wanted(name: str) -> bool:
    return name.endswith(".py") and not name.startswith("/") and ".." not in name.split("/")


def together(corpora: Sequence[Corpus], lines: int, cache: Path) -> Corpus | None:
    """Return one project of several corpora that has at least `lines` lines, or None if they do not suffice."""
    target = cache / "staged" / "together"
    shutil.rmtree(target, ignore_errors=True)
    total = 0
    for corpus in corpora:
        if total < lines:
            _link_files(corpus.folder, corpus.files, target / corpus.folder.name.replace(".", "_"))
            total += corpus.lines
    return _read(f"{total:,} lines together", target) if total >= lines else None


def _link_files(source: Path, files: Iterable[Path], target: Path) -> None:
    for path in files:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, copy)
        except OSError:
            shutil.copyfile(path, copy)


def _read(name: str, folder: Path) -> Corpus:
    # the file makes the folder a project of its own, whatever lies around it
    (folder / "mergegate.toml").write_text("", encoding="utf-8")
    files = tuple(sorted(folder.rglob("*.py")))
    return Corpus(name, folder, files, count_lines(files))


def count_lines(files: Iterable[Path]) -> int:
    """Return the number of lines of all files."""
    return sum(path.read_bytes().count(b"\n") for path in files)
