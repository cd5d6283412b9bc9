"""What the planner counted on: named by every decision, kept in the journal, printed by doctor."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.commands._settings import Settings, load_settings
from tests.acceptance.verbs import Verbs

DESCRIPTORS = {"local-host", "claude-code-hooks", "generic-gate", "openclaw-plugin"}


def digest(document: Any) -> str:
    """Return the SHA-256 of a document as canonical JSON."""
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def in_force(verbs: Verbs) -> list[Any]:
    """Return what the blobs hold that the journal names as in force, in order."""
    lines = [line for line in verbs.journal() if line["type"] in ("log.open", "config.changed")]
    names = [line["meta"]["context"]["in_force"]["$blob"] for line in lines]
    return [json.loads((verbs.state / "blobs" / name).read_bytes()[32:]) for name in names]


def test_a_decision_names_what_it_was_planned_on_and_the_journal_has_it(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    verbs.overdue("late")
    verbs.ok("scan")
    said = verbs.ok("enqueue", "--format", "json").document()
    assert said["substitutions"] == {}, "this host can do all that the packs of this profile ask for"
    records = verbs.records("decision-record-artifact")
    record = next(each for each in records if each["spec"]["decision"]["policy_id"] == "no-silence.checkpoint_overdue")
    named = record["spec"]["source"]["effective_digest"]
    kept = in_force(verbs)[-1]["effective"]
    assert set(kept) == DESCRIPTORS
    assert kept["local-host"]["digest"] == named == digest(kept["local-host"]["document"])
    context = next(line for line in verbs.journal() if line["type"] == "log.open")["meta"]["context"]
    assert {name: context[f"effective:{name}"] for name in DESCRIPTORS} == {
        name: each["digest"] for name, each in kept.items()
    }
    plan = record["spec"]["plan"]
    assert plan["path"] == "bridge_mediated_send"
    done = {each["wanted"]: each["action"] for each in plan["actions"]}
    assert done["force_checkpoint"] == "force_checkpoint"
    assert done["notify_operator"] == "notify_operator"
    shown = verbs.call("doctor", "--format", "json").document()["effective_capabilities"]
    assert shown == kept


def test_doctor_shows_what_a_profile_prefers_and_does_not_get(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state", options=("--profile", "strict-manager-mode"))
    verbs.overdue("late")
    reply = verbs.call("doctor", "--format", "json").document()
    seen = {each["seen"]: each["verdict"] for each in reply["checks"] if each["rule"] == "GOV905"}
    [wanting] = [words for words in seen if "enforcement.block_transition" in words]
    assert (seen[wanting], "is preferred and not available (not_supported); set_status" in wanting) == ("warning", True)
    [instead] = [words for words in seen if "request_review instead of rewrite_message" in words]
    assert seen[instead] == "ok"
    verbs.ok("scan")
    assert wanting in verbs.ok("enqueue", "--format", "json").document()["capability_notes"]


def test_what_an_older_version_kept_can_still_be_planned_on(tmp_path: Path) -> None:
    settings = load_settings(str(tmp_path / "state"), "minimal-solo-mode", keep=False)
    older = {key: value for key, value in settings.content.items() if key not in ("effective", "notes", "hosts")}
    del older["substitutions"]
    recovered = Settings.of_content(older, "minimal-solo-mode")
    assert recovered.policy.powers == settings.policy.powers
    assert recovered.policy.effective_digest == settings.effective["local-host"].digest
    assert recovered.effective == {}
    with pytest.raises(LookupError):
        recovered.powers_of("claude-code-hooks")
    assert settings.powers_of("claude-code-hooks").runtime == "claude-code"
