"""`mergegate fix`: repair what can be repaired, and say what is left to do by hand."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mergegate.cli.examination import Examination
from mergegate.cli.options import CONFIG, PATH, Overrides, comparing, running, selecting
from mergegate.cli.output import write_out
from mergegate.cli.project import find_project, installed_plugins
from mergegate.errors import MergegateError
from mergegate.files.writing import write_bytes
from mergegate.gate.report import Report

if TYPE_CHECKING:
    from mergegate.finding import Finding
    from mergegate.fixes.rewriting import Left, Rewritten


@click.command("fix")
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--diff", is_flag=True, help="Show what would change instead of changing it.")
@click.option("--unsafe", is_flag=True, help="Make also the rewrites that may change what the program does.")
@selecting
@comparing
@running
@CONFIG
def command(paths: tuple[Path, ...], diff: bool, unsafe: bool, config: Path | None, **given: Any) -> int:
    """Repair what can be repaired for certain, and say what is left to do by hand.

    PATHS select the files (default: all). Findings of the baseline are repaired like new ones; with --since, only
    those are that the base does not have. Each file is written whole or not at all.

    Exit codes: 0 nothing is left, 1 something is (or, with --diff, something would change), 2 usage or internal error.
    """
    if find_spec("libcst") is None:
        raise MergegateError("'mergegate fix' needs the package libcst", "install it: pip install 'mergegate[fix]'")
    examination = Examination(find_project(paths, config), installed_plugins(), given)
    report = examination.report(paths, Overrides.of(given))
    since = given["since"] is not None
    run = _Run(report.root, unsafe=unsafe, diff=diff)
    for path, findings in _by_file(report, since=since).items():
        run.repair(path, findings)
    run.tell()
    return run.exit_code({id(result.finding) for result in report.new})


def _by_file(report: Report, *, since: bool) -> dict[str, list[Finding]]:
    """Return what is to be repaired: of the families for which there are rewrites, what no comment suppresses."""
    families = {rule.family for rule in report.rules.values() if rule.applicability}
    wanted = ("new",) if since else ("new", "baselined")
    found: dict[str, list[Finding]] = {}
    for result in report.results:
        if result.status in wanted and result.finding.family in families:
            found.setdefault(result.finding.path, []).append(result.finding)
    return found


class _Run:
    """Repairs files one after the other, and remembers what became of them.

    Parameters
    ----------
    root
        The folder to which paths are relative.
    """

    def __init__(self, root: Path, *, unsafe: bool, diff: bool) -> None:
        self.root = root
        self.unsafe = unsafe
        self.diff = diff
        self.done: dict[str, Rewritten] = {}

    def repair(self, path: str, findings: Sequence[Finding]) -> None:
        """Repair a file, or show how it would be repaired.

        Raises
        ------
        MergegateError
            If it cannot be read or written.
        """
        # libcst takes a while to import: projects without findings do not wait for it
        from mergegate.fixes.rewriting import Left, Rewritten, rewrite  # noqa: PLC0415

        if not any(finding.fix for finding in findings):
            self.done[path] = Rewritten(b"", (), tuple(Left(finding) for finding in findings))
            return
        file = self.root / path
        try:
            before = file.read_bytes()
            made = rewrite(before, findings, unsafe=self.unsafe, package=file.name == "__init__.py")
            if made.fixed and self.diff:
                write_out(_difference(path, before, made.data))
            elif made.fixed and file.read_bytes() == before:
                write_bytes(file, made.data)
        except OSError as error:
            raise MergegateError(f"{path} cannot be repaired: {error.strerror}", "make it writable") from None
        self.done[path] = made

    def tell(self) -> None:
        """Say what was done to each file and what is left: on standard output, beside a diff on standard error."""
        for line in self._lines():
            click.echo(line, err=self.diff)

    def _lines(self) -> Iterator[str]:
        for path, made in self.done.items():
            if made.fixed:
                rules = Counter(finding.rule for finding in made.fixed)
                told = ", ".join(f"{count} {rule}" for rule, count in sorted(rules.items()))
                yield f"{path}: {'would fix' if self.diff else 'fixed'} {told}"
            for left in made.left:
                yield from _left(left)
        fixed = sum(len(made.fixed) for made in self.done.values())
        files = sum(bool(made.fixed) for made in self.done.values())
        left = [each for made in self.done.values() for each in made.left]
        risky = sum(each.unsafe for each in left)
        more = f" ({risky} of them with --unsafe)" if risky else ""
        would = "would be fixed" if self.diff else "fixed"
        yield f"{fixed} {would} in {files} file{'' if files == 1 else 's'}, {len(left)} left{more}"

    def exit_code(self, new: set[int]) -> int:
        """Return 1 if a new finding is left or, with a diff, something would change."""
        left = any(id(each.finding) in new for made in self.done.values() for each in made.left)
        return int(left or (self.diff and any(made.fixed for made in self.done.values())))


def _left(left: Left) -> Iterator[str]:
    finding = left.finding
    yield f"{finding.path}:{finding.line}:{finding.column + 1}: left: {finding.rule}: {finding.message}"
    if left.reason:
        yield f"    {'only with --unsafe' if left.unsafe else 'not repaired'}: {left.reason}"
    if finding.help:
        yield f"    help: {finding.help}"


def _difference(path: str, before: bytes, after: bytes) -> Iterator[str]:
    old, new = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (before, after))
    for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
