"""Facts: what is known, what is known to be null, and what is unknown and why."""

from datetime import datetime
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.core.claim_reading import read_report
from reporting_governance.core.conditions import Condition
from reporting_governance.core.fact_catalogue import (
    CATALOGUE,
    CONDITIONS,
    LABEL_PREFIX,
    SELF_CONDITIONS,
    FactType,
    fact_spec,
)
from reporting_governance.core.facts import build_facts, notice_facts
from reporting_governance.core.policy_operators import Unknown
from tests.unit.policy_documents import TASK, event, firing
from tests.unit.policy_strategies import NOW

TYPES = {
    FactType.BOOLEAN: bool,
    FactType.INTEGER: int,
    FactType.TEXT: str,
    FactType.CHOICE: str,
    FactType.QUALITY: str,
    FactType.TIME: datetime,
    FactType.TEXTS: tuple,
    FactType.OBJECTS: tuple,
}


NUMBERS = count()


def at(text):
    return datetime.fromisoformat(f"2026-03-01T{text}+00:00")


def evidence(**changes):
    item = {
        "evidence_id": f"evd_{next(NUMBERS)}",
        "class": "tool_output",
        "quality": "moderate",
        "captured_at": "2026-03-01T09:30:00.000Z",
        "supports": {"claims": ["progress"]},
    }
    return {**item, **changes}


EVENTS = [
    event("task_checkpoint_sent", report={"current_status": "x"}, message="done so far"),
    event("task_checkpoint_sent", message="free text"),
    event("task_claimed_complete"),
    event("watchdog_fired"),
    firing("owner_dead", source="native", anchor="2026-03-01T09:00:00.000Z", reason="pid 7 is gone"),
    firing("checkpoint_overdue", phase="due", event_type="task_checkpoint_due"),
]


@pytest.mark.parametrize("on", EVENTS)
@pytest.mark.parametrize("task", [None, TASK, {**TASK, "labels": {"team": "blue"}, "children": [{"task_id": "c"}]}])
@pytest.mark.parametrize("items", [None, [], [evidence()]])
def test_every_fact_of_the_catalogue_is_there_with_its_type(on, task, items):
    facts = build_facts(on, task, items, NOW)
    assert {path for path in facts.values if not path.startswith(LABEL_PREFIX)} == set(CATALOGUE)
    for path, value in facts.values.items():
        spec = fact_spec(path)
        if isinstance(value, Unknown):
            assert value.reason
        elif value is None:
            assert spec.nullable, path
        else:
            assert type(value) is TYPES[spec.type], path
            assert not spec.choices or spec.type is FactType.TEXTS or value in spec.choices, path


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
KEYS = [
    *(
        "payload",
        "evidence_refs",
        "operator_context",
        "timestamp",
        "event_type",
        "condition",
        "phase",
        "task",
        "task_id",
    ),
    *("report", "message", "claim", "due_at", "status", "checkpoint", "children", "labels", "started_at", "title"),
    *("class", "quality", "captured_at", "supports", "claims", "since", "every_seconds", "last_checkpoint_at"),
]
DOCUMENTS = st.dictionaries(
    st.sampled_from(KEYS), st.one_of(JSON, st.dictionaries(st.sampled_from(KEYS), JSON, max_size=5)), max_size=8
)


@settings(max_examples=300, deadline=None)
@given(on=DOCUMENTS, task=st.one_of(st.none(), DOCUMENTS), items=st.one_of(st.none(), st.lists(DOCUMENTS, max_size=2)))
def test_no_document_breaks_the_facts(on, task, items):
    facts = build_facts(on, task, items, NOW)
    assert {path for path in facts.values if not path.startswith(LABEL_PREFIX)} == set(CATALOGUE)


def test_the_conditions_are_those_that_are_watched():
    ours = {"source_unreadable", "profile_refused", "log_loss", "plugin_drift", "clock_skew", "no_host"}
    ours |= {"canary", "canary_notice"}
    assert set(CONDITIONS) | ours == {each.value for each in Condition}
    assert ours <= set(SELF_CONDITIONS)


def test_now_needs_a_zone():
    with pytest.raises(ValueError, match="zone"):
        build_facts(EVENTS[0], None, None, NOW.replace(tzinfo=None))


def test_the_snapshot_in_the_event_is_preferred():
    facts = build_facts(firing("owner_dead", task={**TASK, "status": "paused"}), TASK, None, NOW)
    assert facts.known("task.status") == "paused"


