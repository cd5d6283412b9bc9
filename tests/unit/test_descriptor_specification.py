"""Every line of the specification's lists about descriptors (`capability-descriptor.md`), a test each.

Ids: Q = "Descriptor responsibilities", C = "What it must claim", N = "What it should not overclaim", P = "Preflight
compatibility", A = "Action planning".
"""

import pytest

from reporting_governance.contracts.capability import POWERS, SupportLevel
from reporting_governance.contracts.capability_descriptor import CapabilityDescriptor, DeliveryState, Surface
from reporting_governance.contracts.decision import Decision
from reporting_governance.core.capability_profile_compatibility import preflight
from reporting_governance.core.decision_runner import PlannedPath, plan_decision
from reporting_governance.core.effective_capabilities import effective_capabilities
from tests.unit.policy_documents import shipped

PROFILES = ("minimal-solo-mode", "standard-team-mode", "strict-manager-mode")
OURS = ("claude-code-hooks", "generic-gate", "local-host", "openclaw-plugin", "openclaw-watchdog-reference")
RUNTIMES = {"local-host": "local-host", "generic-gate": "local-host", "claude-code-hooks": "claude-code"}
DOCUMENT = shipped("capabilities/openclaw-watchdog-reference.json")
REFERENCE = CapabilityDescriptor.parse(DOCUMENT)


def level(power: str) -> SupportLevel:
    leaf = REFERENCE.leaf(power)
    assert leaf is not None, f"{power} is not said"
    return leaf.level


def powers(profile: str, document=DOCUMENT):
    return effective_capabilities(shipped(f"profiles/{profile}.yaml"), document)


def decision(kind: str, *actions: str, notify: bool = True) -> Decision:
    return Decision.parse(
        {
            "decision": kind,
            "policy_id": "p.rule",
            "severity": "high",
            "reason": "a test",
            "rewritten_message": None,
            "suggested_status": None,
            "required_actions": [{"action": each, "target": "operator_channel", "mandatory": True} for each in actions],
            "operator_notice": {
                "required": notify,
                "channel": "operator",
                "urgency": "high",
                "message": None,
                "must_reference": [],
                "deadline": None,
            },
        }
    )


@pytest.mark.parametrize("name", OURS)
class TestQuestions:
    """Each descriptor answers all five."""

    def test_q1_what_runtime(self, name):
        found = CapabilityDescriptor.parse(shipped(f"capabilities/{name}.json"))
        assert found.metadata.id == name
        assert found.runtime.name == RUNTIMES.get(name, "openclaw")

    def test_q2_which_surfaces(self, name):
        assert CapabilityDescriptor.parse(shipped(f"capabilities/{name}.json")).runtime.surfaces

    def test_q3_which_actions(self, name):
        found = CapabilityDescriptor.parse(shipped(f"capabilities/{name}.json"))
        assert all(found.leaf(f"enforcement.{each}") is not None for each in POWERS["enforcement"])

    def test_q4_which_truth_model(self, name):
        found = CapabilityDescriptor.parse(shipped(f"capabilities/{name}.json"))
        model = found.capabilities.notification_path.truth_model
        assert set(model.delivery_states) == set(DeliveryState)
        assert (model.ack_requires_proven_send, model.pending_external_send_supported) == (True, True)

    def test_q5_what_is_kept(self, name):
        found = CapabilityDescriptor.parse(shipped(f"capabilities/{name}.json"))
        assert all(found.leaf(f"storage.{each}") is not None for each in POWERS["storage"])


class TestMustClaim:
    def test_c1_overdue_observation(self):
        assert level("observation.watchdog_state") is level("watchdog.watchdog_evaluation") is SupportLevel.FULL
        assert level("observation.checkpoint_obligations") is not SupportLevel.NONE

    def test_c2_canonical_events(self):
        assert level("normalization.canonical_events") is SupportLevel.FULL

    def test_c3_queue_backed_notices(self):
        assert level("notification_path.queue_items") is SupportLevel.FULL
        plan = plan_decision(decision("allow", "notify_operator"), powers("minimal-solo-mode"))
        assert plan.tell_operator
        assert plan.receipt.enforcement_intent[0]["power"] == "notification_path.queue_items"

    def test_c4_spool_handoff(self):
        assert level("notification_path.spool_handoff") is SupportLevel.FULL

    def test_c5_bridge_supervised_senders(self):
        assert level("notification_path.sender_binding") is SupportLevel.FULL
        plan = plan_decision(decision("allow", "notify_operator"), powers("minimal-solo-mode"))
        assert plan.path is PlannedPath.BRIDGE_MEDIATED_SEND

    def test_c6_truthful_outcomes(self):
        assert level("notification_path.receipts") is SupportLevel.FULL
        model = DOCUMENT["capabilities"]["notification_path"]["truth_model"]
        assert {"acked", "blocked", "pending_external_send"} <= set(model["delivery_states"])
        assert (model["ack_requires_proven_send"], model["pending_external_send_supported"]) == (True, True)

    @pytest.mark.parametrize("kept", ["events", "evidence", "queue_items", "spool_artifacts", "receipts"])
    def test_c7_persistence(self, kept):
        assert level(f"storage.{kept}") is SupportLevel.FULL


