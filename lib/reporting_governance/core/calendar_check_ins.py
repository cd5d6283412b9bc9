"""Which due time of a calendar a check-in answers.

A check-in answers every due time up to its own, however late it is.  An early one answers the next due time too, but
only within the grace before it: else a report made in the morning would stand for the one owed in the evening.
A promise of every so many seconds has no such question: it runs anew from each check-in.
"""

from datetime import datetime, timedelta

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.watch_settings import Calendar
from reporting_governance.core.calendars import next_time, previous_time
from reporting_governance.core.policy_templates import duration_words


@frozen
class Counted:
    """Whether a check-in counts for a due time beside it, and why."""

    counted: bool
    reason: str


def due_after(calendar: Calendar, seen_at: datetime, grace_seconds: int) -> datetime | None:
    """Return the first due time that a check-in does not answer; None when the calendar ends before.

    Raises: WrongCalendar.
    """
    following = next_time(calendar.schedule, calendar.time_zone, seen_at)
    if following is not None and _is_near(following - seen_at, grace_seconds):
        return next_time(calendar.schedule, calendar.time_zone, following)
    return following


def counted_for(calendar: Calendar, seen_at: datetime, grace_seconds: int) -> Counted:
    """Return for which due time a check-in counts, in words for a person who wonders why it did not.

    Raises: WrongCalendar.
    """
    zone = calendar.time_zone
    following = next_time(calendar.schedule, zone, seen_at)
    if following is not None and _is_near(following - seen_at, grace_seconds):
        return Counted(True, f"for {_shown(following, zone)}, {_words(following - seen_at)} early")
    earlier = previous_time(calendar.schedule, zone, seen_at)
    if earlier is not None and _is_near(seen_at - earlier, grace_seconds):
        late = seen_at - earlier
        return Counted(True, f"for {_shown(earlier, zone)}, {f'{_words(late)} late' if late else 'in time'}")
    if following is None:
        return Counted(False, "the calendar never comes again")
    early = _words(following - seen_at)
    counts = (
        f"only the {duration_words(grace_seconds)} before it count" if grace_seconds else "only from then on it counts"
    )
    return Counted(False, f"it came {early} before {_shown(following, zone)}, and {counts}")


def _is_near(distance: timedelta, grace_seconds: int) -> bool:
    return distance <= timedelta(seconds=grace_seconds)


def _words(distance: timedelta) -> str:
    return duration_words(int(distance.total_seconds()))


def _shown(moment: datetime, time_zone: str) -> str:
    """Return a moment as a clock in its zone shows it: who has another zone in mind sees it here."""
    from reporting_governance.core.calendar_text import zone_of

    return f"{moment.astimezone(zone_of(time_zone)):%Y-%m-%d %H:%M:%S} {time_zone}"
