"""The shipped pack `no-silence`: every condition that fires is told once, and nothing else is."""

import pytest

from reporting_governance.contracts.decision import ActionKind, DecisionKind, Severity
from reporting_governance.core.capability_profile_compatibility import preflight
from reporting_governance.core.conditions import EVENT_TYPES, Condition
from reporting_governance.core.decision_runner import plan_decision
from reporting_governance.core.effective_capabilities import effective_capabilities
from reporting_governance.core.facts import build_facts
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.core.policy_evaluator import evaluate
from reporting_governance.core.policy_examples import run_examples
from reporting_governance.core.policy_pack import OnUnknown
from tests.unit.policy_documents import TASK, event, firing, shipped
from tests.unit.policy_strategies import NOW

PACK = compile_pack(shipped("profiles/policy-packs/no-silence.yaml"))
RULES = {rule.rule.id: rule.rule for rule in PACK.rules}
#: What is told about ourselves is decided in `core/self_notices.py`, whatever packs are in force.
OURS = (
    Condition.SOURCE_UNREADABLE,
    Condition.PROFILE_REFUSED,
    Condition.CANARY,
    Condition.CANARY_NOTICE,
    Condition.LOG_LOSS,
    Condition.PLUGIN_DRIFT,
    Condition.CLOCK_SKEW,
    Condition.NO_HOST,
)
WATCHED = [each for each in Condition if each not in OURS]
PROFILES = ("minimal-solo-mode", "standard-team-mode", "strict-manager-mode")
DESCRIPTORS = ("local-host", "openclaw-watchdog-reference")
OVERDUE = "2026-03-01T09:30:00.000Z"


def judge(on, task=None, evidence=()):
    return evaluate([PACK], build_facts(on, task, evidence, NOW, grace_seconds=300))


def fires(condition, **more):
    return firing(condition.value, EVENT_TYPES[condition].value, **more)


def test_the_first_rule_is_the_specifications():
    first = PACK.rules[0].rule
    assert first.id == "no-silence.missed-checkpoint"
    assert first.triggers.dump() == {
        "event_types": ["task_checkpoint_due", "silence_timeout"],
        "derived_signals": ["checkpoint_overdue"],
        "claim_types": ["progress"],
    }
    assert first.conditions == {
        "all": [
            {"fact": "checkpoint.is_overdue", "equals": True},
            {"fact": "checkpoint.operator_visible_update_sent", "equals": False},
        ]
    }
    output = first.decision_output
    assert (output.decision, output.severity, output.suggested_status) == ("force_checkpoint", "high", "in_progress")
    assert [each.action.value for each in output.required_actions] == [
        "notify_operator",
        "emit_event",
        "append_audit_note",
    ]
    assert output.required_actions[0].details == {"kind": "forced_checkpoint"}
    assert output.required_actions[1].details == {"event_type": "forced_operator_update"}
    notice = output.operator_notice
    assert (notice.required, notice.urgency, notice.must_reference, notice.deadline) == (
        True,
        "high",
        ("silence_timeout",),
        "immediate",
    )


def test_there_is_one_rule_for_every_condition_and_each_says_what_it_does_when_unknown():
    assert set(RULES) == {
        "no-silence.missed-checkpoint",
        "no-silence.checkpoint_due",
        *(f"no-silence.{each.value}" for each in WATCHED),
    }
    document = shipped("profiles/policy-packs/no-silence.yaml")
    for rule in document["spec"]["rules"]:
        assert OnUnknown(rule["on_unknown"])
        assert rule["on_unknown_reason"]
        assert rule["examples"]


@pytest.mark.parametrize("condition", WATCHED)
def test_a_firing_is_decided_by_the_rule_of_its_condition(condition):
    verdict = judge(fires(condition))
    assert verdict.decision.policy_id == f"no-silence.{condition.value}"
    assert verdict.decision.notifies()
    notified = [each for each in verdict.decision.required_actions if each.action is ActionKind.NOTIFY_OPERATOR]
    assert len(notified) == 1
    assert verdict.decision.operator_notice.must_reference == (EVENT_TYPES[condition].value,)
    assert verdict.decision.operator_notice.urgency >= Severity.HIGH


@pytest.mark.parametrize("condition", WATCHED)
def test_the_text_says_which_task_since_when_how_late_and_what_is_not_known(condition):
    message = judge(fires(condition, reason="as the host says")).message
    assert "Nightly report" in message.subject
    assert "nightly-report" in message.body
    assert "builder" in message.body
    assert "Known:\n- status: active" in message.body
    assert "Not known:\n- " in message.body
    assert any(part in message.subject + message.body for part in ("09:30:00", "as the host says"))
    assert "[no such fact" not in message.subject + message.body
    assert "{{" not in message.subject + message.body


