"""Access to rule files and knowledge tables (data only, no rule logic)."""
