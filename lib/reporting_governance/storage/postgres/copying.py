"""A database that another log is copied into, by COPY.

Until the last line is there the lines lie in a table of their own, so nobody takes what is half copied for a log; then
they become one in a single transaction.  The views follow from them, as after any loss of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from reporting_governance.errors import Busy, StorageError
from reporting_governance.storage.encoding import record_of
from reporting_governance.storage.files.snapshots import snapshot_in
from reporting_governance.storage.lines import ZERO_LEAF
from reporting_governance.storage.physical import PhysicalLine
from reporting_governance.storage.postgres import queries, rebuilding
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.schema import LINES_IN_PARTITION, PARTITIONS_AHEAD, partition

_MAKE = (
    "CREATE TABLE IF NOT EXISTS reporting_governance.copying (seq bigint PRIMARY KEY, segment bigint NOT NULL, "
    'line bytea NOT NULL, leaf bytea NOT NULL, names text[] COLLATE "C" NOT NULL)'
)
_LOCK = "LOCK TABLE reporting_governance.copying IN SHARE UPDATE EXCLUSIVE MODE NOWAIT"
_LAST = (
    "SELECT seq, leaf, (SELECT min(seq) FROM reporting_governance.copying) FROM reporting_governance.copying "
    "ORDER BY seq DESC LIMIT 1"
)
_ADD = "COPY reporting_governance.copying (seq, segment, line, leaf, names) FROM STDIN (FORMAT binary)"
_MOVE = (
    "INSERT INTO reporting_governance.journal (seq, line, leaf, names) "
    "SELECT seq, line, leaf, names FROM reporting_governance.copying ORDER BY seq"
)
_ADD_BLOB = "INSERT INTO reporting_governance.blob (digest, content) VALUES (%s, %b) ON CONFLICT (digest) DO NOTHING"


class Standing(NamedTuple):
    """How far a copy has come."""

    first: int
    seq: int
    leaf: bytes
    is_finished: bool


class PostgresCopyTarget:
    """The database; see `stages.copying.CopyTarget`.  Used inside `copy_target`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def standing(self) -> Standing:
        """Return how far an earlier copy came; a log that is there is finished."""
        with self._session.plain() as connection:
            row = connection.execute(queries.LAST_OF_ALL).fetchone()
            if row is not None:
                (oldest,) = connection.execute(queries.OLDEST).fetchone() or (0,)
                return Standing(oldest, row[0], bytes(row[1]), True)
            connection.execute(_MAKE)
            row = connection.execute(_LAST).fetchone()
        return Standing(0, 0, ZERO_LEAF, False) if row is None else Standing(row[2], row[0], bytes(row[1]), False)

    def add_blobs(self, blobs: Iterable[tuple[str, bytes]]) -> int:
        """Keep blobs that are not there."""
        added = 0
        with self._session.plain() as connection, connection.transaction(), connection.cursor() as cursor:
            for digest, content in blobs:
                added += cursor.execute(_ADD_BLOB, (digest, content)).rowcount
        return added

    def add_lines(self, segment: int, lines: Sequence[PhysicalLine]) -> None:
        """Keep the next lines; durable when this returns."""
        with self._session.plain() as connection, connection.transaction(), connection.cursor() as cursor:
            cursor.execute(_LOCK)  # of two copies at once the second is told
            with cursor.copy(_ADD) as copy:
                copy.set_types(("int8", "int8", "bytea", "bytea", "text[]"))
                for line in lines:
                    copy.write_row((line.seq, segment, line.raw[:-1], line.leaf, _names(line.document)))

    def add_log_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a signed head."""
        with self._session.plain() as connection:
            connection.execute(queries.KEEP_LOG_CHECKPOINT, (size, note))

    def finish(self, retired: Iterable[tuple[int, bytes]], snapshots: Iterable[tuple[int, bytes]]) -> None:
        """Make it a log.  The views are made from it, as after any loss of them: that they come out alike is proof."""
        with self._session.plain() as connection, connection.transaction():
            connection.execute(queries.LOCK)
            if connection.execute(queries.LAST_OF_ALL).fetchone() is not None:
                raise StorageError(path=self._session.place, reason="a log came to be there while this one was copied")
            last = connection.execute(_LAST).fetchone()
            for number in range((0 if last is None else last[0]) // LINES_IN_PARTITION + PARTITIONS_AHEAD):
                connection.execute(partition(number))
            connection.execute(_MOVE)
            connection.execute("DROP TABLE reporting_governance.copying")
            self._add_retired(connection, retired, snapshots)
            rebuilding.anew(connection, self._session.place)

    def _add_retired(
        self, connection: Any, retired: Iterable[tuple[int, bytes]], snapshots: Iterable[tuple[int, bytes]]
    ) -> None:
        """Add what is left of retired lines; where none are, a database needs no snapshot."""
        gone = 0
        for first, leaves in retired:
            connection.execute(queries.KEEP_LEAVES, (first, leaves, ""))
            gone = first
        for segment, content in snapshots if gone else ():
            views = snapshot_in(content, segment)
            if views is None:
                raise StorageError(path=self._session.place, reason=f"the snapshot behind {segment} is damaged")
            connection.execute(queries.KEEP_SNAPSHOT, (views.place.seq, content))


@contextmanager
def copy_target(session: Session) -> Iterator[PostgresCopyTarget]:
    """Yield a database that is to become the copy of a log; needs the right to make a table.  Raises: StorageError."""
    import psycopg

    try:
        yield PostgresCopyTarget(session)
    except psycopg.errors.LockNotAvailable:
        raise Busy(path=session.place, seconds=0) from None


def _names(document: Mapping[str, Any] | None) -> list[str]:
    """Return the views that a line makes or changes, as the row names them."""
    record = None if document is None else record_of(document)
    return [] if record is None else [f"{key.folder.value}/{key.id}" for key in record.views]
