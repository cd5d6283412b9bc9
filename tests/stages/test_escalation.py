"""Escalation: who is told when nobody acts, what stops it, and what starts it again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import format_time
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.core.threads import rules_of
from reporting_governance.stages.acts import NothingAcknowledged, run_ack, run_unack
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.explain import run_explain
from reporting_governance.stages.late_receipt import run_late_receipt
from reporting_governance.stages.retrying import run_retry
from reporting_governance.storage.memory import MemoryStore
from tests.crash.chain.world import OVERDUE, policy, profile_of
from tests.oracle.checker import Arrival, arrivals_in
from tests.oracle.memory_world import MemoryWorld
from tests.stages.chain_world import Chain, fire, task

QUARTER = 900
LADDER = (
    {"after_seconds": QUARTER, "receivers": ["boss"]},
    {"after_seconds": 2 * QUARTER, "receivers": ["boss", "chief"]},
)
DOWN = ("/bin/sh", "-c", "exit 75")


def outboxes(*names: str) -> dict[str, Any]:
    return {name: {"targets": {"box": {"sender": "file", "parameters": {"path": f"{name}.jsonl"}}}} for name in names}


def laddered(ladder: Sequence[Mapping[str, Any]] = LADDER, **notification: Any) -> ProfileSpec:
    """Return a profile in which `operator` is told first; nothing is repeated for a day."""
    given = {
        "receivers": outboxes("operator", "boss", "chief"),
        "routes": [{"match": {"condition": "checkpoint_overdue"}, "receivers": ["operator"]}, EVERYTHING_ELSE],
        "escalation": list(ladder),
        "repeat_seconds": 86_400,
    }
    return profile_of(pager=None, **{**given, **notification})


EVERYTHING_ELSE = {"match": {}, "receivers": ["operator"]}


class Told(MemoryWorld):
    """A world whose tellings are listed by receiver."""

    def arrived(self) -> Mapping[str, Sequence[Arrival]]:
        return {f"{name}/box": arrivals_in(f"{self.root}/{name}.jsonl") for name in ("operator", "boss", "chief")}

    def told(self, receiver: str, *, task: str = "task-a") -> list[str]:
        """Return the phases of what a receiver was told about a task, in order."""
        return [
            notice.body["phase"]
            for notice in self.check(at_rest=False).notices.values()
            if notice.body["receiver"] == receiver and notice.body["facts"]["task_id"] == task
        ]

    def wait(self, seconds: float) -> "Told":
        """Let time pass, a tick a minute."""
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            self.clock.seconds = min(until, self.clock.seconds + 60)
            self.tick()
        return self

    def thread(self, receiver: str, task: str = "task-a") -> Mapping[str, Any]:
        views = [
            self.memory.read(name)
            for key, name in self.memory.listing(Folder.EPISODES).names.items()
            if key.startswith("thr_")
        ]
        (found,) = [
            view.body
            for view in views
            if view and view.body["receiver"] == receiver and view.body["facts"]["task_id"] == task
        ]
        return found

    def ack(self, subject: str = "task-a") -> None:
        rules = rules_of(self.profile.notification)
        run_ack(self.memory, subject, actor="maria", comment="", clock=self.clock, rules=rules)

    def unack(self, subject: str = "task-a") -> None:
        rules = rules_of(self.profile.notification)
        run_unack(self.memory, subject, actor="maria", comment="", clock=self.clock, rules=rules)


def overdue(folder: Path, profile: ProfileSpec) -> Told:
    """Return a world in which two tasks have just become overdue, and somebody was told."""
    world = Told(str(folder), profile)
    world.start()
    world.at(1).enqueue()
    world.at(OVERDUE).tick()
    return world


def test_each_step_is_told_once_at_its_time(tmp_path: Path) -> None:
    world = overdue(tmp_path, laddered())
    assert (world.told("operator"), world.told("boss")) == (["firing"], [])
    world.wait(QUARTER - 60)
    assert world.told("boss") == []
    world.wait(60)
    assert (world.told("boss"), world.told("chief")) == (["escalation"], [])
    world.wait(QUARTER)
    assert (world.told("boss"), world.told("chief")) == (["escalation", "escalation"], ["escalation"])
    world.wait(10 * QUARTER)
    assert (world.told("boss"), world.told("chief")) == (["escalation", "escalation"], ["escalation"])
    world.check()


def test_the_end_is_told_to_exactly_those_who_were_told(tmp_path: Path) -> None:
    world = overdue(tmp_path, laddered()).wait(QUARTER)
    world.at(4800).end()
    world.settle()
    assert [world.told(each)[-1:] for each in ("operator", "boss", "chief")] == [["resolved"], ["resolved"], []]
    world.check()


def test_an_ack_stops_it_and_an_unack_begins_it_anew(tmp_path: Path) -> None:
    """grafana/oncall#4654, #4760: acknowledged, and the paging goes on; here nothing comes for hours."""
    world = overdue(tmp_path, laddered(repeat_seconds=7200)).wait(QUARTER)
    world.ack()
    world.wait(60_000)
    assert (world.told("operator"), world.told("boss"), world.told("chief")) == (["firing"], ["escalation"], [])
    assert world.told("chief", task="task-b") != [], "only the episode that was acknowledged is quiet"
    world.unack()
    world.wait(60)
    assert world.told("operator") == ["firing", "repeat"], "its last telling is longer ago than what a repeat waits"
    world.wait(QUARTER - 120)
    assert world.told("boss") == ["escalation", "repeat"]
    world.wait(120)
    assert world.told("boss") == ["escalation", "repeat", "escalation"]
    world.wait(QUARTER)
    assert world.told("chief") == ["escalation"]
    world.check()
    numbers = [
        notice.body["number"]
        for notice in world.check().notices.values()
        if notice.body["phase"] == "escalation" and notice.body["facts"]["task_id"] == "task-a"
    ]
    assert sorted(set(numbers)) == [1, 2, 3], "numbers go on after an un-ack"


