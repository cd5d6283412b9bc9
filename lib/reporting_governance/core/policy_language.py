"""The conditions of policy rules: a small closed language with three truth values.

`all any not` combine; `{fact: path, OPERATOR: operand}` looks at one fact; over a list
`{fact: path, any_of | none_of | every: CONDITION}` and `{fact: path, count: {where: CONDITION, at_least: 2}}`
look at each element, which the inner condition calls `item` (or `item.key`, when the elements are objects).

Truth is `True`, `False` or `None` for unknown, combined as Kleene's strong logic does.  An absent fact and a value of
another type are unknown; nothing is converted, and a boolean is no integer.  There are no regular expressions, no
arithmetic and no loops but over the elements of a list, so every evaluation ends; and none raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.policy_operators import (
    ABSENT,
    LEAF_TESTS,
    ORDER_OPERATORS,
    Test,
    Truth,
    Unknown,
    Values,
    negation,
    type_name,
)

Condition = Mapping[str, Any]

COMBINERS = ("all", "any", "not")
LIST_OPERATORS = ("any_of", "none_of", "every", "count")
OPERATORS = (*LEAF_TESTS, *LIST_OPERATORS)
COUNT_OPERATORS = ("equals", "not_equals", *ORDER_OPERATORS)
ITEM = "item"  #: what a condition over a list calls one element


@frozen
class Leaf:
    """One fact that a condition looks at, kept apart so that a decision can show what stood behind it."""

    fact: str
    operator: str
    operand: Any
    test: Test


@frozen
class CompiledCondition:
    """A condition as one closure, and its leaves in the order they are written."""

    test: Test
    leaves: tuple[Leaf, ...]


def compile_condition(condition: Condition) -> CompiledCondition:
    """Return the closures of a condition that `policy_check.check_condition` found no fault with."""
    leaves: list[Leaf] = []
    return CompiledCondition(_compile(condition, leaves, inside_list=False), tuple(leaves))


def _compile(condition: Condition, leaves: list[Leaf] | None, *, inside_list: bool) -> Test:
    if "all" in condition:
        return _all_of([_compile(each, leaves, inside_list=inside_list) for each in condition["all"]])
    if "any" in condition:
        return _any_of([_compile(each, leaves, inside_list=inside_list) for each in condition["any"]])
    if "not" in condition:
        return negation(_compile(condition["not"], leaves, inside_list=inside_list))
    fact: str = condition["fact"]
    operator = next(key for key in condition if key != "fact")
    operand = condition[operator]
    key = _key_of_item(fact) if inside_list else fact
    test = _over_list(key, operator, operand) if operator in LIST_OPERATORS else LEAF_TESTS[operator](key, operand)
    if leaves is not None:
        leaves.append(Leaf(fact, operator, operand, test))
    return test


def compile_item_condition(condition: Condition) -> Test:
    """Return the closure of a condition over one element of a list; it is asked with `item_values`."""
    return _compile(condition, None, inside_list=True)


def item_values(element: object) -> Values:
    """Return one element of a list as a condition over it sees it."""
    return element if type(element) is dict else {"": element}


def _key_of_item(fact: str) -> str:
    return fact.removeprefix(ITEM).removeprefix(".")


def _all_of(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def test(values: Values, now: datetime) -> Truth:
        known = True
        for each in tests:
            truth = each(values, now)
            if truth is False:
                return False
            if truth is None:
                known = False
        return True if known else None

    return test


def _any_of(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def test(values: Values, now: datetime) -> Truth:
        known = True
        for each in tests:
            truth = each(values, now)
            if truth is True:
                return True
            if truth is None:
                known = False
        return False if known else None

    return test


def _over_list(key: str, operator: str, operand: Condition) -> Test:
    inner = operand.get("where") if operator == "count" else operand
    each_test = None if inner is None else _compile(inner, None, inside_list=True)
    conclude = _count(operand) if operator == "count" else _QUANTIFIERS[operator]

    def test(values: Values, now: datetime) -> Truth:
        value = values.get(key, ABSENT)
        if type(value) not in (list, tuple):
            return None
        size, held, unknown = 0, 0, 0
        for each in value:  # type: ignore[attr-defined]
            size += 1
            truth = True if each_test is None else each_test(item_values(each), now)
            if truth is True:
                held += 1
            elif truth is None:
                unknown += 1
        return conclude(size, held, unknown)

    return test


def _any_item(_size: int, held: int, unknown: int) -> Truth:
    return True if held else None if unknown else False


def _no_item(_size: int, held: int, unknown: int) -> Truth:
    return False if held else None if unknown else True


def _every_item(size: int, held: int, unknown: int) -> Truth:
    return False if held + unknown < size else None if unknown else True


_QUANTIFIERS: Mapping[str, Callable[[int, int, int], Truth]] = {
    "any_of": _any_item,
    "none_of": _no_item,
    "every": _every_item,
}


def _count(operand: Condition) -> Callable[[int, int, int], Truth]:
    operator = next(key for key in operand if key != "where")
    compare = _COUNT_TESTS[operator]
    bound: int = operand[operator]

    def conclude(_size: int, held: int, unknown: int) -> Truth:
        verdicts = {compare(number, bound) for number in range(held, held + unknown + 1)}
        return verdicts.pop() if len(verdicts) == 1 else None

    return conclude


_COUNT_TESTS: Mapping[str, Callable[[int, int], bool]] = {
    **ORDER_OPERATORS,
    "equals": int.__eq__,
    "not_equals": int.__ne__,
}


def unknown_reason(leaf: Leaf, values: Values) -> str:
    """Say why a leaf is unknown."""
    value = values.get(leaf.fact, ABSENT)
    if isinstance(value, Unknown):
        return value.reason
    if leaf.operator in LIST_OPERATORS and isinstance(value, (list, tuple)):
        return "not known for every element of the list"
    return f"{leaf.operator} does not apply to {type_name(value)}"
