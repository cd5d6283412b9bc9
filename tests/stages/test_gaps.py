"""Times in which nobody watched: suspended, paused, cron away.  What came up then waits for one grace, only once."""

from datetime import datetime, timedelta

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.task_state import TaskState, TaskStatus
from reporting_governance.stages.scan import run_scan
from reporting_governance.stages.scan_report import ScanReport
from reporting_governance.stages.status import run_status
from reporting_governance.stages.watch_mark import seen_pace
from tests.stages.test_scan import foreign
from tests.stages.watch_world import START, StandInSource, World, reading, said

FIRED = [("t1", "checkpoint_overdue", "due"), ("t1", "checkpoint_overdue", "firing")]


class Watch:
    """A world whose scans know when the last one was made, as the command does."""

    def __init__(self) -> None:
        self.world = World()
        self.world.settings(silence_seconds=1_000_000, tick_seconds=60, grace_seconds=300)
        self.last: datetime | None = None

    def scan(self, *sources: StandInSource) -> ScanReport:
        world = self.world
        report = run_scan(world.store, world.profile, sources, clock=world.clock, last_scan_at=self.last)
        self.last = world.clock.now()
        return report

    def marks(self) -> int:
        return sum(
            record["id"] == self.world.records("source-mark")[0]["id"] for record in self.world.records("source-mark")
        )


@pytest.fixture
def watch() -> Watch:
    """A task that promised a check-in every ten minutes, watched once."""
    watch = Watch()
    watch.world.report("start", agent="worker", checkpoint={"every_seconds": 600})
    watch.scan()
    return watch


def test_what_came_up_while_nobody_watched_waits_for_one_grace(watch: Watch) -> None:
    watch.world.clock.forward(7200)  # cron was away: wall and uptime both went on
    report = watch.scan()
    assert said(report) == []
    (held,) = [each for each in report.not_judged if each.condition == "checkpoint_overdue"]
    assert "nobody watched from 2026-03-01T08:00:00.000Z to 2026-03-01T10:00:00.000Z" in held.reason
    for _ in range(4):
        watch.world.clock.forward(60)
        assert said(watch.scan()) == []
    watch.world.clock.forward(60)
    assert said(watch.scan()) == FIRED


def test_who_checks_in_within_that_grace_is_not_accused(watch: Watch) -> None:
    watch.world.clock.forward(7200)
    watch.scan()
    watch.world.clock.forward(100)
    watch.world.report("checkpoint")
    for _ in range(9):
        watch.world.clock.forward(60)
        assert said(watch.scan()) == []


def test_a_watch_with_a_gap_before_each_look_accuses_at_the_second(watch: Watch) -> None:
    """Looked at once an hour by hand, with a profile that says every minute: one grace, not one for each look."""
    watch.world.clock.forward(3600)
    assert said(watch.scan()) == []
    watch.world.clock.forward(3600)
    assert said(watch.scan()) == FIRED


def test_a_gap_is_recorded_once_and_shown(watch: Watch) -> None:
    before = watch.marks()
    watch.world.clock.forward(7200)
    for _ in range(5):
        watch.scan()
        watch.world.clock.forward(60)
    assert watch.marks() == before + 1
    shown = run_status(watch.world.store, clock=watch.world.clock)
    assert shown.gap == {"began_at": "2026-03-01T08:00:00.000Z", "ended_at": "2026-03-01T10:00:00.000Z"}


def test_a_late_tick_is_no_gap(watch: Watch) -> None:
    before = watch.marks()
    for _ in range(7):
        watch.world.clock.forward(120)
        watch.scan()
    assert watch.marks() == before
    watch.world.clock.forward(60)
    assert said(watch.scan()) == FIRED[1:]


def test_an_open_episode_stays_open_through_a_gap(watch: Watch) -> None:
    for _ in range(16):
        watch.world.clock.forward(60)
        watch.scan()
    assert len(watch.world.bodies(Folder.EPISODES)) == 1
    watch.world.clock.forward(7200)
    assert said(watch.scan()) == []
    assert len(watch.world.bodies(Folder.EPISODES)) == 1
    watch.world.report("checkpoint")
    assert said(watch.scan()) == [("t1", "checkpoint_overdue", "resolved")]


def test_a_suspension_gives_one_grace_and_is_shown_as_a_set_clock(watch: Watch) -> None:
    watch.world.clock.time += timedelta(hours=2)  # the wall went on, the uptime did not
    assert said(watch.scan()) == []
    shown = run_status(watch.world.store, clock=watch.world.clock)
    assert (shown.clock_set_at, shown.gap) == ("2026-03-01T10:00:00.000Z", None)
    for _ in range(4):
        watch.world.clock.forward(60)
        assert said(watch.scan()) == []
    watch.world.clock.forward(60)
    assert said(watch.scan()) == FIRED


def test_a_clock_set_back_is_no_gap(watch: Watch) -> None:
    watch.world.clock.time -= timedelta(hours=2)
    watch.scan()
    assert run_status(watch.world.store, clock=watch.world.clock).gap is None


def test_foreign_tasks_get_the_same_grace(watch: Watch) -> None:
    watch.world.settings(silence_seconds=1800)
    source = StandInSource(reading(foreign()))
    watch.scan(source)
    watch.world.clock.forward(7200)
    report = watch.scan(source)
    assert said(report) == []
    assert ("f1", "silence_timeout") in {(each.task_id, each.condition) for each in report.not_judged}
    watch.world.clock.forward(300)
    assert ("f1", "silence_timeout", "firing") in said(watch.scan(source))


