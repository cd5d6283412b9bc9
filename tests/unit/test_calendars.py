"""Due times by calendar: what is skipped in spring, what comes twice in autumn, and what can be no calendar."""

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.contracts.task_state import CheckpointPromise, TaskState, TaskStatus
from reporting_governance.core.calendars import (
    WrongCalendar,
    next_time,
    previous_time,
    problem_with,
    window_open,
    zone_problem,
)
from reporting_governance.core.conditions import Sight, Truth, checkpoint_overdue
from reporting_governance.core.watch_settings import WatchSettings
from tests.unit.calendar_reference import Schedule, is_overdue, utc, walk

#: Days around which a clock is set: zone -> a day before it, at noon UTC.
CHANGES = [
    ("Europe/Berlin", "2026-03-28T12:00"),
    ("Europe/Berlin", "2026-10-24T12:00"),
    ("America/New_York", "2026-03-07T12:00"),
    ("America/New_York", "2026-10-31T12:00"),
    ("Australia/Lord_Howe", "2026-10-03T03:00"),
    ("Australia/Lord_Howe", "2026-04-04T03:00"),
    ("Pacific/Apia", "2011-12-29T12:00"),
    ("Asia/Kathmandu", "2026-03-28T12:00"),
    ("Asia/Kathmandu", "1985-12-31T06:00"),
]


def times(schedule: str, zone: str, after: str, most: int) -> list[str]:
    """Return the next due times as a clock in the zone shows them, with its offset."""
    moment: datetime | None = utc(after)
    found = []
    while moment is not None and len(found) < most:
        moment = next_time(schedule, zone, moment)
        found.append("never" if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%d %H:%M %z}")
    return found


@pytest.mark.parametrize("text", ["30 2 * * *", "*-*-* 02:30", "02:30"])
def test_a_skipped_time_is_due_at_the_first_moment_after_the_gap(text: str) -> None:
    assert times(text, "Europe/Berlin", "2026-03-28T00:00", 3) == ["28 02:30 +0100", "29 03:00 +0200", "30 02:30 +0200"]


@pytest.mark.parametrize("text", ["30 2 * * *", "*-*-* 02:30", "02:30"])
def test_a_doubled_time_is_due_once_the_first_time(text: str) -> None:
    assert times(text, "Europe/Berlin", "2026-10-24T02:00", 2) == ["25 02:30 +0200", "26 02:30 +0100"]


def test_all_skipped_times_of_one_gap_are_due_once() -> None:
    found = times("*/15 2 * * *", "Europe/Berlin", "2026-03-29T00:00", 2)
    assert found == ["29 03:00 +0200", "30 02:00 +0200"]


@pytest.mark.parametrize("text", ["*/15 * * * *", "*:0/15"])
@pytest.mark.parametrize(("zone", "noon"), CHANGES)
def test_a_quarter_hourly_promise_stays_quarter_hourly_whatever_is_done_to_the_clock(
    text: str, zone: str, noon: str
) -> None:
    moment, end = utc(noon), utc(noon) + timedelta(days=3)
    while moment < end:
        following = next_time(text, zone, moment)
        assert following is not None
        assert following - moment == timedelta(minutes=15)
        moment = following


@pytest.mark.parametrize("text", ["0 * * * *", "hourly"])
@pytest.mark.parametrize("noon", ["2026-03-28T12:00", "2026-10-24T12:00"])
def test_an_hourly_promise_stays_hourly_where_the_clock_is_set_by_an_hour(text: str, noon: str) -> None:
    moment = utc(noon)
    for _ in range(30):
        following = next_time(text, "Europe/Berlin", moment)
        assert following == moment + timedelta(hours=1)
        moment = following


def test_every_second_hour_is_due_once_when_its_hour_comes_twice() -> None:
    found = times("0 */2 * * *", "Europe/Berlin", "2026-10-24T22:30", 3)
    assert found == ["25 02:00 +0200", "25 04:00 +0100", "25 06:00 +0100"]


def test_half_an_hour_is_skipped_and_doubled_on_lord_howe() -> None:
    zone = "Australia/Lord_Howe"
    assert times("15 2 * * *", zone, "2026-10-03T00:00", 2) == ["04 02:30 +1100", "05 02:15 +1100"]
    assert times("45 1 * * *", zone, "2026-04-03T20:00", 2) == ["05 01:45 +1100", "06 01:45 +1030"]
    assert times("0 * * * *", zone, "2026-10-03T14:00", 3) == ["04 01:00 +1030", "04 02:30 +1100", "04 03:00 +1100"]
    halves = times("0,30 * * * *", zone, "2026-04-04T14:00", 4)
    assert halves == ["05 01:30 +1100", "05 01:30 +1030", "05 02:00 +1030", "05 02:30 +1030"]


def test_the_day_that_apia_never_had() -> None:
    """30 December 2011, a Friday, was left out.  What is due every day goes on; what is due on Fridays comes after."""
    zone = "Pacific/Apia"
    daily = times("0 9 * * *", zone, "2011-12-29T00:00", 3)
    assert daily == ["29 09:00 -1000", "31 09:00 +1400", "01 09:00 +1400"]
    assert times("0 9 * * 5", zone, "2011-12-29T00:00", 2) == ["31 00:00 +1400", "06 09:00 +1400"]


