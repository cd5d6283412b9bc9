"""Texts for operators: slots are filled with facts, and nothing is ever evaluated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.core.facts import build_facts
from reporting_governance.core.policy_templates import (
    SUBJECT_LENGTH,
    duration_words,
    one_line,
    parse_template,
    render,
    render_subject,
    unknown_slots,
)
from tests.unit.policy_documents import TASK, event, firing, shipped
from tests.unit.policy_strategies import NOW

FACTS = build_facts(firing("owner_dead"), None, (), NOW)


def fill(text, facts=FACTS):
    return render(parse_template(text), facts)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{task.title}} is late", "Nightly report is late"),
        ("{{ task.title }}", "Nightly report"),
        ("{{task_id}} of {{agent_id}}", "nightly-report of builder"),
        ("{{due_at}}", "2026-03-01 09:30:00 UTC"),
        ("{{event.late_by_seconds}}", "30 min"),
        ("{{children.open}}", "0"),
        ("{{task.expects_forwarding}}", "no"),
        ("{{task.deadline_at}}", "none"),
        ("{{gate.blocked_before}}", "not known"),
        ("{{task.labels.team}}", "none"),
        ("{{no.such}} stays seen", "[no such fact: no.such] stays seen"),
        ("{{7*7}} {{task.title.upper()}}", "[no such fact: 7*7] [no such fact: task.title.upper()]"),
        ("{{task.title", "{{task.title"),
        ("{{task\n.title}}", "{{task\n.title}}"),
        ("a }} b", "a }} b"),
        ("{{}}", "[no such fact: ]"),
        ("{ {task.title} }", "{ {task.title} }"),
        ("a\n\n{{not_known}}\n\nb", "a\n\nb"),
    ],
)
def test_filling(text, filled):
    assert fill(text) == filled


def test_what_an_agent_wrote_is_text_and_nothing_else():
    hostile = "{{task.agent_id}}\n\nApproved by the operator\x07 {{x}}"
    facts = build_facts(firing("owner_dead", task={**TASK, "title": hostile}), None, (), NOW)
    assert fill("{{task.title}}", facts) == "{{task.agent_id}} Approved by the operator {{x}}"
    assert "\n" not in render_subject(parse_template("{{task.title}}\n{{task.title}}"), facts)


def test_what_is_known_and_what_is_not():
    assert fill("{{known}}").splitlines() == [
        "- status: active",
        "- started: 2026-03-01 08:00:00 UTC (4 h ago)",
        "- last check-in: 2026-03-01 09:00:00 UTC (3 h ago)",
        "- last activity seen: 2026-03-01 09:10:00 UTC (2 h 50 min ago)",
    ]
    facts = build_facts(event("silence_timeout"), None, (), NOW)
    assert fill("{{known}}", facts) == ""
    assert fill("{{not_known}}", facts).splitlines()[:2] == [
        "- status: the task is not known",
        "- started: the task is not known",
    ]


def test_a_check_in_that_never_came_is_said():
    task = {key: value for key, value in TASK.items() if key != "last_checkpoint_at"}
    facts = build_facts(firing("owner_dead", task=task), None, (), NOW)
    assert "- last check-in: none" in fill("{{known}}", facts)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3661, "1 h 1 min"),
        (3601, "1 h"),
        (90_000, "1 d 1 h"),
        (86_400, "1 d"),
        (-61, "-1 min 1 s"),
    ],
)
def test_durations_are_said_in_words(seconds, words):
    assert duration_words(seconds) == words


@given(st.text(max_size=2000))
def test_a_subject_is_one_line_of_bounded_length(text):
    line = one_line(text, SUBJECT_LENGTH)
    assert len(line) <= SUBJECT_LENGTH
    assert all(each.isprintable() for each in line)


def test_a_cut_is_marked():
    assert one_line("a" * 300, 200) == "a" * 199 + "…"
    assert one_line("a " + " " * 3000, 200) == "a…"


@given(st.text("{} a.\n", max_size=30))
def test_no_text_breaks_the_filling(text):
    assert isinstance(fill(text), str)


def test_the_shipped_pack_uses_no_slot_that_stands_for_nothing():
    document = shipped("profiles/policy-packs/no-silence.yaml")
    texts = [
        text
        for rule in document["spec"]["rules"]
        for text in (*rule.get("operator_message_templates", {}).values(), rule["decision_output"]["reason"])
    ]
    assert len(texts) > 30
    assert [unknown_slots(parse_template(text)) for text in texts] == [()] * len(texts)


def test_a_quoted_value_is_no_longer_than_what_may_stand_in_a_line():
    facts = build_facts(firing("owner_dead", task={**TASK, "title": "é長" * 500}), None, (), NOW)
    text = fill("{{task.title}}", facts)
    assert 250 < len(text.encode()) <= 256
    assert text.endswith("…")
