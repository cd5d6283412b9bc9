"""What scan remembers of itself: the settings that names were made with, how far clock and uptime were apart, and gaps.

It lies in the cursor of the native source's mark and is written only when it changes: a tick with nothing to say
adds nothing.  The difference of wall time and monotonic time stays the same while nobody sets the clock; a start of
the host or a suspension changes it too, and both are as good a reason to wait before anybody is accused.  Where
several hosts share the log each has an uptime of its own: only the one that wrote the mark can compare.
Where both went on and no scan was made for more than two ticks, nobody watched: that is a gap, and what became overdue
in it waits for one grace too.  It waits once: what was overdue before the gap has had its grace.
Where one look after the other would end a gap, nobody was away: `run` is started less often than the profile says.
That pace is remembered, and counts instead of the tick until looks come at twice the pace again.

Every tick reads it, so it is compared as plain data: the types are imported only where something is written.
"""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from reporting_governance.contracts.ids import derive_id
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from reporting_governance.contracts.journal_line import ViewName
    from reporting_governance.stages.clock import Clock
    from reporting_governance.storage.interface import Listing, Store

NATIVE_MARK = derive_id("src", "native", "native")
_HOLD = "the clock was set, or the host slept or has just started: what came up then gets one grace period"
_NOBODY_WATCHED = "nobody watched from {} to {}: what came up then gets one grace period"


class Gap(NamedTuple):
    """A time in which nobody watched: from the last scan before it to the first one after it."""

    began_at: datetime
    ended_at: datetime


class Hold(NamedTuple):
    """Why accusations by the clock wait now; `after`: only those that arose later than this, None: all."""

    reason: str = ""  #: empty: none waits
    after: datetime | None = None


class OwnMark(NamedTuple):
    """What the mark says, and what it has to say now."""

    name: ViewName | None  #: None: there is no mark yet
    baseline_at: datetime | None
    digest: str  #: of the settings in force
    settings_changed: bool  #: whether names were made with other settings
    offset_ms: int  #: wall time minus monotonic time
    stepped_ms: int  #: how far the clock was set since the mark was written; 0: not
    clock_set_at: datetime | None
    true_until: datetime | None  #: what was an accusation by then was one before the clock was set; None: not known
    grace: timedelta
    gap: Gap | None  #: the newest
    gap_is_new: bool
    pace_seconds: int = 0  #: how often looks really come, where that is less often than the profile says; 0: it is not
    pace_is_new: bool = False
    boot_id: str | None = None  #: of whose uptime `offset_ms` speaks; None: there is one host only
    away: Gap | None = None  #: when this host was away last, while others may have watched; in no mark

    @property
    def names_are_wrong(self) -> bool:
        """Whether names may say later than they should."""
        return self.settings_changed or self.stepped_ms < 0

    @property
    def is_current(self) -> bool:
        """Whether there is nothing to write."""
        return self.name is not None and not (
            self.settings_changed or self.stepped_ms or self.gap_is_new or self.pace_is_new
        )

    def hold(self, now: datetime) -> Hold:
        """Return why, and which, accusations by the clock wait now."""
        return self._hold(now, (self.gap,))

    def hold_here(self, now: datetime) -> Hold:
        """Return the same of what this host alone sees."""
        return self._hold(now, (self.gap, self.away))

    def _hold(self, now: datetime, gaps: Sequence[Gap | None]) -> Hold:
        if self.clock_set_at is not None and now < self.clock_set_at + self.grace:
            return Hold(_HOLD, self.true_until)
        gap = min((each for each in gaps if each is not None and now < each.ended_at + self.grace), default=None)
        return Hold() if gap is None else Hold(_NOBODY_WATCHED.format(*map(format_time, gap)), gap.began_at)


class Watching(NamedTuple):
    """When nobody watched last, and how often looks come."""

    gap: Gap | None
    gap_is_new: bool
    pace_seconds: int
    pace_is_new: bool


class Timing(Protocol):
    """What the mark needs of a `Watchdog`; the same as plain data, so that a tick need not parse it."""

    @property
    def tick_seconds(self) -> int:
        """How often `run` is started."""
        ...

    @property
    def grace_seconds(self) -> int:
        """How late a check-in may be."""
        ...

    def dump(self) -> dict[str, Any]:
        """Return all thresholds as plain JSON data, defaults too."""
        ...


