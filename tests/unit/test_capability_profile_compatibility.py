"""Profile laid over descriptor: effective powers, and the four checks before anything runs."""

import copy

import pytest

from reporting_governance.adapters.hosts.registry import HOSTS
from reporting_governance.contracts.capability import EXPECTATIONS, POWERS, EffectiveCapabilities
from reporting_governance.core.capability_profile_compatibility import preflight
from reporting_governance.core.decision_runner import plan_action
from reporting_governance.core.effective_capabilities import effective_capabilities, is_upstream_shape
from tests.unit.policy_documents import shipped

PROFILE = shipped("profiles/minimal-solo-mode.yaml")
LOCAL = shipped("capabilities/local-host.json")
REFERENCE = shipped("capabilities/openclaw-watchdog-reference.json")
CLAUDE_CODE = shipped("capabilities/claude-code-hooks.json")
GENERIC_GATE = shipped("capabilities/generic-gate.json")
OPENCLAW_PLUGIN = shipped("capabilities/openclaw-plugin.json")
GATES = (CLAUDE_CODE, GENERIC_GATE, OPENCLAW_PLUGIN)
EXAMPLE = shipped("examples/openclaw-watchdog-reference.descriptor.example.json")


def changed(document, path, value):
    """Return a copy with one value replaced; `...` removes it."""
    copied = copy.deepcopy(document)
    *parents, last = path.split("/")
    target = copied
    for key in parents:
        target = target[key]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return copied


def power(path, profile=PROFILE, descriptor=LOCAL, observations=None):
    return effective_capabilities(profile, descriptor, observations).powers[path]


class TestEffective:
    def test_every_power_is_there_and_the_artifact_survives_a_round_trip(self):
        powers = effective_capabilities(PROFILE, LOCAL)
        assert set(powers.powers) == {f"{group}.{leaf}" for group, leaves in POWERS.items() for leaf in leaves}
        assert EffectiveCapabilities.parse(powers.dump()) == powers
        assert (powers.profile, powers.descriptor, powers.runtime) == ("minimal-solo-mode", "local-host", "local-host")

    def test_what_is_claimed_is_effective(self):
        found = power("notification_path.queue_items")
        assert (found.requested, found.claimed, found.effective, found.reason) == (
            "required",
            "full",
            "full",
            "supported",
        )

    def test_partial_keeps_its_limits(self):
        found = power("enforcement.force_checkpoint")
        assert (found.requested, found.effective, found.reason) == (None, "partial", "limited")
        assert found.limits

    def test_an_absent_leaf_is_unknown_and_planned_as_none(self):
        for path in ("capabilities/enforcement/force_checkpoint", "capabilities/enforcement"):
            found = power("enforcement.force_checkpoint", descriptor=changed(LOCAL, path, ...))
            assert (found.claimed, found.effective, found.reason) == ("unknown", "none", "not_declared")

    def test_not_supported_is_none_whatever_level_stands_beside_it(self):
        leaf = {"supported": False, "level": "full"}
        found = power(
            "watchdog.watchdog_evaluation", descriptor=changed(LOCAL, "capabilities/watchdog/watchdog_evaluation", leaf)
        )
        assert (found.claimed, found.effective) == ("none", "none")  # fmt: skip

    def test_what_a_profile_turns_off_is_not_used(self):
        claimed = changed(LOCAL, "capabilities/enforcement/block_transition", {"supported": True, "level": "full"})
        found = power("enforcement.block_transition", descriptor=claimed)
        assert (found.claimed, found.effective, found.reason) == ("full", "none", "not_requested")
        assert found.fallback == ("set_status", "request_review", "notify_operator")
        assert power("enforcement.block_transition", None, claimed).effective == "full"

    def test_a_contradicted_claim_is_not_used(self):
        found = power("notification_path.queue_items", observations={"notification_path.queue_items": "contradicted"})
        assert (found.observed, found.effective, found.reason) == ("contradicted", "none", "contradicted")
        found = power("notification_path.queue_items", observations={"notification_path.queue_items": "inconclusive"})
        assert (found.observed, found.effective) == ("inconclusive", "full")

    def test_a_preferred_power_that_is_missing_is_a_note(self):
        without = changed(LOCAL, "capabilities/notification_path/final_delivery_proof", ...)
        assert effective_capabilities(PROFILE, without).notes == (
            "notification_path.final_delivery_proof is preferred and not available (not_declared)",
        )

    def test_a_compiled_profile_says_the_same(self):
        artifact = {
            "apiVersion": PROFILE["apiVersion"],
            "kind": "DeploymentProfileArtifact",
            "metadata": PROFILE["metadata"],
            "source_digest": "0" * 64,
            "spec": {key: value for key, value in PROFILE.items() if key not in ("apiVersion", "kind", "metadata")},
        }
        assert effective_capabilities(artifact, LOCAL) == effective_capabilities(PROFILE, LOCAL)
        refused = changed(artifact, "spec/requires/runtime", "openclaw")
        assert preflight(refused, LOCAL, ()).refusals == (
            "the profile is for runtime openclaw, the descriptor for local-host",
        )


