"""Where facts came from, in words."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci.facts_page import GROUPS, page
from reporting_governance.core.fact_catalogue import CATALOGUE
from reporting_governance.core.fact_origins import fact_origins
from reporting_governance.core.facts import Facts, build_facts
from reporting_governance.core.policy_operators import Unknown
from tests.unit.policy_documents import ROOT, TASK, event, firing
from tests.unit.policy_strategies import NOW
from tests.unit.test_evidence_facts import change, check
from tests.unit.test_policy_facts import DOCUMENTS, evidence

CHECK_IN = {"check_in": {}, "task": {**TASK, "labels": {"team": "blue"}}}
TEXT = "I have read the code.  All tests pass.  Next: the docs."
SENT = event("task_checkpoint_sent", message=TEXT, **CHECK_IN)
FIELDS = event("task_checkpoint_sent", report={"next_step": "docs"}, **CHECK_IN)


def origin(path, on=SENT, items=(), task=TASK):
    return build_facts(on, task, items, NOW).origin(path)


@pytest.mark.parametrize(
    ("path", "on", "expected"),
    [
        ("event.event_type", SENT, "event /event_type"),
        ("event.evidence_ref_count", SENT, "event /evidence_refs"),
        ("event.condition", firing("owner_dead"), "event payload /condition"),
        ("event.anchor_at", firing("owner_dead", anchor="2026-03-01T09:00:00Z"), "event payload /anchor"),
        ("task.status", SENT, "task state before the check-in /status"),
        ("task.labels.team", SENT, "task state before the check-in /labels/team"),
        ("task.status", firing("owner_dead"), "task state in the event /status"),
        ("task.status", event("silence_timeout"), "task state as it is now /status"),
        ("task.name", SENT, "task state before the check-in /title"),
        ("children.open", SENT, "task state before the check-in /children"),
        ("checkpoint.is_overdue", firing("checkpoint_overdue"), "event payload /phase"),
        ("checkpoint.operator_visible_update_sent", SENT, "event /event_type"),
        ("message.text", SENT, "event payload /message"),
        ("message.next_step_present", FIELDS, "event payload /report/next_step"),
        ("message.has_required_checkpoint_fields", FIELDS, "event payload /report"),
        ("claim.kind", FIELDS, "event payload /report/completed_this_segment"),
        ("claim.kind", event("task_claimed_complete", message=TEXT), "event /event_type"),
        ("claim.kind", event("task_checkpoint_sent", message=TEXT, claim="none"), "event payload /claim"),
        ("claim.kind", event("task_evidence_attached", message=TEXT), "event /event_type"),
        ("claim.checks_passed_asserted", event("task_started"), "the event carries no report"),
        ("evidence.max_quality", SENT, "none among 0 items of evidence"),
        ("evidence.reaches_back", event("x", segment={"reaches_back": True}), "event payload /segment/reaches_back"),
        ("gate.host", event("x", gate={"host": "claude-code"}), "event payload /gate/host"),
        ("tool.name", event("x", tool={"name": "Bash"}), "event payload /tool/name"),
        ("tool.name", SENT, "not known: the event is no use of a tool"),
        ("no.such", SENT, "not known: there is no such fact"),
        ("operator_context.channel", SENT, "event /operator_context/channel"),
    ],
)
def test_where_it_stands(path, on, expected):
    assert origin(path, on) == expected


def test_what_was_read_in_a_text_names_the_place():
    found = origin("claim.checks_passed_asserted")
    assert found.startswith("text, characters ")
    begin, end = map(int, found.removeprefix("text, characters ").partition(":")[0].split("-"))
    assert "pass" in TEXT[begin:end]


def test_evidence_is_named():
    changed, passed, other = change("09:20:00", code=True), check("09:30:00"), evidence(quality="weak")
    items = (changed, passed, other)
    names = [each["evidence_id"] for each in items]
    assert origin("evidence.code_changed", items=items) == f"evidence {names[0]}"
    assert origin("evidence.best_check_after_last_change", items=items) == f"evidence {names[0]}, {names[1]}"
    assert origin("evidence.max_quality", items=items) == f"evidence {names[1]}"
    many = [evidence() for _ in range(20)]
    assert origin("evidence.items", items=many).endswith(" and 12 more")


def test_facts_made_by_hand_say_so():
    assert Facts({"event.event_type": "x"}, NOW, "x", frozenset(), frozenset()).origin("event.event_type")


@settings(max_examples=150, deadline=None)
@given(on=DOCUMENTS, task=st.one_of(st.none(), DOCUMENTS), items=st.one_of(st.none(), st.lists(DOCUMENTS, max_size=2)))
def test_every_fact_of_every_document_has_one(on, task, items):
    facts = build_facts(on, task, items, NOW)
    origins = fact_origins(facts)
    assert set(origins) == set(facts.values)
    for path, value in facts.values.items():
        assert origins[path].startswith("not known: ") is isinstance(value, Unknown)


def test_the_page_of_facts_is_current():
    assert (ROOT / Path("docs/facts.md")).read_text() == page(), "run: python ci/facts_page.py > docs/facts.md"
    assert all(f"| `{path}` |" in page() for path in CATALOGUE)
    assert {path.partition(".")[0] for path in CATALOGUE} == set(GROUPS)
