"""Hardcoded credentials: where they stand in a file, and what tells them from all that only looks like them."""