def test_an_unack_of_what_nobody_acknowledged_says_so(tmp_path: Path) -> None:
    world = overdue(tmp_path, laddered())
    with pytest.raises(NothingAcknowledged):
        world.unack()
    with pytest.raises(NothingAcknowledged):
        world.unack("nobody")


def test_what_an_ack_withdrew_is_told_after_an_unack(tmp_path: Path) -> None:
    world = Told(str(tmp_path), laddered())
    world.start()
    world.at(1).enqueue()
    world.at(OVERDUE).scan()
    world.enqueue()
    world.ack()
    world.wait(3 * QUARTER)
    assert world.thread("operator")["told_at"] is None
    world.unack()
    world.wait(60)
    assert world.thread("operator")["told_at"] is not None
    world.wait(QUARTER)
    assert world.told("boss") == ["escalation"]
    world.check()


def test_a_later_edit_of_the_profile_does_not_change_a_running_ladder(tmp_path: Path) -> None:
    world = overdue(tmp_path, laddered())
    world.profile = laddered([{"after_seconds": 60, "receivers": ["chief"]}])
    world.wait(2 * QUARTER)
    assert world.told("boss") == ["escalation", "escalation"]
    assert world.told("chief") == ["escalation"]


def test_a_new_episode_has_the_ladder_of_the_profile_as_it_is_then(tmp_path: Path) -> None:
    world = overdue(tmp_path, laddered())
    world.ack()
    world.report("checkpoint")
    world.profile = laddered([{"after_seconds": 60, "receivers": ["chief"]}])
    world.wait(2000)
    assert world.told("operator") == ["firing", "resolved", "firing"]
    assert (world.told("boss"), world.told("chief")) == ([], ["escalation"]), "it was not the old ack that counts"


def test_a_step_until_resolved_goes_on_despite_an_ack(tmp_path: Path) -> None:
    ladder = [
        {"after_seconds": QUARTER, "receivers": ["boss"], "until": "person"},
        {"after_seconds": 2 * QUARTER, "receivers": ["chief"], "until": "resolved"},
    ]
    world = overdue(tmp_path, laddered(ladder, repeat_seconds=3600))
    world.ack()
    world.wait(2 * QUARTER)
    assert (world.told("operator"), world.told("boss"), world.told("chief")) == (["firing"], [], ["escalation"])
    world.wait(3600)
    world.ack()
    world.wait(3660)
    assert world.told("chief") == ["escalation", "repeat", "repeat"]
    assert world.told("operator") == ["firing"]
    world.at(world.clock.seconds).end()
    world.settle()
    assert world.told("chief")[-1] == "resolved"
    world.check()


