"""The stage behind `gate`: what is answered, recorded and remembered, on both back ends."""

from datetime import timedelta
from typing import Any

import pytest

from reporting_governance.contracts import ids
from reporting_governance.contracts.checkpoint_request import CheckpointRequest
from reporting_governance.contracts.gate_answer import AnswerKind, GateAnswer
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.check_in_rules import native_task_key
from reporting_governance.stages.task_change import TaskChange
from reporting_governance.stages.task_version import load_version
from reporting_governance.storage.interface import Group
from tests.stages.gate_world import CHANGED, DONE, SOLO, GateWorld, Make, objection, report
from tests.stages.watch_world import START
from tests.unit.policy_documents import action

BLOCK, PASS, REWRITE = AnswerKind.BLOCK, AnswerKind.PASS, AnswerKind.REWRITE


def test_what_is_not_shown_is_held_with_its_reason_and_told_once(make: Make) -> None:
    world = make(packs=("verified-completion-only",))
    answer = world.ask(*CHANGED, **DONE)
    assert (answer.kind, answer.notices) == (BLOCK, 1)
    assert "a check of what was changed: none ran" in answer.reason
    (spec,) = world.decisions()
    assert spec["original_message"] == "It is done."
    assert world.task()["task"]["status"] == "pending_verification"
    again = world.ask(*CHANGED, blocked_before=True, **DONE)
    assert (again.kind, again.notices) == (BLOCK, 0)
    assert len(world.subjects()) == 1


def test_the_same_attempt_is_recorded_once_and_an_empty_one_never(make: Make) -> None:
    world = make(packs=("verified-completion-only",))
    shown = {"evidence": [{"class": "verification_output", "summary": "pytest: 5 passed", "refs": [
        {"kind": "file", "ref": "out.txt"}]}]}  # fmt: skip
    first = world.ask(**DONE, **shown)
    assert world.ask(hook="message", **DONE, **shown) == first._replace(notices=0)
    assert len(world.decisions()) == 1
    assert world.ask(session="s2", message="Shall I go on?").decision_id is None
    assert len(world.decisions()) == 1


def test_the_status_of_a_session_is_set_and_said_to_be(make: Make) -> None:
    """A runtime that cannot set it would be said so; it is our own record that is set."""
    for host in ("generic", "claude-code", "openclaw"):
        world = make(host=host, packs=("verified-completion-only",))
        assert world.ask(*CHANGED, session=host, **DONE).kind is BLOCK
        spec = world.decisions()[-1]
        assert "set_status" not in [each["action"] for each in spec["receipt"]["blocked_actions"]]
        (effect,) = [each for each in spec["effects"] if each["action"] == "set_status"]
        assert effect["reason"] == "the task is pending_verification already"
        assert world.task(f"{host}:{host}")["task"]["status"] == "pending_verification"


def test_another_status_that_a_rule_names_is_set_too(make: Make) -> None:
    wanted = objection("done", "downgrade_status", suggested_status="blocked")
    wanted["decision_output"]["required_actions"].append(action("set_status", "status_transition"))
    world = make(rules=(wanted,))
    assert world.ask(**DONE).kind is BLOCK
    assert world.task()["task"]["status"] == "blocked"
    assert [each["done"] for each in world.decisions()[0]["effects"] if each["action"] == "set_status"] == [True]
    assert world.ask(blocked_before=True, **DONE).kind is BLOCK
    assert world.task()["task"]["status"] == "blocked"


def test_the_status_of_a_task_that_its_agent_reports_stays(make: Make) -> None:
    world = make(packs=("verified-completion-only",))
    report(world, "start", "nightly")
    assert world.ask(*CHANGED, task_id="nightly", **DONE).kind is BLOCK
    assert world.task("nightly")["task"]["status"] == "active"
    blocked = world.decisions()[0]["receipt"]["blocked_actions"]
    assert ("set_status", "enforcement.downgrade_status: not_ours") in [(x["action"], x["reason"]) for x in blocked]


