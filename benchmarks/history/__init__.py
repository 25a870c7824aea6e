"""Replay of real history: releases as commits, the findings in each, and a judge that knows no fingerprints."""
