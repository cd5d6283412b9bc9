"""What a leaf of a condition can ask of one fact.

A test answers `True`, `False` or `None` for unknown: an absent fact and a value of another type are unknown, nothing
is converted, and a boolean is no integer.  Null is a value: it equals null and nothing else, and it has no order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any

from reporting_governance.contracts.evidence import Quality
from reporting_governance.contracts.frozen import frozen

Truth = bool | None
Values = Mapping[str, object]
Test = Callable[[Values, datetime], Truth]

ORDER_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "less_than": lt,
    "at_most": le,
    "greater_than": gt,
    "at_least": ge,
}
QUALITY_RANK: Mapping[str, int] = {member.value: member.rank for member in Quality}


@frozen
class Unknown:
    """A fact whose value cannot be told, and why."""

    reason: str


ABSENT = Unknown("there is no such fact here")


def negation(inner: Test) -> Test:
    """Return a test that holds where `inner` does not, and is unknown where `inner` is."""

    def test(values: Values, now: datetime) -> Truth:
        truth = inner(values, now)
        return None if truth is None else not truth

    return test


def _equals(key: str, operand: object) -> Test:
    kind = type(operand)
    if operand is None:

        def is_null(values: Values, _now: datetime) -> Truth:
            value = values.get(key, ABSENT)
            return None if type(value) is Unknown else value is None

        return is_null

    def test(values: Values, _now: datetime) -> Truth:
        value = values.get(key, ABSENT)
        if type(value) is kind:
            return value == operand
        return False if value is None else None

    return test


def _not_equals(key: str, operand: object) -> Test:
    return negation(_equals(key, operand))


def _in(key: str, operand: list[object]) -> Test:
    kinds = frozenset(type(each) for each in operand)
    members = frozenset((type(each), each) for each in operand)

    def test(values: Values, _now: datetime) -> Truth:
        value = values.get(key, ABSENT)
        kind = type(value)
        if kind in kinds:
            return (kind, value) in members
        return False if value is None else None

    return test


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[str, Any], Test]:
    def build(key: str, operand: Any) -> Test:
        if type(operand) is str:
            return _quality_ordered(compare, key, QUALITY_RANK[operand])

        def test(values: Values, _now: datetime) -> Truth:
            value = values.get(key, ABSENT)
            return compare(value, operand) if type(value) is int else None

        return test

    return build


def _quality_ordered(compare: Callable[[Any, Any], bool], key: str, bound: int) -> Test:
    def test(values: Values, _now: datetime) -> Truth:
        value = values.get(key, ABSENT)
        rank = QUALITY_RANK.get(value) if type(value) is str else None
        return None if rank is None else compare(rank, bound)

    return test


def _text(check: Callable[[str, str], bool]) -> Callable[[str, str], Test]:
    def build(key: str, operand: str) -> Test:
        def test(values: Values, _now: datetime) -> Truth:
            value = values.get(key, ABSENT)
            return check(value, operand) if type(value) is str else None

        return test

    return build


def _contains(key: str, operand: str | int) -> Test:
    kind = type(operand)

    def test(values: Values, _now: datetime) -> Truth:
        value = values.get(key, ABSENT)
        if type(value) is str and isinstance(operand, str):
            return operand in value
        if type(value) not in (list, tuple):
            return None
        known = True
        for each in value:  # type: ignore[attr-defined]
            if type(each) is not kind:
                known = False
            elif each == operand:
                return True
        return False if known else None

    return test


def glob_matches(text: str, pattern: str) -> bool:
    """Whether the whole text fits a pattern of plain characters, `*` (any run) and `?` (any one character)."""
    head, *rest = pattern.split("*")
    if not rest:
        return len(text) == len(head) and _fits(text, head, 0)
    *middle, tail = rest
    place, end = len(head), len(text) - len(tail)
    if end < place or not _fits(text, head, 0) or not _fits(text, tail, end):
        return False
    for piece in middle:
        place = _find(text, piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return True


def _fits(text: str, piece: str, place: int) -> bool:
    if "?" not in piece:
        return text.startswith(piece, place)
    return all(wanted in ("?", found) for wanted, found in zip(piece, text[place : place + len(piece)], strict=True))


def _find(text: str, piece: str, start: int, end: int) -> int:
    if "?" not in piece:
        return text.find(piece, start, end)
    return next((place for place in range(start, end - len(piece) + 1) if _fits(text, piece, place)), -1)


def _exists(key: str, operand: bool) -> Test:
    def test(values: Values, _now: datetime) -> Truth:
        value = values.get(key, ABSENT)
        if type(value) is Unknown and value is not ABSENT:
            return None
        return (value is not ABSENT and value is not None) is operand

    return test


def _age(check: Callable[[float, int], bool]) -> Callable[[str, int], Test]:
    def build(key: str, operand: int) -> Test:
        def test(values: Values, now: datetime) -> Truth:
            value = values.get(key, ABSENT)
            if type(value) is not datetime or value.utcoffset() is None:
                return None
            return check((now - value).total_seconds(), operand)

        return test

    return build


LEAF_TESTS: Mapping[str, Callable[[str, Any], Test]] = {
    "equals": _equals,
    "not_equals": _not_equals,
    "in": _in,
    **{name: _ordered(compare) for name, compare in ORDER_OPERATORS.items()},
    "prefix": _text(str.startswith),
    "suffix": _text(str.endswith),
    "contains": _contains,
    "glob": _text(glob_matches),
    "exists": _exists,
    "older_than": _age(gt),
    "newer_than": _age(lt),
}


def type_name(value: object) -> str:
    """Name the JSON type of a value in words."""
    if value is None:
        return "null"
    for kind, name in _TYPE_NAMES:
        if isinstance(value, kind):
            return name
    return type(value).__name__


_TYPE_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    (int, "an integer"),
    (float, "a number with a fraction"),
    (str, "a text"),
    (datetime, "a time"),
    ((list, tuple), "a list"),
    (Mapping, "an object"),
)
