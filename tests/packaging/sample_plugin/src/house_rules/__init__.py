"""Rules of one house."""
