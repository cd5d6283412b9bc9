"""What a pack whose every word is right cannot mean: each case is a pack in `tests/cases/policy` and its one finding.

`▶` marks the place that the finding names, and is no part of the file.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.commands._checking import Checker
from reporting_governance.core.fact_catalogue import CATALOGUE
from reporting_governance.core.facts import build_facts
from reporting_governance.core.policy_operators import Unknown
from reporting_governance.core.policy_reach import check_meaning
from reporting_governance.core.policy_values import ALWAYS_KNOWN, holds_for_some, truths_of
from tests.unit.policy_documents import ROOT, TASK, event, pack, rule
from tests.unit.policy_reference import reference
from tests.unit.policy_strategies import NOW, facts, leaves, spec_of

CASES = sorted((ROOT / "tests/cases/policy").iterdir())
MARK = "▶"
SCALARS = tuple(
    spec_of(path) for path in ("task.status", "task.mode", "children.open", "evidence.max_quality", "claim.kind",
    "checkpoint.is_overdue", "task.title", "task.started_at", "evidence.classes", "evidence.items")
)  # fmt: skip


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_bad_pack_is_one_finding_with_its_place_and_what_to_do(folder: Path) -> None:
    text = (folder / "pack.yaml").read_text(encoding="utf-8")
    expected = json.loads((folder / "finding.json").read_text(encoding="utf-8"))
    assert text.count(MARK) == 1
    before = text[: text.index(MARK)]
    checker = Checker()
    document = checker.document(text.replace(MARK, "").encode(), "pack.yaml", "policy-pack")
    assert document is not None, checker.findings
    assert checker.pack(document, "pack.yaml") is None
    (finding,) = checker.findings
    assert (finding.message, finding.suggestion) == (expected["message"], expected["suggestion"])
    assert (finding.line, finding.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


@pytest.mark.parametrize(
    ("condition", "pointer", "message", "suggestion"),
    [
        ({"fact": "children.open", "at_least": 1, "at_most": 3}, "", '"at_least" and "at_most"', "under all"),
        ({"fact": "task.title", "matches": "a.*"}, "/matches", "not known", "no regular expressions"),
        ({"fact": "task.title", "equals": "a", "matches": "b"}, "/matches", "not known", "no regular expressions"),
        ({"fact": "task.title", "starts_with": "b"}, "/starts_with", "not known", "prefix"),
        ({"fact": "task.started_at", "older_than": "1h"}, "/older_than", '"1h"', "in seconds: 3600"),
        ({"fact": "task.started_at", "older_than": "60"}, "/older_than", '"60"', "without quotes: 60"),
        ({"not": "yes"}, "/not", "expected an object", "a condition is an object"),
        ({"all": {"fact": "task.title", "exists": True}}, "/all", "expected a list", "as a list"),
    ],
)
def test_a_condition_of_another_shape_is_told_what_to_write(
    condition: object, pointer: str, message: str, suggestion: str
) -> None:
    checker = Checker()
    text = json.dumps(pack(rule(conditions=condition)))
    assert checker.document(text.encode(), "pack.json", "policy-pack") is None
    (finding,) = checker.findings
    assert finding.pointer == f"/spec/rules/0/conditions{pointer}"
    assert message in finding.message
    assert suggestion in (finding.suggestion or "")


def test_a_pack_with_a_catch_in_every_rule_is_told_all_of_it() -> None:
    bad = {"fact": "children.open", "less_than": 0}
    rules = [rule(f"own.rule-{number}", conditions=bad) for number in range(3)]
    assert [pointer for pointer, _, _ in check_meaning(pack(*rules))] == [
        f"/spec/rules/{number}/conditions/less_than" for number in range(3)
    ]


@pytest.mark.parametrize(
    "conditions",
    [
        {"any": [{"fact": "children.open", "at_least": 3}, {"fact": "children.open", "less_than": 3}]},
        {"all": [{"fact": "children.open", "at_least": 3}, {"fact": "children.open", "at_most": 3}]},
        {"all": [{"fact": "task.title", "prefix": "a"}, {"fact": "task.title", "suffix": "b"}]},
        {"all": [{"fact": "task.title", "prefix": "a"}, {"fact": "task.title", "prefix": "b"}]},  # texts are not told
        {"fact": "task.deadline_at", "exists": False},
        {"fact": "evidence.items", "count": {"where": {"fact": "item.quality", "at_least": "strong"}, "at_least": 2}},
    ],
)
def test_what_some_value_satisfies_is_not_refused(conditions: object) -> None:
    assert check_meaning(pack(rule(conditions=conditions))) == ()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(leaf=leaves(SCALARS), values=facts([spec.path for spec in SCALARS]))
def test_a_leaf_never_turns_out_as_it_is_said_that_it_cannot(
    leaf: dict[str, object], values: dict[str, object]
) -> None:
    """On a value of the fact's own type; what is of another type is unknown, and facts have no such values."""
    spec = spec_of(leaf["fact"])
    found = reference(leaf, values, NOW)
    if found != 1 and spec.path in values and _is_sane(values[spec.path], spec):
        assert bool(found) in truths_of(leaf, spec)
        if found == 2:
            assert holds_for_some([leaf], spec) is not False


def _is_sane(value: object, spec: object) -> bool:
    """Whether the catalogue would let a value through: no number below 0, no choice that is none, no such element."""
    if value is None:
        return spec.nullable
    if spec.choices and isinstance(value, str):
        return value in spec.choices
    if isinstance(value, (list, tuple)):
        inner = spec.item or None
        return all(
            isinstance(each, dict) and all(_is_sane(each.get(key), inner[key]) for key in inner)
            if inner
            else isinstance(each, str) and (not spec.choices or each in spec.choices)
            for each in value
        )
    return type(value) is not int or value >= 0


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(CATALOGUE["event.event_type"].choices),
    task=st.sampled_from([None, TASK]),
    payload=st.dictionaries(
        st.sampled_from(
            ["condition", "phase", "episode", "source", "caused_by", "late_by_seconds", "message", "report"]
        ),
        st.one_of(
            st.none(), st.text(max_size=3), st.integers(), st.booleans(), st.just({"$blob": "0" * 64, "size": 9})
        ),
    ),
)
def test_what_is_said_to_be_always_known_is(kind: str, task: object, payload: dict[str, object]) -> None:
    values = build_facts(event(kind, **payload), task, None, NOW).values
    assert [path for path in ALWAYS_KNOWN if isinstance(values[path], Unknown)] == []
