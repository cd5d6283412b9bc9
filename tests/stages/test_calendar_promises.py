"""A promise by calendar from check-in to scan: when it is looked at, when it is late, what an early one is worth."""

from datetime import datetime, timedelta

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import parse_due, parse_time
from tests.stages.watch_world import HandClock, World, said

NINE = {"schedule": "0 9 * * *", "time_zone": "Europe/Berlin"}
DUE = ("t1", "checkpoint_overdue", "due")
FIRING = ("t1", "checkpoint_overdue", "firing")
RESOLVED = ("t1", "checkpoint_overdue", "resolved")


def world_at(time: str) -> World:
    """Return a world where nobody is silent too long for anything but a calendar."""
    world = World(clock=HandClock(parse_time(time)))
    world.settings(silence_seconds=10_000_000, grace_seconds=300)
    return world


def until(world: World, time: str) -> None:
    """Let time pass."""
    world.clock.forward((parse_time(time) - world.clock.now()).total_seconds())


def named_for(world: World) -> datetime | None:
    """Return when the one task is looked at next, by the name of its view."""
    (name,) = world.store.listing(Folder.TASKS).names.values()
    return parse_due(name.due)


def test_a_task_is_looked_at_at_its_calendars_time_and_not_before() -> None:
    world = world_at("2026-03-02T06:00:00Z")
    world.report("start", agent="worker", checkpoint=NINE)
    assert named_for(world) == parse_time("2026-03-02T08:00:00Z")
    world.scan()
    until(world, "2026-03-02T07:59:59Z")
    assert world.scan().looked_at == 0
    until(world, "2026-03-02T08:00:00Z")
    assert said(world.scan()) == [DUE]
    assert named_for(world) == parse_time("2026-03-02T08:05:00Z")
    until(world, "2026-03-02T08:05:00Z")
    assert said(world.scan()) == [FIRING]
    (episode,) = world.bodies(Folder.EPISODES)
    assert episode["event"]["payload"]["due_at"] == "2026-03-02T08:00:00.000Z"
    assert "0 9 * * * (Europe/Berlin)" in episode["event"]["payload"]["reason"]
    until(world, "2026-03-02T10:00:00Z")
    world.report("checkpoint")
    assert said(world.scan()) == [RESOLVED]
    assert named_for(world) == parse_time("2026-03-03T08:00:00Z")


def test_a_check_in_within_the_grace_before_the_time_counts_for_it() -> None:
    world = world_at("2026-03-02T06:00:00Z")
    world.report("start", agent="worker", checkpoint=NINE)
    until(world, "2026-03-02T07:55:00Z")
    (result,) = world.report("checkpoint").results
    assert result.owed is not None
    assert (result.owed.counted, result.owed.next_due_at) == (True, parse_time("2026-03-03T08:00:00Z"))
    assert result.owed.reason == "for 2026-03-02 09:00:00 Europe/Berlin, 5 min early"
    until(world, "2026-03-03T07:59:00Z")
    assert said(world.scan()) == []


def test_an_earlier_one_counts_for_nothing_but_a_sign_of_life_and_says_so() -> None:
    world = world_at("2026-03-02T06:00:00Z")
    world.settings(silence_seconds=7800)
    world.report("start", agent="worker", checkpoint=NINE)
    until(world, "2026-03-02T07:54:59Z")
    (result,) = world.report("checkpoint").results
    assert result.owed is not None
    assert (result.owed.counted, result.owed.next_due_at) == (False, parse_time("2026-03-02T08:00:00Z"))
    said_why = "it came 5 min 1 s before 2026-03-02 09:00:00 Europe/Berlin, and only the 5 min before it count"
    assert result.owed.reason == said_why
    until(world, "2026-03-02T08:10:00Z")  # the start alone would have been silent for 2 h 10 min
    assert said(world.scan()) == [DUE, FIRING]


