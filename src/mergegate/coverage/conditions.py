"""The conditions of the coverage gate, each as a line of the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from mergegate.config_coverage import CoverageConfig
from mergegate.coverage.changes import Changed
from mergegate.coverage.codes import Codes
from mergegate.coverage.model import Figure, FileCoverage, Measurement, spelled, total
from mergegate.coverage.ratchet import Fall, Growth
from mergegate.coverage.unmeasured import matcher
from mergegate.errors import MergegateError
from mergegate.gate.conditions import Condition, Place, Status

SOURCE = "coverage"
TOTAL = "total"
GAPS = "'mergegate coverage report' shows which tests would help most"
ACCEPT = "or accept it with 'mergegate coverage update'"
_SHOWN = 50


def components(settings: CoverageConfig) -> dict[str, Callable[[str], bool]]:
    """Return what tells whether a file belongs to a component, by the name of each component with a floor."""
    return {name: _everything if name == TOTAL else matcher((name,)) for name in settings.floors}


def _everything(path: str) -> bool:
    del path
    return True


def broken(name: str, error: MergegateError | str) -> Condition:
    """Return the condition of evidence that says nothing."""
    return Condition(SOURCE, name, Status.BROKEN, text=str(error))


def floors(settings: CoverageConfig, measurement: Measurement) -> Iterator[Condition]:
    """Yield a condition for each component's floor."""
    for name, belongs in components(settings).items():
        floor = settings.floors[name]
        found = total(each.figure for path, each in measurement.files.items() if belongs(path))
        title = "total coverage" if name == TOTAL else f"coverage of {name}"
        if not found.total:
            text = f"{name} matches no measured file, so nothing is wrong with it: check the pattern in floors"
            yield Condition(SOURCE, title, Status.PASSED, str(found), _least(floor), text)
            continue
        yield _judged(title, found, floor, f"{_more(found.lacks(floor))} would do; {GAPS}")


def each_file(settings: CoverageConfig, measurement: Measurement) -> Iterator[Condition]:
    """Yield the condition of the floor that every file has to reach."""
    if settings.file_floor:
        low = {path: each for path, each in measurement.files.items() if not each.figure.reaches(settings.file_floor)}
        yield _files("coverage of each file", low, settings.file_floor, f"test what they do; {GAPS}")


def ratchet(settings: CoverageConfig, grown: Sequence[Growth], codes: Codes) -> Condition:
    """Return the condition that no file has more uncovered statements than its baseline."""
    worse = [each for each in grown if each.known and each.count > settings.ratchet_allowance]
    count = sum(each.count for each in worse)
    limit = f"{settings.ratchet_allowance} a file" if settings.ratchet_allowance else "0"
    if not worse:
        return Condition(SOURCE, "newly uncovered statements", Status.PASSED, "0", f"at most {limit}")
    named = _named([f"{each.path}: {spelled(codes.lines(each.path, each.missing, each.partial))}" for each in worse])
    text = f"no test runs {named} any more, or yet; test that, {ACCEPT}"
    places = [
        Place(
            each.path, line, "no test runs this statement, or one of its branches; the baseline does not have that gap"
        )
        for each in worse
        for line in codes.lines(each.path, each.missing, each.partial)
    ]
    title, actual = "newly uncovered statements", f"{count} in {_count(len(worse), 'file')}"
    return Condition(SOURCE, title, Status.FAILED, actual, f"at most {limit}", text, tuple(places[:_SHOWN]))


def component_ratchet(fallen: Mapping[str, Fall]) -> Condition:
    """Return the condition that no component covers less than in the baseline."""
    title = "components against the baseline"
    if not fallen:
        return Condition(SOURCE, title, Status.PASSED, "", "not less than the baseline")
    named = _named([f"{name} fell from {fall.before} to {fall.now}" for name, fall in fallen.items()])
    text = f"{named}; test the new code as well as the old, {ACCEPT}"
    return Condition(SOURCE, title, Status.FAILED, _count(len(fallen), "component"), "not less than the baseline", text)