def test_a_foreign_time_that_lies_ahead_of_our_clock_is_unknown_and_said() -> None:
    world = World()
    ahead = TaskState(
        task_id="f1",
        agent_id="them",
        runtime="elsewhere",
        status=TaskStatus.ACTIVE,
        started_at=START,
        last_activity_at=START + timedelta(days=400),
    )
    source = StandInSource(reading(foreign(last_activity_at=ahead.last_activity_at)))
    for _ in range(3):
        report = world.scan(source)
        (held,) = [each for each in report.not_judged if each.condition == "silence_timeout"]
        assert "ahead of our clock" in held.reason
        world.clock.forward(3600)


@pytest.mark.parametrize("grace", [300, 3600])
def test_a_host_that_sleeps_again_and_again_is_not_forgiven_each_time(watch: Watch, grace: int) -> None:
    """A laptop that wakes for four minutes: each time the clock has moved on without it."""
    watch.world.settings(silence_seconds=1_000_000, tick_seconds=60, grace_seconds=grace)
    heard: list[tuple[str, str, str]] = []
    for _ in range(20):
        watch.world.clock.time += timedelta(seconds=600)  # asleep: the uptime stands still
        for _ in range(4):
            heard += said(watch.scan())
            watch.world.clock.forward(60)
    assert heard == FIRED


def test_what_came_up_while_the_host_slept_waits_for_one_grace(watch: Watch) -> None:
    watch.world.clock.time += timedelta(seconds=7200)
    assert said(watch.scan()) == []
    watch.world.clock.forward(299)
    assert said(watch.scan()) == []
    watch.world.clock.forward(1)
    assert said(watch.scan()) == FIRED


def test_what_was_overdue_before_the_clock_was_set_is_told(watch: Watch) -> None:
    for _ in range(14):
        watch.world.clock.forward(60)
        watch.scan()
    watch.world.clock.forward(70)
    watch.world.clock.time += timedelta(seconds=7200)
    assert said(watch.scan()) == FIRED[1:]


def test_a_watch_that_always_looks_less_often_than_the_profile_says_has_no_gap_at_each_look(watch: Watch) -> None:
    """Started every five minutes, with a profile that says every minute: that is its pace, and nobody is away."""
    gaps = []
    for _ in range(12):
        watch.world.clock.forward(300)
        watch.world.report("checkpoint")
        watch.scan()
        gaps.append(run_status(watch.world.store, (), clock=watch.world.clock).gap)
    assert gaps == [gaps[0]] * 12
    assert watch.marks() == 3  # the first, the gap, the pace
    watch.world.clock.forward(1000)  # three looks were left out: now somebody was away
    watch.scan()
    assert run_status(watch.world.store, (), clock=watch.world.clock).gap != gaps[0]


def test_at_that_pace_a_late_check_in_is_told_at_the_first_look_after_its_grace(watch: Watch) -> None:
    for _ in range(4):
        watch.world.clock.forward(300)
        watch.world.report("checkpoint")
        watch.scan()
    for _ in range(2):
        watch.world.clock.forward(300)
        watch.scan()
    watch.world.clock.forward(300)
    assert ("t1", "checkpoint_overdue", "firing") in said(watch.scan())


def test_a_long_absence_after_a_short_one_is_no_pace(watch: Watch) -> None:
    watch.world.clock.forward(300)
    watch.scan()
    watch.world.clock.forward(7200)
    watch.scan()
    assert seen_pace(watch.world.store) == 0


def test_the_pace_is_forgotten_once_looks_come_as_the_profile_says(watch: Watch) -> None:
    for seconds, pace in ((300, 0), (300, 300), (310, 300), (60, 0), (60, 0)):
        watch.world.clock.forward(seconds)
        watch.scan()
        assert seen_pace(watch.world.store) == pace


class UptimeOf:
    """The shared clock, with the uptime of one of several hosts."""

    def __init__(self, world: World, seconds: float) -> None:
        self._clock = world.clock
        self._seconds = seconds

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic() + self._seconds


def test_hosts_that_share_a_log_have_uptimes_of_their_own() -> None:
    """Or each would take the other's for a clock that was set: a line and a look at every task, with every tick."""
    watch = Watch()
    world = watch.world
    hosts = {"boot-a": UptimeOf(world, 0), "boot-b": UptimeOf(world, 500_000), "boot-c": UptimeOf(world, -900)}

    def scan(boot: str) -> ScanReport:
        return run_scan(world.store, world.profile, (), clock=hosts[boot], last_scan_at=world.clock.now(), boot_id=boot)

    world.report("start", agent="worker", checkpoint={"every_seconds": 600})
    scan("boot-a")
    told = []
    for _ in range(20):
        world.clock.forward(60)
        told += [each for boot in hosts for each in said(scan(boot))]
    assert told == FIRED
    assert watch.marks() == 1
    world.clock.time += timedelta(hours=1)
    for boot in ("boot-b", "boot-c"):
        scan(boot)
    assert watch.marks() == 1
    scan("boot-a")  # who wrote the mark sees that the clock was set, and says so for all
    assert watch.marks() == 2