class TestNoLoops:
    def held(self, world: GateWorld, *words: str, **more: Any) -> list[GateAnswer]:
        return [
            world.ask(message=f"It is {word}.", claim={"kind": "completion"}, blocked_before=number > 0, **more)
            for number, word in enumerate(words)
        ]

    def test_one_rule_lets_go_after_its_blocks(self, make: Make) -> None:
        world = make(rules=(objection("red"),), gate={"max_blocks": 2})
        answers = self.held(world, "red", "red", "red", "red")
        assert [each.kind for each in answers] == [BLOCK, BLOCK, PASS, PASS]
        assert "let this go" in answers[2].advice
        assert world.subjects() == ["generic:s1: Title of own.red", "Let go: generic:s1: Title of own.red"]

    def test_rules_that_object_in_turn_hold_twice_as_often_and_no_more(self, make: Make) -> None:
        names = ("red", "blue", "green", "pink", "grey")
        world = make(rules=tuple(objection(each) for each in names), gate={"max_blocks": 2})
        answers = self.held(world, *names, *names)
        assert [each.kind for each in answers] == [BLOCK] * 4 + [PASS] * 6
        assert answers[4].degraded == ("held back 4 times in this request: let go",)
        assert [each for each in world.subjects() if each.startswith("Let go")] == [
            f"Let go: generic:s1: Title of own.{each}" for each in ("grey", "red", "blue", "green", "pink")
        ]

    def test_a_tool_that_is_refused_stays_refused_and_costs_no_stop(self, make: Make) -> None:
        tools = {**objection("wipe"), "triggers": {"event_types": ["task_evidence_attached"]}}
        tools["conditions"] = {"fact": "tool.name", "equals": "wipe"}
        world = make(rules=(tools, objection("red")), gate={"max_blocks": 2})
        uses = [world.ask(hook="tool", tool={"name": "wipe", "input": {"command": str(number)}}) for number in range(5)]
        assert [each.kind for each in uses] == [BLOCK] * 5
        assert "report again" not in uses[0].reason
        assert [each.notices for each in uses] == [1, 0, 0, 0, 0]
        answers = self.held(world, "red", "red", "red")
        assert [each.kind for each in answers] == [BLOCK, BLOCK, PASS]
        asked = [each["payload"] for each in world.records("event-envelope") if "gate" in each["payload"]]
        assert [each["gate"]["blocked_before"] for each in asked] == [0, 1, 2, 3, 4, 0, 1, 2]

    def test_a_new_request_is_held_anew(self, make: Make) -> None:
        world = make(packs=("verified-completion-only",), gate={"max_blocks": 1})
        later = START + timedelta(seconds=5)
        kinds = [world.ask(*CHANGED, segment=each, at=later, **DONE).kind for each in ("r1", "r1", "r2", "r2")]
        assert kinds == [BLOCK, PASS, BLOCK, PASS]

    def test_sessions_that_take_turns_on_one_task_are_let_go_too(self, make: Make) -> None:
        """What is counted of one was forgotten when the other asked: both would have been held for ever."""
        world = make(rules=(objection("done"),), gate={"max_blocks": 2})
        report(world, "start", "nightly")
        kinds = [
            world.ask(*CHANGED, session=session, segment=session, task_id="nightly", **DONE).kind
            for _ in range(3)
            for session in ("s1", "s2")
        ]
        assert kinds == [BLOCK] * 4 + [PASS] * 2
        assert len(world.subjects()) == 4  # of each session: held, and let go


def test_each_request_for_a_check_in_is_told_once(make: Make) -> None:
    world = make(packs=("verified-completion-only",))
    report(world, "start", "nightly")
    asked_for(world)
    question = {"task_id": "nightly", "message": "Shall I go on?"}
    assert "is asked of you since" in world.ask(**question).reason
    assert world.ask(blocked_before=True, **question).kind is PASS
    report(world, "checkpoint", "nightly")
    assert world.ask(**question).kind is PASS
    world.clock.forward(600)
    asked_for(world)
    assert "is asked of you since" in world.ask(**question).reason


def asked_for(world: GateWorld) -> None:
    """Ask a check-in of the task."""
    key = native_task_key("nightly")
    version = load_version(world.store, world.store.listing(Folder.TASKS), key)
    assert version is not None
    change = TaskChange(version, about=(key, "coder"))
    request = CheckpointRequest(
        request_id=ids.derive_id("cpr", key), decision_id="dec_1", task_key=key, asked_at=world.clock.now(), reason="x"
    )
    change.request(request, parents=("dec_1",))
    group: Group = change.native_group(world.wired().profile.watchdog, world.clock.now())
    assert world.store.commit([group], now=world.clock.now())


def test_a_profile_that_wants_no_holding_lets_pass_and_tells(make: Make) -> None:
    world = make(profile=SOLO, packs=("verified-completion-only",))
    answer = world.ask(*CHANGED, **DONE)
    assert (answer.kind, answer.degraded) == (PASS, ("this host cannot hold anything back",))
    assert len(world.subjects()) == 1
    assert world.task()["task"]["status"] == "pending_verification"