class TestMustNotOverclaim:
    def test_n1_inline_interception(self):
        assert Surface.HOOK not in (REFERENCE.runtime.surfaces or ())
        for each in ("block_transition", "rewrite_message", "annotate_placeholder"):
            assert level(f"enforcement.{each}") is SupportLevel.NONE
        assert level("observation.outgoing_report_attempts") is not SupportLevel.FULL

    @pytest.mark.parametrize("profile", PROFILES)
    def test_n1_so_no_plan_blocks_inline(self, profile):
        plan = plan_decision(decision("block", "block_transition"), powers(profile))
        assert plan.path is not PlannedPath.INLINE_BLOCK
        assert plan.receipt.blocked_actions[0]["action"] == "block_transition"

    def test_n2_final_delivery_proof(self):
        leaf = REFERENCE.leaf("notification_path.final_delivery_proof")
        assert leaf.level is SupportLevel.PARTIAL
        assert leaf.limits

    def test_n2_so_a_profile_that_requires_it_has_only_what_is_limited(self):
        effective = powers("minimal-solo-mode").powers["notification_path.final_delivery_proof"]
        assert (effective.effective, effective.reason) == ("partial", "limited")

    def test_n3_decision_persistence(self):
        leaf = REFERENCE.leaf("storage.decisions")
        assert leaf.level is SupportLevel.PARTIAL
        assert leaf.limits

    def test_n4_completion_claims(self):
        """No leaf speaks of them, so a note does; and what a claim calls for is planned as a notice, never as done."""
        assert any("completion" in each for each in REFERENCE.notes)
        for action in ("set_status", "request_review", "rewrite_message", "record_placeholder"):
            kind = "downgrade_status" if action == "set_status" else "require_review"
            plan = plan_decision(decision(kind, action), powers("standard-team-mode"))
            assert {each.action for each in plan.actions} == {"notify_operator"}
            assert plan.receipt.blocked_actions[0]["action"] == action

    def test_n5_some_levels_stay_partial(self):
        partial = {power for power, leaf in REFERENCE.leaves() if leaf and leaf.level is SupportLevel.PARTIAL}
        assert {f"observation.{each}" for each in POWERS["observation"]} - partial == {"observation.watchdog_state"}

    def test_n6_nobody_inside_the_host_is_asked_for_a_check_in(self):
        """Ours: the claim would leave a request that no agent there ever meets."""
        assert level("enforcement.force_checkpoint") is SupportLevel.NONE


@pytest.mark.parametrize("profile", PROFILES)
class TestExamples:
    def test_p1_forced_checkpoint_with_queue_and_bridge_only(self, profile):
        plan = plan_decision(decision("force_checkpoint", "notify_operator"), powers(profile))
        assert (plan.tell_operator, plan.request_checkpoint) == (True, False)
        assert plan.receipt.enforcement_intent[0]["fallback_for"] == "force_checkpoint"
        assert (plan.receipt.status, plan.receipt.delivery_state) == ("planned", "pending_external_send")
        assert plan.receipt.blocked_actions == ()

    def test_p2_direct_send_with_pending_only(self, profile):
        plan = plan_decision(decision("allow", "dispatch_message", "notify_operator"), powers(profile))
        assert plan.receipt.delivery_state == "pending_external_send"

    def test_the_preflight_of_a_profile_and_the_reference_passes(self, profile):
        checked = preflight(shipped(f"profiles/{profile}.yaml"), DOCUMENT, ["force_checkpoint", "notify_operator"])
        assert (checked.refusals, checked.legacy) == ((), False)
        assert [(each.wanted, each.action) for each in checked.substitutions] == [
            ("force_checkpoint", "notify_operator")
        ]


class TestPaths:
    """The five ways that "Action planning" names, each from a claim that allows it and nothing stronger."""

    @staticmethod
    def path(kind: str, *actions: str, **levels: str) -> PlannedPath:
        capabilities: dict[str, dict[str, object]] = {
            "watchdog": {"watchdog_evaluation": {"supported": True, "level": "full", "probe": "x"}}
        }
        for name, value in levels.items():
            group = "notification_path" if name in POWERS["notification_path"] else "enforcement"
            capabilities.setdefault(group, {})[name] = {"supported": True, "level": value}
        document = {**DOCUMENT, "capabilities": capabilities}
        return plan_decision(decision(kind, *actions, notify=False), powers("standard-team-mode", document)).path

    def test_a1_inline_block(self):
        assert self.path("block", "block_transition", block_transition="partial", queue_items="full") == "inline_block"

    def test_a2_queue_only_notice(self):
        assert self.path("block", "block_transition", queue_items="full") == "queue_only_notice"

    def test_a3_bridge_mediated_send(self):
        found = self.path("block", "block_transition", queue_items="full", sender_binding="full")
        assert found == "bridge_mediated_send"

    def test_a4_status_downgrade_and_review(self):
        found = self.path("block", "block_transition", downgrade_status="partial", request_review="partial")
        assert found == "status_downgrade_and_review"

    def test_a5_blocked_with_gap(self):
        assert self.path("block", "block_transition") == "blocked_with_gap"
