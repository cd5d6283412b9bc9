"""What the load-time check of packs finds: the place, the fault, and what was probably meant."""

import copy
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.core.policy_check import MAX_DEPTH, check_condition, check_pack, describe
from reporting_governance.core.policy_compiling import PolicyRefused, compile_pack
from reporting_governance.errors import ContractError, ExitCode
from tests.unit.policy_documents import pack, rule, shipped
from tests.unit.policy_strategies import conditions


def faults(condition):
    return list(check_condition(condition))


@pytest.mark.parametrize(
    ("condition", "pointer", "message", "meant"),
    [
        ({"fact": "task.statsu", "equals": "active"}, "/fact", "there is no fact 'task.statsu'", 'task.status'),
        ({"fact": "task.status", "equal": "active"}, "/equal", "there is no operator 'equal'", "equals"),
        ({"fact": "task.status", "equals": "activ"}, "/equals", "task.status is never 'activ'", "active"),
        ({"fact": "task.status", "in": ["active", "pausd"]}, "/in/1", "is never 'pausd'", "paused"),
        ({"fact": "evidence.max_quality", "less_than": "moderat"}, "/less_than", "is never 'moderat'", "moderate"),
        ({"fact": "evidence.max_quality", "less_than": 3}, "/less_than", "is compared with one of none", None),
        ({"fact": "evidence.checks_run", "at_least": "3"}, "/at_least", "compared with an integer, not a text", None),
        ({"fact": "evidence.checks_run", "at_least": True}, "/at_least", "integer, not true or false", None),
        ({"fact": "evidence.checks_run", "equals": 1.5}, "/equals", "integer, not a number with a fraction", None),
        ({"fact": "checkpoint.is_overdue", "equals": None}, "/equals", "is never null", None),
        ({"fact": "children.open", "at_most": None}, "/at_most", "null has no order", None),
        ({"fact": "checkpoint.is_overdue", "at_least": 1}, "/at_least", "at_least does not apply to", None),
        ({"fact": "task.status", "at_least": "active"}, "/at_least", "at_least does not apply to", None),
        ({"fact": "task.started_at", "equals": "2026-01-01"}, "/equals", "equals does not apply to", None),
        ({"fact": "task.started_at", "older_than": "1h"}, "/older_than", "needs whole seconds", "3600"),
        ({"fact": "task.started_at", "older_than": -1}, "/older_than", "needs whole seconds", None),
        ({"fact": "task.title", "exists": "yes"}, "/exists", "exists needs true or false", None),
        ({"fact": "task.title", "glob": ""}, "/glob", "needs a text of 1 to", None),
        ({"fact": "task.title", "glob": "*" * 201}, "/glob", "needs a text of 1 to", None),
        ({"fact": "task.title", "in": []}, "/in", "at least one value", None),
        ({"fact": "task.title"}, "", "exactly one operator, and here is none", "one of equals"),
        ({"fact": "task.title", "equals": "a", "prefix": "b"}, "", 'here stand "equals" and "prefix"', "under all"),
        ({"fact": "task.title", "matches": "a.*"}, "/matches", "there is no operator", "no regular expressions"),
        ({"fact": "children.open", ">=": 1}, "/>=", "there is no operator", "at_least"),
        ({"fact": "task.title", "glob": "[a-z]*"}, "/glob", "no sets of characters", "* and ? only"),
        ({"fact": "item.quality", "exists": True}, "/fact", "there is no fact", "of evidence.items"),
        ({"fact": "item", "exists": True}, "/fact", "there is no fact", "evidence.classes"),
        ({"fact": "evidence.items", "every": {"fact": "quality", "exists": True}}, "/every/fact", "no fact", "item.q"),
        ({"fact": 7, "equals": "a"}, "/fact", "there is no fact 7", None),
        ({"al": []}, "", "one of all, any, not, or fact", "all"),
        ({"all": []}, "/all", "at least one condition", None),
        ({"all": {"fact": "task.title", "exists": True}}, "/all", "needs a list", None),
        ({"all": [{"fact": "task.title", "exists": True}], "any": []}, "/any", "nothing else may stand", None),
        ({"not": []}, "/not", "a condition is an object, not a list", None),
        ("yes", "", "a condition is an object, not a text", None),
        ({"fact": "evidence.classes", "contains": "tool_outptu"}, "/contains", "is never", "tool_output"),
        ({"fact": "evidence.classes", "any_of": {"fact": "item", "equals": "file"}}, "/any_of/equals", "never", None),
        ({"fact": "evidence.items", "any_of": {"fact": "item.qualty", "exists": True}}, "/any_of/fact", "no", "item.q"),
        ({"fact": "evidence.items", "any_of": {"fact": "task.title", "exists": True}}, "/any_of/fact", "no", "is item"),
        ({"fact": "evidence.items", "count": 3}, "/count", "count needs an object", None),
        ({"fact": "evidence.items", "count": {}}, "/count", "exactly one of", None),
        ({"fact": "evidence.items", "count": {"at_lest": 3}}, "/count", "exactly one of", "at_least"),
        ({"fact": "evidence.items", "count": {"at_least": "3"}}, "/count/at_least", "with an integer", None),
        ({"fact": "task.title", "any_of": {"fact": "item", "exists": True}}, "/any_of", "does not apply", None),
        (
            {"all": [{"fact": "task.status", "equals": "active"}, {"fact": "task.status", "equals": "paused"}]},
            "/all/1/equals",
            "it can never hold",
            None,
        ),
    ],
)  # fmt: skip
def test_one_fault_is_one_problem_at_its_place(condition, pointer, message, meant):
    [(found_pointer, found_message, hint)] = faults(condition)
    assert found_pointer == pointer
    assert message in found_message
    assert (hint is None) if meant is None else (hint is not None and meant in hint)