def test_a_channel_that_is_down_does_not_hold_the_ladder_up(tmp_path: Path) -> None:
    """The steps count from the first try when nobody could be told."""
    pager = {"targets": {"program": {"sender": "command", "parameters": {"argv": list(DOWN), "timeout_seconds": 5}}}}
    world = overdue(tmp_path, laddered(receivers={**outboxes("boss", "chief"), "operator": pager}))
    world.wait(QUARTER + 60)
    assert world.told("boss") == ["escalation"]
    assert world.thread("operator")["newest_outcome"] is None
    world.wait(QUARTER)
    assert world.told("chief") == ["escalation"]


def test_nobody_gets_a_second_notice_while_the_first_is_on_its_way(tmp_path: Path) -> None:
    pager = {"targets": {"program": {"sender": "command", "parameters": {"argv": list(DOWN), "timeout_seconds": 5}}}}
    ladder = [
        {"after_seconds": QUARTER, "receivers": ["operator"]},
        {"after_seconds": 2 * QUARTER, "receivers": ["operator", "chief"]},
    ]
    world = overdue(tmp_path, laddered(ladder, receivers={**outboxes("boss", "chief"), "operator": pager}))
    world.wait(4 * QUARTER)
    assert world.told("operator") == ["firing"]
    assert world.told("chief") == [], "the step waits for one before it"
    world.profile = laddered(ladder, receivers=outboxes("operator", "boss", "chief"))
    world.wait(8 * QUARTER)
    assert world.told("operator") == ["firing", "escalation", "escalation"]
    assert world.told("chief") == ["escalation"]
    world.check()


def test_who_stands_in_gets_one_notice_at_a_time_too(tmp_path: Path) -> None:
    down = {"targets": {"program": {"sender": "command", "parameters": {"argv": list(DOWN), "timeout_seconds": 5}}}}
    refusing = {"targets": {"box": {"sender": "command", "parameters": {"argv": ["/bin/sh", "-c", "exit 1"]}}}}
    given = {"routes": [{"match": {}, "receivers": ["operator", "chief"]}], "fallback": ["chief"]}
    receivers = {**outboxes("boss"), "operator": refusing}
    world = overdue(tmp_path, laddered([], receivers={**receivers, "chief": down}, **given)).wait(300)
    assert world.told("chief") == ["firing"]
    world.profile = laddered([], receivers={**receivers, **outboxes("chief")}, **given)
    world.wait(4000)
    assert world.told("chief") == ["firing", "fallback"]


def test_where_the_first_is_acknowledged_everybody_hears_no_more(tmp_path: Path) -> None:
    """A provider's receipt with proof `person`, about an older message: the whole episode is acknowledged by it."""
    world = overdue(tmp_path, laddered(repeat_seconds=600)).wait(QUARTER)
    attempts = world.check(at_rest=False)
    first = next(
        attempt["attempt_id"]
        for item in attempts.items.values()
        for attempt in item.attempts
        if any(attempts.notices[each].body["facts"]["task_id"] == "task-a" for each in item.body["notice_ids"])
    )
    handed_in = {"attempt_id": first, "proof": "person", "id": "button-1"}
    rules = rules_of(world.profile.notification)
    run_late_receipt(world.memory, handed_in, settled_by="pushover", rules=rules, clock=world.clock)
    before = {each: world.told(each) for each in ("operator", "boss", "chief")}
    assert before["operator"] == ["firing", "repeat"]
    world.wait(60_000)
    assert {each: world.told(each) for each in before} == before
    assert world.thread("boss")["acked"]["actor"] == "pushover"
    assert world.told("chief", task="task-b")
    world.check()
    world.unack()
    world.wait(2 * QUARTER)
    assert world.told("chief") == ["escalation"]