def test_in_progress_reads_as_active():
    assert build_facts(EVENTS[3], {**TASK, "status": "in_progress"}, None, NOW).known("task.status") == "active"


def test_a_text_that_was_erased_is_unknown():
    digest = {"$blob": "0" * 64, "size": 5}
    facts = build_facts(event("task_checkpoint_sent", message=digest), {**TASK, "title": digest}, None, NOW)
    assert isinstance(facts.values["message.text"], Unknown)
    assert isinstance(facts.values["task.title"], Unknown)
    assert isinstance(facts.values["claim.is_progress_bearing"], Unknown)
    assert facts.known("task.name") == "nightly-report"


def test_the_last_sign_of_life_is_the_newest_of_all():
    facts = build_facts(EVENTS[3], TASK, None, NOW)
    assert facts.known("task.last_sign_of_life_at") == at("09:10:00")
    bare = {key: TASK[key] for key in ("task_id", "agent_id", "runtime", "status")}
    assert build_facts(EVENTS[3], bare, None, NOW).values["task.last_sign_of_life_at"] is None


class TestCheckpoint:
    def of(self, on, task=TASK, *, now=NOW, grace=None):
        facts = build_facts(on, task, None, now, grace_seconds=grace)
        names = ("is_overdue", "late_by_seconds", "operator_visible_update_sent")
        return tuple(facts.values[f"checkpoint.{name}"] for name in names)

    def test_a_firing_event_is_its_own_proof(self):
        assert self.of(firing("checkpoint_overdue")) == (True, 1800, False)

    def test_while_it_is_only_due_its_grace_runs(self):
        on = firing("checkpoint_overdue", "task_checkpoint_due", phase="due", late_by_seconds=20)
        assert self.of(on) == (False, 0, False)

    @pytest.mark.parametrize(
        ("now", "late", "overdue"),
        [
            ("09:29:59", 0, False),
            ("09:30:00", 0, False),
            ("09:35:00", 300, False),
            ("09:35:01", 301, True),
        ],
    )
    def test_from_the_task_alone(self, now, late, overdue):
        assert self.of(event("silence_timeout"), now=at(now)) == (overdue, late, not overdue)

    def test_it_counts_from_the_start_when_nothing_has_come(self):
        task = {key: value for key, value in TASK.items() if key != "last_checkpoint_at"}
        facts = build_facts(event("silence_timeout"), task, None, NOW)
        assert facts.known("checkpoint.due_at") == at("08:30:00")

    def test_a_task_without_its_own_grace_has_the_profiles(self):
        task = {**TASK, "checkpoint": {"every_seconds": 1800}}
        now = at("09:40:00")
        assert self.of(event("silence_timeout"), task, now=now, grace=700)[0] is False
        assert self.of(event("silence_timeout"), task, now=now, grace=500)[0] is True
        assert isinstance(self.of(event("silence_timeout"), task, now=now)[0], Unknown)
        assert self.of(event("silence_timeout"), task, now=at("09:20:00"))[0] is False

    @pytest.mark.parametrize(
        "task", [{**TASK, "status": "paused"}, {key: TASK[key] for key in TASK if key != "checkpoint"}]
    )
    def test_who_promised_nothing_is_never_overdue(self, task):
        assert self.of(event("silence_timeout"), task) == (False, 0, True)

    @pytest.mark.parametrize("task", [None, {**TASK, "checkpoint": {"schedule": "0 9 * * *", "time_zone": "UTC"}}])
    def test_what_cannot_be_told_is_unknown(self, task):
        assert all(isinstance(each, Unknown) for each in self.of(event("silence_timeout"), task))

    @pytest.mark.parametrize("report", ["task_checkpoint_sent", "task_claimed_complete", "task_started"])
    def test_the_agents_own_report_is_the_update(self, report):
        assert self.of(event(report), None)[2] is True


