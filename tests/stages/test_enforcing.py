"""What decisions do: to tasks of ours, to their agents, to the event stream."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from reporting_governance.contracts.capability import SupportLevel
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.times import due_name
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.storage.interface import Addition, Group, expand
from tests.crash.chain.world import policy, profile_of
from tests.stages.chain_world import Chain, task
from tests.stages.enforcing_world import (
    ASK,
    DOWNGRADE,
    NOTICE,
    PROOF,
    REVIEW,
    Desk,
    Files,
    action,
    desk,
    on_claim,
    policy_of,
)
from tests.unit.policy_documents import rule


def test_a_downgraded_claim_waits_and_is_not_completed_by_more_evidence(tmp_path: Path) -> None:
    world = desk(str(tmp_path), DOWNGRADE)
    world.says("resume")
    world.decides()
    world.at(120)
    world.says("complete", message="done")
    world.rules = policy_of(on_claim("other", "downgrade_status", action("set_status"), suggested_status="blocked"))
    report = world.decides()
    assert (world.status, report.caused, report.refused) == ("blocked", 1, 0)
    changed = world.records("event-envelope")[-1]["body"]
    (decision,) = [
        each for each in world.records("decision-record-artifact") if each["id"] == changed["payload"]["caused_by"]
    ]
    assert (changed["event_type"], changed["payload"]["status"]) == ("task_status_changed", "blocked")
    assert changed["payload"]["previous_status"] == "pending_verification"
    assert decision["body"]["spec"]["effects"] == [
        {"action": "set_status", "done": True, "event_id": changed["event_id"], "status": "blocked"}
    ]
    assert world.undecided() == 0


def test_what_a_decision_caused_is_recorded_and_never_leads_to_itself(tmp_path: Path) -> None:
    again = rule(
        "own.every",
        triggers={"event_types": ["task_status_changed", "task_claimed_complete"]},
        conditions={"all": [{"fact": "event.event_type", "exists": True}]},
        decision="downgrade_status",
        required_actions=[action("set_status")],
        suggested_status="blocked",
        operator_notice=NOTICE,
    )
    world = desk(str(tmp_path), again)
    world.says("complete")
    world.decides()
    lines = world.files().ready().seq
    policies = [each["body"]["metadata"]["policy_id"] for each in world.records("decision-record-artifact")]
    assert policies[-2:] == ["default.allow", "own.every"]
    world.decides()
    assert world.files().ready().seq == lines
    assert world.status == "blocked"


def test_an_overdue_check_in_makes_nine_records(tmp_path: Path) -> None:
    world = Desk(root=str(tmp_path), profile=profile_of(pager=None), rules=policy())
    world.says("start", checkpoint={"every_seconds": 600})
    world.decides()
    world.at(60).scan()
    before = world.files().ready().seq
    world.at(1000).scan()
    assert world.decides().caused == 1
    kinds = [line.document["record"]["kind"] for line in world.files().replay(before + 1)]
    assert Counter(kinds) == {
        "event-envelope": 3,  # the check-in was due; it is overdue; the operator has to get an update
        "evidence": 1,  # the task as it was when it was overdue
        "decision-record-artifact": 2,  # about each of the first two; the third is what a decision caused
        "checkpoint-request": 1,
        "notice": 2,  # one for each receiver
    }
    world.check(at_rest=False)


@pytest.mark.parametrize("refused", [None, "a fault"])
def test_what_a_decision_caused_never_waits_to_be_decided(tmp_path: Path, refused: str | None) -> None:
    world = desk(str(tmp_path), REVIEW)
    world.says("complete")
    assert world.decides().caused == 2
    world.answers("reject")
    assert world.open_in(Folder.EVENTS) == []
    caused = [each for each in world.records("event-envelope") if "caused_by" in each["body"]["payload"]]
    assert [each["body"]["event_type"] for each in caused] == [
        "task_status_changed",
        "operator_review_requested",
        "task_status_changed",
    ]
    lines = world.files().ready().seq
    world.rules = replace(world.rules, refused=refused)
    assert world.decides().waiting == 0
    assert world.files().ready().seq == lines


def test_one_that_an_older_version_left_waiting_is_decided_as_before(tmp_path: Path) -> None:
    world = desk(str(tmp_path), REVIEW)
    world.says("complete")
    world.decides()
    found = next(each for each in world.records("event-envelope") if "caused_by" in each["body"]["payload"])
    old = {**found["body"], "event_id": "evt_" + "0" * 32}
    line = RecordLine(
        kind=found["kind"],
        id=old["event_id"],
        body=old,
        parents=tuple(found["parents"]),
        views=(ViewKey(Folder.EVENTS, old["event_id"], due_name(world.clock.now())),),
        about=tuple(found["about"]),
    )
    world.files().commit([Group(additions=(Addition(record=line),))], now=world.clock.now())
    assert world.undecided() == 1
    report = world.decides()
    assert (report.decided, report.notices, report.caused, world.undecided()) == (1, 0, 0, 0)
    assert world.records("decision-record-artifact")[-1]["body"]["metadata"]["policy_id"] == "default.caused"


def test_a_task_that_has_gone_on_since_stays_as_it_is(tmp_path: Path) -> None:
    world = desk(str(tmp_path), DOWNGRADE)
    world.rules = policy_of(on_claim("late", "downgrade_status", action("set_status"), suggested_status="blocked"))
    world.says("complete")
    world.at(90)
    world.says("resume")
    world.decides()
    assert world.status == "active"
    effect = world.effects("own.late")["set_status"]
    assert (effect["done"], effect["reason"]) == (False, "the task has gone on since and is active")


def test_what_is_so_already_is_not_said_again(tmp_path: Path) -> None:
    world = desk(str(tmp_path), DOWNGRADE)
    world.says("complete")
    assert world.status == "pending_verification"
    assert world.decides().caused == 0
    assert world.effects("own.downgrade")["set_status"]["reason"] == "the task is pending_verification already"


def test_two_claims_of_one_task_in_one_run_see_what_the_first_decision_did(tmp_path: Path) -> None:
    world = desk(str(tmp_path), on_claim("block", "downgrade_status", action("set_status"), suggested_status="blocked"))
    world.says("complete", id="one")
    world.says("complete", id="two")
    report = world.decides()
    assert (report.refused, world.undecided()) == (0, 0)
    effects = [
        each["body"]["spec"]["effects"][0]
        for each in world.records("decision-record-artifact")
        if each["body"]["metadata"]["policy_id"] == "own.block"
    ]
    assert [each["done"] for each in effects] == [True, False]
    world.check(at_rest=False)


def test_a_decision_and_what_it_did_stand_in_one_group(tmp_path: Path) -> None:
    world = desk(str(tmp_path), REVIEW)
    world.says("complete")
    world.decides()
    groups: list[set[str]] = [set()]
    for line in world.files().replay():
        groups[-1].add(line.document.get("record", {}).get("kind"))
        if line.document["g"][0] == line.document["g"][1]:
            groups.append(set())
    (kinds,) = [each for each in groups if "review" in each]
    assert kinds == {"notice", "event-envelope", "review", "decision-record-artifact"}


def test_events_that_a_decision_names_are_made(tmp_path: Path) -> None:
    world = desk(str(tmp_path), REVIEW)
    world.says("complete")
    world.decides()
    (made,) = [
        e["body"] for e in world.records("event-envelope") if e["body"]["event_type"] == "operator_review_requested"
    ]
    (review,) = world.records("review")
    assert made["payload"]["review_id"] == review["id"]
    assert made["payload"]["caused_by"] == made["payload"]["decision_id"] == review["body"]["decision_id"]
    assert world.effects("own.review")["emit_event"]["event_id"] == made["event_id"]


def test_an_agent_is_told_why_a_check_in_is_asked_of_it(tmp_path: Path) -> None:
    world = desk(str(tmp_path), ASK)
    world.says("complete")
    assert world.decides().requests == 1
    answer = world.says("heartbeat").owed
    assert answer is not None
    assert (answer.asked_because, answer.request_id is not None) == ("because of own.ask", True)
    world.says("checkpoint", message="here I am")
    assert world.open_in(Folder.DECISIONS) == []


def test_a_claim_that_our_own_rule_takes_is_held_until_it_is_claimed_again(tmp_path: Path) -> None:
    held = on_claim("hold", "downgrade_status", action("set_status"), suggested_status="pending_verification")
    world = desk(str(tmp_path), held)
    world.says("complete", artifacts=Files(), evidence=PROOF)
    assert world.status == "completed"
    world.decides()
    assert (world.status, world.effects("own.hold")["set_status"]["done"]) == ("pending_verification", True)
    assert len(world.open_in(Folder.TASKS)) == 1
    world.says("evidence", artifacts=Files(), evidence=PROOF)
    assert world.status == "pending_verification"
    world.rules = policy_of()
    world.says("complete", id="again", artifacts=Files(), evidence=PROOF)
    world.decides()
    assert (world.status, "held" in world.task()) == ("completed", False)
    world.check(at_rest=False)


def test_the_status_of_a_foreign_task_is_its_own_and_the_fallback_stands_in(tmp_path: Path) -> None:
    chain = Chain(folder=str(tmp_path))
    chain.notify()
    chain.shows(task())
    chain.look()
    chain.shows(task())
    chain.clock.forward(700)
    chain.scan(chain.source)
    wanted = rule(
        "own.silent",
        triggers={"event_types": ["silence_timeout"]},
        conditions={"all": [{"fact": "event.phase", "equals": "firing"}]},
        decision="downgrade_status",
        required_actions=[action("set_status")],
        suggested_status="blocked",
    )
    rules = policy_of(wanted)
    assert rules.powers.support("enforcement.downgrade_status") is SupportLevel.PARTIAL
    run_enqueue(chain.store, rules, chain.profile, clock=chain.clock)
    (spec,) = [
        each["body"]["spec"]
        for each in chain.records("decision-record-artifact")
        if each["body"]["metadata"]["policy_id"] == "own.silent"
    ]
    (blocked,) = spec["receipt"]["blocked_actions"]
    assert (blocked["action"], blocked["fallback"]) == ("set_status", "request_review")
    assert blocked["reason"] == "enforcement.downgrade_status: not_ours"
    assert [each["action"] for each in spec["effects"]] == ["request_review"]


@pytest.mark.parametrize("length", [5, 5000])
def test_the_original_message_stays_in_the_record_whatever_becomes_of_it(tmp_path: Path, length: int) -> None:
    rewriting = on_claim(
        "rewrite",
        "rewrite",
        action("rewrite_message", "outgoing_report", mode="replace_with_placeholder"),
        rewritten_message="withheld",
    )
    world = desk(str(tmp_path), rewriting)
    world.says("complete", message="x" * length)
    world.decides()
    spec = expand(world.files(), world.decision("own.rewrite"))
    assert (spec["original_message"], spec["decision"]["rewritten_message"]) == ("x" * length, "withheld")