class TestPreflight:
    @pytest.mark.parametrize("descriptor", [LOCAL, REFERENCE, EXAMPLE])
    @pytest.mark.parametrize("profile", ["minimal-solo-mode", "standard-team-mode", "strict-manager-mode"])
    def test_what_ships_fits_together(self, profile, descriptor):
        checked = preflight(shipped(f"profiles/{profile}.yaml"), descriptor, ["notify_operator", "force_checkpoint"])
        assert checked.passed
        assert not checked.legacy
        assert {each.expectation for each in checked.expectation_checks} == set(EXPECTATIONS)

    @pytest.mark.parametrize(("name", "path"), EXPECTATIONS.items())
    def test_a_required_expectation_that_is_missing_refuses(self, name, path):
        group, leaf = path.split(".")
        without = changed(LOCAL, f"capabilities/{group}/{leaf}", {"supported": False, "level": "none"})
        demanding = changed(PROFILE, f"expectations/{name}", "required")
        checked = preflight(demanding, without, ())
        assert f"{name} is required and not available (capabilities.{path})" in checked.refusals
        found = {each.expectation: each for each in checked.expectation_checks}[name]
        assert (found.supported, found.matched_path) == (False, f"capabilities.{path}")
        relaxed = changed(PROFILE, f"expectations/{name}", "preferred")
        assert preflight(relaxed, without, ()).passed

    def test_an_unknown_expectation_is_unsupported_without_a_path(self):
        odd = changed(PROFILE, "expectations/read_minds", "required")
        checked = preflight(odd, LOCAL, ())
        found = {each.expectation: each for each in checked.expectation_checks}["read_minds"]
        assert (found.supported, found.matched_path) == (False, None)
        assert checked.refusals == ("read_minds is required and not available (unknown expectation)",)

    @pytest.mark.parametrize(
        ("key", "value", "matches"),
        [
            ("event_schema", "schemas/reporting-governance/event-envelope.schema.json", True),
            ("event_schema", "schemas/event-envelope.schema.json", False),
            ("event_schema", "schemas/reporting-governance/evidence.schema.json", False),
            ("capabilities_schema", "schemas/reporting-governance/adapter-capabilities.schema.json", True),
            ("decision_schema", ..., True),
        ],
    )
    def test_schema_paths_are_canonical(self, key, value, matches):
        checked = preflight(PROFILE, changed(LOCAL, f"compatibility/{key}", value), ())
        assert checked.passed is matches
        assert {each.key: each.matches for each in checked.schema_checks}[key] is matches

    @pytest.mark.parametrize(
        ("path", "value", "refusal"),
        [
            ("requires/plugin_spec_version", "9.9.9", "plugin_spec_version 9.9.9 is not known"),
            ("requires/runtime", "openclaw", "the profile is for runtime openclaw"),
            ("fallbacks/request_review", ["block_transition"], "fallback block_transition is not weaker"),
        ],
    )
    def test_a_profile_that_asks_for_the_impossible_is_refused(self, path, value, refusal):
        [found] = preflight(changed(PROFILE, path, value), LOCAL, ()).refusals
        assert refusal in found

    def test_a_version_that_the_descriptor_does_not_declare_is_refused(self):
        older = changed(LOCAL, "compatibility/plugin_spec_versions", ["0.0.9"])
        [refusal] = preflight(PROFILE, older, ()).refusals
        assert "declares 0.0.9" in refusal

    def test_every_action_of_a_pack_needs_a_power_or_a_fallback(self):
        bare = changed(PROFILE, "fallbacks", {})
        [refusal] = preflight(bare, LOCAL, ["rewrite_message", "notify_operator", "emit_event"]).refusals
        assert refusal.startswith("rewrite_message is required by a pack")
        assert preflight(PROFILE, LOCAL, ["rewrite_message"]).passed

    def test_legacy_mode_notes_drift_and_refuses_nothing(self):
        odd = changed(LOCAL, "compatibility/event_schema", "elsewhere.json")
        checked = preflight(None, odd, ["rewrite_message"])
        assert (checked.legacy, checked.passed) == (True, True)
        assert any("migration debt" in note for note in checked.notes)
        assert any("elsewhere.json" in note for note in checked.notes)
        assert any("rewrite_message" in note for note in checked.notes)

    def test_a_version_pin_alone_ends_legacy_mode(self):
        odd = changed(LOCAL, "compatibility/event_schema", "elsewhere.json")
        checked = preflight(None, odd, (), plugin_spec_version="0.1.0-mainline")
        assert (checked.legacy, checked.passed) == (False, False)


