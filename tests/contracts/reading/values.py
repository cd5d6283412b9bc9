"""Strategies for JSON data, and what it takes to compare it."""

from typing import Any

from hypothesis import strategies as st

# every character a JSON text can hold; half of a surrogate pair is none
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5), max_leaves=25
)


def exactly(value: Any) -> str:
    """Tell apart what Python calls equal: 1, 1.0 and true; 0.0 and -0.0."""
    return repr(value)


def every_pointer(value: Any, pointer: str = "") -> list[tuple[str, Any]]:
    """Return each pointer into a value with what it points to, worked out without the code under test."""
    found = [(pointer, value)]
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += every_pointer(item, f"{pointer}/{index}")
    if isinstance(value, dict):
        for key, item in value.items():
            found += every_pointer(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    return found
