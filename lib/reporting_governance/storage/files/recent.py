"""Which views the newest lines name: the answer to "was it born since I looked?".

Kept between the commits of one process, so that a stage that births ten thousand views in batches reads no line twice.
"""

import os
from collections.abc import Callable

from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.applied import Applied
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.lines import decode_line

_CHUNK = 1 << 16


class Recent:
    """The newest line that names each view, for the lines behind a seq up to the end of the log."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._after = self._upto = 0
        self._named: dict[tuple[Folder, str], int] = {}

    def named_since(self, applied: Applied) -> Callable[[Folder, str, int], bool]:
        """Return the question, for a log that ends at `applied`.  Only under the lock."""

        def is_named(folder: Folder, identity: str, seq: int) -> bool:
            self._cover(seq, applied)
            return self._named.get((folder, identity), 0) > seq

        return is_named

    def learn(self, seq: int, record: RecordLine | None) -> None:
        """Add a line that was just added to the log."""
        if seq == self._upto + 1:
            self._upto = seq
            if record is not None:
                self._note(seq, record.views)

    def _cover(self, seq: int, applied: Applied) -> None:
        if seq < self._after or self._upto == 0 or self._upto > applied.seq:
            self._after = self._upto = min(seq, applied.seq)
            self._named.clear()
        if self._upto < applied.seq:
            self._read_after(self._upto, applied)
            self._upto = applied.seq

    def _read_after(self, seq: int, applied: Applied) -> None:
        segments = self._layout.segments()
        for place, first in enumerate(segments):
            if first > applied.segment:
                return
            if place + 1 < len(segments) and segments[place + 1] <= seq + 1:
                continue
            path = self._layout.segment(first)
            if first == applied.segment and seq >= first:
                offset, before = _back(path, applied, seq), seq
            else:
                offset, before = 0, first - 1
            end = applied.offset if first == applied.segment else None
            for at, raw in enumerate(journal_io.raw_lines(path, offset, end), start=before + 1):
                self._note_line(at, raw)

    def _note_line(self, seq: int, raw: bytes) -> None:
        document = decode_line(raw)
        record = None if document is None else document.get("record")
        if isinstance(record, dict):
            self._note(seq, tuple(ViewKey(Folder(each[0]), each[1], each[2]) for each in record.get("views", ())))

    def _note(self, seq: int, views: tuple[ViewKey, ...]) -> None:
        for key in views:
            self._named[key.folder, key.id] = seq


def _back(path: str, applied: Applied, seq: int) -> int:
    """Return the offset behind line `seq`, counting lines back from the end: every physical line is one seq."""
    wanted = applied.seq - seq + 1  # the LFs to pass; the last of them ends line `seq`
    offset = applied.offset
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while offset > 0:
            begin = max(0, offset - _CHUNK)
            part = journal_io.read_at(fd, begin, offset - begin)
            here = part.count(b"\n")
            if here >= wanted:
                cut = len(part)
                for _ in range(wanted):
                    cut = part.rindex(b"\n", 0, cut)
                return begin + cut + 1
            wanted -= here
            offset = begin
    finally:
        os.close(fd)
    return 0
