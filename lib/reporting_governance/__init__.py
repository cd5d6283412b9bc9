"""Watch what AI agents report, tell their operator, and prove afterwards what was told."""

__version__ = "0.1.0"