class TestReports:
    FIELDS = ("current_status", "completed_this_segment", "next_step", "next_report_condition")

    def test_a_structured_report_says_what_it_holds(self):
        report = {"current_status": "running", "next_step": " ", "operator_intervention_needed": False}
        facts = build_facts(event("task_checkpoint_sent", report=report), None, None, NOW)
        assert {name: facts.values[f"message.{name}_present"] for name in self.FIELDS} == {
            "current_status": True,
            "completed_this_segment": False,
            "next_step": False,
            "next_report_condition": False,
        }
        assert facts.values["message.operator_intervention_needed_present"] is True
        assert facts.values["message.has_required_checkpoint_fields"] is False
        assert facts.values["claim.is_progress_bearing"] is False

    def test_a_whole_report(self):
        report = {**dict.fromkeys(self.FIELDS, "x"), "operator_intervention_needed": "no"}
        facts = build_facts(event("task_checkpoint_sent", report=report), None, None, NOW)
        assert facts.values["message.has_required_checkpoint_fields"] is True
        assert facts.values["claim.kind"] == "progress"
        assert facts.signals == {"checkpoint_progress_claim"}
        assert facts.claim_types == {"progress"}

    def test_free_text_is_read(self):
        text = "The parser is done and all tests pass."
        facts = build_facts(event("task_checkpoint_sent", message=text), None, None, NOW)
        assert facts.values["message.text"] == text
        assert facts.values["claim.kind"] == "completion"
        assert facts.values["claim.completion_asserted"] is True
        assert facts.values["claim.checks_passed_asserted"] is True
        assert facts.values["message.next_step_present"] is False
        assert facts.claim_types == {"completion"}

    def test_what_the_reader_is_not_sure_of_is_unknown_with_its_reason_and_may_be_any_claim(self):
        text = "I think it should be done now, more or less."
        reading = read_report(text)
        assert reading.kind is None
        facts = build_facts(event("task_checkpoint_sent", message=text), None, None, NOW)
        assert facts.values["claim.completion_asserted"].reason == reading.completion.reason
        assert isinstance(facts.values["claim.kind"], Unknown)
        assert facts.claim_types == {"progress", "completion"}

    def test_fields_go_before_the_text_and_a_stated_claim_before_both(self):
        report = {"current_status": "all tests pass", "completed_this_segment": "", "next_step": "handed on to sub-7"}
        facts = build_facts(event("task_checkpoint_sent", message="All done.", report=report), None, None, NOW)
        assert facts.values["claim.kind"] == "none"
        assert facts.values["claim.checks_passed_asserted"] is True
        claim = {"kind": "progress", "checks_passed": False, "next_step_dispatched": True}
        facts = build_facts(event("task_checkpoint_sent", message="All tests pass", claim=claim), None, None, NOW)
        assert facts.values["claim.kind"] == "progress"
        assert facts.values["claim.checks_passed_asserted"] is False
        assert facts.values["claim.next_step_dispatched_asserted"] is True

    def test_who_says_nothing_asserts_nothing(self):
        facts = build_facts(event("task_claimed_complete"), None, None, NOW)
        assert facts.values["claim.checks_passed_asserted"] is False
        assert facts.values["claim.next_step_dispatched_asserted"] is False

    @pytest.mark.parametrize(
        ("on", "kind"),
        [
            (event("task_claimed_complete", message="done"), "completion"),
            (event("subagent_result_forwarded"), "forwarding"),
            (event("task_checkpoint_sent"), "none"),
            (event("task_checkpoint_sent", claim={"kind": "completion"}, message="x"), "completion"),
            (event("task_checkpoint_sent", claim="progress"), "progress"),
            (event("watchdog_fired"), "none"),
        ],
    )
    def test_what_is_claimed(self, on, kind):
        facts = build_facts(on, None, None, NOW)
        assert facts.values["claim.kind"] == kind
        assert facts.values["claim.completion_asserted"] is (kind == "completion")


