"""The other hooks of Claude Code: a sub-agent that stops, and a tool that is about to be used."""

import json
from pathlib import Path

import pytest

from tests.acceptance.test_gate import ROOT, Gate, hook, profile

NO_PUSH = """
apiVersion: reporting-governance/v1alpha1
kind: PolicyPack
metadata:
  id: no-push
  title: No push
  version: 1.0.0
  summary: Nothing is pushed by an agent.
  owner: somebody
  severity_default: high
spec:
  evaluation_mode: any_rule_match
  rules:
    - id: no-push.git-push
      title: A push
      intent: Pushes are for people.
      triggers: {event_types: [task_evidence_attached]}
      conditions: {all: [{fact: tool.name, equals: Bash}, {fact: tool.command, prefix: git push}]}
      decision_output:
        decision: block
        severity: high
        reason: Pushes are for people.
        suggested_status: null
        required_actions: [{action: block_transition, target: dispatch_gate, mandatory: true}]
        operator_notice: {required: true, channel: operator, urgency: high, message: null, must_reference: [],
          deadline: null}
      on_unknown: skip
      on_unknown_reason: No tool is used.
      examples:
        - title: a push
          event: {event_type: task_evidence_attached, timestamp: "2026-01-05T09:00:00.000Z",
            payload: {tool: {name: Bash, command: git push origin}}}
          expect: {decision: block, policy_id: no-push.git-push, notice: true}
        - title: something else
          event: {event_type: task_evidence_attached, timestamp: "2026-01-05T09:00:00.000Z",
            payload: {tool: {name: Bash, command: git status}}}
          expect: {decision: allow, policy_id: default.allow, notice: false}
"""


def use(command: str, tool: str = "Bash") -> dict[str, object]:
    """Return the hook JSON of a tool that is about to be used."""
    return hook("edit-then-tests-pass", hook_event_name="PreToolUse", tool_name=tool, tool_input={"command": command})


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate with a rule about tools."""
    (tmp_path / "policy-packs").mkdir()
    (tmp_path / "policy-packs/no-push.yaml").write_text(NO_PUSH)
    return Gate(tmp_path, profile(tmp_path, packs="[no-silence, no-push]", deadline_ms=20000))


def test_a_tool_is_denied_by_a_rule_only(gate: Gate) -> None:
    answer = gate.ask(use("git push origin main"))
    output = answer["hookSpecificOutput"]
    assert (output["hookEventName"], output["permissionDecision"]) == ("PreToolUse", "deny")
    assert "Pushes are for people. (no-push.git-push)" in output["permissionDecisionReason"]
    assert gate.queued() == 1
    assert gate.ask(use("git status")) == {}
    assert gate.ask(use("git push", tool="Write")) == {}
    assert len([each for each in gate.records("event-envelope") if "tool" in each["payload"]]) == 1


def test_the_first_tool_of_a_session_is_judged_though_nothing_is_written_yet(gate: Gate, tmp_path: Path) -> None:
    """The host writes the transcript later: nothing is known of what came before, and that is no fault."""
    none = {"transcript_path": str(tmp_path / "none.jsonl")}
    assert gate.ask({**use("git status"), **none}) == {}
    assert gate.ask({**use("git push"), **none})["hookSpecificOutput"]["permissionDecision"] == "deny"
    (event,) = [each for each in gate.records("event-envelope") if "tool" in each["payload"]]
    assert "segment" not in event["payload"]  # whether all of it was read is unknown
    assert not list((gate.verbs.state / "inbox").glob("*.json"))


def test_without_a_rule_about_tools_nothing_is_looked_at(tmp_path: Path) -> None:
    gate = Gate(tmp_path, profile(tmp_path, deadline_ms=20000))
    for named in ({}, {"transcript_path": str(tmp_path / "none.jsonl")}, {"transcript_path": str(tmp_path)}):
        assert gate.ask({**use("git push"), **named}) == {}
    assert not (gate.verbs.state / "tasks").exists() or not list((gate.verbs.state / "tasks").iterdir())


def test_a_sub_agent_is_judged_by_its_own_transcript(tmp_path: Path) -> None:
    source = ROOT / "tests/cases/transcripts/or-true/transcript.jsonl"
    lines = [json.loads(line) for line in source.read_text().splitlines()]
    own = tmp_path / "agent-a1.jsonl"
    own.write_text("".join(f"{json.dumps(line | {'isSidechain': True})}\n" for line in lines))
    gate = Gate(tmp_path, profile(tmp_path, deadline_ms=20000))
    stop = hook("edit-then-tests-pass", hook_event_name="SubagentStop", agent_id="a1", agent_transcript_path=str(own))
    assert gate.ask(stop)["decision"] == "block"
    (event,) = [each for each in gate.records("event-envelope") if "gate" in each["payload"]]
    assert event["task_id"] == "claude-code:s-edit-then-tests-pass:a1"
