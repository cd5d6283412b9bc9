"""The one row that orders the log: whoever holds it adds lines.  What it says follows from the lines alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from reporting_governance.storage.interface import Head
from reporting_governance.storage.lines import ZERO_LEAF
from reporting_governance.storage.marks import Marks

_HASH = 32


class LogState(NamedTuple):
    """Where the log ends."""

    log_id: bytes | None
    seq: int
    leaf: bytes
    frontier: tuple[bytes, ...]  #: roots of the complete subtrees over all lines, largest first
    segment: int  #: the first seq of the newest segment
    segment_start: int  #: bytes of all lines before it, as files would have them
    size: int  #: bytes of all lines, each with an LF
    last_ms: int  #: when the last line was added
    opened_ms: int  #: when the newest segment was
    stepped_ms: int
    context: bytes
    lost_seq: int

    @property
    def marks(self) -> Marks:
        """What lines about the log itself left behind."""
        return Marks(
            log_id=self.log_id or bytes(16),
            opened_ms=self.opened_ms,
            stepped_ms=self.stepped_ms,
            context=self.context,
            lost_seq=self.lost_seq,
        )

    def marked(self, marks: Marks) -> LogState:
        """Return the same with other marks."""
        return self._replace(
            log_id=marks.log_id if any(marks.log_id) else None,
            opened_ms=marks.opened_ms,
            stepped_ms=marks.stepped_ms,
            context=marks.context,
            lost_seq=marks.lost_seq,
        )

    def head(self) -> Head:
        """Return what callers see of it."""
        return Head(self.seq, self.leaf.hex(), None if self.log_id is None else self.log_id.hex(), self.lost_seq)

    def values(self) -> tuple[Any, ...]:
        """Return the row's values, in the order of `queries.SET_STATE`."""
        return (*self[:3], b"".join(self.frontier), *self[4:])


EMPTY = LogState(None, 0, ZERO_LEAF, (), 1, 0, 0, 0, 0, 0, bytes(16), 0)


def state_of(row: Sequence[Any]) -> LogState:
    """Return the state that a row of `queries.STATE` says."""
    log_id, seq, leaf, hashes, segment, start, size, last_ms, opened_ms, stepped_ms, context, lost_seq = row
    frontier = tuple(bytes(hashes[at : at + _HASH]) for at in range(0, len(hashes), _HASH))
    log_id, leaf, context = None if log_id is None else bytes(log_id), bytes(leaf), bytes(context)
    return LogState(
        log_id, seq, leaf, frontier, segment, start, size, last_ms, opened_ms, stepped_ms, context, lost_seq
    )


class Moment(NamedTuple):
    """One reading of both clocks."""

    now: datetime
    wall_ms: int
    monotonic_ms: int


def moment(now: datetime, monotonic: float) -> Moment:
    """Return a reading of both clocks, the calendar's being given."""
    return Moment(now, round(now.timestamp() * 1000), int(monotonic * 1000))


def from_ms(milliseconds: int) -> datetime:
    """Return a time that is given as milliseconds since 1970."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
