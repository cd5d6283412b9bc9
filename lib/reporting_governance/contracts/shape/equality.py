"""When two values are equal as JSON counts: 1 is 1.0, but true is not 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def is_one_of(value: Any, choices: Sequence[Any]) -> bool:
    """Tell whether a value equals one of the choices."""
    wanted = _key(value)
    return any(wanted == _key(each) for each in choices)


def first_repetition(items: Sequence[Any]) -> tuple[int, int] | None:
    """Return the first item that stands in the list a second time, as its first and its second index."""
    seen: dict[Any, int] = {}
    for index, item in enumerate(items):
        first = seen.setdefault(_key(item), index)
        if first != index:
            return first, index
    return None


def _key(value: Any) -> Any:
    """Return something hashable that is equal exactly when the values are."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, list):
        return ("list", *map(_key, value))
    if isinstance(value, dict):
        return ("dict", frozenset((key, _key(each)) for key, each in value.items()))
    return value
