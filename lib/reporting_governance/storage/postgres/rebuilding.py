"""Row and views made anew from the lines, while the log is held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from reporting_governance.contracts.journal_line import Folder, LineType, ViewName
from reporting_governance.errors import StorageError
from reporting_governance.storage.chain import LineGroup, Place
from reporting_governance.storage.files.snapshots import digest_in, segment_of, snapshot_in
from reporting_governance.storage.lines import ZERO_LEAF
from reporting_governance.storage.marks import Marks, milliseconds
from reporting_governance.storage.postgres import lines, queries
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.log_state import EMPTY, LogState
from reporting_governance.storage.postgres.writing import send_puts
from reporting_governance.storage.state import State
from reporting_governance.verifier.merkle import extend, leaf_hash

_BATCH = 1000  #: views that one statement makes
_SEGMENT_OPEN = LineType.LOG_SEGMENT_OPEN.value
_OPEN = LineType.LOG_OPEN.value
_TORN = LineType.LOG_TORN.value


def rebuild(session: Session) -> LogState:
    """Make row and views anew, durably; return where the log ends.  Raises: StorageError for a damaged log."""

    def make(connection: Any) -> LogState:
        connection.execute(queries.LOCK)
        return anew(connection, session.place)

    return session.write(make)


def anew(connection: Any, place: str) -> LogState:
    """Make row and views anew, in a transaction that holds the log.

    Raises: StorageError when the log is damaged; then nothing is changed.
    """

    def rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = connection.execute(query, values).fetchall()
        return found

    last = rows(queries.LAST_OF_ALL)
    if not last:
        raise StorageError(path=place, reason="there is no line, and nothing says that there never was one")
    start, views, tally, snapshot = beginning(rows, place)
    named = None
    known = {first: (at, has_void) for first, at, _, has_void in rows(queries.ALL_SEGMENTS)}
    tally.size, _ = known.get(start.seq + 1, (0, False))
    raws = lines.raw_lines(rows, start.seq + 1, last[0][0] + 1)
    for group in lines.chained(tally.through(raws), start, last[0][0], place):
        tally.learn(group)
        if group[0].seq > views.place.seq:
            views.add(group)
        if snapshot is not None:
            named = digest_in(group, snapshot.segment) or named
    if snapshot is not None and named != snapshot.digest:
        raise StorageError(
            path=place, reason="the snapshot of what is behind retired lines is not the one a line names"
        )
    state = tally.state(views.marks)
    connection.execute(queries.SET_STATE, state.values())
    _write_segments(connection, known, tally.segments)
    _write(connection, views)
    _erase(rows, connection, views.erased)
    return state


class Snapshot(NamedTuple):
    """What stands for the views behind lines that are retired."""

    segment: int  #: first seq of the segment that it stands behind
    digest: str


class Beginning(NamedTuple):
    """What stands before the first line that is kept."""

    start: Place  #: before that line
    views: State  #: there, or behind some lines more in a log that was copied from files
    tally: Tally
    snapshot: Snapshot | None


class Tally:
    """What the lines say of the row and of the segments: counted as they pass, void ones included."""

    def __init__(self, seq: int, leaf: bytes, frontier: tuple[bytes, ...]) -> None:
        self.segments: list[list[Any]] = []  #: first, start, opened_ms, has_void
        self._begun = self._seq = seq
        self._leaf = leaf
        self._frontier = frontier
        self.size = 0  #: bytes of all lines up to here
        self._length = self._last_ms = 0

    def through(self, raws: Iterable[bytes]) -> Iterator[bytes]:
        """Yield lines as they are, counted."""
        for raw in raws:
            self._leaf = leaf_hash(raw)
            self._seq, self._frontier = extend(self._seq, self._frontier, (self._leaf,))
            self._length = len(raw) + 1
            self.size += self._length
            yield raw

    def learn(self, group: LineGroup) -> None:
        """Learn from a group whose last line is the one that passed last."""
        document = group[-1].document
        self._last_ms = milliseconds(document["ts"])
        if not self.segments or document["type"] == _SEGMENT_OPEN:
            first = group[0].seq if self.segments else self._begun + 1
            start = self.size - self._length if document["type"] == _SEGMENT_OPEN else 0
            self.segments.append([first, start, self._last_ms, False])
        if document["type"] == _TORN:
            self.segments[-1][3] = True

    def state(self, marks: Marks) -> LogState:
        """Return the row."""
        first, start, opened_ms, _ = self.segments[-1]
        row = EMPTY.marked(marks)._replace(
            seq=self._seq, leaf=self._leaf, frontier=self._frontier, segment=first, segment_start=start
        )
        return row._replace(size=self.size, last_ms=self._last_ms, opened_ms=opened_ms)


def _write(connection: Any, views: State) -> None:
    connection.execute(queries.EMPTY_WORK)
    connection.execute(queries.EMPTY_BODIES)
    by_folder: dict[Folder, list[tuple[ViewName, str]]] = {}
    for text, content in views.contents.items():
        name = ViewName.parse(text)
        by_folder.setdefault(name.folder, []).append((name, body_text_in(content)))
    for folder, made in by_folder.items():
        for at in range(0, len(made), _BATCH):
            send_puts(connection, folder, made[at : at + _BATCH])


def _write_segments(connection: Any, known: Mapping[int, tuple[int, bool]], segments: list[list[Any]]) -> None:
    """Make the rows of segments what the lines say; nothing is taken away unless it is wrong: only the owner may."""
    said = {first: (start, has_void) for first, start, _, has_void in segments}
    if any(said.get(first) != row for first, row in known.items()):
        connection.execute(queries.EMPTY_SEGMENTS)
    for segment in segments:
        connection.execute(queries.ADD_SEGMENT_READ, tuple(segment))


def _erase(rows: lines.Rows, connection: Any, digests: list[str]) -> None:
    """Delete blobs that lines erase and that are there again, as after an older backup."""
    for digest in digests:
        if rows(queries.BLOB, digest):
            connection.execute(queries.ERASE_BLOBS, (digest,))


def body_text_in(content: bytes) -> str:
    """Return the JSON of the body in what a view's file would hold."""
    return content[content.index(b',"body":') + 8 : -2].decode("ascii")


def beginning(rows: lines.Rows, place: str) -> Beginning:
    """Return what stands before the first line that is kept."""
    [(oldest,)] = rows(queries.OLDEST)
    if oldest == 1:
        nowhere = Place(0, 0, ZERO_LEAF)
        return Beginning(nowhere, State(nowhere), Tally(0, ZERO_LEAF, ()), None)
    found = rows(queries.SNAPSHOT, oldest - 1)
    content = bytes(found[0][0]) if found else b""
    segment, views = segment_of(content), snapshot_in(content, None)
    if views is None or segment is None:
        raise StorageError(path=place, reason=f"lines 1 to {oldest - 1} are missing and no snapshot stands in for them")
    leaves = b"".join(bytes(row[0]) for row in rows(queries.RETIRED_LEAVES, oldest))
    size, frontier = extend(0, (), (leaves[at : at + 32] for at in range(0, len(leaves), 32)))
    if size != oldest - 1:
        raise StorageError(path=place, reason="leaf hashes of retired lines are missing")
    start = Place(0, oldest - 1, leaves[-32:])
    return Beginning(
        start, views, Tally(start.seq, start.leaf, frontier), Snapshot(segment, sha256(content).hexdigest())
    )
