"""One record that is odd, huge or hostile stops nobody else from being watched and told."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import ObservedTask, SourceReading
from reporting_governance.contracts.check_in import MOST_EVIDENCE
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.notification_settings import MOST_AT_ONCE
from reporting_governance.contracts.record import LONGEST_SECONDS
from reporting_governance.contracts.task_state import ChildTask, TaskStatus
from reporting_governance.errors import ContractError
from reporting_governance.stages.acts import run_ack
from reporting_governance.stages.dispatch import run_dispatch
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.storage.interface import Addition, Group
from reporting_governance.storage.memory import MemoryStore
from tests.crash.chain.world import policy, profile_of
from tests.stages.chain_world import Chain, fire, task
from tests.stages.test_scan import foreign
from tests.stages.watch_world import START, StandInSource, World, reading, said

SOON = {"every_seconds": 60, "grace_seconds": 0}
MANY_LABELS = {f"label-{number}": "v" * 200 for number in range(400)}


@pytest.fixture
def world() -> World:
    """A task that will be late, and is watched whatever the other one is."""
    world = World()
    world.report("start", "good", checkpoint=SOON)
    return world


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    made = Chain(store=MemoryStore(), folder=str(tmp_path))
    made.notify()
    return made


def late(world: World) -> set[str]:
    world.clock.forward(200)
    return {task_id for task_id, _, phase in said(world.scan()) if phase == "firing"}


@pytest.mark.parametrize("field", ["every_seconds", "grace_seconds"])
@pytest.mark.parametrize("value", [LONGEST_SECONDS + 1, 2**53, 10**30])
def test_a_promise_that_no_calendar_holds_is_refused(world: World, field: str, value: int) -> None:
    with pytest.raises(ContractError):
        world.report("start", "bad", checkpoint={**SOON, field: value})
    world.report("start", "patient", checkpoint={**SOON, field: LONGEST_SECONDS})
    assert late(world) == {"good"}


@pytest.mark.parametrize("section", ["watchdog", "notification"])
def test_a_profile_of_huge_durations_is_refused_and_the_longest_stops_nobody(chain: Chain, section: str) -> None:
    longest = LONGEST_SECONDS
    given: dict[str, Any] = {
        "group_wait_seconds": longest,
        "repeat_seconds": longest,
        "retry": {"first_seconds": 30, "ceiling_seconds": longest, "lifetime_seconds": longest},
        "escalation": [{"after_seconds": longest, "receivers": ["boss"]}],
        "mute_times": [{"name": "m", "schedule": "0 9 * * *", "time_zone": "UTC", "duration_seconds": longest}],
    }
    if section == "watchdog":
        world = World()
        with pytest.raises(ContractError):
            world.settings(grace_seconds=longest + 1)
        world.settings(grace_seconds=longest, silence_seconds=longest, every_seconds=longest, tick_seconds=longest)
        world.report("start")
        assert late(world) == set()
        return
    for name, value in given.items():
        with pytest.raises(ContractError):
            profile_of(**{name: _with_one_more(value)})
        chain.notify(**{name: value})
        chain.shows(task(name))
        chain.tick()
        fire(chain)
        chain.tick()
        chain.shows(task(name, seen=700))
        chain.clock.forward(60)
        chain.tick()


def _with_one_more(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_one_more(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_one_more(each) for each in value]
    return LONGEST_SECONDS + 1 if value == LONGEST_SECONDS else value


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_times_at_the_ends_of_the_calendar(world: World, at: str, zone: str) -> None:
    world.report("start", "odd", checkpoint={"schedule": "0 9 * * *", "time_zone": zone}, at=at, deadline_at=at)
    assert "good" in late(world)
    world.report("checkpoint", "odd", at=at)
    world.scan()


def test_more_labels_than_a_line_holds(world: World) -> None:
    world.report("start", "talkative", labels=MANY_LABELS, checkpoint=SOON)
    assert late(world) == {"good", "talkative"}
    world.report("checkpoint", "talkative")
    assert [each[2] for each in said(world.scan())] == ["resolved"]


@pytest.mark.parametrize("what", ["labels", "children"])
def test_a_foreign_task_with_more_than_a_line_holds(chain: Chain, what: str) -> None:
    children = tuple(ChildTask(task_id=f"kid-{number}", status=TaskStatus.ACTIVE) for number in range(1500))
    given: dict[str, Any] = {"labels": MANY_LABELS} if what == "labels" else {"children": children}
    shown = task()
    chain.shows(replace(shown, task=replace(shown.task, **given)))
    chain.tick()
    fire(chain)
    chain.tick()
    chain.shows()
    for _ in range(2):
        chain.clock.forward(60)
        chain.tick()
    assert chain.told() == [("silence_timeout", "firing"), ("silence_timeout", "resolved")]


@pytest.mark.parametrize("odd", [1, None, {"$blob": 2}, "../../secret"])
def test_a_report_that_looks_like_a_reference_of_ours(world: World, odd: object) -> None:
    world.report("checkpoint", "odd", report={"text": {"$blob": odd, "size": 1}})
    late(world)
    run_enqueue(world.store, policy(), world.profile, clock=world.clock)
    assert {each["body"]["facts"]["task_id"] for each in world.records("notice")} >= {"good"}


def test_more_evidence_than_one_check_in_takes(world: World) -> None:
    piece = {"class": "tool_output", "summary": "done", "refs": [{"kind": "log", "ref": "x"}]}
    with pytest.raises(ContractError, match="at most 32"):
        world.report("evidence", "eager", evidence=[piece] * (MOST_EVIDENCE + 1))
    pieces = [{**piece, "summary": f"part {number}"} for number in range(MOST_EVIDENCE)]
    world.report("evidence", "eager", evidence=pieces)
    assert len(world.records("evidence")) == MOST_EVIDENCE


def test_a_view_that_cannot_be_read_is_said_and_the_others_are_watched(world: World) -> None:
    """As an older version of ours may have left one."""
    world.report("start", "bad", checkpoint=SOON)
    (name,) = [
        each
        for each in world.store.listing(Folder.TASKS).names.values()
        if (view := world.store.read(each)) and view.body["task"]["task_id"] == "bad"
    ]
    event = {**world.events()[-1], "event_id": "evt_bad", "payload": {"checkpoint": {"every_seconds": "often"}}}
    record = RecordLine(
        kind="event-envelope",
        id="evt_bad",
        body=event,
        consumes=(name,),
        views=(ViewKey(Folder.TASKS, name.id, name.due),),
    )
    world.store.commit([Group(additions=(Addition(record=record),))], now=world.clock.now())
    world.clock.forward(200)
    report = world.scan()
    assert {each[0] for each in said(report)} == {"good"}
    assert {(each.task_id, each.condition) for each in report.not_judged} == {
        (name.id, "checkpoint_overdue"),
        (name.id, "silence_timeout"),
    }
    world.report("start", "third")
    world.settings(start_grace_seconds=1, silence_seconds=500)
    assert world.scan().dated_anew >= 1


class Broken:
    """A reader with a fault of its own."""

    name = "broken"

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        raise KeyError(str(now))


def test_a_reader_with_a_fault_of_its_own_is_a_source_that_cannot_be_read(world: World) -> None:
    shown: ObservedTask = foreign("t1")
    world.clock.forward(200)
    report = world.scan(Broken(), StandInSource(reading(shown)))  # type: ignore[arg-type]
    assert report.unreadable == ("broken",)
    assert {each[0] for each in said(report)} >= {"good", "self:source/broken"}
    assert world.clock.now() > START


def many_people(number: int) -> dict[str, Any]:
    names = [f"p{each:03}" for each in range(number)]
    return {
        name: {"targets": {"outbox": {"sender": "file", "parameters": {"path": f"{name}.jsonl"}}}} for name in names
    }


def test_as_many_receivers_as_a_route_and_a_step_may_name(chain: Chain) -> None:
    people = many_people(MOST_AT_ONCE + 1)
    route = [{"match": {}, "receivers": list(people)[1:]}]
    step = [{"after_seconds": 60, "receivers": list(people)[1:]}]
    for wrong in (
        {"routes": [{"match": {}, "receivers": list(people)}]},
        {"routes": route, "escalation": [{"after_seconds": 60, "receivers": list(people)}]},
    ):
        with pytest.raises(ContractError, match="at most 150"):
            profile_of(receivers=people, **wrong)
    chain.notify(receivers=people, routes=route, escalation=step)
    chain.shows(task())
    chain.tick()
    fire(chain)
    chain.tick()
    chain.clock.forward(61)
    chain.tick()
    assert [phase for _, phase in chain.told("p150")] == ["firing", "escalation"]
    assert chain.told("p000") == []
    chain.shows(task(seen=761))
    for _ in range(2):
        chain.clock.forward(60)
        chain.tick()
    assert [phase for _, phase in chain.told("p150")] == ["firing", "escalation", "resolved"]


def test_an_ack_of_more_than_one_commit_holds_withdraws_all_the_same(chain: Chain) -> None:
    chain.notify(group_by=[], repeat_seconds=3600)
    chain.shows(*(task(f"task-{number:03}") for number in range(150)))
    chain.tick()
    fire(chain)
    chain.tick()
    chain.silence(1800)
    chain.clock.forward(3600 - 900)
    chain.silence(3600)
    chain.clock.forward(1000)
    chain.tick()
    assert len(chain.store.listing(Folder.QUEUE).names) == 300, "reminders that a silence keeps back"
    item = chain.records("spool-item")[0]["id"]
    report = run_ack(chain.store, item, actor="uid:0", comment="", clock=chain.clock)
    assert len(report.subjects) == 300
    for _ in range(3):
        chain.clock.forward(3600)
        chain.tick()
    assert {phase for _, phase in chain.told("boss")} == {"firing"}
    assert chain.store.listing(Folder.QUEUE).names == chain.store.listing(Folder.SPOOL).names == {}


def test_many_that_a_silence_keeps_back_keep_nobody_else_back(chain: Chain) -> None:
    muted = [task(f"muted-{number}") for number in range(10)]
    chain.shows(*muted)
    chain.tick()
    chain.silence(36_000, task_id="muted-*")
    fire(chain)
    chain.dispatch()
    chain.shows(*muted, task("loud"))
    chain.look()
    assert run_dispatch(chain.store, chain.profile, clock=chain.clock, limit=5).dispatched == 2
    chain.send()
    assert chain.told() == [("silence_timeout", "firing")]


def test_many_ladders_that_wait_keep_no_other_step_waiting(chain: Chain) -> None:
    chain.notify(escalation=[{"after_seconds": 60, "receivers": ["boss"]}], repeat_seconds=600)
    chain.shows(*(task(f"muted-{number}") for number in range(60)), task("loud", seen=100))
    chain.tick()
    chain.silence(36_000, task_id="muted-*")
    fire(chain)
    chain.clock.forward(100)
    chain.tick()
    chain.clock.forward(700)
    chain.scan(chain.source)
    assert run_enqueue(chain.store, policy(), chain.profile, clock=chain.clock, limit=5).escalations == 1


def test_many_events_under_a_refused_profile_hide_nothing_about_ourselves(chain: Chain) -> None:
    """However many wait for the profile to be mended, and whatever time they name: our own are told at once."""
    for number in range(8):
        chain.report("start", f"t{number}", at=("0001-01-01T00:00:00Z", "2026-03-01T08:00:00Z")[number % 2])
    chain.clock.forward(200)
    chain.scan(Broken())  # type: ignore[arg-type]
    refused = replace(policy(), refused="a fault")
    report = run_enqueue(chain.store, refused, chain.profile, clock=chain.clock, limit=1)
    assert report.decided == 1
    assert report.waiting >= 8
    assert [each["body"]["facts"]["task_id"] for each in chain.records("notice")] == ["self:source/broken"] * 2
