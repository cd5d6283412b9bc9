"""Making the end of the log whole again, and never shorter: `chattr +a` must stay usable.

What stands behind the last complete group is declared void by one `log.torn` line.  Before anything is read it is
synced, and what the kernel has cached is dropped: after a failed sync the cache shows bytes that the disk never got.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.times import format_time
from reporting_governance.errors import StorageError
from reporting_governance.storage.chain import Chain, LineGroup, Place, UnknownVersion, Void
from reporting_governance.storage.files import applied as applied_record
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files import layout as layouts
from reporting_governance.storage.files.applied import Applied, agrees
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.segments import last_leaf, last_retired_leaf
from reporting_governance.storage.lines import ZERO_LEAF

#: A commit that was torn has at most 200 lines.  More lines than this behind a fault are no torn tail but damage to
#: what was acknowledged, which nobody may declare void.
_MOST_TORN_LINES = 1000


@frozen
class Tail:
    """What stands behind the place where reading began."""

    groups: tuple[LineGroup, ...]
    segment: int  #: the newest one
    end: Place  #: behind the last valid group of the newest segment
    void: Void | None
    is_empty: bool  #: the newest segment holds no valid line: a rotation was cut short


def read_tail(layout: Layout, applied: Applied | None) -> Tail:
    """Return the end of the log, from `applied` on when it can be believed, else of the whole newest segment.

    Raises: StorageError for damage that is no torn tail, and for lines of a later version; OSError.
    """
    segments = layout.segments()
    _settle(layout.segment(segments[-1]))
    if applied is not None:
        segments = [first for first in segments if first >= applied.segment]
        start = Place(applied.offset, applied.seq, applied.leaf, applied.length)
    else:
        start = _start_of(layout, segments)
        segments = segments[-1:]
    groups: list[LineGroup] = []
    for first in segments:
        path = layout.segment(first)
        if first != segments[0]:
            start = Place(0, start.seq, start.leaf, start.length)
        chain = Chain(journal_io.raw_lines(path, start.offset), start)
        try:
            found = list(chain.groups())
        except UnknownVersion as unknown:
            raise StorageError(path=path, reason=f"{unknown}; a newer program wrote it") from None
        groups.extend(found)
        if first != segments[-1] and (chain.void is not None or chain.end.seq != _next(segments, first) - 1):
            raise StorageError(path=path, reason=f"a closed segment does not chain from line {chain.end.seq + 1} on")
        start = chain.end
    if chain.void is not None and chain.void.lines > _MOST_TORN_LINES:
        raise StorageError(
            path=path, reason=f"line {chain.void.from_seq} does not chain and {chain.void.lines} lines follow: damaged"
        )
    is_empty = chain.end.offset == 0
    return Tail(tuple(groups), segments[-1], chain.end, chain.void, is_empty)


def believable(layout: Layout, applied: Applied | None) -> bool:
    """Tell whether the log still holds what `applied` speaks of."""
    if applied is None or is_retired(layout, applied):
        return False
    try:
        log = os.open(layout.segment(applied.segment), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return os.fstat(log).st_size >= applied.offset and agrees(applied, log)
    finally:
        os.close(log)


def is_retired(layout: Layout, applied: Applied) -> bool:
    """Tell whether all that `applied` speaks of stands before the oldest segment: an old copy, and nothing is lost."""
    oldest = layout.segments()[0]
    return oldest > 1 and applied.seq < oldest


def loss_meta(lost: Applied, tail: Tail) -> dict[str, Any]:
    """Return what a `log.loss` line says: how far the log was acknowledged, until when, and how far it reaches now."""
    meta: dict[str, Any] = {
        "applied_seq": lost.seq,
        "applied_segment": lost.segment,
        "applied_bytes": lost.offset,
        "applied_at": format_time(datetime.fromtimestamp(lost.wall_ms / 1000, UTC)),
        "found_seq": tail.end.seq,
        "found_segment": tail.segment,
        "found_bytes": tail.end.offset,
    }
    if tail.groups:
        meta["found_at"] = tail.groups[-1][-1].document["ts"]
    return meta


def end_line(layout: Layout, segment: int) -> None:
    """Give the last line of a segment the LF it lacks, synced.  Raises OSError.

    This comes before the stretch is judged: a line that lacked nothing but its LF is whole then, and counts.  Declared
    void first, it would chain and be void at once, and two readers could disagree about it.
    """
    path = layout.segment(segment)
    log = journal_io.open_log(path)
    try:
        journal_io.append(log, path, b"\n")
        journal_io.sync(log, path)
    finally:
        os.close(log)


def mend_folders(layout: Layout, names: Iterable[str]) -> None:
    """Make work folders that somebody took away, or put something in the place of.  Raises: StorageError, OSError.

    Before the first empty folder stands there, `applied` stops vouching for the views: a process that is killed here
    leaves nothing that the next one could take for the whole.
    """
    applied_record.distrust(layout.applied)
    layouts.make_view_folders(layout.root, names)


def _settle(path: str) -> None:
    """Bring to the disk what is going to be read, and read what the disk has."""
    log = journal_io.open_log(path)
    try:
        journal_io.sync(log, path)
        journal_io.forget_cached(log, path)
    finally:
        os.close(log)


def _start_of(layout: Layout, segments: list[int]) -> Place:
    """Return the place before the newest segment's first line, from the segment before it."""
    first = segments[-1]
    if first == 1:
        return Place(0, 0, ZERO_LEAF)
    if len(segments) == 1:
        leaf = last_retired_leaf(layout, first)
        if leaf is None:
            raise StorageError(path=layout.segment(first), reason="the segment before this one is missing")
        return Place(0, first - 1, leaf)
    lines, leaf = last_leaf(layout.segment(segments[-2]))
    if lines != first - segments[-2]:
        raise StorageError(path=layout.segment(segments[-2]), reason=f"{lines} lines where {first} follows")
    return Place(0, first - 1, leaf)


def _next(segments: list[int], first: int) -> int:
    return segments[segments.index(first) + 1]