def test_kathmandu_is_a_quarter_off_everybody_else() -> None:
    assert next_time("0 9 * * *", "Asia/Kathmandu", utc("2026-03-01T00:00")) == utc("2026-03-01T03:15")


minutes = st.frozensets(st.sampled_from([0, 5, 15, 30, 45, 59]), min_size=1)
hours = st.frozensets(st.integers(0, 23), min_size=1) | st.just(frozenset(range(24)))
weekdays = st.frozensets(st.integers(0, 6), min_size=1) | st.just(frozenset(range(7)))
schedules = st.builds(Schedule, minutes=minutes, hours=hours, weekdays=weekdays)


@settings(max_examples=60, deadline=None)
@given(schedule=schedules, change=st.sampled_from(CHANGES), seconds=st.integers(0, 86_400))
def test_due_times_are_those_of_a_walk_through_every_minute(
    schedule: Schedule, change: tuple[str, str], seconds: int
) -> None:
    zone, noon = change
    begin = utc(noon)
    expected = list(walk(schedule, zone, begin, begin + timedelta(days=3)))
    for text in (schedule.cron(), schedule.on_calendar()):
        found, moment = [], begin - timedelta(seconds=1)
        while (following := next_time(text, zone, moment)) is not None and following <= begin + timedelta(days=3):
            found.append(following)
            moment = following
        assert found == expected
        at = begin + timedelta(seconds=seconds)
        older = [each for each in expected if each <= at]
        assert previous_time(text, zone, at, within=at - begin) == (older[-1] if older else None)


@settings(max_examples=100, deadline=None)
@given(schedule=schedules, change=st.sampled_from(CHANGES), hours=st.integers(0, 72), duration=st.integers(60, 90_000))
def test_a_window_is_open_from_its_time_for_its_duration(
    schedule: Schedule, change: tuple[str, str], hours: int, duration: int
) -> None:
    zone, noon = change
    text, at = schedule.cron(), utc(noon) + timedelta(hours=hours)
    ends = window_open(text, zone, duration, at)
    newest = previous_time(text, zone, at)
    assert newest is not None
    is_open = newest <= at < newest + timedelta(seconds=duration)
    assert ends == (newest + timedelta(seconds=duration) if is_open else None)


def test_a_window_holds_its_first_moment_and_not_its_last() -> None:
    window = ("0 22 * * *", "UTC", 8 * 3600)
    assert window_open(*window, utc("2026-03-01T22:00")) == utc("2026-03-02T06:00")
    assert window_open(*window, utc("2026-03-01T22:00") - timedelta(milliseconds=1)) is None
    assert window_open(*window, utc("2026-03-02T06:00") - timedelta(milliseconds=1)) == utc("2026-03-02T06:00")
    assert window_open(*window, utc("2026-03-02T06:00")) is None


@pytest.mark.parametrize(
    ("schedule", "zone", "part"),
    [
        ("", "UTC", "one line"),
        ("0 9 * * *\n0 10 * * *", "UTC", "one line"),
        ("x" * 300, "UTC", "200 characters"),
        ("every morning", "UTC", "no schedule"),
        ("61 * * * *", "UTC", "minute"),
        ("0 0 30 2 *", "UTC", "day-of-month"),
        ("0 0 9 * * *", "UTC", "five fields"),
        ("@daily", "UTC", "daily (OnCalendar)"),
        ("Mon 25:00", "UTC", "hour"),
        ("Mon 09:00 Europe/Berlin", "UTC", "names the zone Europe/Berlin"),
        ("CRON_TZ=Europe/Berlin 0 9 * * *", "UTC", "names the zone Europe/Berlin"),
        ("CRON_TZ=UTC Mon 09:00", "UTC", "five fields"),
        ("0 9 * * *", "Europe/Belrin", 'did you mean "Europe/Berlin"?'),
        ("0 9 * * *", "Europe", "no IANA time zone"),
        ("0 9 * * *", "../../etc/passwd", "no IANA time zone"),
        ("0 9 * * *", "/etc/localtime", "no IANA time zone"),
        ("0 9 * * *", "", "needs a time zone"),
        ("0 9 * * *", None, "needs a time zone"),
    ],
)
def test_what_can_be_no_calendar_is_said_with_an_example(schedule: str, zone: str | None, part: str) -> None:
    problem = problem_with(schedule, zone)
    assert problem is not None
    assert part in problem
    assert "Mon..Fri 09:00" in problem
    if zone:
        with pytest.raises(WrongCalendar):
            next_time(schedule, zone, utc("2026-01-01T00:00"))


@pytest.mark.parametrize("schedule", ["CRON_TZ=Europe/Berlin 0 9 * * 1", "Mon 09:00 Europe/Berlin", "Mon 09:00"])
def test_a_schedule_may_name_the_same_zone_or_none(schedule: str) -> None:
    assert problem_with(schedule, "Europe/Berlin") is None
    assert next_time(schedule, "Europe/Berlin", utc("2026-03-01T00:00")) == utc("2026-03-02T08:00")


