"""Profile laid over descriptor: effective powers, and the four checks before anything runs."""

import copy

import pytest

from reporting_governance.contracts.capability import EXPECTATIONS, POWERS, EffectiveCapabilities
from reporting_governance.core.capability_profile_compatibility import effective_capabilities, preflight
from tests.unit.policy_documents import shipped

PROFILE = shipped("profiles/minimal-solo-mode.yaml")
LOCAL = shipped("capabilities/local-host.json")
REFERENCE = shipped("capabilities/openclaw-watchdog-reference.json")
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
            "notification_path.final_delivery_proof is preferred and not available",
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
    @pytest.mark.parametrize("profile", ["minimal-solo-mode", "standard-team-mode"])
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
        [refusal] = preflight(bare, LOCAL, ["request_review", "notify_operator", "emit_event"]).refusals
        assert refusal.startswith("request_review is required by a pack")
        assert preflight(PROFILE, LOCAL, ["request_review"]).passed

    def test_legacy_mode_notes_drift_and_refuses_nothing(self):
        odd = changed(LOCAL, "compatibility/event_schema", "elsewhere.json")
        checked = preflight(None, odd, ["request_review"])
        assert (checked.legacy, checked.passed) == (True, True)
        assert any("migration debt" in note for note in checked.notes)
        assert any("elsewhere.json" in note for note in checked.notes)
        assert any("request_review" in note for note in checked.notes)

    def test_a_version_pin_alone_ends_legacy_mode(self):
        odd = changed(LOCAL, "compatibility/event_schema", "elsewhere.json")
        checked = preflight(None, odd, (), plugin_spec_version="0.1.0-mainline")
        assert (checked.legacy, checked.passed) == (False, False)


LEAVES = [
    (name, f"{group}.{leaf}", value)
    for name, document in (("local-host", LOCAL), ("openclaw-watchdog-reference", REFERENCE))
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

    @pytest.mark.parametrize("document", [LOCAL, REFERENCE])
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

    @pytest.mark.parametrize(
        "path",
        [
            "observation.watchdog_state",
            "watchdog.watchdog_evaluation",
            "normalization.canonical_events",
            "notification_path.queue_items",
            "notification_path.spool_handoff",
            "notification_path.sender_binding",
            "notification_path.receipts",
            "storage.events",
            "storage.evidence",
            "storage.queue_items",
            "storage.spool_artifacts",
            "storage.receipts",
        ],
    )
    def test_the_reference_claims_what_it_must(self, path):
        group, leaf = path.split(".")
        assert REFERENCE["capabilities"][group][leaf]["level"] == "full"

    @pytest.mark.parametrize(
        "path",
        [
            "enforcement.block_transition",
            "enforcement.rewrite_message",
            "observation.outgoing_report_attempts",
            "notification_path.final_delivery_proof",
            "notification_path.direct_send",
            "storage.decisions",
            "observation.task_lifecycle",
            "observation.subagent_lifecycle",
            "observation.checkpoint_obligations",
            "enforcement.force_checkpoint",
        ],
    )
    def test_the_reference_does_not_overclaim(self, path):
        group, leaf = path.split(".")
        assert REFERENCE["capabilities"][group][leaf]["level"] != "full"

    def test_its_outcomes_are_truthful(self):
        assert REFERENCE["capabilities"]["notification_path"]["truth_model"] == {
            "delivery_states": ["prepared", "queued", "dispatched", "pending_external_send", "acked", "blocked"],
            "ack_requires_proven_send": True,
            "pending_external_send_supported": True,
        }

    def test_the_example_has_the_specifications_shape_and_the_same_claims(self):
        assert EXAMPLE["runtime"]["entrypoint"] == "scripts/watchdog_auto_notify_orchestrator.mjs"
        for group, leaves in EXAMPLE["capabilities"].items():
            for leaf, value in leaves.items():
                if leaf == "truth_model":
                    continue
                assert set(value) <= {"supported", "level", "notes"}
                assert value["level"] == REFERENCE["capabilities"][group][leaf]["level"]