@pytest.mark.parametrize(("verb", "status"), [("wait", "waiting_user"), ("pause", "paused"), ("block", "blocked")])
def test_a_task_that_waits_owes_by_its_limit_and_not_by_the_calendar(verb: str, status: str) -> None:
    world = world_at("2026-03-02T06:00:00Z")
    world.settings(limits={"waiting_user": 7200, "paused": 7200, "blocked": 7200})
    world.report("start", agent="worker", checkpoint=NINE)
    world.report(verb)
    world.scan()
    until(world, "2026-03-02T08:04:59Z")
    assert said(world.scan()) == [DUE]
    until(world, "2026-03-02T08:05:00Z")
    assert said(world.scan()) == [FIRING]
    world.report("resume")
    assert said(world.scan()) == [RESOLVED]
    assert named_for(world) == parse_time("2026-03-03T08:00:00Z")


def test_what_was_due_while_a_task_waited_is_not_owed_when_it_goes_on() -> None:
    world = world_at("2026-03-02T06:00:00Z")
    world.report("start", agent="worker", checkpoint=NINE)
    world.report("pause")
    until(world, "2026-03-02T08:30:00Z")
    world.report("resume")
    assert said(world.scan()) == []
    assert named_for(world) == parse_time("2026-03-03T08:00:00Z")


@pytest.mark.parametrize("by", ["profile", "selector"])
def test_a_profile_may_promise_by_calendar_for_a_task(by: str) -> None:
    world = world_at("2026-03-02T06:00:00Z")
    if by == "profile":
        world.settings(calendar=NINE)
    else:
        world.settings(every_seconds=60, selectors=[{"match": {"task_id": "t*"}, "calendar": NINE}])
    world.report("start", agent="worker")
    assert said(world.scan()) == []
    until(world, "2026-03-02T08:05:00Z")
    assert said(world.scan()) == [DUE, FIRING]


def test_a_tasks_own_promise_goes_before_the_profiles_calendar() -> None:
    world = world_at("2026-03-02T06:00:00Z")
    world.settings(calendar=NINE)
    world.report("start", agent="worker", checkpoint={"every_seconds": 600})
    until(world, "2026-03-02T06:15:00Z")
    assert said(world.scan()) == [DUE, FIRING]


@pytest.mark.parametrize(
    ("promise", "part"),
    [
        ({"schedule": "61 9 * * *", "time_zone": "UTC"}, "its minute is wrong; for example"),
        ({"schedule": "0 9 * * *"}, "needs a time zone"),
        ({"schedule": "0 9 * * *", "time_zone": "Europe/Belrin"}, 'did you mean "Europe/Berlin"?'),
        ({"schedule": "2026-03-01 09:00", "time_zone": "UTC"}, "never comes again after 2026-03-02"),
    ],
)
def test_a_promise_that_says_nothing_is_refused_and_nothing_is_recorded(promise: dict[str, str], part: str) -> None:
    world = world_at("2026-03-02T06:00:00Z")
    report = world.report("start", agent="worker", checkpoint=promise)
    assert report.refused == 1
    assert part in report.results[0].reason
    assert "Mon..Fri 09:00" in report.results[0].reason
    assert world.events() == []


def test_a_calendar_that_is_over_owes_nothing_more() -> None:
    world = world_at("2026-03-02T06:00:00Z")
    once = {"schedule": "2026-03-02 09:00", "time_zone": "Europe/Berlin"}
    world.report("start", agent="worker", checkpoint=once)
    until(world, "2026-03-02T08:01:00Z")
    (result,) = world.report("checkpoint").results
    assert result.owed is not None
    assert result.owed.next_due_at is None
    world.clock.forward(1_000_000)
    assert said(world.scan()) == []


def test_a_clock_set_back_neither_takes_an_overdue_time_back_nor_says_it_twice() -> None:
    world = world_at("2026-03-02T06:00:00Z")
    world.report("start", agent="worker", checkpoint=NINE)
    world.scan()
    until(world, "2026-03-02T08:10:00Z")
    assert said(world.scan()) == [DUE, FIRING]
    world.clock.time -= timedelta(hours=3)
    for _ in range(60):
        assert said(world.scan()) == []
        world.clock.forward(300)
