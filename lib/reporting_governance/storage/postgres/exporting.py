"""A log in a database, read for somebody else: every physical line in order, as files would hold it.

It is read up to where it ended when it was opened, all of that durable: what is handed out is never taken back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from reporting_governance.errors import StorageError
from reporting_governance.storage.chain import UnknownVersion
from reporting_governance.storage.files.snapshots import segment_of
from reporting_governance.storage.physical import PhysicalLine, physical_lines
from reporting_governance.storage.postgres import blobs, queries
from reporting_governance.storage.postgres.connection import Session, one
from reporting_governance.storage.postgres.lines import raw_lines
from reporting_governance.storage.postgres.log_state import LogState, state_of

_LEAF_SIZE = 32


class Segment(NamedTuple):
    """A stretch of lines that files would hold in one."""

    first: int
    path: str  #: what names it in messages
    size: int  #: bytes, each line with its LF
    following: int  #: the first line that is not in it


class PostgresLog:
    """The log of one database.

    Args:
        local: this host's folder beside it, in which the copies of anchors lie.

    Every method raises StorageError for what cannot be read, with its place.
    """

    left_out = 0  #: groups are in the database whole or not at all
    has_blobs = True

    def __init__(self, session: Session, local: str) -> None:
        self._session = session
        self._local = local
        self._state: LogState | None = None
        self._segments: list[Segment] = []

    def segments(self) -> Sequence[Segment]:
        """Return the segments that are kept, in order."""
        self._opened()
        return self._segments

    def retired_leaves(self, first: int) -> Iterator[bytes]:
        """Yield the leaf hashes of the lines before the first segment that is there, in order.

        Raises: StorageError also when they are not kept whole.
        """
        for _, leaves in self.retired_segments(first):
            yield from (leaves[at : at + _LEAF_SIZE] for at in range(0, len(leaves), _LEAF_SIZE))

    def retired_segments(self, first: int) -> Iterator[tuple[int, bytes]]:
        """Yield the same by segment: its first seq and its leaf hashes in one piece.  Raises as `retired_leaves`."""
        seq = 1
        for start, leaves in self._session.rows(queries.RETIRED_LEAVES_OF, first):
            lines, rest = divmod(len(leaves), _LEAF_SIZE)
            if start != seq or rest or seq + lines > first:
                break
            yield seq, bytes(leaves)
            seq += lines
        if seq != first:
            reason = f"leaf hashes of lines from {seq} to {first - 1} are missing"
            raise StorageError(path=self._session.place, reason=reason)

    def snapshots(self) -> Iterator[tuple[int, bytes]]:
        """Yield what stands for the views behind retired lines, by the last segment that it stands behind."""
        for (content,) in self._session.rows(queries.SNAPSHOTS, 0):
            segment = segment_of(bytes(content))
            if segment is not None:
                yield segment, bytes(content)

    def lines(self, segment: Segment, leaf: bytes, last: int | None) -> Iterator[PhysicalLine]:
        """Yield the physical lines of a segment in order; see `physical.physical_lines`.

        Raises: StorageError also for damage, and for lines of a later version.
        """

        def torn(seq: int, _lines: int) -> None:
            raise StorageError(path=segment.path, reason=f"damaged: line {seq} does not follow the one before it")

        try:
            yield from physical_lines(self.raw_lines(segment), segment.first, leaf, last, torn)
        except UnknownVersion as unknown:
            raise StorageError(path=segment.path, reason=f"{unknown}; a newer program wrote it") from None

    def raw_lines(self, segment: Segment) -> Iterator[bytes]:
        """Yield the physical lines of a segment as they are, each with its LF; unchecked."""
        count = segment.first
        for raw in raw_lines(self._session.rows, segment.first, segment.following):
            count += 1
            yield raw + b"\n"
        if count != segment.following:
            raise StorageError(path=segment.path, reason=f"line {count} is missing")

    def lines_as_they_are(self) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Yield each segment's first seq, and its lines with their LF up to one that is missing; all durable.

        For whoever verifies: no row but those of lines is believed, and nothing is made good.
        """
        self._session.settle()
        [(oldest,)], [(last, _)] = self._session.rows(queries.OLDEST), self._session.rows(queries.LAST_OF_ALL)
        firsts = [row[0] for row in self._session.rows(queries.SEGMENTS) if oldest < row[0] <= last]
        for first, end in pairwise([oldest, *firsts, last + 1]):
            yield first, (raw + b"\n" for raw in raw_lines(self._session.rows, first, end))

    def blob(self, digest: str) -> bytes | None:
        """Return a blob, salt and all, None when it is not there; unchecked."""
        return blobs.content(self._session, digest)

    def place_of_blob(self, digest: str) -> str:
        """Return where a blob is looked for."""
        return f"{self._session.place}: blob {digest}"

    def log_checkpoints(self) -> Sequence[int]:
        """Return the sizes of the log of which signed heads are kept, smallest first."""
        return [row[0] for row in self._session.rows(queries.LOG_CHECKPOINTS)]

    def log_checkpoint(self, size: int) -> bytes:
        """Return the signed head of a size; nothing of it is checked."""
        rows = self._session.rows(queries.LOG_CHECKPOINT, size)
        if not rows:
            raise StorageError(path=self._session.place, reason=f"the signed head of {size} lines is gone")
        return bytes(rows[0][0])

    def log_id(self) -> str | None:
        """Return whose log it is, None when nobody wrote to it."""
        return self._opened().head().log_id

    def anchors(self) -> bytes | None:
        """Return what this host keeps of how anchors took heads, None when nothing; a readable copy, and a cache."""
        path = os.path.join(self._local, "journal", "checkpoints", "anchors.json")
        try:
            with open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(path=path, reason=error.strerror or str(error)) from error

    def _opened(self) -> LogState:
        """Look where the log ends; once, and wait until that is durable."""
        if self._state is None:

            def ask(connection: Any) -> tuple[LogState, list[Any], int]:
                state = connection.execute(queries.STATE)
                segments = connection.execute(queries.SEGMENTS)
                oldest = connection.execute(queries.OLDEST).fetchone()
                return state_of(one(state)), segments.fetchall(), 1 if oldest is None else oldest[0]

            state, rows, oldest = self._session.read(ask)
            if not rows:
                return state
            self._session.settle()
            ends = [*((first, start) for first, start, _ in rows[1:]), (state.seq + 1, state.size)]
            self._segments = [
                Segment(first, f"{self._session.place}: segment {first:012d}", end - start, following)
                for (first, start, _), (following, end) in zip(rows, ends, strict=True)
                if first >= oldest
            ]
            self._state = state
        return self._state
