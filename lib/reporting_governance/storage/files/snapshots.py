"""Snapshots: the open work behind a closed segment, so that a rebuild need not begin with the first line.

A snapshot is a cache of the bytes of the views.  It is believed when its own checksum holds and no `log.snapshot` line
names another digest for its segment.  Where the segments before it are gone it is no cache any more: then a line has to
name it.
"""

import os
from collections.abc import Iterator
from hashlib import sha256

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.errors import StorageError
from reporting_governance.storage.chain import Chain, LineGroup, Place, UnknownVersion
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.reading import leaf_before
from reporting_governance.storage.lines import decode_line, encode
from reporting_governance.storage.marks import Marks
from reporting_governance.storage.state import State
from reporting_governance.storage.view_content import name_in

_SNAPSHOT_VERSION = 1
_SNAPSHOT = LineType.LOG_SNAPSHOT.value
_SNAPSHOT_NEEDLE = f'"type":"{_SNAPSHOT}"'.encode()


def snapshot_content(segment: int, state: State) -> bytes:
    """Return what a snapshot's file holds; the same state gives the same bytes."""
    data = b"".join(_snapshot_lines(segment, state))
    return data + f"{sha256(data).hexdigest()}\n".encode("ascii")


def load_snapshot(layout: Layout, segment: int) -> State | None:
    """Return the state a snapshot holds, None when it is missing or damaged."""
    try:
        return snapshot_in(journal_io.read_all(snapshot_path(layout, segment)), segment)
    except FileNotFoundError:
        return None


def snapshot_in(data: bytes, segment: int | None) -> State | None:
    """Return the state that a snapshot's bytes hold, None when they are damaged, or are of another segment."""
    if not _has_its_checksum(data):
        return None
    header_line, _, rest = data[:-65].partition(b"\n")
    header = decode_line(header_line)
    if header is None or header.get("v") != _SNAPSHOT_VERSION or segment not in (None, header.get("segment")):
        return None
    marks = Marks(
        log_id=bytes.fromhex(header["log_id"]),
        opened_ms=header["opened_ms"],
        stepped_ms=header["stepped_ms"],
        context=bytes.fromhex(header["context"]),
        lost_seq=header.get("lost_seq", 0),  # no snapshot of an earlier version says it
    )
    contents = {name_in(line): line for line in rest.splitlines(keepends=True)}
    return State(Place(0, header["seq"], bytes.fromhex(header["leaf"])), marks, contents)


def segment_of(data: bytes) -> int | None:
    """Return the segment that a snapshot's bytes say they stand behind, None when they are damaged."""
    header = decode_line(data.partition(b"\n")[0]) if _has_its_checksum(data) else None
    return None if header is None or header.get("v") != _SNAPSHOT_VERSION else int(header["segment"])


def is_whole(path: str) -> bool:
    """Tell whether a snapshot's own checksum holds.  Raises OSError."""
    return _has_its_checksum(journal_io.read_all(path))


def _has_its_checksum(data: bytes) -> bool:
    return len(data) >= 65 and sha256(data[:-65]).hexdigest().encode("ascii") == data[-65:-1]


def snapshot_path(layout: Layout, segment: int) -> str:
    """Return where the snapshot at the end of a segment lies."""
    return f"{layout.snapshots}/{segment:012d}.jsonl"


def _snapshot_lines(segment: int, state: State) -> Iterator[bytes]:
    header = {
        "v": _SNAPSHOT_VERSION,
        "segment": segment,
        "seq": state.place.seq,
        "leaf": state.place.leaf.hex(),
        "log_id": state.marks.log_id.hex(),
        "opened_ms": state.marks.opened_ms,
        "stepped_ms": state.marks.stepped_ms,
        "context": state.marks.context.hex(),
        "lost_seq": state.marks.lost_seq,
    }
    yield f"{encode(header)}\n".encode("ascii")
    for name in sorted(state.contents):
        yield state.contents[name]


def snapshots_before(layout: Layout, segment: int) -> list[int]:
    """Return the segments with a snapshot, newest first, that stand before another."""
    names = os.listdir(layout.snapshots)
    firsts = (int(name[:12]) for name in names if len(name) == 18 and name.endswith(".jsonl"))
    return sorted((first for first in firsts if first < segment), reverse=True)


def file_digest(path: str) -> str:
    """Return the SHA-256 of a file."""
    return sha256(journal_io.read_all(path)).hexdigest()


def is_named(layout: Layout, snapshot: int, named: str | None, *, is_all_there: bool) -> bool:
    """Tell whether a snapshot is the one that a line names.

    Where older segments are gone nothing else could show that it is wrong, so there a line has to name it.
    """
    if named is None and is_all_there:
        return True
    wanted = named or digest_named_for(layout, snapshot)
    return wanted == file_digest(snapshot_path(layout, snapshot))


def digest_named_for(layout: Layout, snapshot: int) -> str | None:
    """Return the digest that the last valid line about a snapshot names; None when no line does.

    Raises: StorageError for lines that are not understood, OSError.
    """
    firsts = layout.segments()
    named = None
    for first in firsts:
        path = layout.segment(first)
        if first <= snapshot or not any(_SNAPSHOT_NEEDLE in raw for raw in journal_io.raw_lines(path, 0)):
            continue
        chain = Chain(journal_io.raw_lines(path, 0), Place(0, first - 1, leaf_before(layout, firsts, first)))
        try:
            for group in chain.groups():
                named = digest_in(group, snapshot) or named
        except UnknownVersion as unknown:
            raise StorageError(path=path, reason=f"{unknown}; a newer program wrote it") from None
    return named


def digest_in(group: LineGroup, segment: int) -> str | None:
    """Return the digest that a group names for a segment's snapshot, None when it speaks of nothing of the kind."""
    document = group[-1].document
    if document["type"] != _SNAPSHOT or document["meta"]["segment"] != segment:
        return None
    digest: str = document["meta"]["sha256"]
    return digest
