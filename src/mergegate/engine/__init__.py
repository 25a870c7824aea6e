"""The engine: runs the analysis of a project through the cache. What every front calls."""

from __future__ import annotations

from mergegate.engine.catalogue import rules_of
from mergegate.engine.results import Analysis
from mergegate.engine.run import analyse

__all__ = ["Analysis", "analyse", "rules_of"]
