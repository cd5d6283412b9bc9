"""scan: from task states to events, once for each episode."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from reporting_governance.adapters.interface import Known, Observation, ObservedTask, SourceReading
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.contracts.source_mark import SourceMark
from reporting_governance.contracts.task_state import TaskState, TaskStatus
from reporting_governance.stages.scan_report import ScanReport
from reporting_governance.stages.source_marks import mark_group
from reporting_governance.stages.status import run_status
from reporting_governance.storage.interface import View
from reporting_governance.storage.memory import MemoryStore
from tests.stages.watch_world import START, StandInSource, World, reading, said

OVERDUE = ("t1", "checkpoint_overdue")


def foreign(task_id: str = "f1", **changes: object) -> ObservedTask:
    task = TaskState(
        task_id=task_id,
        agent_id="them",
        runtime="elsewhere",
        status=TaskStatus.ACTIVE,
        started_at=START,
        last_activity_at=START,
    )
    facts = changes.pop("facts", {})
    return ObservedTask(task=replace(task, **changes), instance="here", facts=facts)  # type: ignore[arg-type]


def test_a_missed_check_in_is_owed_first_then_told_then_resolved() -> None:
    world = World()
    world.report("start", checkpoint={"every_seconds": 600}, agent="worker")
    assert said(world.scan()) == []

    world.clock.forward(600)
    assert said(world.scan()) == [(*OVERDUE, "due")]
    assert said(world.scan()) == []

    world.clock.forward(300)
    assert said(world.scan()) == [(*OVERDUE, "firing")]
    assert said(world.scan()) == []

    (episode,) = world.bodies(Folder.EPISODES)
    assert episode["event"]["event_type"] == "watchdog_fired"
    assert episode["event"]["timestamp"] == "2026-03-01T08:15:00.000Z"
    assert episode["event"]["payload"]["due_at"] == "2026-03-01T08:10:00.000Z"
    assert episode["event"]["payload"]["late_by_seconds"] == 300
    assert [item["class"] for item in episode["evidence"]] == ["runtime_artifact"]

    world.clock.forward(60)
    world.report("checkpoint", message="still at it")
    assert said(world.scan()) == [(*OVERDUE, "resolved")]
    assert world.bodies(Folder.EPISODES) == []
    assert said(world.scan()) == []


def test_a_finished_task_ends_what_is_open_and_moves_to_the_past() -> None:
    world = World()
    world.report("start", checkpoint={"every_seconds": 600}, agent="worker")
    world.clock.forward(1000)
    world.scan()
    world.report("fail", message="gave up")
    assert len(world.bodies(Folder.TASKS)) == 1
    world.scan()
    assert world.bodies(Folder.TASKS) == []
    (key,) = world.store.past_names("tsk_")
    past = world.store.past(key)
    assert past is not None
    assert past.body["conditions"]["checkpoint_overdue"]["phase"] == "resolved"
    assert world.events()[-1]["payload"]["resolved_by"] == "finished"


def test_a_heartbeat_keeps_a_task_from_being_silent_and_ends_a_silence() -> None:
    world = World()
    world.report("start", agent="worker")
    world.clock.forward(1700)
    world.report("heartbeat")
    before = world.store.head().seq
    world.clock.forward(200)
    assert said(world.scan()) == []
    assert world.store.head().seq == before + 1  # the mark of the first scan
    world.clock.forward(1600)
    assert said(world.scan()) == [("t1", "silence_timeout", "firing")]
    world.report("heartbeat")
    assert said(world.scan()) == [("t1", "silence_timeout", "resolved")]


def test_a_tick_with_nothing_to_say_adds_nothing() -> None:
    world = World()
    assert said(world.scan()) == []
    assert world.store.head().seq == 0
    world.report("start", checkpoint={"every_seconds": 600}, agent="worker")
    world.clock.forward(1000)
    world.scan()
    before = world.store.head().seq
    for _ in range(5):
        world.clock.forward(60)
        world.scan()
    assert world.store.head().seq == before


def test_only_the_files_of_due_names_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.report("start", "late", checkpoint={"every_seconds": 600}, agent="worker")
    for number in range(20):
        world.report("start", f"n{number}", agent="worker")
    world.scan()
    opened: list[ViewName] = []
    read = MemoryStore.read

    def counted(self: MemoryStore, name: ViewName) -> View | None:
        opened.append(name)
        return read(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "read", counted)
        world.clock.forward(599)
        assert world.scan().looked_at == 0
        assert {name.id[:3] for name in opened} == {"src"}
        world.clock.forward(1)
        assert world.scan().looked_at == 1


def test_four_scans_at_once_end_like_one() -> None:
    alone = World()
    crowd = World()
    for world in (alone, crowd):
        for number in range(30):
            world.report("start", f"t{number}", checkpoint={"every_seconds": 600}, agent="worker", id=f"call-{number}")
        world.scan()
        world.clock.forward(2000)
    source = StandInSource(reading(foreign(), foreign("f2")))
    alone.scan(source)

    reports: list[ScanReport] = []
    barrier = threading.Barrier(4)

    def scan() -> None:
        barrier.wait()
        reports.append(crowd.scan(StandInSource(reading(foreign(), foreign("f2")))))

    threads = [threading.Thread(target=scan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(event["event_id"] for event in crowd.events()) == sorted(
        event["event_id"] for event in alone.events()
    )
    assert sum(report.fired for report in reports) == 30 * 2 + 2
    assert crowd.bodies(Folder.TASKS) == alone.bodies(Folder.TASKS)
    assert len(crowd.bodies(Folder.EPISODES)) == 62


def test_other_settings_date_all_names_anew_once() -> None:
    world = World()
    for number in range(3):
        world.report("start", f"t{number}", checkpoint={"every_seconds": 600}, agent="worker")
    world.report("start", "quiet", agent="worker")
    world.scan()
    world.settings(silence_seconds=120)
    report = world.scan()
    assert report.dated_anew == 4
    assert world.scan().dated_anew == 0
    world.clock.forward(120)
    assert {each.condition for each in world.scan().said} == {"silence_timeout"}


def test_a_pass_that_was_cut_short_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.report("start", agent="worker")
    world.scan()
    world.settings(silence_seconds=120)
    with monkeypatch.context() as patch:
        patch.setattr("reporting_governance.stages.scan_work.own_mark_group", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.scan()
    world.clock.forward(120)
    assert said(world.scan()) == [("t1", "silence_timeout", "firing")]


def test_a_clock_that_is_set_forward_gives_one_grace_period() -> None:
    world = World()
    world.report("start", checkpoint={"every_seconds": 600}, agent="worker")
    world.scan()
    world.clock.time += timedelta(hours=5)
    report = world.scan()
    assert report.fired == 0
    assert {each.condition for each in report.not_judged} == {"checkpoint_overdue", "silence_timeout"}
    world.clock.forward(60)
    world.report("checkpoint")
    world.clock.forward(300)
    assert said(world.scan()) == []
    world.clock.forward(600)
    assert said(world.scan()) == [(*OVERDUE, "due"), (*OVERDUE, "firing")]


def test_after_another_start_of_the_host_heartbeats_get_one_grace_period_to_come_back() -> None:
    world = World()
    world.report("start", agent="worker")
    world.scan()
    world.clock.time += timedelta(seconds=1900)
    world.clock.up = 30  # another boot; the store has forgotten every heartbeat
    assert said(world.scan()) == []
    world.clock.forward(290)
    assert said(world.scan()) == []
    world.clock.forward(10)
    assert said(world.scan()) == [("t1", "silence_timeout", "firing")]


def test_a_clock_that_was_ahead_does_not_silence_the_watch() -> None:
    world = World()
    world.clock.time += timedelta(days=365)
    world.report("start", checkpoint={"every_seconds": 600}, agent="worker")
    world.scan()
    world.clock.time -= timedelta(days=365)
    world.scan()
    world.clock.forward(1000)
    assert (*OVERDUE, "firing") in said(world.scan())


def test_a_clock_that_goes_back_and_forth_says_nothing_twice_and_takes_nothing_back() -> None:
    world = World()
    world.report("start", checkpoint={"every_seconds": 600}, agent="worker")
    world.scan()
    world.clock.forward(1000)
    assert (*OVERDUE, "firing") in said(world.scan())
    for seconds in (-5000, 4000, -4000, 9000):
        world.clock.time += timedelta(seconds=seconds)
        assert [each for each in said(world.scan()) if each[1] == "checkpoint_overdue"] == []
    world.report("checkpoint")
    assert (*OVERDUE, "resolved") in said(world.scan())


def test_a_foreign_task_fires_and_resolves_and_leaves_a_tombstone() -> None:
    world = World()
    world.scan(StandInSource(reading(foreign())))
    world.clock.forward(1800)
    silent = StandInSource(reading(foreign()))
    assert said(world.scan(silent)) == [("f1", "silence_timeout", "firing")]
    assert said(world.scan(silent)) == []
    (view,) = [body for body in world.bodies(Folder.WATCH) if "task" in body]
    assert (view["source"], view["instance"], view["task"]["task_id"]) == ("json", "here", "f1")

    alive = StandInSource(reading(foreign(last_activity_at=world.clock.now())))
    assert said(world.scan(alive)) == [("f1", "silence_timeout", "resolved")]
    assert alive.asked == [(START, frozenset({"f1"}))]
    assert [body for body in world.bodies(Folder.WATCH) if "task" in body] == []
    assert len(world.store.past_names("tsk_")) == 1

    world.clock.forward(1800)
    again = StandInSource(reading(foreign(last_activity_at=START + timedelta(seconds=1800))))
    assert said(world.scan(again)) == [("f1", "silence_timeout", "firing")]
    assert world.store.past_names("tsk_") == []
    events = [event["event_id"] for event in world.events()]
    assert len(events) == len(set(events)) == 3


def test_what_ended_before_the_first_reading_is_never_told() -> None:
    world = World()
    failed = {"delivery_failed": Observation(known=Known.TRUE, since=START - timedelta(hours=1), reason="no route")}
    old = foreign("old", status=TaskStatus.COMPLETED, finished_at=START - timedelta(hours=1), facts=failed)
    assert said(world.scan(StandInSource(reading(old)))) == []
    assert said(world.scan(StandInSource(reading(old)))) == []
    world.clock.forward(60)
    new = foreign("new", status=TaskStatus.COMPLETED, finished_at=world.clock.now(), facts=failed)
    source = StandInSource(reading(old, new))
    assert said(world.scan(source)) == [("new", "delivery_failed", "firing")]
    assert source.asked[0][0] == START
    assert said(world.scan(source)) == []


def test_gone_from_a_complete_reading_is_told_as_gone_and_from_an_incomplete_one_not_at_all() -> None:
    world = World()
    world.scan(StandInSource(reading(foreign())))
    world.clock.forward(1800)
    world.scan(StandInSource(reading(foreign())))
    assert said(world.scan(StandInSource(reading(complete=False)))) == []
    assert said(world.scan(StandInSource(reading()))) == [("f1", "silence_timeout", "resolved")]
    assert world.events()[-1]["payload"]["resolved_by"] == "gone"
    assert "no longer visible" in world.events()[-1]["payload"]["reason"]


def test_a_source_that_cannot_be_read_is_an_episode_of_its_own() -> None:
    world = World()
    world.scan(StandInSource(reading(foreign())))
    world.clock.forward(1800)
    world.scan(StandInSource(reading(foreign())))
    locked = StandInSource(
        SourceReading(source="json", instance="here", tasks=(), complete=False, unreadable="database is locked")
    )
    report = world.scan(locked)
    assert said(report) == [("self:source/json", "source_unreadable", "firing")]
    assert report.unreadable == ("json",)
    assert [(each.task_id, each.condition, each.reason) for each in report.not_judged] == [
        ("f1", "silence_timeout", "its source cannot be read: database is locked")
    ]
    shown = run_status(world.store, [locked], clock=world.clock)
    assert {each.task_id: each.unknown for each in shown.episodes} == {
        "f1": "its source cannot be read: database is locked",
        "self:source/json": None,
    }
    assert "database is locked" in world.events()[-1]["payload"]["reason"]
    world.clock.forward(60)
    assert said(world.scan(locked)) == []
    assert said(world.scan(StandInSource(reading(foreign())))) == [
        ("self:source/json", "source_unreadable", "resolved")
    ]
    world.clock.forward(60)
    assert said(world.scan(locked)) == [("self:source/json", "source_unreadable", "firing")]
    ids = [event["event_id"] for event in world.events()]
    assert len(ids) == len(set(ids))


def test_a_source_that_raises_is_one_that_cannot_be_read() -> None:
    class Broken(StandInSource):
        def read(self, **_: object) -> SourceReading:
            raise PermissionError(13, "Permission denied", "watchdog-state.json")

    world = World()
    report = world.scan(Broken(), StandInSource(reading(foreign()), name="other"))
    assert said(report) == [("self:source/json", "source_unreadable", "firing")]
    (shown,) = run_status(world.store, [Broken()], clock=world.clock).sources
    assert "Permission denied" in (shown.unreadable or "")


def test_two_sources_of_one_kind_are_told_apart() -> None:
    world = World()
    locked = SourceReading(source="json", instance="", tasks=(), complete=False, unreadable="locked")
    report = world.scan(StandInSource(reading(foreign())), StandInSource(locked))
    assert said(report) == [("self:source/json-2", "source_unreadable", "firing")]
    world.clock.forward(1800)
    both = [StandInSource(reading(foreign())), StandInSource(locked)]
    assert said(world.scan(*both)) == [("f1", "silence_timeout", "firing")]
    assert world.scan(*both).not_judged == (), "the other source shows it"
    assert {each.unknown for each in run_status(world.store, both, clock=world.clock).episodes} == {None}


def test_a_source_that_is_no_longer_configured_is_no_longer_watched() -> None:
    world = World()
    world.scan(StandInSource(reading(foreign())))
    world.clock.forward(1800)
    world.scan(StandInSource(reading(foreign())))
    assert said(world.scan()) == [("f1", "silence_timeout", "resolved")]
    assert world.events()[-1]["payload"]["resolved_by"] == "unwatched"


def test_unknown_leaves_an_episode_as_it_is_and_is_shown() -> None:
    world = World()
    world.scan(StandInSource(reading(foreign())))
    world.clock.forward(1800)
    world.scan(StandInSource(reading(foreign())))
    blind = replace(foreign(), unknown={"silence_timeout": "column last_event_at is missing"})
    report = world.scan(StandInSource(reading(blind)))
    assert said(report) == []
    assert [(each.task_id, each.condition, each.reason) for each in report.not_judged] == [
        ("f1", "silence_timeout", "column last_event_at is missing")
    ]
    assert len(world.bodies(Folder.EPISODES)) == 1


def test_an_owner_that_died_is_told_with_the_hosts_own_words() -> None:
    world = World()
    dead = {"owner_dead": Observation(known=Known.TRUE, since=START, reason="gateway boot 7 is over")}
    report = world.scan(StandInSource(reading(foreign(facts=dead))))
    assert said(report) == [("f1", "owner_dead", "firing")]
    assert world.events()[-1]["payload"]["reason"] == "gateway boot 7 is over"


def test_a_report_older_than_what_is_remembered_is_stale_and_not_told() -> None:
    world = World()
    world.scan(StandInSource(reading(foreign())))
    marks = [
        (view.name, SourceMark.parse(view.body["source-mark"]))
        for name in world.store.listing(Folder.WATCH).names.values()
        if (view := world.store.read(name)) is not None
    ]
    old, mark = next(each for each in marks if each[1].source == "json")
    raised = replace(mark, horizon_at=START + timedelta(hours=1))
    world.store.commit([mark_group(raised, old, world.store.listing(Folder.WATCH))], now=world.clock.now())
    world.clock.forward(1800)
    report = world.scan(StandInSource(reading(foreign())))
    assert (said(report), report.stale) == ([], 1)
