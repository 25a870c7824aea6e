"""Whatever a file of models looks like: what is repaired parses, keeps its comments, and is not repaired again."""

from __future__ import annotations

import ast
import io
import tempfile
import tokenize
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mergegate.config import load_config
from mergegate.engine import analyse
from mergegate.fixes.rewriting import rewrite

HEADS = [
    "from pydantic import (\n    BaseModel,  # models\n    Field, validator,\n    root_validator, Extra, parse_obj_as,\n)\n",
    "import time\nfrom pydantic import BaseModel, Extra, Field, parse_obj_as, root_validator, validator  # all\n",
    '"""Doc."""\nfrom __future__ import annotations\nfrom pydantic import *\nfrom pydantic import Extra, parse_obj_as\n',
    "# first\nimport pydantic\nfrom pydantic import BaseModel, Field; from pydantic import Extra, parse_obj_as, validator, root_validator\n",
]
MEMBERS = [
    "name: str = Field('a', regex='a|b', example=1)  # é",
    "tags: list = Field(\n    [],  # none yet\n    min_items=1,\n    max_items = 2,\n)",
    "kind = Field(default='a', const=True); other = 1  # two",
    "class Config:\n    # before\n    orm_mode = True  # why\n    extra = Extra.forbid\n    # behind",
    "class Config: allow_mutation = False",
    "class Config:\n    smart_union = True  # gone",
    "class Config:\n    title = '''a\n  b'''\n    schema_extra = {\n        'x': 1,  # one\n    }",
    "@validator('name', pre=True, always=True)  # checked\ndef check(cls, v, values, **kw):\n    return values.get('name', v)  # v",
    "@validator('tags',\n    allow_reuse=True,\n)\ndef look(cls, v): return v",
    "@root_validator(pre=True)\ndef first(cls, values):\n    # nothing\n    return values",
    "@root_validator(skip_on_failure=True)\ndef last(cls, values):\n    if values['name']:  # given\n        pass\n    return values",
    "def shown(self):\n    return self.copy(update={}).dict(), self.__fields__, (self.json)()  # all",
    "async def wait(self):\n    import time\n    time.sleep(1)  # a second\n    return parse_obj_as(int, self.json( indent = 2 ))",
]


def comments(data: bytes) -> list[str]:
    return sorted(each.string for each in tokenize.tokenize(io.BytesIO(data).readline) if each.type == tokenize.COMMENT)


def repaired(root: Path, data: bytes, *, unsafe: bool) -> tuple[bytes, int]:
    (root / "models.py").write_bytes(data)
    found = analyse(load_config(root), jobs=1, cache=False).findings
    made = rewrite(data, found, unsafe=unsafe)
    assert len(made.fixed) + len(made.left) == len(found)
    return made.data, len(made.fixed)


def _kind(member: str) -> str:
    # a second inner class would replace the first
    return "Config" if member.startswith("class Config") else member


@settings(max_examples=8, deadline=None)
@given(
    head=st.sampled_from(HEADS),
    members=st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=6, unique_by=_kind),
    indent=st.sampled_from(["    ", "\t", "  "]),
    newline=st.sampled_from(["\n", "\r\n"]),
    unsafe=st.booleans(),
)
def test_repairs_hold_for_any_file(head: str, members: list[str], indent: str, newline: str, unsafe: bool) -> None:
    body = "\n\n".join(members).replace("    ", "\t").replace("\n", f"\n{indent}").replace("\t", indent)
    data = f"{head}\n\nclass Item(BaseModel):\n{indent}{body}\n".replace("\n", newline).encode()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "mergegate.toml").touch()
        once, count = repaired(root, data, unsafe=unsafe)
        twice, again = repaired(root, once, unsafe=unsafe)

    ast.parse(once)
    assert (once == data) == (count == 0)
    assert set(comments(data)) - {"# gone"} <= set(comments(once))
    assert newline == "\n" or b"\n" not in once.replace(b"\r\n", b"")
    assert (twice, again) == (once, 0)