def test_nesting_has_an_end():
    deep = {"fact": "task.title", "exists": True}
    for _ in range(MAX_DEPTH - 1):
        deep = {"not": deep}
    assert faults(deep) == []
    assert faults({"not": deep}) == [("/not" * MAX_DEPTH, f"conditions are nested more than {MAX_DEPTH} deep", None)]


@settings(max_examples=200, deadline=None)
@given(conditions())
def test_what_the_check_accepts_can_be_compiled(condition):
    problems = [each for each in faults(condition) if "never hold" not in each[1]]
    assert problems == []


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "all",
                    "any",
                    "not",
                    "fact",
                    "equals",
                    "in",
                    "any_of",
                    "count",
                    "where",
                    "rules",
                    "spec",
                    "id",
                    "metadata",
                ]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_the_check_never_raises(document):
    check_pack(document)
    list(check_condition(document))


@settings(max_examples=100, deadline=None)
@given(JSON, st.sampled_from(["triggers", "conditions", "decision_output", "id", "on_unknown"]))
def test_a_pack_with_nonsense_in_it_is_refused_or_compiled(nonsense, key):
    with suppress(PolicyRefused, ContractError):
        assert compile_pack(pack({**rule(), key: nonsense})).rules


def test_all_faults_of_a_pack_are_found_in_one_pass():
    second = rule("own.rule", triggers={"event_types": ["watchdog_fird"], "derived_signals": ["owner_ded"]})
    third = rule("other.rule", triggers={"event_types": []}, on_unknown="skip")
    found = {pointer: hint for pointer, _, hint in check_pack(pack(rule(), second, third))}
    assert found == {
        "/spec/rules/1/id": None,
        "/spec/rules/1/triggers/event_types/0": 'did you mean "watchdog_fired"?',
        "/spec/rules/1/triggers/derived_signals/0": 'did you mean "owner_dead"?',
        "/spec/rules/2/id": None,
        "/spec/rules/2/triggers": None,
        "/spec/rules/2": None,
    }


def test_a_refused_pack_names_its_faults_and_ends_with_no():
    document = pack(rule(conditions={"all": [{"fact": "task.statsu", "equals": "active"}]}))
    with pytest.raises(PolicyRefused) as caught:
        compile_pack(document, source="own.yaml")
    assert caught.value.exit_code is ExitCode.NO
    assert [each[0] for each in caught.value.problems] == ["/spec/rules/0/conditions/all/0/fact"]
    assert "own.yaml" in str(caught.value)
    assert "task.status" in str(caught.value)


def test_a_wrong_shape_is_refused_by_the_type():
    with pytest.raises(ContractError, match="decision_output"):
        compile_pack(pack({**rule(), "decision_output": {"decision": "perhaps", "reason": "x"}}))


def test_a_long_list_of_faults_is_cut():
    assert describe([(f"/{number}", "wrong", None) for number in range(7)]).endswith("and 2 more")


def test_the_shipped_pack_has_no_fault():
    document = shipped("profiles/policy-packs/no-silence.yaml")
    before = copy.deepcopy(document)
    assert check_pack(document) == ()
    compile_pack(document)
    assert document == before
