"""Inline hosts: programs that run agents and ask us before a report goes out.  One folder each."""
