"""Rewrites that repair findings: each plans edits on the tree of a file, which are made all at once or not at all."""