class TestUpstreamsShape:
    """A descriptor with nothing of ours: notices are read from `force_checkpoint`, as upstream's own planner does."""

    def test_it_is_known_by_what_it_lacks(self):
        assert is_upstream_shape(EXAMPLE)
        assert not any(is_upstream_shape(each) for each in (LOCAL, REFERENCE, CLAUDE_CODE, OPENCLAW_PLUGIN))

    def test_notices_stand_on_the_forced_checkpoint_and_a_note_says_so(self):
        powers = effective_capabilities(PROFILE, EXAMPLE)
        assert powers.tied == {
            "dispatch_message": "enforcement.force_checkpoint",
            "notify_operator": "enforcement.force_checkpoint",
        }
        planned = plan_action("notify_operator", powers)
        assert (planned.action, planned.power, planned.level) == (
            "notify_operator",
            "enforcement.force_checkpoint",
            "partial",
        )
        [note] = powers.notes
        assert (
            "upstream's shape: dispatch_message and notify_operator are read from enforcement.force_checkpoint" in note
        )
        assert preflight(PROFILE, EXAMPLE, ["notify_operator"]).notes == (note,)

    def test_without_a_forced_checkpoint_nobody_can_be_told_and_the_profile_is_refused(self):
        none = changed(EXAMPLE, "capabilities/enforcement/force_checkpoint", {"supported": False, "level": "none"})
        assert plan_action("notify_operator", effective_capabilities(PROFILE, none)).action is None
        assert any("notify_operator" in each for each in preflight(PROFILE, none, ["notify_operator"]).refusals)

    def test_a_profile_that_turns_the_queue_off_has_no_notices(self):
        off = changed(PROFILE, "expectations/create_queue_items", "off")
        powers = effective_capabilities(off, EXAMPLE)
        assert (powers.tied, plan_action("notify_operator", powers).action) == ({}, None)

    def test_ours_stand_on_the_queue(self):
        powers = effective_capabilities(PROFILE, LOCAL)
        assert (powers.tied, powers.notes) == ({}, ())
        assert plan_action("notify_operator", powers).power == "notification_path.queue_items"


class TestWhatAPersonShouldKnow:
    def test_what_stands_in_for_what_packs_may_require(self):
        checked = preflight(PROFILE, LOCAL, ["rewrite_message", "notify_operator"])
        assert [(each.wanted, each.action) for each in checked.substitutions] == [("rewrite_message", "request_review")]
        assert checked.notes == ()

    def test_a_profile_without_a_version_is_migration_debt(self):
        unpinned = changed(PROFILE, "requires/plugin_spec_version", None)
        checked = preflight(unpinned, LOCAL, ())
        assert (checked.legacy, checked.passed) == (False, True)
        assert checked.notes == ("no plugin_spec_version is pinned (migration debt)",)


#: what a gate makes possible: unclaimed while no verb answers hooks, and partial, with the limits that stand there,
#: from the day that one does
BY_A_GATE = {
    "claude-code-hooks": {
        "observation.task_lifecycle",
        "observation.subagent_lifecycle",
        "observation.outgoing_report_attempts",
        "normalization.canonical_events",
        "enforcement.block_transition",
        "enforcement.downgrade_status",
        "enforcement.force_checkpoint",
        "enforcement.escalate",
        "storage.events",
        "storage.evidence",
        "storage.decisions",
        "storage.original_messages",
    },
    "openclaw-plugin": {
        "observation.task_lifecycle",
        "observation.outgoing_report_attempts",
        "normalization.canonical_events",
        "enforcement.block_transition",
        "enforcement.rewrite_message",
        "enforcement.downgrade_status",
        "enforcement.force_checkpoint",
        "enforcement.escalate",
        "storage.events",
        "storage.evidence",
        "storage.decisions",
        "storage.original_messages",
    },
}
BY_A_GATE["generic-gate"] = {"enforcement.request_review"}.union(*BY_A_GATE.values())

