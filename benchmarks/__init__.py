"""Measurements of speed, memory and accuracy on large public packages."""