class TestRewrites:
    """A check-in that leaves out what it has to say, in a profile that wants the five fields."""

    PACKS = ("no-silence", "verified-completion-only", "no-fake-progress", "mandatory-checkpoint-structure")
    SAID = "Current status: two of three tables are loaded.\nNext step: the third table."
    ADDED = "\n\nNot stated in this report:\n- Next report: not stated\n- Operator intervention needed: not stated"

    @pytest.mark.parametrize("host", ["generic", "openclaw"])
    def test_what_is_missing_is_named_and_the_original_is_kept(self, make: Make, host: str) -> None:
        world = make(host=host, packs=self.PACKS)
        answer = world.ask(*CHANGED, hook="message", message=self.SAID)
        assert (answer.kind, answer.message) == (REWRITE, self.SAID + self.ADDED)
        assert answer.degraded == ()
        (spec,) = world.decisions()
        assert spec["original_message"] == self.SAID
        assert spec["decision"]["decision"] == "rewrite"
        assert ("rewrite_message", "rewrite_message") in [(x["wanted"], x["action"]) for x in spec["plan"]["actions"]]
        assert world.subjects() == []
        events = world.records("event-envelope")
        assert [each["payload"]["gate"]["message"] for each in events if "gate" in each["payload"]] == [answer.message]

    def test_a_text_that_says_none_of_the_five(self, make: Make) -> None:
        answer = make(packs=self.PACKS).ask(*CHANGED, message="Hm, the build.", claim={"kind": "progress"})
        assert answer.message is not None
        assert answer.message.startswith("Hm, the build.\n\nNot stated in this report:\n- Current status: not stated\n")
        assert answer.message.count("not stated") == 5

    @pytest.mark.parametrize("host", ["generic", "openclaw"])
    def test_asked_at_two_points_it_is_rewritten_once(self, make: Make, host: str) -> None:
        world = make(host=host, packs=self.PACKS)
        first = world.ask(*CHANGED, hook="finish", message=self.SAID)
        assert world.ask(*CHANGED, hook="message", message=self.SAID).message == first.message
        assert len(world.decisions()) == 1

    def test_the_rewritten_text_is_let_pass_as_it_is(self, make: Make) -> None:
        """A host may show at the second point what it was given at the first; it is nobody's new report."""
        world = make(host="openclaw", packs=self.PACKS)
        first = world.ask(*CHANGED, hook="finish", message=self.SAID)
        again = world.ask(*CHANGED, hook="message", message=first.message)
        assert (again.kind, again.message, again.decision_id) == (PASS, None, first.decision_id)
        assert len(world.decisions()) == 1
        spoken = world.wired().host.answer(first, None)
        assert spoken.text.count("Not stated in this report") == 1

    def test_a_host_that_cannot_change_it_holds_it_and_names_the_fields(self, make: Make) -> None:
        world = make(host="claude-code", packs=self.PACKS)
        answer = world.ask(*CHANGED, message=self.SAID)
        assert (answer.kind, answer.message) == (BLOCK, None)
        assert answer.degraded == ("this host cannot change a message",)
        missing = "next report condition, operator intervention needed"
        assert f"in the report: {missing}" in answer.reason

    @pytest.mark.parametrize("host", ["generic", "openclaw"])
    def test_a_report_with_all_five_is_left_as_it_is(self, make: Make, host: str) -> None:
        world = make(host=host, packs=self.PACKS)
        fields = {"current_status": "loading", "completed_this_segment": "two tables", "next_step": "the third",
                  "next_report_condition": "at 10:00", "operator_intervention_needed": False}  # fmt: skip
        assert world.ask(*CHANGED, message=self.SAID, report=fields).kind is PASS

    def test_a_placeholder_takes_the_place_of_what_is_withheld(self, make: Make) -> None:
        withheld = objection("done", "rewrite")
        withheld["decision_output"]["required_actions"] = [
            action("rewrite_message", "outgoing_report", mode="replace_with_placeholder")
        ]
        world = make(rules=(withheld,))
        answer = world.ask(**DONE)
        wanted = f"[This report was withheld: because of own.done  Original: decision {answer.decision_id}]"
        assert (answer.kind, answer.message) == (REWRITE, wanted)
        assert world.decisions()[0]["original_message"] == DONE["message"]
