"""Due times by calendar: a cron expression or a systemd OnCalendar text, in an IANA zone, as UTC instants.

The text says which times a clock on the wall of that zone shows.  Two libraries read it, without a zone; what becomes
of a time when the zone changes its offset is decided here, for both alike:

- A time that is skipped (spring) is due at the first moment after the gap, all of one gap once.
- A time that comes twice (autumn) is due once, the first time.
- Where the schedule repeats at the rhythm of the change (a time, the same shown before it by as much as the clock is
  set, and the same after it, are all due, as in `*/15 * * * *` when an hour is left out) it means an interval.  Then a
  skipped time is left out, since the one after the gap comes at its moment, and a doubled time is due both times.  So
  the time that truly passes between two of them stays the same.

Reads the zone data of the host, and nothing else.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from reporting_governance.core.calendar_text import EXAMPLE, LAST_YEAR, WrongCalendar, reader_of, zone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

    from reporting_governance.contracts.problem import Problem

__all__ = [
    "LOOK_BACK",
    "WrongCalendar",
    "calendar_problems",
    "next_time",
    "previous_time",
    "problem_with",
    "window_open",
    "zone_problem",
]

#: How far back `previous_time` looks: the longest stretch between two times is 40 years (29 February on one weekday,
#: across a century without a leap day).
LOOK_BACK: Final = timedelta(days=41 * 366)
_SECOND: Final = timedelta(seconds=1)
_BEGIN: Final = datetime(1970, 1, 2, tzinfo=UTC)  #: before it no calendar is asked for
_END: Final = datetime(LAST_YEAR, 12, 31, tzinfo=UTC)


class _Change(NamedTuple):
    """One change of a zone's offset that a shown time falls into."""

    at: datetime  #: the first moment of the new offset, UTC
    size: timedelta  #: how far the clock is set
    begins: datetime  #: the first shown time that is skipped or comes twice
    ends: datetime  #: the first one after it that does not


def next_time(schedule: str, time_zone: str, after: datetime) -> datetime | None:
    """Return the first due time after a moment, in UTC; None when the schedule never comes again.

    Raises: WrongCalendar.
    """
    shown_after = reader_of(schedule, time_zone)
    zone = zone_of(time_zone)
    if after >= _END:
        return None
    local = max(after, _BEGIN).astimezone(zone)
    shown = local.replace(tzinfo=None)
    doubled = _doubled(shown, zone)
    if doubled is not None:
        if not local.fold:
            first = shown_after(shown)
            if first is not None and first < doubled.ends:
                return _instant(first, zone)
            shown = doubled.begins - _SECOND
        for again in _within(shown_after, shown, doubled.ends):
            if _is_rhythm(shown_after, again, doubled.size):
                return _instant(again, zone, fold=1)
        shown = doubled.ends - _SECOND
    return _first_after(shown_after, shown, zone)


