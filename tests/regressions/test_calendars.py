"""What users of other programs suffered from calendars, tried here.  Each test names the report it stands for."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from reporting_governance.contracts.times import parse_time
from reporting_governance.core.calendars import next_time
from tests.stages.watch_world import HandClock, World, said

LONDON = ZoneInfo("Europe/London")


def world_at(time: str, grace: int) -> World:
    world = World(clock=HandClock(parse_time(time)))
    world.settings(silence_seconds=100_000_000, grace_seconds=grace)
    return world


def until(world: World, time: str) -> None:
    world.clock.forward((parse_time(time) - world.clock.now()).total_seconds())


def test_a_check_in_hours_too_early_is_not_counted_and_its_sender_learns_it_at_once() -> None:
    """healthchecks/healthchecks#1160: a monthly job called at 06:04 for 10:00, and was down at 11:00."""
    world = world_at("2025-05-01T00:00:00Z", 3600)
    monthly = {"schedule": "0 10 1 * *", "time_zone": "UTC"}
    world.report("start", agent="backup", checkpoint=monthly)
    until(world, "2025-05-01T06:04:00Z")
    (result,) = world.report("checkpoint").results
    assert result.owed is not None
    assert result.owed.counted is False
    assert result.owed.reason == "it came 3 h 56 min before 2025-05-01 10:00:00 UTC, and only the 1 h before it count"
    assert result.owed.next_due_at == parse_time("2025-05-01T10:00:00Z")
    until(world, "2025-05-01T10:59:59Z")
    assert [phase for _, _, phase in said(world.scan())] == ["due"]
    until(world, "2025-05-01T11:00:00Z")
    assert [phase for _, _, phase in said(world.scan())] == ["firing"]


def test_a_few_minutes_early_are_not_early() -> None:
    """healthchecks/healthchecks#1160 again: a job whose clock goes a minute ahead called at 09:59 for 10:00."""
    world = world_at("2025-05-01T00:00:00Z", 3600)
    world.report("start", agent="backup", checkpoint={"schedule": "0 10 1 * *", "time_zone": "UTC"})
    until(world, "2025-05-01T09:59:00Z")
    world.report("checkpoint")
    until(world, "2025-06-01T09:59:00Z")
    assert said(world.scan()) == []


def test_twice_a_day_through_the_change_of_the_clock_accuses_nobody() -> None:
    """healthchecks/healthchecks#815: from the day the clock changed a job at 11 and 23 o'clock was called down."""
    world = world_at("2023-03-24T12:00:00Z", 7200)
    world.report("start", agent="sync", checkpoint={"schedule": "0 11,23 * * *", "time_zone": "Europe/London"})
    end, phases = parse_time("2023-03-30T12:00:00Z"), []
    while world.clock.now() < end:
        wall = world.clock.now().astimezone(LONDON)
        if (wall.hour, wall.minute) in ((11, 5), (23, 5)):
            world.report("checkpoint")
        phases += [phase for _, _, phase in said(world.scan())]
        world.clock.forward(300)
    assert phases == ["due"] * 12  # a reminder for the agent at each of the twelve times, and never an alarm


def test_a_job_in_another_zone_than_its_schedule_is_told_what_the_schedule_means() -> None:
    """healthchecks/healthchecks#418: at 8 by the server's clock, and an alarm an hour later; the zones differed."""
    world = world_at("2020-08-27T00:00:00Z", 3600)
    world.report("start", agent="nightly", checkpoint={"schedule": "0 8 * * *", "time_zone": "UTC"})
    until(world, "2020-08-27T06:00:00Z")  # 8 o'clock in Berlin
    (result,) = world.report("checkpoint").results
    assert result.owed is not None
    assert result.owed.counted is False
    assert "2 h before 2020-08-27 08:00:00 UTC" in result.owed.reason
    right = world_at("2020-08-27T00:00:00Z", 3600)
    right.report("start", agent="nightly", checkpoint={"schedule": "0 8 * * *", "time_zone": "Europe/Berlin"})
    until(right, "2020-08-27T06:00:00Z")
    (result,) = right.report("checkpoint").results
    assert result.owed is not None
    assert result.owed.counted is True
    until(right, "2020-08-27T23:00:00Z")
    assert said(right.scan()) == []


def test_what_is_due_in_utc_comes_whatever_the_hosts_own_zone_does_to_its_clock() -> None:
    """cronie-crond/cronie#124: CRON_TZ=UTC, and everything due in UTC while London's hour came twice never ran."""
    after = parse_time("2022-10-29T23:50:54Z")
    for schedule, expected in {
        "59 00 * * *": "2022-10-30T00:59:00Z",
        "30 01 * * *": "2022-10-30T01:30:00Z",
        "59 01 * * *": "2022-10-30T01:59:00Z",
        "00 01 * * *": "2022-10-30T01:00:00Z",
        "00 02 * * *": "2022-10-30T02:00:00Z",
        "01 01 * * *": "2022-10-30T01:01:00Z",
    }.items():
        assert next_time(f"CRON_TZ=UTC {schedule}", "UTC", after) == parse_time(expected)
        assert next_time(schedule, "UTC", parse_time(expected)) == parse_time(expected) + timedelta(days=1)
