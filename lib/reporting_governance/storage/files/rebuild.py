"""The views as the log says them: from the newest good snapshot and the lines behind it.

What is open is kept as the bytes of the files, not as objects: a tenth of the memory, and what has to be compared and
written anyway.  A snapshot is a cache of the same bytes.  It is believed when its own checksum holds and no
`log.snapshot` line names another digest for its segment.
"""

import gc
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from reporting_governance.contracts.journal_line import Folder, LineType, ViewName
from reporting_governance.core.projection import Body, ConsumedViewGone, apply
from reporting_governance.errors import StorageError
from reporting_governance.storage.encoding import body_text, record_of
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.applied import Counts
from reporting_governance.storage.files.chain import Chain, LineGroup, Place, UnknownVersion
from reporting_governance.storage.files.layout import Layout, put_away
from reporting_governance.storage.files.marks import Marks
from reporting_governance.storage.files.views import Views, body_in, content_of, name_in
from reporting_governance.storage.lines import ZERO_LEAF, decode_line, encode

_SNAPSHOT_VERSION = 1
_PAST_FILE = re.compile(r"[a-z]{3}_\w+\.json", re.ASCII)  #: an id, as every id is spelled
_SNAPSHOT = LineType.LOG_SNAPSHOT.value
_SEGMENT_OPEN = LineType.LOG_SEGMENT_OPEN.value


@dataclass(slots=True)
class State:
    """All views behind one line of the log."""

    place: Place
    marks: Marks = field(default_factory=Marks)
    contents: dict[str, bytes] = field(default_factory=dict)  #: version's name -> content of its file

    def add(self, group: LineGroup) -> None:
        """Add one group.  Raises StorageError when it consumes what no earlier line made."""
        records = []
        texts: dict[int, str] = {}
        for line in group:
            record = record_of(line.document)
            if record is not None:
                records.append((line.seq, record))
                text = body_text(line.raw)
                if text is not None:
                    texts[id(record.body)] = text
            self.marks = self.marks.after(line.document)
            if line.document["type"] == _SEGMENT_OPEN:
                self._forget_past(line.document.get("meta", {}).get("past_before", 0))
        if not records:
            return
        try:
            changes = apply(records, self._body, self._holds)
        except ConsumedViewGone as gone:
            raise StorageError(
                path="journal", reason=f"line {group[0].seq} changes {gone}, which no earlier line made"
            ) from None
        for put in changes.puts:
            name = str(put.name)
            self.contents[name] = content_of(name, put.body, texts)
            if put.name.folder is Folder.PAST:
                self._drop_replaced(records, put.name)
        for closed in changes.removes:
            self.contents.pop(str(closed), None)

    def _drop_replaced(self, records: list[Any], put: ViewName) -> None:
        """A file in `past/` has a fixed name: the version that was put anew is gone."""
        for _, record in records:
            for name in record.consumes:
                if name.folder is Folder.PAST and name.id == put.id:
                    self.contents.pop(str(name), None)

    def _body(self, name: ViewName) -> Body | None:
        content = self.contents.get(str(name))
        return None if content is None else body_in(content)

    def _holds(self, name: ViewName) -> bool:
        return str(name) in self.contents

    def _forget_past(self, before: int) -> None:
        old = [name for name in self.contents if name.startswith("past/") and int(name[-12:]) < before]
        for name in old:
            del self.contents[name]


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Pause the search for cycles: nothing here makes any, and what lives on would be searched again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_collector_resting()
def state_at(layout: Layout, end: tuple[int, int]) -> State:
    """Return the views at a place in the log, given as a segment's first seq and an offset in it.

    Raises: StorageError when the log is damaged, or segments are missing that no snapshot stands in for; OSError.
    """
    segments = [first for first in layout.segments() if first <= end[0]]
    for snapshot in [*_snapshots_before(layout, end[0]), None]:
        state = State(Place(0, 0, ZERO_LEAF)) if snapshot is None else load_snapshot(layout, snapshot)
        if state is None:
            continue
        rest = [first for first in segments if first > state.place.seq]
        if rest[:1] != [state.place.seq + 1]:
            continue
        named = _replay(layout, state, rest, end[1], snapshot)
        if snapshot is None or named in (None, _file_digest(snapshot_path(layout, snapshot))):
            return state
    raise StorageError(path=layout.log, reason="segments are missing and no snapshot stands in for them")


