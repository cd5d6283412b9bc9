"""What a schedule says, before any zone changes its offset: which times a clock on the wall shows.

Five words are a cron expression as Debian's cron reads it; anything shorter is a systemd OnCalendar text.  A zone in
the text (`CRON_TZ=` before a cron expression, the last word of an OnCalendar text) has to be the one given beside it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from reporting_governance.errors import ExitCode, GovernanceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

EXAMPLE: Final = '"0 9 * * 1-5" (cron) or "Mon..Fri 09:00" (OnCalendar), in a zone such as Europe/Berlin'
LAST_YEAR: Final = 2199  #: systemd knows no later calendar time; neither library is asked for one
_LONGEST: Final = 200  #: characters of a schedule
_CRON_FIELDS: Final = 5


class WrongCalendar(GovernanceError):
    """A schedule or a zone that cannot be understood."""

    exit_code = ExitCode.USAGE
    message = "{problem}"
    hint = f"Write for example {EXAMPLE}."


def zone_of(name: str) -> tzinfo:
    """Return a zone by its IANA name, from the zone data of the host.  Raises: WrongCalendar."""
    zone = _known_zone(name)
    if zone is None:
        raise WrongCalendar(problem=_about_zone(name))
    return zone


def _known_zone(name: str) -> tzinfo | None:
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name of a file; a folder
        return None


def _about_zone(name: str) -> str:
    from zoneinfo import available_timezones

    from reporting_governance.contracts.finding import shown
    from reporting_governance.contracts.suggest import did_you_mean

    known = available_timezones()
    if len(known) < 2:
        return f"{shown(name)}: this host has no time zone data; install the package tzdata"
    question = did_you_mean(name, sorted(known))
    return f"{shown(name)} is no IANA time zone" + (f"; {question}" if question else "")


@lru_cache(maxsize=256)
def reader_of(schedule: str, time_zone: str) -> Callable[[datetime], datetime | None]:
    """Return the function that gives the first shown time of a schedule after another."""
    words = schedule.split()
    if not words or len(schedule) > _LONGEST or "\n" in schedule.strip():
        raise _wrong(schedule, f"a schedule is one line of 1 to {_LONGEST} characters")
    if words[0].startswith(("CRON_TZ=", "TZ=")):
        _same_zone(schedule, words.pop(0).partition("=")[2], time_zone)
        if len(words) != _CRON_FIELDS:
            raise _wrong(schedule, "CRON_TZ= stands before a cron expression of five fields")
    if len(words) > _CRON_FIELDS:
        raise _wrong(schedule, "a cron expression has five fields: minute, hour, day of month, month, day of week")
    if words[0].startswith("@"):
        raise _wrong(schedule, f"write {words[0][1:]} (OnCalendar) or the five fields of a cron expression")
    if len(words) == _CRON_FIELDS:
        return _cron(schedule, " ".join(words))
    if len(words) > 1 and _is_zone(words[-1]):
        _same_zone(schedule, words.pop(), time_zone)
    return _on_calendar(schedule, " ".join(words))


def _cron(schedule: str, expression: str) -> Callable[[datetime], datetime | None]:
    from cronsim import CronSim, CronSimError

    try:
        CronSim(expression, datetime(2000, 1, 1))  # noqa: DTZ001 - a time on a wall
    except CronSimError as fault:
        raise _wrong(schedule, _in_words(fault)) from None
    return lambda shown: _asked(CronSim(expression, shown), shown)


def _on_calendar(schedule: str, expression: str) -> Callable[[datetime], datetime | None]:
    from oncalendar import BaseIterator, OnCalendarError

    try:
        BaseIterator(expression, datetime(2000, 1, 1))  # noqa: DTZ001 - a time on a wall
    except OnCalendarError as fault:
        raise _wrong(schedule, _in_words(fault)) from None
    return lambda shown: _asked(BaseIterator(expression, shown), shown)


def _asked(iterator: Iterator[datetime], shown: datetime) -> datetime | None:
    if shown.year > LAST_YEAR:
        return None
    found = next(iterator, None)
    return None if found is None or found.year > LAST_YEAR else found


def _is_zone(word: str) -> bool:
    """Tell whether the last word of an OnCalendar text is meant as a zone: no time, date or weekday holds such."""
    return word[0].isalpha() and ("/" in word or _known_zone(word) is not None)


def _same_zone(schedule: str, own: str, time_zone: str) -> None:
    if own != time_zone:
        raise _wrong(schedule, f"it names the zone {own}, and the zone given beside it is {time_zone}")


def _in_words(fault: Exception) -> str:
    text = str(fault)
    return f"its {text[4:]} is wrong" if text.startswith("Bad ") else text[:1].lower() + text[1:]


def _wrong(schedule: str, problem: str) -> WrongCalendar:
    from reporting_governance.contracts.finding import shown

    return WrongCalendar(problem=f"{shown(schedule)} is no schedule: {problem}")