def test_a_schedule_that_never_comes_again_is_wrong_only_from_then_on() -> None:
    once = "2026-03-01 09:00"
    assert problem_with(once, "UTC") is None
    assert problem_with(once, "UTC", after=utc("2026-02-01T00:00")) is None
    assert "never comes again after 2026-03-01" in (problem_with(once, "UTC", after=utc("2026-03-01T09:00")) or "")
    assert next_time(once, "UTC", utc("2026-03-01T09:00")) is None
    assert previous_time(once, "UTC", utc("2030-01-01T00:00")) == utc("2026-03-01T09:00")
    assert previous_time(once, "UTC", utc("2030-01-01T00:00"), within=timedelta(days=365)) is None


@pytest.mark.parametrize("schedule", ["0 0 29 2 *", "*-02-29"])
def test_a_leap_day_is_found_in_both_directions_across_a_year_without_one(schedule: str) -> None:
    assert next_time(schedule, "UTC", utc("2096-03-01T00:00")) == utc("2104-02-29T00:00")
    assert previous_time(schedule, "UTC", utc("2104-02-28T00:00")) == utc("2096-02-29T00:00")


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "1970-01-01T00:00", "2199-12-31T23:59", "9999-12-31T23:59"])
def test_no_moment_is_too_early_or_too_late_to_ask(text: str) -> None:
    at = utc(text)
    next_time("0 9 * * *", "Pacific/Apia", at)
    previous_time("0 9 * * *", "Pacific/Apia", at)
    window_open("0 9 * * *", "Pacific/Apia", 3600, at)


def test_a_zone_is_known_or_said_to_be_wrong() -> None:
    assert zone_problem("Asia/Kathmandu") is None
    assert zone_problem("UTC") is None
    assert "Kathmandu" in (zone_problem("Asia/Kathmandoo") or "")


@settings(max_examples=120, deadline=None)
@given(
    schedule=schedules,
    change=st.sampled_from(CHANGES),
    contacts=st.lists(st.integers(0, 3 * 1440 * 60), min_size=1, max_size=8, unique=True),
    looks=st.lists(st.integers(0, 3 * 1440 * 60), min_size=1, max_size=4),
    grace=st.sampled_from([0, 60, 300, 3600, 10_000]),
)
def test_a_promise_by_calendar_is_overdue_when_a_slow_count_of_every_due_time_says_so(
    schedule: Schedule, change: tuple[str, str], contacts: list[int], looks: list[int], grace: int
) -> None:
    zone, noon = change
    begin = utc(noon)
    check_ins = sorted(begin + timedelta(seconds=each) for each in contacts)
    due = list(walk(schedule, zone, begin, begin + timedelta(days=6)))
    promise = CheckpointPromise(schedule=schedule.cron(), time_zone=zone, grace_seconds=grace)
    for look in looks:
        now = max(begin + timedelta(seconds=look), check_ins[0])
        made = [each for each in check_ins if each <= now]
        task = TaskState(
            task_id="t1",
            agent_id="worker",
            runtime="local-host",
            status=TaskStatus.ACTIVE,
            started_at=made[0],
            last_checkpoint_at=made[-1] if len(made) > 1 else None,
            checkpoint=promise,
        )
        found = checkpoint_overdue(Sight(task=task), WatchSettings(), now)
        assert (found.truth is Truth.TRUE) == is_overdue(due, check_ins, timedelta(seconds=grace), now)


def test_who_promises_no_calendar_pays_for_none() -> None:
    program = """
import sys
from datetime import UTC, datetime
from reporting_governance.contracts.task_state import CheckpointPromise, TaskState, TaskStatus
from reporting_governance.core.conditions import Sight, judge
from reporting_governance.core.watch_settings import WatchSettings
schedule = {"schedule": "0 9 * * *", "time_zone": "UTC"} if sys.argv[1] == "calendar" else {"every_seconds": 60}
start = datetime(2026, 3, 1, tzinfo=UTC)
task = TaskState(task_id="t", agent_id="a", runtime="r", status=TaskStatus.ACTIVE, started_at=start,
                 checkpoint=CheckpointPromise(**schedule))
judge(Sight(task=task), WatchSettings(), start)
print(*({"cronsim", "oncalendar", "zoneinfo", "reporting_governance.core.calendars"} & set(sys.modules)))
"""
    found = {
        kind: subprocess.run(
            [sys.executable, "-c", program, kind], capture_output=True, text=True, check=True, timeout=60
        ).stdout.split()
        for kind in ("interval", "calendar")
    }
    assert found["interval"] == []
    assert "cronsim" in found["calendar"]


def test_the_table_of_the_page_about_watching_is_true() -> None:
    page = (Path(__file__).parents[2] / "docs/watching.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == 8
    for schedule, zone, after, then in rows:
        moment: datetime | None = datetime.fromisoformat(after)
        for expected in then.split(", "):
            assert moment is not None
            moment = next_time(schedule.strip("`"), zone, moment)
            assert moment == datetime.fromisoformat(expected)
