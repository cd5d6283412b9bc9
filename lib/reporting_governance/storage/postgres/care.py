"""What has to be done before lines can be added: open the log, begin a segment, make good what is amiss.

Each is a transaction of its own that looks again while it holds the log, so that of many hosts one does it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.contracts.times import format_time
from reporting_governance.storage.postgres import queries
from reporting_governance.storage.postgres.connection import Session, one
from reporting_governance.storage.postgres.log_state import LogState, Moment, from_ms, state_of
from reporting_governance.storage.postgres.seen import Seen
from reporting_governance.storage.postgres.writing import Encoder, NewBlobs, Prepareds, Views, append

if TYPE_CHECKING:
    from reporting_governance.storage.limits import Limits


class Care:
    """Takes care of one log.

    Args:
        seen: returns what this host last saw of the log.
        rebuild: makes row and views anew from the lines, in a transaction that holds the log; returns the new row.
    """

    def __init__(
        self,
        session: Session,
        encoder: Encoder,
        limits: Limits,
        seen: Callable[[], Seen | None],
        rebuild: Callable[[Any, str], LogState],
    ) -> None:
        self._session = session
        self._encoder = encoder
        self._limits = limits
        self._seen = seen
        self._rebuild = rebuild

    def take(self, moment: Moment) -> LogState:
        """Do what is due, and return where the log ends then; durable.  Raises: StorageError."""

        def care(connection: Any) -> LogState:
            locked = connection.execute(queries.LOCK)
            last = connection.execute(queries.LAST_OF_ALL)
            state = state_of(one(locked))
            row = last.fetchone()
            found = (0, bytes(32)) if row is None else (row[0], bytes(row[1]))
            if found != (state.seq, state.leaf):
                state = self._rebuild(connection, self._session.place)
            state = self._opened(connection, state, moment)
            if self._limits.is_full(state.size - state.segment_start, state.opened_ms, moment.wall_ms):
                state = self._rotated(connection, state, moment)
            return state

        return self._session.write(care)

    def _opened(self, connection: Any, state: LogState, moment: Moment) -> LogState:
        """Add the lines that are missing: the one that opens the log, and one that tells of a loss."""
        blobs = NewBlobs()
        groups: list[Prepareds] = []
        if state.seq == 0:
            meta = {"log_id": os.urandom(16).hex(), "context": self._encoder.context(blobs)}
            groups.append(self._encoder.note(LineType.LOG_OPEN, meta, blobs))
        seen = self._seen()
        if seen is not None and is_lost(connection, state, seen):
            groups.append(self._encoder.note(LineType.LOG_LOSS, _loss_meta(state, seen), blobs))
        if not groups:
            return state
        if state.seq == 0:
            connection.execute(queries.ADD_SEGMENT, (1, 0, moment.wall_ms))
        return append(connection, state, groups, Views(), moment, blobs)

    def _rotated(self, connection: Any, state: LogState, moment: Moment) -> LogState:
        """Begin a segment, and forget what is long over."""
        first = state.seq + 1
        old = moment.wall_ms - self._limits.past_seconds * 1000
        before = connection.execute(queries.PAST_BEFORE, (old,)).fetchone()[0]
        meta: dict[str, Any] = {"frontier": [each.hex() for each in state.frontier]}
        if before is not None:
            meta["past_before"] = before
            connection.execute(queries.FORGET_PAST, (before,))
            connection.execute(queries.FORGET_PAST_BODIES, (before,))
        connection.execute(queries.ADD_SEGMENT, (first, state.size, moment.wall_ms))
        blobs = NewBlobs()
        opening = self._encoder.note(LineType.LOG_SEGMENT_OPEN, meta, blobs)
        state = state._replace(segment=first, segment_start=state.size)
        return append(connection, state, [opening], Views(), moment, blobs)


def is_lost(connection: Any, state: LogState, seen: Seen) -> bool:
    """Tell whether lines that this host saw are gone or are others now, and no line of the log says so yet."""
    row = connection.execute(queries.LEAF_AT, (seen.seq,)).fetchone()
    if row is not None and bytes(row[0]).hex() == seen.leaf:
        return False
    return not _is_told(connection, state, seen)


def _is_told(connection: Any, state: LogState, seen: Seen) -> bool:
    """Tell whether the newest line about a loss speaks of this one too: it may be another host that noticed first."""
    if not state.lost_seq > 0:
        return False
    from reporting_governance.storage.lines import decode_line

    row = connection.execute(queries.LINE_AT, (state.lost_seq,)).fetchone()
    meta = ((decode_line(bytes(row[0])) or {}) if row is not None else {}).get("meta") or {}
    reaches = meta.get("applied_seq", 0) >= seen.seq and meta.get("found_seq", 0) < seen.seq
    return bool(reaches and meta.get("applied_log_id", seen.log_id) == seen.log_id)


def _loss_meta(state: LogState, seen: Seen) -> dict[str, Any]:
    """Return what a `log.loss` line says: how far the log was acknowledged, until when, and how far it reaches now."""
    meta: dict[str, Any] = {
        "applied_seq": seen.seq,
        "applied_leaf": seen.leaf,
        "applied_log_id": seen.log_id,
        "applied_at": format_time(from_ms(seen.wall_ms)),
        "found_seq": state.seq,
        "found_leaf": state.leaf.hex(),
    }
    if state.seq:
        meta["found_at"] = format_time(from_ms(state.last_ms))
    return meta