def previous_time(schedule: str, time_zone: str, at: datetime, *, within: timedelta = LOOK_BACK) -> datetime | None:
    """Return the newest due time at or before a moment, in UTC; None when there is none `within` that stretch.

    Raises: WrongCalendar.
    """
    end = _whole_second(at)
    if end < _BEGIN:
        return None
    start = (end - within if end - _BEGIN > within else _BEGIN) - _SECOND
    step = timedelta(minutes=1)
    while True:
        begin = max(end - step, start)
        found = next_time(schedule, time_zone, begin)
        if found is not None and found <= end:
            break
        if begin == start:
            return None
        step *= 16
    # Between `begin` and `late` lies the newest: halve until the next one after `begin` is the last before `end`.
    begin, late = found, end
    while late - begin > _SECOND:
        middle = begin + timedelta(seconds=int((late - begin).total_seconds()) // 2)
        later = next_time(schedule, time_zone, middle)
        if later is not None and later <= end:
            begin = found = later
        else:
            late = middle
    later = next_time(schedule, time_zone, begin)
    return later if later is not None and later <= end else found


def window_open(schedule: str, time_zone: str, duration_seconds: int, at: datetime) -> datetime | None:
    """Return when the window ends that is open at a moment; None when none is open.

    A window opens at each time of the calendar and stays open for so many true seconds (not for what a clock shows).
    It holds its first moment and not its last.  Of several that overlap the one that opened last decides: its end is
    the latest, and whoever waits for it asks again then.

    Raises: WrongCalendar.
    """
    duration = timedelta(seconds=duration_seconds)
    began = previous_time(schedule, time_zone, at, within=duration)
    if began is None or at >= began + duration:
        return None
    return began + duration


def problem_with(schedule: str, time_zone: str | None, *, after: datetime | None = None) -> str | None:
    """Return what is wrong with a schedule in a zone, in words for a person; None: nothing.

    Args:
        after: when given, a schedule that never comes again after this moment is wrong too.
    """
    from reporting_governance.contracts.finding import shown

    if not time_zone:
        return f'a schedule needs a time zone beside it, such as "Europe/Berlin" or "UTC"; for example {EXAMPLE}'
    try:
        following = next_time(schedule, time_zone, after or _BEGIN)
    except WrongCalendar as fault:
        return f"{fault}; for example {EXAMPLE}"
    if following is None:
        when = "never comes" if after is None else f"never comes again after {after.date().isoformat()}"
        return f"{shown(schedule)} {when}; for example {EXAMPLE}"
    return None


def calendar_problems(
    pointer: str, schedule: str, time_zone: str | None, *, after: datetime | None = None
) -> Iterator[Problem]:
    """Yield what is wrong with the `schedule` and `time_zone` of the object at `pointer`; see `problem_with`."""
    from reporting_governance.contracts.problem import Problem

    wrong = problem_with(schedule, time_zone, after=after)
    if wrong is not None:
        of_zone = bool(time_zone) and zone_problem(time_zone or "") is not None
        yield Problem(f"{pointer}/time_zone" if of_zone else f"{pointer}/schedule", wrong)


def zone_problem(time_zone: str) -> str | None:
    """Return what is wrong with the name of a zone; None: nothing."""
    try:
        zone_of(time_zone)
    except WrongCalendar as fault:
        return str(fault)
    return None


def _first_after(shown_after: Callable[[datetime], datetime | None], shown: datetime, zone: tzinfo) -> datetime | None:
    """Return the moment of the first shown time that is due; what `shown` itself may come twice is done with."""
    following = shown_after(shown)
    while following is not None:
        skipped = _skipped(following, zone)
        if skipped is None:
            return _instant(following, zone)
        for each in _within(shown_after, following - _SECOND, skipped.ends):
            if not _is_rhythm(shown_after, each, skipped.size):
                return skipped.at
        following = shown_after(skipped.ends - _SECOND)
    return None


def _within(shown_after: Callable[[datetime], datetime | None], begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the shown times of a schedule after `begin` and before `end`."""
    following = shown_after(begin)
    while following is not None and following < end:
        yield following
        following = shown_after(following)


def _is_rhythm(shown_after: Callable[[datetime], datetime | None], shown: datetime, size: timedelta) -> bool:
    """Tell whether the schedule shows the same time before and after the change: it means an interval."""
    return all(shown_after(each - _SECOND) == each for each in (shown - size, shown + size))


def _instant(shown: datetime, zone: tzinfo, *, fold: int = 0) -> datetime:
    return shown.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _doubled(shown: datetime, zone: tzinfo) -> _Change | None:
    """Return the change that makes a shown time come twice."""
    old, new = _offsets(shown, zone)
    return _change(shown, zone, old, new) if old > new else None


def _skipped(shown: datetime, zone: tzinfo) -> _Change | None:
    """Return the change that skips a shown time."""
    old, new = _offsets(shown, zone)
    return _change(shown, zone, old, new) if old < new else None


def _offsets(shown: datetime, zone: tzinfo) -> tuple[timedelta, timedelta]:
    """Return the offsets before and after the change a shown time falls into; without one they are equal (PEP 495)."""
    old, new = (shown.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return old or timedelta(), new or timedelta()


def _change(shown: datetime, zone: tzinfo, old: timedelta, new: timedelta) -> _Change:
    size = abs(new - old)
    wall = shown.replace(microsecond=0, tzinfo=UTC)
    before, after = wall - max(old, new), wall - min(old, new)
    while after - before > _SECOND:
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    naive = after.replace(tzinfo=None)
    return _Change(after, size, naive + min(old, new), naive + max(old, new))


def _whole_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
