"""A slow calendar, written another way: walk through every minute that truly passes and look at the clock on the wall.

It knows schedules as sets of numbers and never as text, zones only by what their clock shows, and check-ins as a list
that is gone through from the beginning each time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Schedule:
    """Minutes, hours and days of the week (0 is Monday) at which a check-in is due."""

    minutes: frozenset[int]
    hours: frozenset[int]
    weekdays: frozenset[int]

    def cron(self) -> str:
        """Return it as a cron expression."""
        days = ",".join(str((day + 1) % 7) for day in sorted(self.weekdays))
        return f"{_numbers(self.minutes)} {_numbers(self.hours)} * * {days}"

    def on_calendar(self) -> str:
        """Return it as an OnCalendar text."""
        days = ",".join(DAYS[day] for day in sorted(self.weekdays))
        return f"{days} *-*-* {_numbers(self.hours)}:{_numbers(self.minutes)}:00"

    def shows(self, wall: datetime) -> bool:
        """Tell whether it is due when a clock on the wall shows this."""
        return wall.minute in self.minutes and wall.hour in self.hours and wall.weekday() in self.weekdays


def _numbers(numbers: frozenset[int]) -> str:
    return ",".join(str(each) for each in sorted(numbers))


def walk(schedule: Schedule, zone: str, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the due times from `begin` to `end`, both whole minutes, minute by minute."""
    seen: dict[datetime, int] = {}  # what the clock has shown in this walk, and how often
    moment = begin - timedelta(days=2)  # the change before which a time was shown first may lie before the beginning
    before = _wall(moment - MINUTE, zone)
    while moment <= end:
        wall = _wall(moment, zone)
        jump = wall - before - MINUTE
        seen[wall] = seen.get(wall, 0) + 1
        skipped = [before + MINUTE * (1 + each) for each in range(int(jump / MINUTE))] if jump > timedelta() else []
        due = any(schedule.shows(each) and not _goes_on(schedule, each, jump) for each in skipped)
        if schedule.shows(wall):
            due = due or seen[wall] == 1 or _goes_on(schedule, wall, _size(moment, zone))
        if due and moment >= begin:
            yield moment
        before, moment = wall, moment + MINUTE


def _wall(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _size(moment: datetime, zone: str) -> timedelta:
    """Return how far the clock was set back within the day before a moment."""
    now = moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    then = (moment - timedelta(days=1)).astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    return then - now


def _goes_on(schedule: Schedule, wall: datetime, size: timedelta) -> bool:
    return schedule.shows(wall - size) and schedule.shows(wall + size)


def is_overdue(due: Sequence[datetime], check_ins: Sequence[datetime], grace: timedelta, now: datetime) -> bool:
    """Tell whether a due time is unanswered, by every check-in made until now; the first of them is the start."""
    open_times = [each for each in due if each > check_ins[0]]
    for made in check_ins:
        if made > now:
            break
        following = next((each for each in due if each > made), None)
        open_times = [each for each in open_times if each > made]
        if following is not None and following - made <= grace and following in open_times:
            open_times.remove(following)
    return any(each + grace <= now for each in open_times)


def utc(text: str) -> datetime:
    """Return a time as `2026-03-29T01:00`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
