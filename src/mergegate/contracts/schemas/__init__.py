"""Schemas of contracts: compared, locked, fitted to providers, and turned into cases."""