@pytest.mark.parametrize("kind", ["notice", "spool-item", "attempt", "receipt", "decision-record-artifact"])
def test_an_ack_takes_any_id_that_belongs_to_the_episode(tmp_path: Path, kind: str) -> None:
    """Also that of the message which lies before somebody, though others followed it."""
    world = overdue(tmp_path, laddered(repeat_seconds=600)).wait(QUARTER)
    subject = next(
        each["id"]
        for each in records(world)
        if each["kind"] == kind and (kind[0] != "d" or each["body"]["spec"]["decision"]["decision"] != "allow")
    )
    world.ack(subject)
    before = len(world.check(at_rest=False).notices)
    world.wait(300)
    quiet = [task for task in ("task-a", "task-b") if world.thread("operator", task)["acked"]]
    assert len(quiet) == 1
    assert world.thread("boss", quiet[0])["acked"]["actor"] == "maria"
    assert len(world.check(at_rest=False).notices) >= before


def test_an_ack_of_an_ended_episode_does_not_take_its_end_away(tmp_path: Path) -> None:
    world = overdue(tmp_path, laddered())
    world.at(4800).end()
    world.scan()
    world.enqueue()
    world.enqueue()
    world.ack()
    world.settle()
    assert world.told("operator") == ["firing", "resolved"]
    assert len(world.arrived()["operator/box"]) == 4
    world.check()


def test_who_is_told_by_a_notice_that_others_followed_is_told_the_end(tmp_path: Path) -> None:
    """A person sends the first notice again, which had been refused, while a repeat was refused too."""
    refusing = {"targets": {"box": {"sender": "command", "parameters": {"argv": ["/bin/sh", "-c", "exit 1"]}}}}
    profile = laddered([], receivers={**outboxes("boss", "chief"), "operator": refusing}, repeat_seconds=600)
    world = overdue(tmp_path, profile).wait(660)
    assert world.told("operator") == ["firing", "repeat"]
    first = next(
        item["spool_id"]
        for kind, item in ((r["kind"], r["body"]) for r in records(world))
        if kind == "spool-item" and "task-a" in item["rendered"]["body"]
    )
    world.profile = laddered([], repeat_seconds=86_400)
    run_retry(world.memory, first, actor="maria", comment="", lifetime_seconds=3600, clock=world.clock)
    world.tick()
    assert len(world.arrived()["operator/box"]) == 1
    world.at(4800).end()
    world.settle()
    assert world.told("operator") == ["firing", "repeat", "resolved"]
    assert world.told("operator", task="task-b") == ["firing", "repeat"]
    world.check()


def records(world: Told) -> list[Mapping[str, Any]]:
    return [line.document["record"] for line in world.memory.replay() if "record" in line.document]


def rule(event_type: str) -> Mapping[str, Any]:
    """Return a pack with one rule that escalates."""
    return {
        "apiVersion": "reporting-governance/v1alpha1",
        "kind": "PolicyPack",
        "metadata": {
            "id": "urgent",
            "title": "Urgent",
            "version": "1.0.0",
            "summary": "Escalates.",
            "owner": "test",
            "severity_default": "high",
        },
        "spec": {
            "evaluation_mode": "any_rule_match",
            "rules": [
                {
                    "id": "urgent.now",
                    "title": "Now",
                    "intent": "To be escalated.",
                    "triggers": {"event_types": [event_type]},
                    "conditions": {"fact": "event.task_id", "exists": True},
                    "on_unknown": "skip",
                    "on_unknown_reason": "nothing is lost",
                    "decision_output": {
                        "decision": "escalate",
                        "severity": "high",
                        "reason": "it was asked for",
                        "required_actions": [
                            {"action": "raise_escalation", "target": "operator_channel", "mandatory": True}
                        ],
                    },
                }
            ],
        },
    }


@pytest.mark.parametrize("acked", [False, True])
def test_a_rule_escalates_an_event_that_opened_no_episode(tmp_path: Path, acked: bool) -> None:
    """`raise_escalation` starts the ladder; an acknowledgement ends it, since nothing else would."""
    pack = compile_pack(rule("task_status_changed"))
    world = Told(str(tmp_path), laddered())
    world.start()
    world.at(1).enqueue()
    world.report("pause")
    judged = replace(policy(), packs=[pack])
    run_enqueue(world.memory, judged, world.profile, clock=world.clock)
    world.tick()
    assert world.told("operator") == ["firing"]
    if acked:
        world.ack(world.thread("operator")["newest"]["notice_id"])
    world.wait(2 * QUARTER)
    assert world.told("boss") == ([] if acked else ["escalation", "escalation"])
    assert world.told("boss", task="task-b") == ["escalation", "escalation"], "the other task is another matter"
    world.wait(QUARTER)
    assert not [name for name in world.memory.listing(Folder.EPISODES).names if name.startswith("thr_")]
    world.check()


