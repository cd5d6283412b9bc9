"""What `policy explain` reads from a decision's record."""

from typing import Any

import pytest

from reporting_governance.core.decision_account import account_of, compared


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        ({"operator": "at_least", "value": 0, "wanted": 1}, "f = 0, wanted ≥ 1"),
        ({"operator": "greater_than", "value": 0, "wanted": 1}, "f = 0, wanted > 1"),
        ({"operator": "at_most", "value": 3, "wanted": 1}, "f = 3, wanted ≤ 1"),
        ({"operator": "less_than", "value": "none", "wanted": "moderate"}, "f = none, wanted < moderate"),
        ({"operator": "equals", "value": False, "wanted": True}, "f = false, wanted true"),
        ({"operator": "not_equals", "value": "done", "wanted": "done"}, "f = done, wanted anything but done"),
        ({"operator": "in", "value": "c", "wanted": ["a", "b"]}, "f = c, wanted one of a, b"),
        ({"operator": "glob", "value": "x.py", "wanted": "*.md"}, "f = x.py, wanted text like *.md"),
        ({"operator": "prefix", "value": "x", "wanted": "y"}, "f = x, wanted text that begins with y"),
        ({"operator": "suffix", "value": "x", "wanted": "y"}, "f = x, wanted text that ends with y"),
        ({"operator": "contains", "value": ["x"], "wanted": "y"}, 'f = ["x"], wanted y in it'),
        ({"operator": "exists", "value": None, "wanted": True}, "f = null, wanted to be there"),
        ({"operator": "exists", "value": 1, "wanted": False}, "f = 1, wanted not to be there"),
        ({"operator": "older_than", "value": "2030-01-01", "wanted": 60}, "f = 2030-01-01, wanted older than 60 s"),
        ({"operator": "newer_than", "value": "2030-01-01", "wanted": 60}, "f = 2030-01-01, wanted newer than 60 s"),
        (
            {"operator": "any_of", "value": [], "wanted": {"fact": "item.class", "equals": "x"}},
            'f = [], wanted any of {"fact": "item.class", "equals": "x"}',
        ),
        ({"operator": "at_least", "value": None, "wanted": 1, "truth": "unknown"}, "f = not known, wanted ≥ 1"),
        ({"operator": "at_least", "value": 0}, "f = 0, asked at_least"),
    ],
)
def test_a_leaf_says_what_was_compared_with_what(leaf: dict[str, Any], words: str) -> None:
    assert compared({"fact": "f", "truth": "false", **leaf}) == words


def record(*actions: dict[str, Any]) -> dict[str, Any]:
    decision = {"decision": "downgrade_status", "policy_id": "p.r", "required_actions": list(actions)}
    return {
        "metadata": {"record_id": "dec_1"},
        "spec": {"decision": decision, "evaluations": [], "receipt": {}, "source": {"packs": []}},
    }


def note(text: str) -> dict[str, Any]:
    return {"action": "append_audit_note", "target": "task_record", "mandatory": False, "details": {"note": text}}


def test_an_action_on_the_same_thing_stands_there_once_with_everything_that_belongs_to_it() -> None:
    status = {"action": "set_status", "target": "status_transition", "mandatory": True}
    account = account_of(record(note("one"), status, note("two"), note("one") | {"mandatory": True}), [])
    assert [(each.action, each.mandatory, each.details) for each in account.actions] == [
        ("append_audit_note", True, ({"note": "one"}, {"note": "two"})),
        ("set_status", True, ()),
    ]
