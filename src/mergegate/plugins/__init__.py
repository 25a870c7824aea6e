"""Plugins for other hosts: pylint, pytest and pluggy."""