def _replay(layout: Layout, state: State, segments: list[int], end: int, snapshot: int | None) -> str | None:
    """Add the lines of the segments; return the digest that the last line about a snapshot names for it."""
    named = None
    for place, first in enumerate(segments):
        path = layout.segment(first)
        newest = place == len(segments) - 1
        chain = Chain(
            journal_io.raw_lines(path, 0, end if newest else None),
            Place(0, state.place.seq, state.place.leaf, state.place.length),
        )
        try:
            for group in chain.groups():
                state.add(group)
                if snapshot is not None:
                    named = _digest_named(group, snapshot) or named
        except UnknownVersion as unknown:
            raise StorageError(path=path, reason=f"{unknown}; a newer program wrote it") from None
        state.place = chain.end
        if chain.void is not None or (not newest and chain.end.seq + 1 != segments[place + 1]):
            raise StorageError(path=path, reason=f"damaged: line {chain.end.seq + 1} does not chain")
    return named


def _digest_named(group: LineGroup, segment: int) -> str | None:
    document = group[-1].document
    if document["type"] != _SNAPSHOT or document["meta"]["segment"] != segment:
        return None
    digest: str = document["meta"]["sha256"]
    return digest


def write_views(views: Views, layout: Layout, state: State) -> Counts:
    """Make the view files exactly those of the state, and return their numbers.  Raises OSError.

    What is right already is left alone.  Files are written in place: `applied` counts for nothing until this is done,
    so a crash begins it again.
    """
    wanted: dict[str, dict[str, bytes]] = {folder.value: {} for folder in Folder}
    for text, content in state.contents.items():
        folder, _, file = text.partition("/")
        wanted[folder][f"{file.rpartition('@')[0]}.json" if folder == "past" else file] = content
    counts = tuple(len(files) for files in wanted.values())
    for kind in Folder:
        files = wanted[kind.value]
        for name in views.raw_names(kind):
            if name not in files:
                _put_away(layout, kind, name)
            elif views.holds(kind, name, files[name]):
                del files[name]
        for name, content in files.items():
            views.put_plainly(kind, name, content)
    return counts


def _put_away(layout: Layout, folder: Folder, name: str) -> None:
    """Remove an old version; what is no view at all is somebody's file, kept in `corrupt/`."""
    try:
        if folder is not Folder.PAST:
            ViewName.parse(f"{folder.value}/{name}")
        elif _PAST_FILE.fullmatch(name) is None:
            raise ValueError(name)
        os.unlink(f"{layout.root}/{folder.value}/{name}")
    except (ValueError, IsADirectoryError, PermissionError):
        put_away(layout.root, f"{folder.value}/{name}")


def snapshot_content(segment: int, state: State) -> bytes:
    """Return what a snapshot's file holds; the same state gives the same bytes."""
    data = b"".join(_snapshot_lines(segment, state))
    return data + f"{sha256(data).hexdigest()}\n".encode("ascii")


def load_snapshot(layout: Layout, segment: int) -> State | None:
    """Return the state a snapshot holds, None when it is missing or damaged."""
    try:
        data = journal_io.read_all(snapshot_path(layout, segment))
    except FileNotFoundError:
        return None
    if len(data) < 65 or sha256(data[:-65]).hexdigest().encode("ascii") != data[-65:-1]:
        return None
    header_line, _, rest = data[:-65].partition(b"\n")
    header = decode_line(header_line)
    if header is None or header.get("v") != _SNAPSHOT_VERSION or header.get("segment") != segment:
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


def _snapshots_before(layout: Layout, segment: int) -> list[int]:
    names = os.listdir(layout.snapshots)
    firsts = (int(name[:12]) for name in names if len(name) == 18 and name.endswith(".jsonl"))
    return sorted((first for first in firsts if first < segment), reverse=True)


def _file_digest(path: str) -> str:
    return sha256(journal_io.read_all(path)).hexdigest()
