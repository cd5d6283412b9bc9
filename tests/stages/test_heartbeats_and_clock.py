"""Heartbeats and a clock that is set: no silence is hidden for longer than the task's own interval, none is made up."""

from datetime import timedelta
from pathlib import Path

import pytest

from reporting_governance.core.check_in_rules import native_task_key
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.memory import MemoryStore
from tests.stages.watch_world import START, HandClock, World, said

SILENT = [("t1", "silence_timeout", "firing")]
HOURS = timedelta(hours=5)


@pytest.fixture(params=["memory", "files"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A task that promised nothing but not to be silent for 1800 seconds, watched once."""
    clock = HandClock(START)
    store = (
        MemoryStore()
        if request.param == "memory"
        else FilesStore(str(tmp_path / "state"), actor="test", now=clock.now, monotonic=clock.monotonic)
    )
    world = World(store=store, clock=clock)
    world.report("start", agent="worker")
    world.scan()
    return world


def beat_for(world: World, minutes: int) -> list[tuple[str, str, str]]:
    """Let the task beat once a minute, with a scan after each; return what the scans said."""
    found: list[tuple[str, str, str]] = []
    for _ in range(minutes):
        world.clock.forward(60)
        world.report("heartbeat")
        found += said(world.scan())
    return found


def silent_after(world: World, most: int = 24 * 3600) -> int:
    """Return after how many seconds without a word the task is said to be silent."""
    for seconds in range(60, most, 60):
        world.clock.forward(60)
        if said(world.scan()) == SILENT:
            return seconds
    raise AssertionError(f"never within {most} s")


@pytest.mark.parametrize("noticed", [True, False], ids=["noticed", "between two scans"])
def test_beats_count_after_the_clock_was_set_back(world: World, noticed: bool) -> None:
    if noticed:
        assert beat_for(world, 10) == []
    else:
        world.clock.time += HOURS
        world.report("heartbeat")
    world.clock.time -= HOURS
    assert beat_for(world, 120) == []
    assert silent_after(world) <= 1860


def test_a_silence_is_told_although_the_last_beat_lies_ahead(world: World) -> None:
    """The clock was ahead while the task beat, and right again before anybody looked."""
    world.clock.time += HOURS
    world.report("heartbeat")
    world.clock.time -= HOURS
    assert 1740 <= silent_after(world) <= 3600


def test_a_beat_that_lies_ahead_long_after_the_clock_was_set_accuses_nobody(world: World) -> None:
    world.clock.time += HOURS
    world.scan()
    world.clock.time -= HOURS
    assert beat_for(world, 60) == []
    world.clock.time += HOURS
    world.report("heartbeat")
    world.clock.time -= HOURS
    assert 1740 <= silent_after(world) <= 3600


def test_a_noticed_step_back_hides_no_silence(world: World) -> None:
    beat_for(world, 10)
    world.clock.time -= HOURS
    world.scan()
    assert 1740 <= silent_after(world) <= 1860


@pytest.mark.parametrize("steps", [(HOURS,), (-HOURS, HOURS), (HOURS, -HOURS), (-HOURS, -HOURS)])
def test_who_beats_every_twenty_minutes_is_not_accused_for_the_clocks_sake(
    world: World, steps: tuple[timedelta, ...]
) -> None:
    """The grace after a step is shorter than the time to the next beat."""
    world.report("heartbeat")
    for step in steps:
        world.clock.forward(300)
        world.scan()
        world.clock.time += step
        assert said(world.scan()) == []
    for _ in range(9):
        world.clock.forward(60)
        assert said(world.scan()) == []
    world.report("heartbeat")
    assert 1740 <= silent_after(world) <= 1860


def test_beats_count_although_a_check_in_lies_ahead(world: World) -> None:
    beat_for(world, 10)
    world.report("checkpoint", message="here")
    world.clock.time -= HOURS
    assert beat_for(world, 120) == []
    assert silent_after(world) <= 1860


def test_a_beat_that_is_handed_in_late_takes_nothing_back(world: World) -> None:
    world.clock.forward(1000)
    world.report("heartbeat")
    world.report("heartbeat", at=(START + timedelta(seconds=10)).isoformat())
    key = native_task_key("t1")
    assert world.store.heartbeats([key])[key] == world.clock.now()


@pytest.mark.parametrize("steps", [(HOURS,), (-HOURS,), (-HOURS, HOURS), (HOURS, -HOURS), (-HOURS, -HOURS)])
def test_a_silence_stays_one_silence_whatever_the_clock_does(world: World, steps: tuple[timedelta, ...]) -> None:
    beat_for(world, 10)
    silent_after(world)
    for step in steps:
        world.clock.forward(60)
        world.clock.time += step
        for _ in range(60):
            assert said(world.scan()) == []
            world.clock.forward(60)
    world.report("heartbeat")
    assert said(world.scan()) == [("t1", "silence_timeout", "resolved")]