def load_own_mark(
    store: Store,
    watch: Listing,
    watchdog: Timing,
    clock: Clock,
    *,
    last_scan_at: datetime | None = None,
    boot_id: str | None = None,
) -> OwnMark:
    """Read the mark and compare it with the settings and the clock of now.

    Args:
        last_scan_at: when the last scan was made; None: it is not known, and no gap is seen.
        boot_id: of this host's boot, where others share the log; None: there is this host only.
    """
    name = watch.names.get(NATIVE_MARK)
    view = None if name is None else store.read(name)
    mark: Mapping[str, Any] = {} if view is None else view.body["source-mark"]
    cursor: Mapping[str, Any] = mark.get("cursor") or {}
    now = clock.now()
    digest = settings_digest(watchdog)
    offset_ms = int(now.timestamp() * 1000) - int(clock.monotonic() * 1000)
    is_mine = cursor.get("boot_id") == boot_id
    drift = offset_ms - int(cursor.get("offset_ms", offset_ms)) if is_mine else 0
    stepped = drift if abs(drift) > 2000 * watchdog.tick_seconds else 0
    set_at = now if stepped else _time_of(cursor, "clock_set_at")
    true_until = _time_of(cursor, "true_until")
    if stepped:
        # By the clock of before it is so late now; a host that sleeps again and again must not wait for ever.
        true_until = now - timedelta(milliseconds=max(stepped, 0))
    watched = watching(cursor, None if view is None or stepped else last_scan_at, now, watchdog.tick_seconds)
    return OwnMark(
        name=None if view is None else name,
        baseline_at=parse_time(mark["baseline_at"]) if mark else None,
        digest=digest,
        settings_changed=view is not None and cursor.get("watch_settings") != digest,
        offset_ms=offset_ms,
        stepped_ms=stepped,
        clock_set_at=set_at,
        true_until=true_until,
        grace=timedelta(seconds=watchdog.grace_seconds),
        gap=watched.gap,
        gap_is_new=watched.gap_is_new,
        pace_seconds=watched.pace_seconds,
        pace_is_new=watched.pace_is_new,
        boot_id=boot_id,
    )


def watching(known: Mapping[str, Any], last_scan_at: datetime | None, now: datetime, tick_seconds: int) -> Watching:
    """Return when nobody watched, and the pace of looks, with the one of now.

    Args:
        known: `gap` and `pace_seconds` as they were.
        last_scan_at: when the look before was made; None: it is not known, and no gap is seen.
    """
    gap, known_pace = _gap_of(known), int(known.get("pace_seconds", 0))
    if last_scan_at is None:
        return Watching(gap, False, known_pace, False)
    seen_at = max(last_scan_at, gap.ended_at) if gap else last_scan_at
    pace = _pace(known_pace, gap, last_scan_at, now, tick_seconds)
    if now - seen_at > timedelta(seconds=2 * max(tick_seconds, pace)):
        return Watching(Gap(seen_at, now), True, pace, pace != known_pace)
    return Watching(gap, False, pace, pace != known_pace)


def seen_pace(store: Store) -> int:
    """Return how many seconds lie between two looks, where that is more than the profile says; 0: it is not."""
    name = store.listing(Folder.WATCH).names.get(NATIVE_MARK)
    view = None if name is None else store.read(name)
    return 0 if view is None else int((view.body["source-mark"].get("cursor") or {}).get("pace_seconds", 0))


def _pace(known: int, gap: Gap | None, last_scan_at: datetime, now: datetime, tick_seconds: int) -> int:
    """Return the pace of looks after one more.

    The second gap in a row, without a look between them, shows it; unless that one is much longer: then somebody was
    away.  One look at half of it is enough to see that it holds no more.
    """
    interval = int((now - last_scan_at).total_seconds())
    if interval * 2 <= known:
        return 0
    if known or gap is None or last_scan_at > gap.ended_at or interval <= 2 * tick_seconds:
        return known
    return interval if interval <= 2 * int((gap.ended_at - gap.began_at).total_seconds()) else known


def _time_of(cursor: Mapping[str, Any], key: str) -> datetime | None:
    known = cursor.get(key)
    return parse_time(known) if known else None


def _gap_of(cursor: Mapping[str, Any]) -> Gap | None:
    known = cursor.get("gap")
    return None if not known else Gap(parse_time(known["began_at"]), parse_time(known["ended_at"]))


def settings_digest(watchdog: Timing) -> str:
    """Return a digest of everything that decides when a task is due; it changes when names must be dated anew."""
    document = {key: value for key, value in watchdog.dump().items() if key != "tick_seconds"}
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
