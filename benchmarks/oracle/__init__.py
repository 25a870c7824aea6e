"""Comparison of our call targets with those of other tools."""
