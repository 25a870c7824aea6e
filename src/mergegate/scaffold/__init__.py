"""Setting a project up: what it is, and the files that bring mergegate into its editor, hooks and CI."""