def test_without_a_ladder_nothing_is_carried(tmp_path: Path) -> None:
    world = overdue(tmp_path, replace(laddered([])))
    assert "ladder" not in world.thread("operator")


def held_first(folder: Path, **notification: Any) -> Chain:
    """Return a chain whose silent task is told to `boss` alone: `operator`, named first, sees to its dead owner."""
    chain = Chain(store=MemoryStore(), folder=str(folder))
    given = {
        "receivers": outboxes("operator", "boss", "chief"),
        "routes": [
            {"match": {"condition": "owner_dead"}, "receivers": ["operator"]},
            {"match": {}, "receivers": ["operator", "boss"]},
        ],
        "escalation": [{"after_seconds": QUARTER, "receivers": ["chief"]}],
        "repeat_seconds": 300,
        **notification,
    }
    chain.notify(**given)
    chain.shows(task(owner_dead=True))
    chain.tick()
    (dead,) = [
        each["payload"]["episode"] for each in chain.events() if each["payload"].get("condition") == "owner_dead"
    ]
    run_ack(chain.store, dead, actor="maria", comment="", clock=chain.clock)
    fire(chain)
    chain.tick()
    assert {condition for condition, _ in chain.told()} == {"owner_dead"}
    assert chain.told("boss") == [("silence_timeout", "firing")]
    return chain


def minutes(chain: Chain, count: int) -> None:
    for _ in range(count):
        chain.clock.forward(60)
        chain.tick()


def test_a_ladder_counts_from_whoever_was_told_while_the_first_is_kept_back(tmp_path: Path) -> None:
    """However often that one is told again since."""
    chain = held_first(tmp_path)
    assert ("inhibited", "silence_timeout") in {
        (each["body"]["reason"], notice["body"]["facts"]["condition"])
        for each in chain.records("hold")
        for notice in chain.records("notice")
        if notice["body"]["notice_id"] == each["body"]["notice_id"]
    }
    minutes(chain, 14)
    assert ("silence_timeout", "escalation") not in chain.told("chief")
    assert len(chain.told("boss")) > 2, "told again in the meantime"
    minutes(chain, 1)
    assert chain.told("chief").count(("silence_timeout", "escalation")) == 1
    (notice,) = [
        each["body"]
        for each in chain.records("notice")
        if each["body"]["phase"] == "escalation" and each["body"]["facts"]["condition"] == "silence_timeout"
    ]
    assert "boss was told, at" in notice["body"]
    assert "operator not yet" in notice["body"]
    minutes(chain, 30)
    assert chain.told("chief").count(("silence_timeout", "escalation")) == 1


def test_explain_says_when_the_step_of_such_a_ladder_comes(tmp_path: Path) -> None:
    chain = held_first(tmp_path)
    (episode,) = {
        each["body"]["episode_id"]
        for each in chain.records("notice")
        if each["body"]["facts"]["condition"] == "silence_timeout"
    }
    steps = run_explain(chain.store, episode, profile=chain.profile, clock=chain.clock).next
    (rung,) = [each for each in steps if "of the escalation" in each.sentence]
    assert rung.at == format_time(chain.clock.now() + timedelta(seconds=QUARTER))


def test_a_ladder_does_not_count_while_everybody_is_kept_back(tmp_path: Path) -> None:
    chain = Chain(store=MemoryStore(), folder=str(tmp_path))
    chain.notify(
        receivers=outboxes("operator", "boss", "chief"), escalation=[{"after_seconds": QUARTER, "receivers": ["chief"]}]
    )
    chain.shows(task())
    chain.tick()
    chain.silence(7200)
    fire(chain)
    minutes(chain, 60)
    assert [each for each in chain.records("notice") if each["body"]["phase"] == "escalation"] == []
