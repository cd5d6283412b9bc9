"""Benchmarks: ratios against something measured in the same run.  `nox -s bench` runs them and writes the page."""
