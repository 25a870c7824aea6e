"""Our own serialisation of syntax: equal for equal code, however it is laid out, on every supported Python."""

from __future__ import annotations

import ast
import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# What of each node counts. Left out are positions, contexts, type comments and prefixes of strings: they say how code
# is laid out, or what the rest says already. `ast.dump` and `ast.unparse` differ between versions; this must not.
_FIELDS: dict[str, tuple[str, ...]] = {
    "AnnAssign": ("target", "annotation", "value"),
    "Assert": ("test", "msg"),
    "Assign": ("targets", "value"),
    "AsyncFor": ("target", "iter", "body", "orelse"),
    "AsyncFunctionDef": ("decorator_list", "name", "type_params", "args", "returns", "body"),
    "AsyncWith": ("items", "body"),
    "Attribute": ("value", "attr"),
    "AugAssign": ("target", "op", "value"),
    "Await": ("value",),
    "BinOp": ("left", "op", "right"),
    "BoolOp": ("op", "values"),
    "Call": ("func", "args", "keywords"),
    "ClassDef": ("decorator_list", "name", "type_params", "bases", "keywords", "body"),
    "Compare": ("left", "ops", "comparators"),
    "Delete": ("targets",),
    "Dict": ("keys", "values"),
    "DictComp": ("key", "value", "generators"),
    "ExceptHandler": ("type", "name", "body"),
    "Expr": ("value",),
    "For": ("target", "iter", "body", "orelse"),
    "FormattedValue": ("value", "conversion", "format_spec"),
    "FunctionDef": ("decorator_list", "name", "type_params", "args", "returns", "body"),
    "GeneratorExp": ("elt", "generators"),
    "Global": ("names",),
    "If": ("test", "body", "orelse"),
    "IfExp": ("test", "body", "orelse"),
    "Import": ("names",),
    "ImportFrom": ("level", "module", "names"),
    "Interpolation": ("value", "conversion", "format_spec"),
    "Lambda": ("args", "body"),
    "List": ("elts",),
    "ListComp": ("elt", "generators"),
    "Match": ("subject", "cases"),
    "MatchAs": ("pattern", "name"),
    "MatchClass": ("cls", "patterns", "kwd_attrs", "kwd_patterns"),
    "MatchMapping": ("keys", "patterns", "rest"),
    "MatchOr": ("patterns",),
    "MatchSequence": ("patterns",),
    "MatchSingleton": ("value",),
    "MatchStar": ("name",),
    "MatchValue": ("value",),
    "Name": ("id",),
    "NamedExpr": ("target", "value"),
    "Nonlocal": ("names",),
    "ParamSpec": ("name", "default_value"),
    "Raise": ("exc", "cause"),
    "Return": ("value",),
    "Set": ("elts",),
    "SetComp": ("elt", "generators"),
    "Slice": ("lower", "upper", "step"),
    "Starred": ("value",),
    "Subscript": ("value", "slice"),
    "Try": ("body", "handlers", "orelse", "finalbody"),
    "TryStar": ("body", "handlers", "orelse", "finalbody"),
    "Tuple": ("elts",),
    "TypeAlias": ("name", "type_params", "value"),
    "TypeVar": ("name", "bound", "default_value"),
    "TypeVarTuple": ("name", "default_value"),
    "UnaryOp": ("op", "operand"),
    "While": ("test", "body", "orelse"),
    "With": ("items", "body"),
    "Yield": ("value",),
    "YieldFrom": ("value",),
    "alias": ("name", "asname"),
    "arg": ("arg", "annotation"),
    "arguments": ("posonlyargs", "args", "vararg", "kwonlyargs", "kw_defaults", "kwarg", "defaults"),
    "comprehension": ("target", "iter", "ifs", "is_async"),
    "keyword": ("arg", "value"),
    "match_case": ("pattern", "guard", "body"),
    "withitem": ("context_expr", "optional_vars"),
}
# statements hold others in these fields; without them, a compound statement is its header
BLOCKS = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})
_EXPRESSIONS_WITH_BODY = (ast.IfExp, ast.Lambda)
_NO_FIELDS = ("ctx", "kind", "type_comment", "type_ignores", "str")
_WORDS = 24