@pytest.mark.parametrize("condition", WATCHED)
@pytest.mark.parametrize("profile_name", PROFILES)
@pytest.mark.parametrize("descriptor_name", DESCRIPTORS)
def test_every_firing_is_told_under_every_shipped_profile(condition, profile_name, descriptor_name):
    profile = shipped(f"profiles/{profile_name}.yaml")
    descriptor = shipped(f"capabilities/{descriptor_name}.json")
    assert preflight(profile, descriptor, PACK.pack.required_actions()).refusals == ()
    plan = plan_decision(judge(fires(condition)).decision, effective_capabilities(profile, descriptor))
    assert plan.tell_operator
    assert plan.receipt.operator_notice_required
    decision = judge(fires(condition)).decision
    assert plan.receipt.blocked_actions == ()
    expected = "queued" if descriptor_name == "local-host" else "pending_external_send"
    assert (plan.receipt.status, plan.receipt.delivery_state) == ("planned", expected)
    asks = decision.decision is DecisionKind.FORCE_CHECKPOINT
    assert plan.request_checkpoint is (asks and descriptor_name == "local-host")


@pytest.mark.parametrize("condition", WATCHED)
def test_a_condition_that_is_over_is_not_judged(condition):
    verdict = judge(fires(condition, phase="resolved"))
    assert verdict.decision.policy_id == "default.resolved"
    assert not verdict.decision.notifies()


@pytest.mark.parametrize("condition", [each for each in WATCHED if each is not Condition.CHECKPOINT_OVERDUE])
def test_an_overdue_task_does_not_hide_what_else_is_wrong_with_it(condition):
    """`TASK` is overdue too; the notice must still speak of the condition that fires."""
    verdict = judge(fires(condition), TASK)
    assert verdict.decision.policy_id == f"no-silence.{condition.value}"
    assert verdict.message.subject == judge(fires(condition)).message.subject


def test_when_a_check_in_is_due_only_the_agent_is_asked():
    on = firing("checkpoint_overdue", "task_checkpoint_due", phase="due", late_by_seconds=0)
    verdict = judge(on, TASK)
    assert verdict.decision.decision is DecisionKind.FORCE_CHECKPOINT
    assert verdict.decision.policy_id == "no-silence.checkpoint_due"
    assert not verdict.decision.notifies()
    assert ActionKind.NOTIFY_OPERATOR not in {each.action for each in verdict.decision.required_actions}
    powers = effective_capabilities(shipped("profiles/minimal-solo-mode.yaml"), shipped("capabilities/local-host.json"))
    plan = plan_decision(verdict.decision, powers)
    assert (plan.request_checkpoint, plan.tell_operator) == (True, False)
    assert plan.receipt.delivery_state == "prepared"


def test_when_a_check_in_is_due_and_the_agent_cannot_be_asked_the_operator_still_is_not_told():
    descriptor = shipped("capabilities/local-host.json")
    del descriptor["capabilities"]["enforcement"]["force_checkpoint"]
    powers = effective_capabilities(shipped("profiles/minimal-solo-mode.yaml"), descriptor)
    on = firing("checkpoint_overdue", "task_checkpoint_due", phase="due", late_by_seconds=0)
    plan = plan_decision(judge(on, TASK).decision, powers)
    assert (plan.request_checkpoint, plan.tell_operator) == (False, False)
    assert [each["action"] for each in plan.receipt.blocked_actions] == ["force_checkpoint"]


@pytest.mark.parametrize("event_type", ["task_checkpoint_due", "silence_timeout"])
def test_an_event_in_the_specifications_own_shape_is_judged_by_its_rule(event_type):
    verdict = judge(event(event_type, at=OVERDUE), TASK)
    assert verdict.decision.policy_id == "no-silence.missed-checkpoint"
    assert "overdue since 2026-03-01 09:30:00 UTC" in verdict.message.subject
    unknown = judge(event(event_type))
    assert unknown.decision.decision is DecisionKind.REQUIRE_REVIEW
    assert unknown.decision.notifies()


@pytest.mark.parametrize(
    "event_type",
    [
        "task_started",
        "task_checkpoint_sent",
        "task_status_changed",
        "task_claimed_complete",
        "task_evidence_attached",
        "subagent_spawned",
        "subagent_spawn_failed",
        "subagent_completed",
        "subagent_result_forwarded",
    ],
)
@pytest.mark.parametrize("payload", [{}, {"message": "half done"}, {"report": {"completed_this_segment": "a"}}])
def test_what_an_agent_reports_tells_nobody(event_type, payload):
    """Even where the packs cannot read it, and even when the task is overdue: its firing has been told already."""
    for task in (TASK, None):
        verdict = judge(event(event_type, **payload), task)
        assert verdict.decision.policy_id == "default.allow"


def test_the_examples_in_the_pack_come_true():
    results = run_examples(PACK)
    assert len(results) >= 2 * len(WATCHED)
    assert [(each.rule_id, each.title, each.found) for each in results if not each.passed] == []


def test_a_wrong_example_is_noticed():
    document = shipped("profiles/policy-packs/no-silence.yaml")
    document["spec"]["rules"][0]["examples"][0]["expect"]["decision"] = "block"
    assert [each.passed for each in run_examples(compile_pack(document))].count(False) == 1
    document = shipped("profiles/policy-packs/no-silence.yaml")
    document["spec"]["rules"][0]["examples"][0]["expect"]["notice"] = False
    assert [each.passed for each in run_examples(compile_pack(document))].count(False) == 1
