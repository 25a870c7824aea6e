"""The on-disk cache of summaries and whole runs."""
