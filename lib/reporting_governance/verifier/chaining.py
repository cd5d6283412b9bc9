"""One segment of a log, judged line by line: the chain, groups, void stretches, and withheld lines in their places.

What a segment shows is returned as plain data, so that another process can have judged it.  Whether its first line
follows the segment before it, and where its signed heads stand, is for whoever puts segments together.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Optional

from reporting_governance.verifier.faults import StretchFaults
from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.gathering import (
    OpenStretch,
    PlainRun,
    WithheldLines,
    delivery_of,
    document_in,
    has_shape,
    is_group,
    is_of_known_version,
    says_twice,
    written_again,
)
from reporting_governance.verifier.redaction import blobs_of
from reporting_governance.verifier.selection import Selection
from reporting_governance.verifier.stretches import LineTooLong, RangeReader, SegmentTask
from reporting_governance.verifier.subtrees import SubtreeStack

ZERO_LEAF_HEX = "0" * 64
_DELIVERIES = frozenset(("attempt", "receipt"))


class SegmentJudge:
    """Judges one segment.  `result` is marshalled by whoever runs it elsewhere: plain data only."""

    def __init__(self, task: SegmentTask) -> None:
        self._task = task
        self._name = task.file.name if task.file is not None else (task.leaves.where.name if task.leaves else "")
        self._selection = Selection.of(task.selection)
        self._findings = Findings()
        self._tree = SubtreeStack(task.first - 1)
        self._cuts = iter(task.cuts)
        self._cut = next(self._cuts, 0)
        self._pieces: list[tuple[int, list[tuple[int, bytes]]]] = []
        self._events: list[tuple[Any, ...]] = []
        self._pos = task.first - 1
        self._offset = 0
        self._shown = 0
        self._last = ZERO_LEAF_HEX if task.first == 1 else ""  #: leaf of the line before, "" when not known here
        self._joins: Optional[str] = None  # noqa: UP045 - what the first line names as the one before
        self._withheld_from = 0  #: begin of the withheld lines just before, 0 when there are none
        self._group = (0, 0)  #: first line and first line behind the group that is open
        self._open: list[tuple[int, bytes, dict[str, Any]]] = []  #: its lines
        self._stretch: Optional[OpenStretch] = None  # noqa: UP045
        self._run: Optional[PlainRun] = None  # noqa: UP045

    def result(self) -> dict[str, Any]:
        """Judge the segment and return what it shows.  Raises OSError."""
        reader = RangeReader(self._task.file) if self._task.file is not None else None
        try:
            self._read(reader)
        except LineTooLong as fault:
            self._findings.say("line-too-long", str(fault), **self._where(self._pos + 1))
        except ValueError as fault:
            self._findings.say("withheld-malformed", str(fault), file=self._name)
        tail = self._tail()
        self._end_run()
        self._piece()
        return {
            "last_seq": self._pos,
            "last_leaf": self._last,
            "joins": self._joins,
            "pieces": self._pieces,
            "events": self._events,
            "findings": [tuple(each) for each in self._findings.in_order()],
            "counts": self._findings.counts,
            "tail": tail,
            "file": None if reader is None else (reader.read, reader.sha256(), reader.crc, self._shown),
        }

    def _read(self, reader: Optional[RangeReader]) -> None:  # noqa: UP045
        leaves = WithheldLines(self._task.leaves)
        if reader is not None:
            for raw in reader.lines():
                if leaves.next_seq is not None:
                    self._withhold(leaves)
                self._line(raw, True)
            if reader.unfinished:
                self._withhold(leaves)
                self._line(reader.unfinished, False)
        self._withhold(leaves)
        if leaves.next_seq is not None:
            self._gap(leaves.next_seq)
            while leaves.next_seq is not None:
                self._withhold(leaves)
                if leaves.next_seq is not None:
                    self._gap(leaves.next_seq)

    def _gap(self, seq: int) -> None:
        """Note that the lines up to a withheld one are nowhere, and go on there."""
        if seq <= self._pos:
            raise ValueError(f"line {seq} is withheld, and its place is taken")
        self._findings.say("line-missing", f"lines {self._pos + 1} to {seq - 1} are nowhere", **self._where(seq - 1))
        self._pos = seq - 1

    def _withhold(self, leaves: WithheldLines) -> None:
        """Take the withheld lines that stand next."""
        begin = self._pos + 1
        while leaves.next_seq == self._pos + 1:
            self._pos += 1
            self._push(leaves.leaf)
            self._last = leaves.leaf.hex()
            leaves.advance()
        if self._pos < begin:
            if leaves.next_seq is not None and leaves.next_seq <= self._pos:
                raise ValueError(f"line {leaves.next_seq} is withheld, and its place is taken")
            return
        if self._stretch is None:
            self._flush_group()
        self._end_run()
        self._withheld_from = self._withheld_from or begin
        self._events.append(("w", begin, self._pos - begin + 1))

    def _push(self, leaf: bytes) -> None:
        self._tree.push(leaf)
        if self._tree.size == self._cut:
            self._piece()
            self._cut = next(self._cuts, 0)

    def _piece(self) -> None:
        self._pieces.append((self._tree.size, [(level, whole) for level, whole in self._tree.taken()]))

    def _line(self, raw: bytes, whole: bool) -> None:
        self._pos = pos = self._pos + 1
        self._shown += 1
        digest = sha256(b"\x00" + raw)
        self._push(digest.digest())
        document = document_in(raw) if whole else None
        good = False
        if document is not None and document.get("seq") == pos and type(document["seq"]) is int:
            before = document.get("prev")
            if not self._last and self._joins is None and type(before) is str:
                self._joins = self._last = before
            good = before == self._last and is_group(document.get("g"))
        if good and document is not None and not is_of_known_version(document):
            self._unknown_version(pos, document)
        elif good and document is not None and document.get("type") == "log.torn":
            self._torn(pos, raw, document)
        elif self._stretch is None and good and document is not None and self._continues(pos, document["g"]):
            self._take(pos, raw, document)
        else:
            self._break(pos, raw, whole, document, good)
        self._last = digest.hexdigest()
        self._withheld_from = 0
        self._offset += len(raw) + 1

    def _continues(self, pos: int, group: list[int]) -> bool:
        """Tell whether a line stands in its group, and the groups one after another."""
        place, size = group
        begin = pos - place + 1
        if not 1 <= place <= size:
            return False
        if (begin, begin + size) == self._group:
            return True
        free = self._withheld_from or pos  # where a group may have begun
        return self._group[1] <= begin and begin >= free and begin >= self._task.first and not self._open

    def _take(self, pos: int, raw: bytes, document: dict[str, Any]) -> None:
        place, size = document["g"]
        self._group = (pos - place + 1, pos - place + 1 + size)
        if size == 1:
            self._show(pos, raw, document)
            return
        self._open.append((pos, raw, document))
        if place == size:
            self._flush_group()

    def _flush_group(self) -> None:
        for line in self._open:
            self._show(*line)
        self._open.clear()

    def _torn(self, pos: int, raw: bytes, document: dict[str, Any]) -> None:
        """A line that declares what stands before it void: exactly that must stand there."""
        stretch = self._stretch or OpenStretch.of(self._open)
        said = document.get("meta")
        if document["g"] == [1, 1] and stretch is not None and stretch.is_declared_by(said):
            self._end_run()
            self._check_before(stretch, said)
            self._events.append(("v", stretch.from_seq, stretch.lines))
            self._stretch = None
            self._open.clear()
            self._take(pos, raw, document)
        elif self._stretch is not None:
            self._break(pos, raw, True, document, True)
        else:
            self._flush_group()
            lines = said.get("lines") if isinstance(said, dict) else None
            count = lines if type(lines) is int else 0
            hidden = pos - self._withheld_from if self._withheld_from else 0
            if not (0 < count <= hidden and isinstance(said, dict) and said.get("from_seq") == pos - count):
                message = f"line {pos} declares bytes before it void, and they are not there"
                self._findings.say("torn-mismatch", message, **self._where(pos))
            self._group = (pos, pos)  # what was withheld may have been the begin of a group
            self._take(pos, raw, document)

    def _check_before(self, stretch: OpenStretch, said: Any) -> None:
        """Void bytes need not name the line before them: the line that declares them does."""
        named = said.get("after")
        if named is not None and stretch.before and named != stretch.before:
            seq = stretch.from_seq - 1
            message = f"line {seq} is not the line that was written: the void bytes behind it stood behind another"
            self._findings.say("line-edited", message, **self._where(seq))

    def _break(self, pos: int, raw: bytes, whole: bool, document: Optional[dict[str, Any]], good: bool) -> None:  # noqa: UP045
        """A line that does not follow: void if a later line says so, else the log is damaged here."""
        if self._stretch is None:
            self._end_run()
            before = bytes.fromhex(self._last) if self._last else None
            self._stretch = OpenStretch.of(self._open) or OpenStretch(pos, self._last)
            self._stretch.faults = StretchFaults(pos - 1, before)
            for _, _, document_before in self._open:
                self._stretch.faults.seen(document_before)
            self._open.clear()
        self._stretch.add(raw, whole)
        assert self._stretch.faults is not None  # given above
        self._stretch.faults.line(pos, raw, document, good, self._offset)

    def _tail(self) -> Optional[dict[str, Any]]:  # noqa: UP045
        """Return what stands at the end and counts for nothing, with what is wrong if it is no torn tail."""
        stretch = self._stretch or OpenStretch.of(self._open)
        if stretch is None:
            if self._group[1] > self._pos + 1:
                message = f"the group that begins with line {self._group[0]} is not complete"
                self._findings.say("group-broken", message, **self._where(self._pos))
            return None
        faults = stretch.faults or StretchFaults(self._pos, None)
        for _, _, document in self._open:
            faults.seen(document)
        found = faults.findings(self._name, self._task.first, incomplete=stretch.from_seq)
        return {
            "from_seq": stretch.from_seq,
            "lines": stretch.lines,
            "torn": faults.may_be_torn(stretch.lines),
            "missing": faults.missing,
            "findings": [tuple(each) for each in found],
        }

    def _unknown_version(self, pos: int, document: dict[str, Any]) -> None:
        self._flush_group()
        self._end_run()
        self._findings.say("version-unknown", f"line {pos} is of version {document.get('v')!r}", **self._where(pos))
        self._group = (pos, pos + 1)

    def _show(self, pos: int, raw: bytes, document: dict[str, Any]) -> None:
        """A line that counts: hand on what the log as a whole is judged by."""
        written = written_again(document)
        if written is None or not has_shape(document) or (written != raw and says_twice(raw)):
            message = f"line {pos} lacks what every line has, or has it twice or in another form"
            self._findings.say("line-shape", message, **self._where(pos))
            return
        time, kind, record = document["ts"], document["type"], document.get("record")
        if written != raw:
            self._findings.say("line-not-canonical", f"line {pos}", **self._where(pos))
        if not self._selection.selects(document):
            self._findings.say("line-not-selected", f"the filter does not select line {pos}", **self._where(pos))
        shown = document
        if kind == "record.added" and record is not None:
            if "meta" not in document and record["kind"] not in _DELIVERIES:
                run = self._run
                if run is None or not run.adds(pos, time, record["kind"]):
                    self._end_run()
                    self._run = PlainRun(pos, time, record["kind"])
                if b'"$blob"' in raw:
                    self._blobs(pos, document)
                return
            shown = {"ts": time, "type": kind, "meta": document.get("meta"), "record": delivery_of(record)}
        self._end_run()
        self._events.append(("l", pos, shown))
        if b'"$blob"' in raw:
            self._blobs(pos, document)

    def _blobs(self, pos: int, document: dict[str, Any]) -> None:
        for blob in blobs_of(document):
            self._events.append(("b", pos, blob.digest, blob.size, blob.in_force))

    def _end_run(self) -> None:
        if self._run is not None:
            self._events.append(self._run.event())
            self._run = None

    def _where(self, pos: int) -> dict[str, Any]:
        return {"file": self._name, "line": pos - self._task.first + 1, "seq": pos, "offset": self._offset}
