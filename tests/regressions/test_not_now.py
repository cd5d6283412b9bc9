"""What users of other programs suffered from muting, silencing and grouping.  Each test names the report."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.silence import Silence
from reporting_governance.stages.silencing import add_silence
from tests.crash.chain.world import OVER, OVERDUE, STEPS, World, play, profile_of
from tests.oracle.checker import tellings
from tests.stages.chain_world import Chain, task
from tests.stages.watch_world import HandClock


def on_files(folder: Path, **notification: Any) -> World:
    return World(str(folder / "state"), profile_of(pager=None, **notification))


def silenced(world: World, seconds: int, **matcher: str) -> None:
    now = world.clock.now()
    made = Silence(
        silence_id=f"sil_{int(world.clock.seconds):08}",
        matcher=matcher or {"task_id": "*"},
        starts_at=now,
        ends_at=now + timedelta(seconds=seconds),
        created_by="ops",
        comment="planned move",
    )
    add_silence(world.files(), made, clock=world.clock)


def phases(world: World, *, at_rest: bool = True) -> list[list[str]]:
    """Return the phases that each receiver was told of each task."""
    return [[phase for phase, _ in each] for each in tellings(world.check(at_rest=at_rest)).values()]


def arrived(world: World) -> list[int]:
    return [len(each) for each in world.arrived().values()]


def test_the_end_is_told_though_a_silence_is_on(tmp_path: Path) -> None:
    """prometheus/alertmanager#226: resolved during a silence is never told, to those who were told of the beginning."""
    world = play(on_files(tmp_path, repeat_seconds=100_000), 0, STEPS["repeat"])
    silenced(world, 10_000)
    play(world, STEPS["repeat"])
    world.settle()
    assert phases(world) == [["firing", "resolved"]] * 4
    assert arrived(world) == [4, 4]


def test_the_end_of_a_silence_tells_at_the_next_run(tmp_path: Path) -> None:
    """prometheus/alertmanager#3367: an unmuted group waits for the next tick of its group, or for the repeat."""
    world = play(on_files(tmp_path, group_wait_seconds=300), 0, STEPS["dispatch"])
    silenced(world, 1_800)
    for _ in range(30):
        world.tick()
        world.clock.seconds += 60
    assert arrived(world) == [0, 0]
    world.at(OVERDUE + 1_800).tick()
    assert arrived(world) == [2, 2], "told in the first run after its end, though it had company to wait for"
    world.check()


def test_the_end_of_a_mute_time_tells_at_the_next_run(tmp_path: Path) -> None:
    """prometheus/alertmanager#2496: what fired in a mute time is not told when the mute time ends."""
    noon = {"name": "noon", "schedule": "0 12 * * *", "time_zone": "UTC", "duration_seconds": 1_800}
    world = play(on_files(tmp_path, mute_times=[noon]), 0, STEPS["dispatch"])
    world.tick()
    written = world.files().ready().seq
    for seconds in range(OVERDUE + 60, 1_800, 60):
        world.at(seconds).tick()
    assert arrived(world) == [0, 0]
    assert world.files().ready().seq == written, "waiting is said once"
    world.at(1_800).tick()
    assert arrived(world) == [2, 2]
    assert phases(world) == [["firing"]] * 4


def test_an_edit_that_mutes_silences_or_groups_tells_nobody_again(tmp_path: Path) -> None:
    """prometheus/alertmanager#3410: an edit of the configuration sends everything again."""
    world = play(on_files(tmp_path), 0, STEPS["repeat"])
    noon = {"name": "noon", "schedule": "0 12 * * *", "time_zone": "UTC", "duration_seconds": 1_800}
    for changes in ({"mute_times": [noon]}, {"group_by": []}, {"group_wait_seconds": 60}, {"mute_times": []}):
        world.profile = profile_of(pager=None, **changes)
        world.clock.seconds += 60
        world.tick()
    silenced(world, 60)
    world.tick()
    world.clock.seconds += 120
    world.tick()
    assert arrived(world) == [2, 2]
    assert phases(world) == [["firing"]] * 4


def test_a_repeat_that_was_muted_counts_from_when_it_was_told(tmp_path: Path) -> None:
    """prometheus/alertmanager#2320, #917: repeats at other times than were set.  Here after a silence."""
    world = play(on_files(tmp_path, repeat_seconds=600), 0, STEPS["repeat"])
    silenced(world, 3_000)
    told = []
    for seconds in range(OVERDUE, OVER, 50):
        before = arrived(world)
        world.at(seconds).tick()
        told += [seconds] if arrived(world) != before else []
    assert told == [OVERDUE + 3_000, OVERDUE + 3_600], "one repeat at the end of the silence, the next 600 s after it"
    world.check(at_rest=False)


def test_one_cause_is_one_message(tmp_path: Path) -> None:
    """openclaw/openclaw#92401: noise.  A gateway is gone, and each of its tasks reports every symptom by itself."""
    from reporting_governance.storage.memory import MemoryStore

    chain = Chain(store=MemoryStore(), clock=HandClock(), folder=str(tmp_path))
    chain.notify(group_by=[], repeat_seconds=100_000)
    names = [f"task-{number}" for number in range(20)]
    chain.shows(*(task(each) for each in names))
    chain.tick()
    chain.clock.forward(700)
    chain.shows(*(task(each, owner_dead=True) for each in names))
    for _ in range(100):
        chain.tick()
        chain.clock.forward(60)
    assert chain.told() == chain.told("boss") == [("owner_dead", "firing")] * 20
    assert len(chain.records("spool-item")) == 2, "one message each"
    assert len(chain.holds()) == 40, "and that the other 20 wait is said once for each receiver"
    assert len(chain.store.listing(Folder.QUEUE).names) == 40
