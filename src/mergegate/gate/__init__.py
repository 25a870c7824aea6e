"""The gate: suppression, identity and the verdict over findings."""
