"""`python -m mergegate`."""

from __future__ import annotations

from mergegate.cli import main

main()
