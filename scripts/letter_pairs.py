"""Count how often a letter follows another in the words of the standard library's sources, for the table of pairs.

`python scripts/letter_pairs.py` writes `rules/knowledge/secrets/letter_pairs.toml`. The words are those of identifiers
and docstrings alike: what people write who name things.
"""

from __future__ import annotations

import math
import re
import sysconfig
from collections import Counter
from pathlib import Path
from string import ascii_lowercase

TARGET = Path(__file__).resolve().parent.parent / "rules" / "knowledge" / "secrets" / "letter_pairs.toml"
WORD = re.compile(r"[A-Z]?[a-z]{2,}")
LEVELS = 9


def main() -> None:
    """Write the table."""
    counts: Counter[str] = Counter()
    for file in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if {"test", "tests", "idlelib", "site-packages", "lib2to3", "encodings"} & set(file.parts):
            continue
        # a word that is repeated on every line says no more than one that is there once
        for word in {found.lower() for found in WORD.findall(file.read_text("utf-8", "replace"))}:
            counts.update(word[index : index + 2] for index in range(len(word) - 1))
    rows: list[str] = []
    for first in ascii_lowercase:
        total = sum(counts[first + second] for second in ascii_lowercase) or 1
        row = ""
        for second in ascii_lowercase:
            ratio = (counts[first + second] + 0.5) / (total + 13) * 26
            row += str(min(LEVELS, max(0, round(4 + 1.5 * math.log2(ratio)))))
        rows.append(f'  "{row}",  # {first}')
    head = (
        "# How often a letter follows another in words, from 0 (never) over 4 (as by chance) to 9; a row for each\n"
        "# first letter, a column for each second one. Written by scripts/letter_pairs.py.\n"
    )
    TARGET.write_text(head + "pairs = [\n" + "\n".join(rows) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