class Text(NamedTuple):
    """Serialised code.

    Attributes
    ----------
    items
        Its parts in order: kinds of nodes, names and values, and the lengths of lists.
    words
        The names, values and operators alone: what tells by how much two statements differ.
    """

    items: list[str]
    words: list[str]

    @property
    def size(self) -> int:
        """How many kinds, names and values it has: roughly its tokens, whatever its parentheses and commas."""
        return sum(item[0] != "[" for item in self.items)

    def digest(self) -> str:
        """Return a short hash."""
        return digest(self.items)


def digest(parts: Iterable[str], characters: int = 12) -> str:
    """Return a hash of texts in characters that need no escape; six bits each."""
    data = "\0".join(parts).encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(hashlib.blake2b(data, digest_size=characters * 6 // 8).digest()).decode("ascii")


def serialise(*roots: object, header: bool = False, skip: Sequence[str] = ()) -> Text:
    """Serialise nodes, or lists of nodes.

    Parameters
    ----------
    roots
        What to serialise, in order.
    header
        Whether to leave out the blocks of compound statements.
    skip
        Fields of the roots to leave out.
    """
    items: list[str] = []
    words: list[str] = []
    stack: list[object] = []
    for root in roots:
        items.append(_kind(root))
        stack.extend(_children(root, header=header, skip=skip))
        # a header has one level: what lies below is expressions, whose `body` is part of them
        while stack:
            each = stack.pop()
            if isinstance(each, ast.Constant):
                _constant(each.value, items, words)
            elif isinstance(each, ast.AST):
                name = _kind(each)
                items.append(name)
                if isinstance(each, (ast.operator, ast.unaryop, ast.boolop, ast.cmpop)):
                    words.append(name)
                else:
                    stack.extend(_children(each))
            elif isinstance(each, list):
                members: list[object] = each  # pyright: ignore[reportUnknownVariableType] - fields of syntax nodes
                items.append(f"[{len(members)}")
                stack.extend(reversed(members))
            elif isinstance(each, str):
                items.append("'" + each)
                words.append(each)
            else:
                # None for what is not there, and numbers: levels of imports, conversions
                items.append(f"={each}")
    return Text(items, words)


def _kind(node: object) -> str:
    return type(node).__name__


def _children(node: object, *, header: bool = False, skip: Sequence[str] = ()) -> list[object]:
    """Return what a node consists of, last first."""
    if isinstance(node, list):
        return list(reversed(node))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if _kind(node) in ("JoinedStr", "TemplateStr"):
        return [_joined(getattr(node, "values"))]  # noqa: B009 - Python 3.11 knows no templates
    if isinstance(node, ast.Delete):
        return [_flat(node.targets)]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        # formatters indent docstrings anew
        return [ast.Constant(" ".join(node.value.value.split()))]
    if isinstance(node, ast.Constant):
        return [node]
    fields = _FIELDS.get(_kind(node))
    if fields is None:
        assert isinstance(node, ast.AST)
        # a kind that came with a later Python
        fields = tuple(name for name in node._fields if name not in _NO_FIELDS)
    blocks = BLOCKS if header and not isinstance(node, _EXPRESSIONS_WITH_BODY) else ()
    kept = [name for name in reversed(fields) if name not in blocks and name not in skip]
    # Python 3.11 has no type parameters: none are written as it writes them
    return [getattr(node, name, [] if name == "type_params" else None) for name in kept]


def _joined(values: Sequence[ast.expr]) -> list[ast.expr]:
    """Return the parts of an f-string with its texts together; how versions split them differs."""
    parts: list[ast.expr] = []
    text = ""
    for value in values:
        if isinstance(value, ast.Constant):
            text += str(value.value)
            continue
        if text:
            parts.append(ast.Constant(text))
            text = ""
        parts.append(value)
    if text:
        parts.append(ast.Constant(text))
    return parts


def _flat(targets: Sequence[ast.expr]) -> list[ast.expr]:
    """Return the targets of `del`, where parentheses mean nothing."""
    flat: list[ast.expr] = []
    for target in targets:
        flat.extend(_flat(target.elts) if isinstance(target, (ast.Tuple, ast.List)) else [target])
    return flat


def _constant(value: object, items: list[str], words: list[str]) -> None:
    if isinstance(value, str):
        items.append("s" + value)
        # of a long text some words tell enough
        words.extend(value.split()[:_WORDS] or [value])
        return
    # a large number has no decimal form within the limits of Python
    text = f"{type(value).__name__} {hex(value) if type(value) is int else repr(value)}"
    items.append(text)
    words.append(text)
