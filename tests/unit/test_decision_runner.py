"""From decision to plan: the strongest honest way, declared fallbacks, and a receipt that hides no gap."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.contracts.capability import (
    API_VERSION,
    POWERS,
    Claim,
    EffectiveCapabilities,
    EffectivePower,
    Observation,
    PowerReason,
    SupportLevel,
)
from reporting_governance.contracts.decision import (
    ALLOWED_DELIVERY_STATES,
    ActionKind,
    Decision,
    DecisionDeliveryState,
    DecisionKind,
    DecisionReceipt,
    ReceiptStatus,
)
from reporting_governance.core.actions import FORCE_CHECKPOINT, POWER_OF, STRONGEST_FIRST, is_weaker
from reporting_governance.core.decision_runner import PlannedPath, plan_action, plan_decision

QUEUE_AND_BRIDGE = {
    "notification_path.queue_items": "full",
    "notification_path.spool_handoff": "full",
    "notification_path.receipts": "full",
    "notification_path.sender_binding": "full",
}
FALLBACKS = {
    "force_checkpoint": ("notify_operator",),
    "block_transition": ("set_status", "request_review", "notify_operator"),
    "rewrite_message": ("record_placeholder", "request_review", "notify_operator"),
    "set_status": ("request_review", "notify_operator"),
    "request_review": ("notify_operator",),
    "raise_escalation": ("notify_operator",),
}
ALL_POWERS = [f"{group}.{leaf}" for group, leaves in POWERS.items() for leaf in leaves]


def powers(levels, fallbacks=FALLBACKS, *, pending=True):
    return EffectiveCapabilities(
        api_version=API_VERSION,
        kind="EffectiveCapabilities",
        profile="p",
        descriptor="d",
        runtime="r",
        pending_external_send_supported=pending,
        powers={
            path: EffectivePower(
                requested=None,
                claimed=Claim(levels.get(path, "unknown")),
                observed=Observation.NOT_PROBED,
                effective=SupportLevel(levels.get(path, "none")),
                fallback=(),
                reason=PowerReason.SUPPORTED if path in levels else PowerReason.NOT_DECLARED,
                limits=(),
            )
            for path in ALL_POWERS
        },
        fallbacks=fallbacks,
        tied={},
        notes=(),
    )


def decision(kind, *actions, notify=True):
    notice = {
        "required": notify,
        "channel": "operator",
        "urgency": "high",
        "message": None,
        "must_reference": ["silence_timeout"],
        "deadline": "immediate",
    }
    return Decision.parse(
        {
            "decision": kind,
            "policy_id": "p.rule",
            "severity": "high",
            "reason": "a test",
            "rewritten_message": None,
            "suggested_status": None,
            "required_actions": [{"action": each, "target": "operator_channel", "mandatory": True} for each in actions],
            "operator_notice": notice,
        }
    )


class TestTheSpecificationsExamples:
    """`capability-descriptor.md`, "Preflight compatibility"."""

    def test_forced_checkpoint_with_only_queue_and_bridge_is_a_deferred_notice(self):
        plan = plan_decision(decision("force_checkpoint", "notify_operator"), powers(QUEUE_AND_BRIDGE))
        assert plan.tell_operator
        assert not plan.request_checkpoint
        assert plan.path is PlannedPath.BRIDGE_MEDIATED_SEND
        receipt = plan.receipt
        assert (receipt.status, receipt.delivery_state) == ("planned", "pending_external_send")
        assert receipt.enforcement_intent[0] == {
            "action": "notify_operator",
            "mandatory": True,
            "power": "notification_path.queue_items",
            "level": "full",
            "fallback_for": "force_checkpoint",
        }
        assert "force_checkpoint is not available" in receipt.notes[0]

    def test_so_it_is_with_a_partial_forced_checkpoint(self):
        levels = {**QUEUE_AND_BRIDGE, "enforcement.force_checkpoint": "partial"}
        plan = plan_decision(decision("force_checkpoint", "notify_operator"), powers(levels))
        assert plan.request_checkpoint
        assert (plan.receipt.status, plan.receipt.delivery_state) == ("planned", "pending_external_send")
        assert plan.receipt.notes == ("force_checkpoint is possible within limits only",)

    def test_direct_send_with_only_pending_keeps_the_weaker_true_state(self):
        plan = plan_decision(decision("allow", "dispatch_message", "notify_operator"), powers(QUEUE_AND_BRIDGE))
        assert plan.receipt.delivery_state == "pending_external_send"
        direct = powers({**QUEUE_AND_BRIDGE, "notification_path.direct_send": "partial"})
        assert plan_decision(decision("allow", "notify_operator"), direct).receipt.delivery_state == "queued"
        silent = powers(QUEUE_AND_BRIDGE, pending=False)
        assert plan_decision(decision("allow", "notify_operator"), silent).receipt.delivery_state == "queued"


@pytest.mark.parametrize(
    ("levels", "kind", "actions", "path"),
    [
        ({"enforcement.block_transition": "full"}, "block", ["block_transition"], "inline_block"),
        (
            {"enforcement.downgrade_status": "full", "enforcement.request_review": "full"},
            "downgrade_status",
            ["set_status", "request_review"],
            "status_downgrade_and_review",
        ),
        (QUEUE_AND_BRIDGE, "escalate", ["raise_escalation"], "bridge_mediated_send"),
        (
            {**QUEUE_AND_BRIDGE, "enforcement.escalate": "partial"},
            "allow",
            ["raise_escalation"],
            "bridge_mediated_send",
        ),
        ({"enforcement.escalate": "partial"}, "allow", ["raise_escalation"], "queue_only_notice"),
        ({"notification_path.queue_items": "full"}, "escalate", ["raise_escalation"], "queue_only_notice"),
        ({}, "escalate", ["raise_escalation"], "blocked_with_gap"),
        ({}, "allow", ["append_audit_note"], "record_only"),
        ({}, "allow", ["append_audit_note", "emit_event"], "record_only"),
    ],
)
def test_paths(levels, kind, actions, path):
    notify = kind == "escalate"
    assert plan_decision(decision(kind, *actions, notify=notify), powers(levels)).path == path


def test_a_fallback_is_named_with_what_it_stands_in_for():
    plan = plan_decision(decision("block", "block_transition", notify=False), powers(QUEUE_AND_BRIDGE))
    assert plan.receipt.enforcement_intent == (
        {
            "action": "notify_operator",
            "mandatory": True,
            "power": "notification_path.queue_items",
            "level": "full",
            "fallback_for": "block_transition",
        },
    )
    assert plan.receipt.blocked_actions == (
        {
            "action": "block_transition",
            "mandatory": True,
            "reason": "enforcement.block_transition: not_declared",
            "fallback": "notify_operator",
        },
    )
    assert (plan.receipt.status, plan.receipt.delivery_state) == ("degraded", "partial")
    assert plan.tell_operator
    assert plan.receipt.operator_notice_required


def test_with_nothing_to_fall_back_on_the_receipt_is_blocked_with_the_gap():
    plan = plan_decision(decision("require_review", "request_review"), powers({}, {}))
    assert (plan.receipt.status, plan.receipt.delivery_state) == ("blocked", "blocked")
    assert [each["action"] for each in plan.receipt.blocked_actions] == ["request_review", "notify_operator"]
    assert not plan.tell_operator
    assert plan.receipt.operator_notice_required
    assert plan.path is PlannedPath.BLOCKED_WITH_GAP


def test_a_stronger_fallback_is_passed_over():
    levels = {"enforcement.block_transition": "full", **QUEUE_AND_BRIDGE}
    planned = plan_action("request_review", powers(levels, {"request_review": ("block_transition", "notify_operator")}))
    assert planned.action == "notify_operator"


def test_a_record_needs_no_power():
    planned = plan_action("append_audit_note", powers({}, {}))
    assert (planned.action, planned.gap) == ("append_audit_note", None)


def test_a_lone_escalation_tells_the_operator_and_its_receipt_says_so():
    levels = {**QUEUE_AND_BRIDGE, "enforcement.escalate": "partial"}
    plan = plan_decision(decision("escalate", "raise_escalation", notify=False), powers(levels))
    assert plan.tell_operator
    assert plan.receipt.operator_notice_required
    assert (plan.receipt.status, plan.receipt.delivery_state) == ("planned", "pending_external_send")


@pytest.mark.parametrize("named", [None, "forced_operator_update", "operator_review_requested"])
def test_an_event_that_a_decision_may_cause_is_planned(named):
    details = None if named is None else {"event_type": named}
    receipt = plan_decision(emitting(details), powers(QUEUE_AND_BRIDGE)).receipt
    assert [each["action"] for each in receipt.enforcement_intent] == ["notify_operator", "emit_event"]
    assert receipt.blocked_actions == ()


@pytest.mark.parametrize("named", ["task_claimed_complete", "no_such_event", 3])
def test_an_event_that_says_what_somebody_else_has_done_is_a_gap_and_never_planned(named):
    receipt = plan_decision(emitting({"event_type": named}), powers(QUEUE_AND_BRIDGE)).receipt
    assert [each["action"] for each in receipt.enforcement_intent] == ["notify_operator"]
    reason = f"no decision can make the event {named}"
    assert receipt.blocked_actions == ({"action": "emit_event", "mandatory": True, "reason": reason},)
    assert (receipt.status, receipt.delivery_state) == ("degraded", "partial")


def emitting(details):
    found = decision("allow", "notify_operator", "emit_event")
    told, emitted = found.required_actions
    return replace(found, required_actions=(told, replace(emitted, details=details)))


def test_a_plan_says_the_path_and_what_became_of_each_action():
    plan = plan_decision(decision("block", "block_transition", "append_audit_note"), powers(QUEUE_AND_BRIDGE))
    dumped = plan.dump()
    assert dumped["path"] == "bridge_mediated_send"
    assert [(each["wanted"], each["action"], each["level"]) for each in dumped["actions"]] == [
        ("block_transition", "notify_operator", "full"),
        ("append_audit_note", "append_audit_note", "full"),
        ("notify_operator", "notify_operator", "full"),
    ]
    assert dumped["actions"][0]["reason"] == "enforcement.block_transition: not_declared"


def test_an_unknown_action_is_a_gap():
    assert plan_action("teleport", powers(QUEUE_AND_BRIDGE)).action is None


def test_each_action_stands_on_the_power_the_design_says():
    assert {str(action): power for action, power in POWER_OF.items()} == {
        "rewrite_message": "enforcement.rewrite_message",
        "record_placeholder": "enforcement.annotate_placeholder",
        "set_status": "enforcement.downgrade_status",
        "request_review": "enforcement.request_review",
        "raise_escalation": "enforcement.escalate",
        "block_transition": "enforcement.block_transition",
        "notify_operator": "notification_path.queue_items",
        "dispatch_message": "notification_path.queue_items",
        "emit_event": None,
        "append_audit_note": None,
        "force_checkpoint": "enforcement.force_checkpoint",
    }
    assert set(STRONGEST_FIRST) == {*ActionKind, FORCE_CHECKPOINT} == set(POWER_OF)


LEVELS = st.dictionaries(st.sampled_from(ALL_POWERS), st.sampled_from(["none", "partial", "full"]), max_size=12)
ACTIONS = st.sampled_from(STRONGEST_FIRST)
ANY_FALLBACKS = st.dictionaries(ACTIONS.map(str), st.lists(ACTIONS.map(str), max_size=3).map(tuple), max_size=6)


@given(wanted=ACTIONS, levels=LEVELS, fallbacks=ANY_FALLBACKS)
def test_a_plan_never_exceeds_what_the_runtime_can_do(wanted, levels, fallbacks):
    given_powers = powers(levels, fallbacks)
    planned = plan_action(wanted, given_powers)
    if planned.action is None:
        assert planned.reason
        return
    power = POWER_OF[planned.action]
    assert power is None or given_powers.support(power) is not SupportLevel.NONE
    if planned.action != wanted:
        assert is_weaker(planned.action, wanted)
        assert planned.action in fallbacks[wanted]
        assert POWER_OF[wanted] is None or given_powers.support(POWER_OF[wanted]) is SupportLevel.NONE


@settings(max_examples=200)
@given(
    kind=st.sampled_from(list(DecisionKind)),
    actions=st.lists(st.sampled_from(list(ActionKind)), max_size=5),
    levels=LEVELS,
    fallbacks=ANY_FALLBACKS,
    notify=st.booleans(),
    pending=st.booleans(),
)
def test_every_receipt_is_valid_and_never_says_sent(kind, actions, levels, fallbacks, notify, pending):
    plan = plan_decision(
        decision(kind.value, *(each.value for each in actions), notify=notify),
        powers(levels, fallbacks, pending=pending),
    )
    receipt = DecisionReceipt.parse(plan.receipt.dump())
    assert receipt == plan.receipt
    assert receipt.status in (ReceiptStatus.PLANNED, ReceiptStatus.DEGRADED, ReceiptStatus.BLOCKED)
    assert receipt.delivery_state not in (DecisionDeliveryState.ACKED, DecisionDeliveryState.DISPATCHED)
    gaps = {each.wanted for each in plan.actions if each.gap is not None}
    shown = {each["action"] for each in receipt.blocked_actions}
    shown |= {each["fallback_for"] for each in receipt.enforcement_intent if "fallback_for" in each}
    assert gaps == shown


def receipt(status, state, *, intent=(), blocked=()):
    return DecisionReceipt(
        policy_id="p.rule",
        decision=DecisionKind.BLOCK,
        status=status,
        delivery_state=state,
        enforcement_intent=intent,
        blocked_actions=blocked,
        operator_notice_required=False,
        notes=(),
    )


DONE = ({"action": "emit_event", "mandatory": True},)


@pytest.mark.parametrize("status", list(ReceiptStatus))
@pytest.mark.parametrize("state", list(DecisionDeliveryState))
def test_the_status_and_state_matrix(status, state):
    allowed = {
        "planned": {"prepared", "queued", "dispatched", "pending_external_send", "partial"},
        "acked": {"acked"},
        "blocked": {"blocked"},
        "degraded": {"partial", "failed", "blocked"},
        "failed": {"failed"},
    }
    assert {
        status.value: {each.value for each in states} for status, states in ALLOWED_DELIVERY_STATES.items()
    } == allowed
    if state.value in allowed[status.value]:
        assert receipt(status, state, intent=DONE, blocked=DONE)
    else:
        with pytest.raises(ValueError, match="does not allow"):
            receipt(status, state, intent=DONE, blocked=DONE)


@pytest.mark.parametrize(("intent", "blocked"), [((), DONE), (DONE, ()), ((), ())])
def test_partial_needs_what_is_done_and_what_is_not(intent, blocked):
    with pytest.raises(ValueError, match="partial needs both"):
        receipt(ReceiptStatus.DEGRADED, DecisionDeliveryState.PARTIAL, intent=intent, blocked=blocked)


@pytest.mark.parametrize("item", [{"action": "x"}, {"mandatory": True}, {"action": 1, "mandatory": True}])
def test_an_item_of_a_receipt_names_action_and_mandatory(item):
    with pytest.raises(ValueError, match="needs action and mandatory"):
        receipt(ReceiptStatus.PLANNED, DecisionDeliveryState.PREPARED, intent=(item,))
