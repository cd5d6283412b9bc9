"""Orders of effects: one file per command."""
