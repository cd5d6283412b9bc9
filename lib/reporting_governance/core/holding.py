"""Not now: whether a queued notice is kept back, by what, and until when.  Pure, judged anew at each run.

The end of an episode is never kept back: whoever was told of a beginning is told of its end, whatever was muted in
between.  All else is: a repeat, a step of an escalation and a notice to a stand-in speak of the same trouble that a
calendar or a person wants not to be told of now; a way around the wish would be as loud as the first telling.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.hold import HoldReason
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.notification_settings import MuteTime
from reporting_governance.contracts.silence import Silence
from reporting_governance.core.routing import matches

OWNER_DEAD = "owner_dead"
SOURCE_UNREADABLE = "source_unreadable"


class Held(NamedTuple):
    """Why a notice waits; `until` None: until the cause is over."""

    reason: HoldReason
    cause: str
    until: datetime | None


@frozen
class OpenMute:
    """A mute time of the profile that is open now."""

    name: str
    match: Mapping[str, Any]
    ends_at: datetime


@frozen(kw_only=True)
class Cause:
    """An open episode that explains others, as one receiver knows it."""

    episode_id: str
    condition: str  #: `owner_dead` or `source_unreadable`
    thread: Mapping[str, Any]  #: the receiver's; see `projection.fold_thread`
    queued: Notice | None = None  #: its notice, while that is still in the queue


@frozen(kw_only=True)
class Quiet:
    """What keeps notices back now, whichever notice is asked about."""

    mutes: tuple[OpenMute, ...] = ()
    silences: tuple[Silence, ...] = ()
    receivers: Collection[str] = ()  #: those the profile names: nobody else is going to be told anything


def open_mutes(mute_times: Iterable[MuteTime], now: datetime) -> tuple[OpenMute, ...]:
    """Return the mute times that are open, with their ends.

    A calendar that cannot be read any more (a host that lost its zone data) mutes nothing: to tell too much is safe.
    """
    times = tuple(mute_times)
    if not times:
        return ()
    from reporting_governance.core.calendars import WrongCalendar, window_open  # nothing to a tick without calendars

    found = []
    for each in times:
        try:
            end = window_open(each.schedule, each.time_zone, each.duration_seconds, now)
        except WrongCalendar:
            continue
        if end is not None:
            found.append(OpenMute(each.name, each.match, end))
    return tuple(found)


def active_silences(silences: Iterable[Silence], now: datetime) -> tuple[Silence, ...]:
    """Return the silences that hold now: from their first moment, and not at their last."""
    return tuple(each for each in silences if each.starts_at <= now < each.ends_at)


def why_held(
    phase: Phase, facts: Mapping[str, Any], causes: Sequence[Cause], quiet: Quiet, now: datetime
) -> Held | None:
    """Return what keeps a notice back, None when nothing does: its cause, then the calendar, then a silence.

    Args:
        phase, facts: of the notice.
        causes: open episodes that explain the notice's, as its receiver knows them.

    Of several of one kind the one that ends last is named, so that `until` is as true as it can be.
    """
    if phase is Phase.RESOLVED:
        return None
    return _inhibited(causes, quiet, now) or why_quiet(facts, quiet)


def why_quiet(facts: Mapping[str, Any], quiet: Quiet) -> Held | None:
    """Return the calendar or the silence that keeps back whatever has these facts."""
    muted = [each for each in quiet.mutes if matches(facts, each.match)]
    if muted:
        last = max(muted, key=lambda each: (each.ends_at, each.name))
        return Held(HoldReason.MUTED, last.name, last.ends_at)
    silenced = [each for each in quiet.silences if matches(facts, each.matcher)]
    if silenced:
        longest = max(silenced, key=lambda each: (each.ends_at, each.silence_id))
        return Held(HoldReason.SILENCED, longest.silence_id, longest.ends_at)
    return None


def _inhibited(causes: Sequence[Cause], quiet: Quiet, now: datetime) -> Held | None:
    told = [each for each in causes if _is_told(each, quiet, now)]
    if not told:
        return None
    first = min(told, key=lambda each: (each.condition != SOURCE_UNREADABLE, each.episode_id))
    return Held(HoldReason.INHIBITED, first.episode_id, None)


def _is_told(cause: Cause, quiet: Quiet, now: datetime) -> bool:
    """Tell whether the receiver knows of a cause, or will by the notice that is on its way.

    A cause that nobody hears of explains nothing to anybody: then what it caused is told.
    """
    thread = cause.thread
    if thread["resolved_at"]:
        return False
    if thread["told_at"] or thread["acked"]:
        return True
    if thread["newest_outcome"] is not None:
        return False
    queued = cause.queued
    if queued is None:
        return True
    expired = queued.expires_at is not None and now >= queued.expires_at
    return queued.receiver in quiet.receivers and not expired and why_quiet(queued.facts, quiet) is None
