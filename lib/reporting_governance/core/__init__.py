"""Verdicts: pure functions.  No clock, no I/O, no randomness, no logging."""
