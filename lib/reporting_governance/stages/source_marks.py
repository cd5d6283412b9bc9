"""Source marks as groups: where the watch over a source began, and what scan remembers of itself."""

from datetime import datetime

from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.source_mark import SourceMark
from reporting_governance.contracts.times import FAR_FUTURE, format_time
from reporting_governance.core.check_in_rules import NATIVE
from reporting_governance.stages.watch_mark import NATIVE_MARK, OwnMark
from reporting_governance.storage.interface import Absence, Addition, Group, Listing


def own_mark_group(own: OwnMark, watch: Listing, now: datetime) -> Group:
    """Return the group that writes what our own mark has to say now."""
    mark = SourceMark(
        mark_id=NATIVE_MARK,
        source=NATIVE,
        instance=NATIVE,
        baseline_at=own.baseline_at or now,
        cursor={
            "watch_settings": own.digest,
            "offset_ms": own.offset_ms,
            "clock_set_at": own.clock_set_at and format_time(own.clock_set_at),
            "true_until": own.true_until and format_time(own.true_until),
            "gap": own.gap and {"began_at": format_time(own.gap.began_at), "ended_at": format_time(own.gap.ended_at)},
            **({"pace_seconds": own.pace_seconds} if own.pace_seconds else {}),
            **({"boot_id": own.boot_id} if own.boot_id else {}),
        },
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
