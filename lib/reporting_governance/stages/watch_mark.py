"""What scan remembers of itself: the settings that names were made with, and how far clock and uptime were apart.

It lies in the cursor of the native source's mark and is written only when it changes: a tick with nothing to say
adds nothing.  The difference of wall time and monotonic time stays the same while nobody sets the clock; a start of
the host or a suspension changes it too, and both are as good a reason to wait before anybody is accused.
"""

from dataclasses import dataclass
from datetime import datetime

from reporting_governance.contracts.ids import derive_id
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.source_mark import SourceMark
from reporting_governance.contracts.times import FAR_FUTURE, format_time, parse_time
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.check_in_rules import NATIVE
from reporting_governance.core.conditions import later
from reporting_governance.core.watch_settings import settings_digest
from reporting_governance.stages.clock import Clock
from reporting_governance.storage.interface import Absence, Addition, Group, Listing, Store

NATIVE_MARK = derive_id("src", NATIVE, NATIVE)
_HOLD = "the clock was set or the host has just started: everybody gets one grace period"


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnMark:
    """What the mark says, and what it has to say now."""

    old: SourceMark | None
    name: ViewName | None
    digest: str  #: of the settings in force
    offset_ms: int  #: wall time minus monotonic time
    clock_set_at: datetime | None
    stepped_ms: int  #: how far the clock was set since the mark was written; 0: not
    hold_until: datetime | None

    @property
    def settings_changed(self) -> bool:
        """Whether names were made with other settings."""
        return self.old is not None and (self.old.cursor or {}).get("watch_settings") != self.digest

    @property
    def names_are_wrong(self) -> bool:
        """Whether names may say later than they should."""
        return self.settings_changed or self.stepped_ms < 0

    @property
    def is_current(self) -> bool:
        """Whether there is nothing to write."""
        return self.old is not None and not self.settings_changed and not self.stepped_ms

    def hold(self, now: datetime) -> str:
        """Return why nobody is accused by the clock now; empty: they may be."""
        return _HOLD if self.hold_until is not None and now < self.hold_until else ""


def load_own_mark(store: Store, watch: Listing, watchdog: Watchdog, clock: Clock) -> OwnMark:
    """Read the mark and compare it with the settings and the clock of now."""
    name = watch.names.get(NATIVE_MARK)
    view = None if name is None else store.read(name)
    old = None if view is None else SourceMark.parse(view.body["source-mark"], source=str(name))
    now = clock.now()
    offset_ms = int(now.timestamp() * 1000) - int(clock.monotonic() * 1000)
    cursor = (old.cursor if old is not None else None) or {}
    drift = offset_ms - int(cursor.get("offset_ms", offset_ms))
    stepped = drift if abs(drift) > 2000 * watchdog.tick_seconds else 0
    known = cursor.get("clock_set_at")
    set_at = now if stepped else (parse_time(known) if known else None)
    return OwnMark(
        old=old,
        name=None if view is None else name,
        digest=settings_digest(watchdog),
        offset_ms=offset_ms,
        clock_set_at=set_at,
        stepped_ms=stepped,
        hold_until=None if set_at is None else later(set_at, watchdog.grace_seconds),
    )


def own_mark_group(own: OwnMark, watch: Listing, now: datetime) -> Group:
    """Return the group that writes what the mark has to say now."""
    cursor = {
        "watch_settings": own.digest,
        "offset_ms": own.offset_ms,
        "clock_set_at": own.clock_set_at and format_time(own.clock_set_at),
    }
    mark = SourceMark(
        mark_id=NATIVE_MARK,
        source=NATIVE,
        instance=NATIVE,
        baseline_at=now if own.old is None else own.old.baseline_at,
        cursor=cursor,
    )
    return mark_group(mark, own.name, watch)


def mark_group(mark: SourceMark, old: ViewName | None, watch: Listing) -> Group:
    """Return the group that writes a source mark in place of an older one, or as the first."""
    record = RecordLine(
        kind="source-mark",
        id=mark.mark_id,
        body=mark.dump(),
        consumes=() if old is None else (old,),
        views=(ViewKey(Folder.WATCH, mark.mark_id, FAR_FUTURE),),
    )
    absences = (Absence(Folder.WATCH, mark.mark_id, watch.head_seq),) if old is None else ()
    return Group(additions=(Addition(record=record),), absences=absences)
