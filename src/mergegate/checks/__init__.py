"""Checks: queries over the linked program, one module per family."""