class TestEvidence:
    def of(self, *items, task=TASK, on=None):
        return build_facts(on or event("task_checkpoint_sent"), task, items, NOW)

    def test_nothing_read_is_not_nothing_there(self):
        assert isinstance(build_facts(EVENTS[0], TASK, None, NOW).values["evidence.max_quality"], Unknown)
        assert self.of().values["evidence.max_quality"] == "none"
        assert self.of().values["evidence.new_items_since_last_checkpoint"] == 0

    def test_the_best_counts_and_only_what_supports_completion_for_completion(self):
        facts = self.of(
            evidence(quality="strong"),
            evidence(quality="weak", supports={"claims": ["completion"]}, **{"class": "verification_output"}),
            evidence(quality="excellent"),
        )
        assert facts.values["evidence.max_quality"] == "strong"
        assert facts.values["evidence.completion_min_quality"] == "weak"
        assert facts.values["evidence.classes"] == ("tool_output", "verification_output")
        assert facts.values["evidence.checks_run"] == 1

    @pytest.mark.parametrize(
        ("since", "last", "new"),
        [
            (None, "2026-03-01T09:29:59.000Z", 1),
            (None, "2026-03-01T09:30:00.000Z", 0),
            ("2026-03-01T09:00:00.000Z", "2026-03-01T09:45:00.000Z", 1),
            (None, None, 1),  # since the start
        ],
    )
    def test_what_is_new(self, since, last, new):
        supports = {"claims": ["progress"], **({"since": since} if since else {})}
        task = {**TASK, "last_checkpoint_at": last}
        assert self.of(evidence(supports=supports), task=task).values["evidence.new_items_since_last_checkpoint"] == new

    def test_what_is_new_is_unknown_when_the_check_in_before_is_not_known(self):
        task = {**TASK, "last_checkpoint_at": "2026-03-01T10:00:00.000Z"}  # this very check-in
        assert isinstance(self.of(evidence(), task=task).values["evidence.new_items_since_last_checkpoint"], Unknown)


def test_what_a_gate_says_of_itself():
    on = event("task_checkpoint_sent", gate={"host": "claude-code", "hook": "Stop", "blocked_before": 2})
    values = build_facts(on, None, None, NOW).values
    assert [values[f"gate.{name}"] for name in ("host", "hook", "blocked_before")] == ["claude-code", "Stop", 2]
    on = event("task_checkpoint_sent", tool={"name": "Bash", "command": "rm x"})
    values = build_facts(on, None, None, NOW).values
    assert [values[f"tool.{name}"] for name in ("name", "command", "path")] == ["Bash", "rm x", None]


def test_children_are_counted():
    children = [
        {"task_id": "a", "status": "active"},
        {"task_id": "b", "status": "completed", "finished_at": "2026-03-01T09:00:00.000Z"},
        {"task_id": "c", "status": "completed", "finished_at": "x", "forwarded_at": "2026-03-01T09:00:00.000Z"},
        {"task_id": "d", "status": "failed", "spawn_failed_at": "2026-03-01T09:00:00.000Z"},
        {"task_id": "e", "status": "failed", "spawn_failed_at": "x", "told_at": "2026-03-01T09:00:00.000Z"},
    ]
    facts = build_facts(EVENTS[3], {**TASK, "children": children}, None, NOW)
    counts = {name: facts.values[f"children.{name}"] for name in ("open", "finished_unforwarded", "failed_untold")}
    assert counts == {"open": 1, "finished_unforwarded": 1, "failed_untold": 1}


class TestSignals:
    def test_a_firing_condition_is_a_signal(self):
        assert build_facts(firing("owner_dead"), None, None, NOW).signals == {"owner_dead"}

    @pytest.mark.parametrize("phase", ["due", "resolved"])
    def test_one_that_does_not_fire_is_none(self, phase):
        assert build_facts(firing("owner_dead", phase=phase), None, None, NOW).signals == frozenset()

    def test_an_overdue_task_is_no_signal_in_other_events(self):
        facts = build_facts(event("task_evidence_attached"), TASK, None, NOW)
        assert facts.values["checkpoint.is_overdue"] is True
        assert facts.signals == frozenset()


def test_a_notice_carries_what_is_known():
    on = firing("owner_dead", task={**TASK, "labels": {"team": "blue"}}, source="native")
    assert notice_facts(build_facts(on, None, None, NOW)) == {
        "task_id": "nightly-report",
        "title": "Nightly report",
        "agent_id": "builder",
        "runtime": "local-host",
        "event_type": "watchdog_fired",
        "condition": "owner_dead",
        "episode": "epi_1",
        "due_at": "2026-03-01T09:30:00.000Z",
        "late_by_seconds": 1800,
        "last_sign_of_life_at": "2026-03-01T09:10:00.000Z",
        "source": "native",
        "labels": {"team": "blue"},
    }


def test_every_fact_has_a_sentence():
    for spec in CATALOGUE.values():
        assert spec.sentence.endswith("."), spec.path
        assert not spec.choices or spec.type in (FactType.CHOICE, FactType.QUALITY, FactType.TEXTS)
        assert spec.type is not FactType.INTEGER or spec.unit
    assert fact_spec("task.labels.x").nullable
    assert fact_spec("task.labels.") is None
