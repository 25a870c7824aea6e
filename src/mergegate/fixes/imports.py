"""Imports of a rewritten file: names come from elsewhere, new ones are added, and those without a use go."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

import libcst as cst

from mergegate.fixes.bindings import Bindings
from mergegate.fixes.code import chain, dotted
from mergegate.fixes.draft import Edited, Move, Plan

_FUTURE = "__future__"


# -- names that come from elsewhere --------------------------------------------------------------------------------


def plan_moves(plan: Plan, parents: dict[cst.CSTNode, cst.CSTNode], module: cst.Module) -> None:
    """Turn the moves of a plan into edits of import statements, and into names to import."""
    by_statement: dict[cst.ImportFrom, list[Move]] = {}
    for statement, move in plan.moves:
        by_statement.setdefault(statement, []).append(move)
    for statement, moves in by_statement.items():
        line = parents[statement]
        at_top = line in module.body
        apart: list[Move] = []
        for move in moves:
            if at_top and move.local == move.name and dotted(statement.module or cst.Name("")) != move.home:
                plan.needs[move.home, move.name] = None
            else:
                apart.append(move)
        gone = [move.alias for move in moves]
        plan.edits.append((line, _moved(statement, gone, apart)))


def _moved(
    statement: cst.ImportFrom, gone: Sequence[cst.ImportAlias], apart: Sequence[Move]
) -> Callable[[object], Edited]:
    def made(updated: object) -> Edited:
        assert isinstance(updated, cst.SimpleStatementLine)
        position = next((i for i, each in enumerate(updated.body) if _is_same(each, statement)), None)
        if position is None:
            return updated
        home = dotted(statement.module or cst.Name(""))
        old = updated.body[position]
        assert isinstance(old, cst.ImportFrom)
        assert not isinstance(old.names, cst.ImportStar)
        spelled = {_spelled(alias) for alias in gone}
        kept = [each for each in old.names if _spelled(each) not in spelled]
        kept = _joined(kept, old.names, [_alias(each) for each in apart if each.home == home])
        others = [cst.ImportFrom(chain(each.home), [_alias(each)]) for each in apart if each.home != home]
        rest: list[cst.BaseSmallStatement] = [*([old.with_changes(names=kept)] if kept else []), *others]
        if not rest and len(updated.body) == 1:
            return cst.RemoveFromParent()
        body = [*updated.body[:position], *rest, *updated.body[position + 1 :]]
        if len(updated.body) > 1:
            return updated.with_changes(body=body)
        lines = [cst.SimpleStatementLine([each]) for each in rest]
        lines[0] = updated.with_changes(body=[rest[0]])
        return cst.FlattenSentinel(lines)

    return made


def _is_same(node: cst.CSTNode, statement: cst.ImportFrom) -> bool:
    return isinstance(node, cst.ImportFrom) and node.deep_equals(statement)


def _spelled(alias: cst.ImportAlias) -> tuple[str, str]:
    return alias.evaluated_name, alias.evaluated_alias or ""


def _alias(move: Move) -> cst.ImportAlias:
    as_ = cst.AsName(cst.Name(move.local)) if move.local != move.name else None
    return cst.ImportAlias(cst.Name(move.name), as_)


def _joined(
    kept: Sequence[cst.ImportAlias], before: Sequence[cst.ImportAlias], added: Iterable[cst.ImportAlias]
) -> list[cst.ImportAlias]:
    """Return names of an import in order, if they were in one, laid out as those before."""
    known = {_spelled(each) for each in kept}
    names = [*kept, *(each for each in added if _spelled(each) not in known)]
    for key in _ORDERS:
        keys = [key(each.evaluated_name) for each in before]
        if keys == sorted(keys):
            names.sort(key=lambda each: key(each.evaluated_name))
            break
    between = next((each.comma for each in before[:-1] if _is_plain(each.comma)), None)
    between = between or next((each.comma for each in before[:-1] if isinstance(each.comma, cst.Comma)), _COMMA)
    return [_with_comma(each, before, between, last=index == len(names) - 1) for index, each in enumerate(names)]


def _with_comma(
    alias: cst.ImportAlias,
    before: Sequence[cst.ImportAlias],
    between: cst.Comma | cst.MaybeSentinel,
    *,
    last: bool,
) -> cst.ImportAlias:
    if last:
        return alias.with_changes(comma=before[-1].comma)
    own = isinstance(alias.comma, cst.Comma) and alias is not before[-1] and alias in before
    return alias if own else alias.with_changes(comma=between)


def _is_plain(comma: object) -> bool:
    return isinstance(comma, cst.Comma) and (
        not isinstance(comma.whitespace_after, cst.ParenthesizedWhitespace)
        or (comma.whitespace_after.first_line.comment is None and not comma.whitespace_after.empty_lines)
    )


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
# the orders in which names of an import stand: as isort sorts them, in ASCII, by the alphabet
_ORDERS: tuple[Callable[[str], tuple[int, str]], ...] = (
    lambda name: (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name),
    lambda name: (0, name),
    lambda name: (0, name.casefold()),
)


# -- what is needed and what is not --------------------------------------------------------------------------------


def finish(module: cst.Module, plan: Plan, *, keep: bool) -> cst.Module:
    """Return the file with what the edits need imported, and without the imports that they left without a use.

    Parameters
    ----------
    keep
        Whether imports without a use stay, as in the `__init__.py` of a package.
    """
    bindings = Bindings.of(module)
    unused = {
        name
        for name in plan.retired
        if not keep
        and name not in bindings.uses
        and len(bindings.bound.get(name, ())) == 1
        and not any(name in text.replace("[", ".").split(".") for text in bindings.names_in_strings)
    }
    needs = [(home, name) for home, name in plan.needs]
    body = list(module.body)
    for home, name in needs:
        body = _added(module, body, home, name)
    made = module.with_changes(body=body)
    if unused:
        made = made.visit(_Dropping(unused))
    return made


_Small = cst.BaseSmallStatement | cst.RemovalSentinel


class _Dropping(cst.CSTTransformer):
    """Takes names out of import statements."""

    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self.names = names

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> _Small:  # noqa: ARG002, N802
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        return self._kept(updated_node, updated_node.names)

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> _Small:  # noqa: ARG002, N802
        return self._kept(updated_node, updated_node.names)

    def _kept(self, statement: cst.ImportFrom | cst.Import, names: Sequence[cst.ImportAlias]) -> _Small:
        kept = [each for each in names if (each.evaluated_alias or each.evaluated_name) not in self.names]
        if len(kept) == len(names):
            return statement
        return statement.with_changes(names=_joined(kept, names, ())) if kept else cst.RemoveFromParent()

    def leave_SimpleStatementLine(  # noqa: N802
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.RemovalSentinel:
        gone = original_node.body and not updated_node.body
        return cst.RemoveFromParent() if gone else updated_node


_Line = cst.SimpleStatementLine | cst.BaseCompoundStatement


def _added(module: cst.Module, body: list[_Line], home: str, name: str) -> list[_Line]:
    """Return the statements of a module with one more import among them."""
    for index, line in enumerate(body):
        if not isinstance(line, cst.SimpleStatementLine) or not name:
            continue
        for small in line.body:
            if (
                isinstance(small, cst.ImportFrom)
                and _home(small) == home
                and not isinstance(small.names, cst.ImportStar)
            ):
                names = _joined(small.names, small.names, [cst.ImportAlias(cst.Name(name))])
                parts = [each.with_changes(names=names) if each is small else each for each in line.body]
                return [*body[:index], line.with_changes(body=parts), *body[index + 1 :]]
    if any(_is_import(line, home) for line in body) and not name:
        return body
    small = (
        cst.ImportFrom(chain(home), [cst.ImportAlias(cst.Name(name))])
        if name
        else cst.Import([cst.ImportAlias(chain(home))])
    )
    return _inserted(module, body, cst.SimpleStatementLine([small]), home)


def _home(statement: cst.ImportFrom) -> str:
    return dotted(statement.module) if statement.module is not None and not statement.relative else ""


def _is_import(line: cst.CSTNode, name: str) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and any(
        isinstance(small, cst.Import) and any(a.evaluated_name == name and a.asname is None for a in small.names)
        for small in line.body
    )


def _origin(line: cst.CSTNode) -> str:
    """Return what a line imports, or imports from; nothing for other lines and relative imports."""
    small = line.body[0] if isinstance(line, cst.SimpleStatementLine) and line.body else None
    if isinstance(small, cst.ImportFrom):
        return _home(small)
    return small.names[0].evaluated_name if isinstance(small, cst.Import) else ""


def _is_standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


def _inserted(module: cst.Module, body: list[_Line], line: cst.SimpleStatementLine, home: str) -> list[_Line]:
    """Put an import beside those of its kind."""
    at = _begin(body)
    imports = [index for index, each in enumerate(body) if index >= at and _origin(each)]
    block = [index for index in imports if all(_is_any_import(each) for each in body[at:index])]
    root = home.partition(".")[0].partition("_")[0]
    alike = [i for i in block if _is_standard(_origin(body[i])) == _is_standard(home) and _origin(body[i]) != _FUTURE]
    near = [i for i in alike if _origin(body[i]).startswith(root)] if not _is_standard(home) else []
    later = [i for i in alike if _key(body[i]) > _key(line)]
    if near:
        later = [i for i in near if _key(body[i]) > _key(line)]
        position = later[0] if later else near[-1] + 1
    elif alike:
        position = later[0] if later else alike[-1] + 1
    elif _is_standard(home):
        return _first(module, body, line, at)
    else:
        position = block[-1] + 1 if block else at
    if position < len(body) and position in later:
        after = body[position]
        assert isinstance(after, cst.SimpleStatementLine)
        # what separates the block from the one before stays in front of it
        line = line.with_changes(leading_lines=[each for each in after.leading_lines if each.comment is None])
        if position in alike[:1] or line.leading_lines:
            body = [
                *body[:position],
                after.with_changes(leading_lines=[each for each in after.leading_lines if each.comment is not None]),
                *body[position + 1 :],
            ]
    return [*body[:position], line, *body[position:]]


def _key(line: cst.CSTNode) -> tuple[bool, str]:
    small = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
    return isinstance(small, cst.ImportFrom), _origin(line)


def _is_any_import(line: cst.CSTNode) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and all(
        isinstance(small, cst.Import | cst.ImportFrom) for small in line.body
    )


def _begin(body: Sequence[_Line]) -> int:
    """Return where the imports of a file may begin: behind its docstring and what it takes from the future."""
    at = 0
    for index, line in enumerate(body):
        if _origin(line) == _FUTURE:
            at = index + 1
        elif index == 0 and isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Expr):
            at = 1 if isinstance(line.body[0].value, cst.SimpleString | cst.ConcatenatedString) else 0
    return at


def _first(module: cst.Module, body: list[_Line], line: cst.SimpleStatementLine, at: int) -> list[_Line]:
    """Put the first import of the standard library before all others."""
    blank = cst.EmptyLine(indent=False)
    line = line.with_changes(leading_lines=[blank] if at or module.header else [])
    if at < len(body):
        after = body[at]
        leading = list(after.leading_lines)
        if not leading or leading[0].comment is not None:
            body = [*body[:at], after.with_changes(leading_lines=[blank, *leading]), *body[at + 1 :]]
    return [*body[:at], line, *body[at:]]
