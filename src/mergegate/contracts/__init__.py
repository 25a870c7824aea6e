"""LLM-output contracts: what a model's answer must be, and whether it is."""
