"""What a person leaves out of a profile, and what is in force then."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from reporting_governance.contracts.capability import EXPECTATIONS, Requirement
from reporting_governance.contracts.decision import ActionKind
from reporting_governance.contracts.deployment_profile import (
    ACTIONS,
    DeploymentProfile,
    DeploymentProfileArtifact,
    ProfileSpec,
    root_problem,
)
from reporting_governance.contracts.notification_settings import InDoubt
from reporting_governance.contracts.problem import problems_of
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.role import MOVABLE, Action, Role
from reporting_governance.contracts.self_watch import SelfWatch
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.core.profile_compile import compile_profile
from reporting_governance.core.watch_settings import settings_for
from reporting_governance.errors import ContractError
from tests.contracts.schemas_read import Judges

PROFILES = Path(__file__).parents[2] / "profiles"
SMALLEST: dict[str, Any] = {
    "apiVersion": "reporting-governance/v1alpha1",
    "kind": "DeploymentProfile",
    "metadata": {"id": "mine", "title": "Mine", "version": "1"},
}
DIGEST = "0" * 64


def _compiled(**sections: Any) -> DeploymentProfileArtifact:
    return compile_profile({**SMALLEST, **sections}, digest=DIGEST)


def _shipped(name: str) -> DeploymentProfileArtifact:
    return compile_profile(yaml.safe_load((PROFILES / f"{name}.yaml").read_text()), digest=DIGEST)


def test_what_is_left_out_is_what_minimal_solo_says() -> None:
    smallest, solo = _compiled(), _shipped("minimal-solo-mode")
    for each in fields(ProfileSpec):
        assert getattr(smallest.spec, each.name) == getattr(solo.spec, each.name), each.name


def test_the_schema_names_the_same_defaults(schemas: dict[str, Any]) -> None:
    defs = schemas["deployment-profile"]["$defs"]
    whole = _compiled().dump()["spec"]
    whole["notification"]["in_doubt"] = "hold"  # what is written; that it is not in force is said in a note
    assert list(_disagreeing(defs["profile"], whole)) == []


def _disagreeing(schema: dict[str, Any], value: Any) -> Any:
    for name, each in schema.get("properties", {}).items():
        if "default" in each and each["default"] != value[name]:
            yield name, each["default"], value[name]
        if isinstance(value.get(name), dict):
            yield from _disagreeing(each, value[name])


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_artifact_is_plain_json_and_reads_back(path: Path, judges: dict[str, Judges]) -> None:
    artifact = _shipped(path.stem)
    text = json.dumps(artifact.dump())
    again = DeploymentProfileArtifact.parse(json.loads(text))
    assert again == artifact
    assert judges["deployment-profile"].faults(json.loads(text)) == []
    assert set(artifact.dump()["spec"]) == set(dict(ProfileSpec.keys()))


def test_everything_is_written_out_in_an_artifact() -> None:
    whole = _compiled(watchdog={"grace_seconds": 5}).dump()["spec"]
    assert whole["watchdog"]["grace_seconds"] == 5
    assert whole["watchdog"]["silence_seconds"] == 1800
    assert whole["self"] == SelfWatch().dump()
    assert len(whole["self"]) == 8
    assert whole["notification"]["routes"] == [{"match": {}, "receivers": ["operator"], "continue": False}]


def test_the_profile_of_an_artifact_is_the_one_in_force() -> None:
    profile = _shipped("standard-team-mode").profile
    assert isinstance(profile, DeploymentProfile)
    assert profile.watchdog.silence_seconds == 1800
    assert profile.notification.fallback == ("deputy",)
    assert profile.notification.receivers["deputy"].targets["outbox"].sender == "file"
    assert profile.notification.ack_requires is Proof.STORED


def test_holding_needs_somebody_else_to_tell() -> None:
    alone = _compiled(notification={"in_doubt": "hold"})
    assert alone.spec.notification.in_doubt is InDoubt.RESEND_MARKED
    assert "fallback" in alone.notes[0]
    team = _shipped("standard-team-mode")
    assert team.spec.notification.in_doubt is InDoubt.HOLD
    assert team.notes == ()


def test_maps_of_names_are_filled_up_and_lists_are_not() -> None:
    artifact = _compiled(
        expectations={"final_delivery_ack": "off"},
        roles={"ack": "admin"},
        fallbacks={"set_status": []},
        artifact_roots={"logs": "var/logs"},
    )
    spec = artifact.spec
    assert set(spec.expectations) == set(EXPECTATIONS)
    assert spec.expectations["final_delivery_ack"] is Requirement.OFF
    assert set(spec.roles) == set(MOVABLE)
    assert spec.roles["ack"] is Role.ADMIN
    assert spec.fallbacks["set_status"] == ()
    assert spec.fallbacks["request_review"] == ("notify_operator",)
    assert spec.artifact_roots == {"logs": "var/logs"}


def test_the_actions_of_a_profile_are_those_of_a_decision() -> None:
    assert set(ACTIONS) == set(ActionKind)
    with pytest.raises(ContractError, match="/fallbacks/set_status/0: send_fax is none of"):
        _compiled(fallbacks={"set_status": ["send_fax"]})


def test_roles_are_ordered() -> None:
    assert Role.VIEWER < Role.OPERATOR < Role.ADMIN < Role.OWNER


@pytest.mark.parametrize("action", [each for each in Action if each is not Action.READ])
def test_no_profile_opens_to_everybody_what_changes_something(action: Action) -> None:
    with pytest.raises(ContractError, match=f"/roles/{action}: {action} (needs operator at least|is the owner's)"):
        _compiled(roles={action.value: "viewer"})


@pytest.mark.parametrize("action", [each for each in Action if each not in MOVABLE])
def test_no_profile_gives_away_what_is_the_owners(action: Action) -> None:
    with pytest.raises(ContractError, match="is the owner's, whatever a profile says"):
        _compiled(roles={action.value: "admin"})


def test_an_action_that_nobody_knows_is_told_with_what_was_meant() -> None:
    with pytest.raises(ContractError, match=r"/roles/plugin\.enabel: ") as raised:
        _compiled(roles={"plugin.enabel": "owner"})
    assert problems_of(raised.value)[0].suggestion == 'did you mean "plugin.enable"?'


@pytest.mark.parametrize("path", ["/srv", "..", "a/../../b", "~/x", "", "a\\..\\b", "a\0b"])
def test_a_root_outside_is_refused(path: str) -> None:
    assert root_problem(path)
    with pytest.raises(ContractError, match="artifact_roots/logs"):
        _compiled(artifact_roots={"logs": path})


@pytest.mark.parametrize("path", [".", "a", "a/b", "..a", "a..b/c"])
def test_a_root_inside_is_allowed(path: str) -> None:
    assert root_problem(path) is None


def test_the_unresolved_reference_stays_in_the_artifact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_URL", "https://chat.example.org/3f8a9c1e77b2d4e5")
    target = {"sender": "webhook", "parameters": {"url": "${env:CHAT_URL}"}}
    artifact = _compiled(
        notification={"receivers": {"ops": {"targets": {"chat": target}}}, "routes": [{"receivers": ["ops"]}]}
    )
    assert "3f8a" not in json.dumps(artifact.dump())
    assert "${env:CHAT_URL}" in json.dumps(artifact.dump())


def test_a_refusal_does_not_repeat_the_secret() -> None:
    target = {"sender": "webhook", "parameters": {"url": "https://ops:hunter2@chat.example.org/"}}
    with pytest.raises(ContractError) as refused:
        _compiled(notification={"receivers": {"operator": {"targets": {"chat": target}}}})
    assert "hunter2" not in str(refused.value)
    assert "/notification/receivers/operator/targets/chat" in str(refused.value)


def test_selectors_can_match_only_on_facts_that_tasks_have(schemas: dict[str, Any]) -> None:
    said = {"task_id": "t", "agent_id": "a", "runtime": "r", "title": "T", "mode": "silent"}
    task = TaskState.parse({**said, "status": "active", "labels": {"team": "data"}})
    selectable = schemas["deployment-profile"]["$defs"]["taskMatcher"]["properties"]
    for fact, value in {**said, "source": "json", "labels.team": "data"}.items():
        selector = {"match": {fact: value}, "silence_seconds": 7}
        watchdog = _compiled(watchdog={"selectors": [selector]}).spec.watchdog
        assert settings_for(watchdog, task, source="json").silence_seconds == 7, fact
    assert set(selectable) == {*said, "source"}


GOOD_PATHS = ("/var/lib/node_exporter/reportgov.prom", "reportgov.prom", "./metrics/a.prom", "a b/ü.prom")


@pytest.mark.parametrize("path", GOOD_PATHS)
def test_where_metrics_may_be_written(path: str) -> None:
    assert _compiled(self={"metrics_path": path}).spec.self_watch.metrics_path == path


@pytest.mark.parametrize(
    ("self", "pointer", "word"),
    [
        ({"metrics_path": "/etc/passwd"}, "/self/metrics_path", ".prom"),
        ({"metrics_path": "/var/lib/.prom"}, "/self/metrics_path", ".prom"),
        ({"metrics_path": "../a.prom"}, "/self/metrics_path", "down"),
        ({"metrics_path": "/a/../b.prom"}, "/self/metrics_path", "down"),
        ({"metrics_path": "journal/a.prom"}, "/self/metrics_path", "records"),
        ({"metrics_path": "./past/a.prom"}, "/self/metrics_path", "records"),
        ({"metrics_path": "~/a.prom"}, "/self/metrics_path", "below"),
        ({"metrics_path": "a\nb.prom"}, "/self/metrics_path", "one line"),
        ({"heartbeat_networks": ["10.1.2.3/8"]}, "/self/heartbeat_networks/0", "network"),
        ({"canary_seconds": 600, "canary_within_seconds": 600}, "/self/canary_within_seconds", "before the next"),
    ],
)
def test_what_the_section_about_ourselves_refuses(self: dict[str, Any], pointer: str, word: str) -> None:
    with pytest.raises(ContractError) as caught:
        _compiled(self=self)
    assert [(each.pointer, word in each.message) for each in problems_of(caught.value)] == [(pointer, True)]
