"""The condition language: the compiled closures against the slow reference, and each operator by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.core.policy_language import LIST_OPERATORS, OPERATORS, compile_condition, unknown_reason
from reporting_governance.core.policy_operators import (
    ABSENT,
    LEAF_TESTS,
    Unknown,
    glob_matches,
    type_name,
)
from tests.unit.policy_reference import reference
from tests.unit.policy_strategies import NOW, conditions, facts

NUMBER = {False: 0, None: 1, True: 2}
OLD = NOW - timedelta(seconds=100)


@settings(max_examples=200, deadline=None)
@given(condition=conditions(), values=facts())
def test_compiled_conditions_agree_with_the_reference_and_never_raise(condition, values):
    agree(condition, values)


@pytest.mark.long
@settings(max_examples=3_000, deadline=None)
@given(condition=conditions(), values=facts())
def test_many_compiled_conditions_agree_with_the_reference_and_never_raise(condition, values):
    agree(condition, values)


def agree(condition, values):
    assert NUMBER[compile_condition(condition).test(values, NOW)] == reference(condition, values, NOW)


@settings(max_examples=150, deadline=None)
@given(condition=conditions(), values=facts())
def test_a_condition_and_its_negation_are_never_both_satisfied(condition, values):
    plain, negated = (compile_condition(each).test(values, NOW) for each in (condition, {"not": condition}))
    assert (plain, negated) in ((True, False), (False, True), (None, None))


@given(text=st.text("ab*?[]", max_size=12), pattern=st.text("ab*?[]", max_size=8))
def test_globs_agree_with_the_reference(text, pattern):
    assert NUMBER[glob_matches(text, pattern)] == reference({"fact": "f", "glob": pattern}, {"f": text}, NOW)


def test_a_glob_of_many_stars_ends_soon():
    assert not glob_matches("a" * 20_000, "*a" * 90 + "b")


@pytest.mark.parametrize(
    ("operator", "operand", "value", "truth"),
    [
        ("equals", "a", "a", True),
        ("equals", "a", "b", False),
        ("equals", "3", 3, None),
        ("equals", 3, "3", None),
        ("equals", 1, True, None),
        ("equals", True, 1, None),
        ("equals", 1, 1.0, None),
        ("equals", None, None, True),
        ("equals", None, "a", False),
        ("equals", "a", None, False),
        ("equals", "a", Unknown("gone"), None),
        ("equals", None, Unknown("gone"), None),
        ("equals", None, ABSENT, None),
        ("not_equals", "a", "b", True),
        ("not_equals", "a", None, True),
        ("not_equals", "a", 1, None),
        ("in", ["a", "b"], "b", True),
        ("in", ["a", "b"], "c", False),
        ("in", ["a", 1], True, None),
        ("in", ["a", None], None, True),
        ("in", ["a"], None, False),
        ("less_than", 5, 4, True),
        ("less_than", 5, 5, False),
        ("at_most", 5, 5, True),
        ("greater_than", 5, 5, False),
        ("at_least", 5, 5, True),
        ("at_least", 5, None, None),
        ("at_least", 1, True, None),
        ("less_than", "moderate", "weak", True),
        ("less_than", "moderate", "moderate", False),
        ("less_than", "moderate", "decisive", False),
        ("at_least", "moderate", "strong", True),
        ("less_than", "moderate", "excellent", None),
        ("less_than", "moderate", 1, None),
        ("prefix", "ab", "abc", True),
        ("suffix", "bc", "abc", True),
        ("suffix", "abcd", "abc", False),
        ("contains", "b", "abc", True),
        ("contains", "b", ["a", "b"], True),
        ("contains", "b", ["a"], False),
        ("contains", "b", ["a", 1], None),
        ("contains", "b", [1, "b"], True),
        ("contains", "b", 7, None),
        ("glob", "task-*", "task-17", True),
        ("glob", "task-?", "task-17", False),
        ("glob", "TASK*", "task-17", False),
        ("exists", True, "a", True),
        ("exists", True, None, False),
        ("exists", False, None, True),
        ("exists", True, ABSENT, False),
        ("exists", False, ABSENT, True),
        ("exists", False, Unknown("erased"), None),
        ("older_than", 99, OLD, True),
        ("older_than", 100, OLD, False),
        ("newer_than", 101, OLD, True),
        ("newer_than", 100, OLD, False),
        ("newer_than", 0, NOW + timedelta(seconds=1), True),
        ("older_than", 1, OLD.replace(tzinfo=None), None),
        ("older_than", 1, "2026-01-01T00:00:00.000Z", None),
        ("older_than", 10**30, OLD, False),
    ],
)
def test_a_leaf(operator, operand, value, truth):
    values = {} if value is ABSENT else {"f": value}
    assert compile_condition({"fact": "f", operator: operand}).test(values, NOW) is truth


UNSURE = Unknown("not read")


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ({"all": [{"fact": "t", "equals": True}, {"fact": "u", "equals": True}]}, None),
        ({"all": [{"fact": "u", "equals": True}, {"fact": "t", "equals": False}]}, False),
        ({"any": [{"fact": "u", "equals": True}, {"fact": "t", "equals": True}]}, True),
        ({"any": [{"fact": "u", "equals": True}, {"fact": "t", "equals": False}]}, None),
        ({"not": {"fact": "u", "equals": True}}, None),
        ({"fact": "items", "any_of": {"fact": "item.quality", "at_least": "strong"}}, True),
        ({"fact": "items", "every": {"fact": "item.quality", "at_least": "weak"}}, None),
        ({"fact": "items", "none_of": {"fact": "item.quality", "equals": "decisive"}}, None),
        ({"fact": "items", "count": {"at_least": 3}}, True),
        ({"fact": "items", "count": {"where": {"fact": "item.quality", "at_least": "weak"}, "at_least": 2}}, True),
        ({"fact": "items", "count": {"where": {"fact": "item.quality", "at_least": "weak"}, "at_least": 3}}, None),
        ({"fact": "items", "count": {"where": {"fact": "item.quality", "at_least": "weak"}, "equals": 1}}, False),
        ({"fact": "words", "any_of": {"fact": "item", "prefix": "b"}}, True),
        ({"fact": "words", "every": {"fact": "item", "in": ["a", "b"]}}, True),
        ({"fact": "empty", "any_of": {"fact": "item", "equals": "a"}}, False),
        ({"fact": "empty", "every": {"fact": "item", "equals": "a"}}, True),
        ({"fact": "empty", "none_of": {"fact": "item", "equals": "a"}}, True),
        ({"fact": "u", "any_of": {"fact": "item", "equals": "a"}}, None),
    ],
)
def test_combinations(condition, truth):
    values = {
        "t": True,
        "u": UNSURE,
        "items": [{"quality": "strong"}, {"quality": "weak"}, {"quality": UNSURE}],
        "words": ["a", "b"],
        "empty": [],
    }
    assert compile_condition(condition).test(values, NOW) is truth


def test_every_operator_has_a_test():
    assert set(OPERATORS) == set(LEAF_TESTS) | set(LIST_OPERATORS)


def test_leaves_are_kept_in_the_order_they_are_written():
    compiled = compile_condition(
        {"any": [{"not": {"fact": "b", "equals": 1}}, {"fact": "a", "any_of": {"fact": "item", "equals": "x"}}]}
    )
    assert [(leaf.fact, leaf.operator) for leaf in compiled.leaves] == [("b", "equals"), ("a", "any_of")]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "there is no such fact here"),
        ({"f": Unknown("erased")}, "erased"),
        ({"f": 3}, "equals does not apply to an integer"),
    ],
)
def test_an_unknown_leaf_says_why(values, reason):
    [leaf] = compile_condition({"fact": "f", "equals": "a"}).leaves
    assert unknown_reason(leaf, values) == reason


def test_types_have_names():
    samples = (None, True, 1, 1.5, "a", datetime(2026, 1, 1, tzinfo=UTC), [], {}, b"")
    assert [type_name(each) for each in samples] == [
        "null",
        "true or false",
        "an integer",
        "a number with a fraction",
        "a text",
        "a time",
        "a list",
        "an object",
        "bytes",
    ]
