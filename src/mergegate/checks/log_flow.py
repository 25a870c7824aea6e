"""Leaks through helpers: what is passed to functions that write it to a log, over any number of hops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from mergegate.finding import Confidence, Finding, Severity, Step
from mergegate.leaks.description import Leak, described
from mergegate.leaks.passing import Caller, Parameter, call_in, is_telling
from mergegate.leaks.places import weighed
from mergegate.rules.model import Knowledge, Rule
from mergegate.semantics.callgraph import CallGraph
from mergegate.semantics.chains import label
from mergegate.semantics.values import Value
from mergegate.syntax.summary import FunctionFlag, ModuleSummary, Operation, Row

# the stage that knows which functions write
STAGE = "leaks"
_MAX_HOPS = 4


class Writing(NamedTuple):
    """How a parameter gets into a log: what writes it, and the steps from its function to that."""

    sink: str
    steps: tuple[Step, ...]


class Call(NamedTuple):
    """A call in a function of the program, and the functions that it may run, each with its first free parameter."""

    function: int
    operation: Operation
    targets: tuple[tuple[int, int], ...]


# function to the parameters that it writes
Writers = dict[int, dict[str, Writing]]


def check(program: CallGraph, rules: Sequence[Rule], knowledge: Knowledge) -> Iterable[Finding]:
    """Yield one finding for each value with a telling name that is passed to a function which writes it.

    Parameters
    ----------
    rules
        The rules to report, picked by id; see `rules/pii`.
    """
    del knowledge
    writers = _known(program)
    if not writers:
        return
    flow = _Flow(program, {rule.id: rule for rule in rules})
    found: dict[tuple[Any, ...], Finding] = {}
    known = {(function, name) for function, given in writers.items() for name in given}
    for _ in range(_MAX_HOPS):
        passed_on: Writers = {}
        for call in _calls(program, writers):
            for finding in flow.findings(call, writers, passed_on):
                # of several ways to a log the shortest is told
                found.setdefault(finding.sort_key[:4], finding)
        writers = {
            function: new
            for function, given in passed_on.items()
            if (new := {name: way for name, way in given.items() if (function, name) not in known})
        }
        known.update((function, name) for function, given in writers.items() for name in given)
        if not writers:
            break
    yield from found.values()


def _known(program: CallGraph) -> Writers:
    """Return the functions that write what they are given themselves."""
    noted: Mapping[str, list[list[Any]]] = program.stage_results.get(STAGE, {})
    found: Writers = {}
    for module, path in enumerate(program.paths):
        rows = noted.get(path)
        if not rows:
            continue
        base = program.function_base[module]
        facts = program.modules[module].functions
        lines = {fact.line: number for number, fact in enumerate(facts) if not fact.flags & FunctionFlag.LAMBDA}
        for line, parameter, sink, at, written in rows:
            if line in lines:
                steps = (Step(path, at, f"{written}()"),)
                found.setdefault(base + lines[line], {})[parameter] = Writing(sink, steps)
    return found


def _calls(program: CallGraph, writers: Writers) -> Iterator[Call]:
    """Yield the calls that may run any of the writers, and nothing that is not known."""
    names = {program.functions[function].name for function in writers} - {"__init__"}
    names |= {
        program.classes[program.owner(function)].name
        for function in writers
        if program.functions[function].name == "__init__"
    }
    for module, summary in enumerate(program.modules):
        if names.isdisjoint(program.scanned(STAGE, module, partial(_called, summary, program.own_rows[module]))):
            continue
        rows = summary.rows
        nodes = {
            node
            for node in range(program.own_rows[module])
            if rows[node][0] == "(" and rows[rows[node][1]][0] in ".gm" and rows[rows[node][1]][-1] in names
        }
        targets: dict[int, tuple[tuple[int, int], ...]] = {}
        for number, fact in enumerate(summary.functions if nodes else ()):
            for operation in fact.operations:
                node = operation.node
                if operation.kind != "call" or node not in nodes:
                    continue
                if node not in targets:
                    targets[node] = _targets(program, program.value(module, rows[node][1]), writers)
                if targets[node]:
                    yield Call(program.function_base[module] + number, operation, targets[node])


def _called(summary: ModuleSummary, own_rows: int) -> list[str]:
    """Return the last names of all that a module calls: most modules call none of the writers."""
    rows: Sequence[Row] = summary.rows
    callees = [rows[int(row[1])] for row in islice(rows, own_rows) if row[0] == "("]
    return sorted({str(callee[-1]) for callee in callees if callee[0] in ".gm"})


def _targets(program: CallGraph, values: Iterable[Value], writers: Writers) -> tuple[tuple[int, int], ...]:
    """Return (function, first free parameter) of the writers among values; nothing if any value is something else."""
    found: list[tuple[int, int]] = []
    for value in values:
        if value[0] == "fn":
            function = int(value[1])
            found.append((function, int(value[2] is not None and program.method_kind(function) != "static")))
        elif value[0] == "cls" and (hit := program.find_method(value[1], "__init__")) is not None:
            module = program.class_module[hit[0]]
            row = program.row(module, hit[1])
            if row[0] != "l":
                return ()
            found.append((program.function_base[module] + int(row[1]), 1))
        else:
            return ()
    return tuple(each for each in found if each[0] in writers)


class _Flow:
    """Reads what calls pass on."""

    def __init__(self, program: CallGraph, rules: Mapping[str, Rule]) -> None:
        self._program = program
        self._rules = rules
        self._lines: tuple[int, list[bytes]] = (-1, [])
        self._callers: dict[int, Caller] = {}

    def findings(self, call: Call, writers: Writers, passed_on: Writers) -> Iterator[Finding]:
        """Yield what a call gives away, and note which parameters of the caller it passes on."""
        program, operation = self._program, call.operation
        text = self._text(program.function_module[call.function], operation)
        fact = program.functions[call.function]
        own = [each.name for each in fact.parameters]
        passes_own = any(name.encode() in text for name in own)
        node = call_in(text) if passes_own or is_telling(text) else None
        if node is None:
            return
        caller = self._caller(call.function)
        if caller.writes_itself(node):
            return
        path = program.paths[program.function_module[call.function]]
        for target, offset in call.targets:
            parameters = [Parameter(each.name, each.kind) for each in program.functions[target].parameters[offset:]]
            for name, way in writers[target].items():
                steps = (Step(path, operation.line, label(program, target)), *way.steps)
                for source in caller.sources(node, parameters, name):
                    leak = _placed(described(source, way.sink, _chain(steps)), operation)
                    yield from self._finding(path, fact.qualname, leak, steps)
                for parameter in caller.passed_on(node, parameters, name):
                    passed_on.setdefault(call.function, {}).setdefault(parameter, Writing(way.sink, steps))

    def _finding(self, path: str, scope: str, leak: Leak, steps: tuple[Step, ...]) -> Iterator[Finding]:
        rule = self._rules.get(leak.rule)
        if rule is None:
            return
        severity, confidence = weighed(path, Severity(leak.severity), Confidence(leak.confidence))
        last = steps[-1]
        yield Finding(
            rule.id, rule.family, severity, confidence, path, leak.line, leak.column, leak.end_line, leak.end_column,
            leak.message, leak.help, cause=f"{last.path}:{last.text}", scope=scope, witness=steps,
        )  # fmt: skip

    def _text(self, module: int, operation: Operation) -> bytes:
        lines = self._source(module)[operation.line - 1 : operation.end_line]
        if not lines:
            return b""
        lines[-1] = lines[-1][: operation.end_column]
        lines[0] = lines[0][operation.column :]
        return b"\n".join(lines)

    def _caller(self, function: int) -> Caller:
        if function not in self._callers:
            program, fact = self._program, self._program.functions[function]
            # the body of a module is too long to be read again
            is_def = fact.line > 0 and not fact.flags & FunctionFlag.LAMBDA and bool(fact.qualname)
            lines = self._source(program.function_module[function])[fact.line - 1 : fact.end_line] if is_def else []
            self._callers[function] = Caller(b"\n".join(lines))
        return self._callers[function]

    def _source(self, module: int) -> list[bytes]:
        if self._lines[0] != module:
            # as Python counts lines
            self._lines = (module, self._program.contents(module).replace(b"\r\n", b"\n").split(b"\n"))
        return self._lines[1]


def _placed(leak: Leak, operation: Operation) -> Leak:
    """Return a leak with the place that it has in its file instead of in the text of the call."""
    shift = operation.column - 1
    above = operation.line - 1
    return leak._replace(
        line=leak.line + above,
        column=leak.column + (shift if leak.line == 1 else 0),
        end_line=leak.end_line + above,
        end_column=leak.end_column + (shift if leak.end_line == 1 else 0),
    )


def _chain(steps: Sequence[Step]) -> str:
    """Return `notify() -> logger.info() (app/log.py:12)`."""
    last = steps[-1]
    return f"{' -> '.join(f'`{step.text}`' for step in steps)} ({last.path}:{last.line})"