HOSTS_OF = {"claude-code-hooks": "claude-code", "generic-gate": "generic", "openclaw-plugin": "openclaw"}


class TestHooks:
    @pytest.mark.parametrize("document", GATES)
    def test_what_a_gate_makes_possible_is_claimed_when_there_is_one(self, document):
        there = HOSTS_OF[document["metadata"]["id"]] in HOSTS
        for path in BY_A_GATE[document["metadata"]["id"]]:
            group, leaf = path.split(".")
            said = document["capabilities"][group][leaf]
            assert (said["supported"], said["level"]) == ((True, "partial") if there else (False, "none")), path
            assert said["limits"], path
            assert said["probe"] == path
            assert any("no verb answers" in each for each in said.get("notes", ())) is not there, path
        assert ("hook" in document["runtime"]["surfaces"]) is there

    def test_what_was_printed_is_not_taken_back(self):
        for leaf in ("rewrite_message", "annotate_placeholder"):
            assert CLAUDE_CODE["capabilities"]["enforcement"][leaf]["level"] == "none"

    @pytest.mark.parametrize("document", GATES)
    def test_hooks_prove_no_delivery_and_watch_nothing(self, document):
        for path in (
            "notification_path.final_delivery_proof",
            "notification_path.direct_send",
            "watchdog.watchdog_evaluation",
            "observation.watchdog_state",
        ):
            group, leaf = path.split(".")
            assert document["capabilities"][group][leaf]["level"] == "none"

    @pytest.mark.parametrize("profile", ["minimal-solo-mode", "standard-team-mode", "strict-manager-mode"])
    @pytest.mark.parametrize("document", GATES)
    def test_a_notice_is_always_possible(self, document, profile):
        powers = effective_capabilities(shipped(f"profiles/{profile}.yaml"), document)
        for wanted in ("block_transition", "rewrite_message", "raise_escalation", "force_checkpoint", "request_review"):
            assert plan_action(wanted, powers).action is not None


LEAVES = [
    (name, f"{group}.{leaf}", value)
    for document in (LOCAL, REFERENCE, *GATES)
    for name in (document["metadata"]["id"],)
    for group, leaves in document["capabilities"].items()
    for leaf, value in leaves.items()
    if leaf != "truth_model"
]


class TestShippedDescriptors:
    @pytest.mark.parametrize(("name", "path", "leaf"), LEAVES)
    def test_partial_names_limits_full_names_a_probe_and_none_is_none(self, name, path, leaf):
        assert leaf["supported"] is (leaf["level"] != "none"), path
        if leaf["level"] == "partial":
            assert leaf["limits"], path
        if leaf["level"] == "full":
            assert leaf["probe"], path

    @pytest.mark.parametrize("document", [LOCAL, REFERENCE, CLAUDE_CODE, OPENCLAW_PLUGIN])
    def test_every_power_is_declared(self, document):
        declared = {
            f"{group}.{leaf}"
            for group, leaves in document["capabilities"].items()
            for leaf in leaves
            if leaf != "truth_model"
        }
        assert declared == {f"{group}.{leaf}" for group, leaves in POWERS.items() for leaf in leaves}

    def test_the_reference_is_who_the_specification_says(self):
        assert (REFERENCE["metadata"]["id"], REFERENCE["metadata"]["version"]) == (
            "openclaw-watchdog-reference",
            "1.0.0",
        )
        assert (REFERENCE["runtime"]["name"], REFERENCE["runtime"]["mode"]) == ("openclaw", "hybrid")
        assert REFERENCE["runtime"]["surfaces"] == [
            "watchdog",
            "queue",
            "dispatcher",
            "bridge",
            "sender_binding",
            "orchestrator",
            "scheduler",
            "storage",
        ]

    def test_the_example_has_the_specifications_shape_and_the_same_claims(self):
        assert EXAMPLE["runtime"]["entrypoint"] == "scripts/watchdog_auto_notify_orchestrator.mjs"
        for group, leaves in EXAMPLE["capabilities"].items():
            for leaf, value in leaves.items():
                if leaf == "truth_model":
                    continue
                assert set(value) <= {"supported", "level", "notes"}
                # upstream has no power of its own for notices: there a deferred notice is a forced checkpoint
                expected = "partial" if leaf == "force_checkpoint" else REFERENCE["capabilities"][group][leaf]["level"]
                assert value["level"] == expected