def changed(
    settings: CoverageConfig, found: Figure, changes: Sequence[Changed], measurement: Measurement, base: str
) -> Condition:
    """Return the condition on the statements that a change brings."""
    title = f"statements changed since {base}"
    if not found.total:
        return Condition(SOURCE, title, Status.PASSED, str(found), _least(settings.changed), "no statement was changed")
    uncovered = found.total - found.covered
    allowed = uncovered <= settings.changed_allowance
    if found.reaches(settings.changed) or allowed:
        text = "" if found.reaches(settings.changed) else f"{uncovered} uncovered are within changed-allowance"
        return Condition(SOURCE, title, Status.PASSED, _of(found), _least(settings.changed), text)
    places = list(_changed_places(changes, measurement))
    by_file: dict[str, list[int]] = {}
    for each in places:
        by_file.setdefault(each.path, []).append(each.line)
    named = _named([f"{path}: {spelled(lines)}" for path, lines in by_file.items()])
    text = f"{_more(found.lacks(settings.changed))} would do: {named}; test them"
    return Condition(SOURCE, title, Status.FAILED, _of(found), _least(settings.changed), text, tuple(places[:_SHOWN]))


def _changed_places(changes: Sequence[Changed], measurement: Measurement) -> Iterator[Place]:
    for each in changes:
        file = measurement.files[each.path]
        partial = {branch.source for branch in file.partial}
        for line in sorted(each.lines & (file.missing | partial)):
            what = "no test runs this statement" if line in file.missing else "no test takes one of its branches"
            yield Place(each.path, line, f"{what}, which this change brings")


def new_files(settings: CoverageConfig, grown: Sequence[Growth], measurement: Measurement) -> Condition:
    """Return the condition that each file which the baseline does not know is covered as a change has to be."""
    low: dict[str, FileCoverage] = {}
    for each in grown:
        file = measurement.files[each.path]
        figure = Figure(file.figure.total - each.count, file.figure.total)
        if not each.known and not figure.reaches(settings.changed) and each.count > settings.changed_allowance:
            low[each.path] = file
    return _files("new files", low, settings.changed, "write a test for each")


def measured_files(new: Sequence[str], lost: Sequence[str]) -> Condition:
    """Return the condition that new Python files are measured at all, and that old ones still are.

    Parameters
    ----------
    new
        Files that no run measured, and that are not known as such.
    lost
        Files of the baseline that are there and were not measured.
    """
    title = "files that no run measured"
    if not new and not lost:
        return Condition(SOURCE, title, Status.PASSED, "0", "at most 0")
    texts: list[str] = []
    if new:
        texts.append(f"no test imports {_named(list(new))}: write a test, or name it in exclude of the settings")
    if lost:
        texts.append(f"{_named(list(lost))} was measured before: run all tests, {ACCEPT} if that is meant")
    places = tuple(Place(path, 0, "no run measured this file") for path in (*new, *lost)[:_SHOWN])
    return Condition(SOURCE, title, Status.FAILED, str(len(new) + len(lost)), "at most 0", "; ".join(texts), places)


def baseline_growth(grown: Sequence[Growth], base: str, shown: str) -> Condition:
    """Return the condition that the baseline accepts no more than the base's does."""
    title, known = f"baseline against {base}", [each for each in grown if each.known]
    if not known:
        return Condition(SOURCE, title, Status.PASSED, "0", "at most 0")
    count = sum(each.count for each in known)
    text = (
        f"{shown} accepts {_count(count, 'uncovered statement')} more than that of {base}, in "
        f"{_named([each.path for each in known])}; test them and run 'mergegate coverage update', "
        "or accept it with --allow-growth"
    )
    return Condition(SOURCE, title, Status.FAILED, str(count), "at most 0", text)


def _files(title: str, low: Mapping[str, FileCoverage], floor: float, what: str) -> Condition:
    if not low:
        return Condition(SOURCE, title, Status.PASSED, "", _least(floor))
    ordered = sorted(low, key=lambda path: (-low[path].figure.lacks(floor), path))
    text = f"{_named([f'{path} has {low[path].figure}' for path in ordered])}; {what}"
    places = tuple(Place(path, 0, f"{low[path].figure} of it is covered") for path in ordered[:_SHOWN])
    return Condition(SOURCE, title, Status.FAILED, f"{_count(len(low), 'file')} below", _least(floor), text, places)


def _judged(title: str, found: Figure, floor: float, text: str) -> Condition:
    reached = found.reaches(floor)
    status = Status.PASSED if reached else Status.FAILED
    return Condition(SOURCE, title, status, _of(found), _least(floor), "" if reached else text)


def _least(percent: float) -> str:
    return f"at least {percent:g} %"


def _of(found: Figure) -> str:
    return f"{found} ({found.covered} of {found.total})" if found.total else str(found)


def _more(count: int) -> str:
    return f"{count} more covered {'statement or branch' if count == 1 else 'statements or branches'}"


def _count(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _named(texts: Iterable[str]) -> str:
    shown = list(texts)
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return f"{'; '.join(shown[:3])}{more}"
