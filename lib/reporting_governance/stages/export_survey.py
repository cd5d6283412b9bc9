"""The first reading of a log: every line is checked, chosen or withheld, and counted; nothing is written yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any
from zlib import crc32

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import LineType
from reporting_governance.core.audit_report.fold import ReportFold
from reporting_governance.core.audit_report.texts import Missing
from reporting_governance.errors import StorageError, UsageError
from reporting_governance.stages.export_source import Gathered, LogSource, SourceLine, SourceSegment
from reporting_governance.stages.export_sums import RunningSum
from reporting_governance.verifier.context import BLOB_SALT, canonical_json, content_in_force, context_files
from reporting_governance.verifier.merkle import extend, root
from reporting_governance.verifier.redaction import BlobReference, blobs_of, redactions_in, withheld_blob
from reporting_governance.verifier.selection import Selection
from reporting_governance.verifier.tally import Tally

_TOLD_EVERY = 4096  #: lines
_ADDED = LineType.RECORD_ADDED.value
_NO_LEAF = bytes(32)


class TextMissing(StorageError):
    """A text that a line names is neither there nor said to be erased."""

    hint = "Put it back from a backup; with --withhold-blobs texts are named and left out."


@frozen(kw_only=True)
class Wanted:
    """What is to be exported.  `last`: the line to end with; None: the last complete group."""

    selection: Selection
    last: int | None = None
    withhold_blobs: bool = False


class LogFile:
    """One segment's part of a bundle."""

    __slots__ = ("segment", "sum", "withheld")

    def __init__(self, segment: SourceSegment) -> None:
        self.segment = segment
        self.sum = RunningSum()
        self.withheld = bytearray()  #: a bit for each line from the segment's first, set when it is not shown

    def withhold(self, seq: int) -> None:
        """Note that a line is not shown."""
        place = seq - self.segment.first
        if len(self.withheld) <= place >> 3:
            self.withheld.extend(bytes((place >> 3) + 1 - len(self.withheld)))
        self.withheld[place >> 3] |= 1 << (place & 7)

    def is_withheld(self, seq: int) -> bool:
        """Tell whether a line is not shown."""
        place = seq - self.segment.first
        return len(self.withheld) > place >> 3 and bool(self.withheld[place >> 3] >> (place & 7) & 1)


class Surveyed:
    """What the first reading found."""

    def __init__(self, source: LogSource, wanted: Wanted, redactions: Gathered) -> None:
        self.tally = Tally()
        self.report = ReportFold(self._text_of)
        self.log_id: str | None = None
        self.size = 0
        self.root = b""
        self.first_seq = 1
        self.files: list[LogFile] = []
        self.leaves = RunningSum()  #: of withheld.leaves
        self.redacted = RunningSum()  #: of redactions.jsonl
        self.redaction_counts: dict[str, int] = {}
        self.retired: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.blobs: dict[bytes, tuple[int, int]] = {}  #: digest -> size and checksum of the file
        self.context: dict[str, bytes] = {}  #: readable copies, by name
        self._source = source
        self._wanted = wanted
        self._redactions = redactions
        self._absent: dict[str, int] = {}  #: blobs that are not there -> the line that names them
        self._erased: dict[str, int] = {}
        self._withheld_blobs: set[str] = set()
        self._in_force: list[tuple[int, Mapping[str, Any], BlobReference]] = []

    def read(self, progress: Callable[[int], None]) -> None:
        """Read the log from its first line to the last that is wanted.

        Args:
            progress: is told how many bytes were read since it was last told.

        Raises: StorageError for what cannot be read, is damaged or is missing; UsageError for an end in the middle.
        """
        last = self._wanted.last
        self.size, frontier = extend(0, (), self._leaves(progress))
        self.root = root(frontier)
        if self.size == 0:
            raise StorageError(path=_place(self._source), reason="the log holds no line that is whole")
        if last is not None and self.size < last:
            raise UsageError(reason=f"the log has {self.size} lines, and {last} are asked for")
        self._require_blobs()
        self._read_context()

    def _leaves(self, progress: Callable[[int], None]) -> Iterator[bytes]:
        """Yield the leaf hash of every line while it is looked at."""
        segments = self._source.segments()
        seq, leaf = 0, _NO_LEAF
        if segments:
            self.first_seq = segments[0].first
            if self._wanted.last is not None and self._wanted.last < self.first_seq:
                raise UsageError(
                    reason=f"line {self._wanted.last} is retired: the log begins with line {self.first_seq}"
                )
            for seq, leaf in enumerate(self._source.retired_leaves(self.first_seq), start=1):
                self._withhold(seq, leaf)
                yield leaf
        for segment in segments:
            if self._wanted.last is not None and segment.first > self._wanted.last:
                return
            if segment.first != seq + 1:
                reason = f"lines {seq + 1} to {segment.first - 1} are missing before it"
                raise StorageError(path=segment.path, reason=reason)
            file = LogFile(segment)
            self.files.append(file)
            read = 0
            for line in self._source.lines(segment, leaf, self._wanted.last):
                seq, leaf = line.seq, line.leaf
                self._look(line, file)
                read += len(line.raw)
                if seq % _TOLD_EVERY == 0:
                    progress(read)
                    read = 0
                yield leaf
            progress(read)

    def _look(self, line: SourceLine, file: LogFile) -> None:
        seq, document = line.seq, line.document
        if self._wanted.last is not None and seq > self._wanted.last:
            _refuse_end(line, self._wanted.last)
        if document is None:
            if self._wanted.selection.selects_all:
                self.tally.void(seq, line.raw)
                file.sum.add_line(line.raw)
            else:
                file.withhold(seq)
                self._withhold(seq, line.leaf)
            return
        if not self._wanted.selection.selects(document):
            file.withhold(seq)
            self._withhold(seq, line.leaf)
            return
        file.sum.add_line(line.raw)
        self.tally.line(seq, document, line.raw)
        if document["type"] != _ADDED or b'"meta":' in line.raw:
            self._note(seq, document)
        if b'"$blob":' in line.raw:
            for reference in blobs_of(document):
                self._blob(seq, document, reference)
        self.report.line(seq, document)

    def _note(self, seq: int, document: Mapping[str, Any]) -> None:
        for each in redactions_in(seq, document):
            self._redact(each)
        kind, meta = document["type"], document.get("meta") or {}
        if kind == LineType.RECORD_ERASED and isinstance(meta.get("blob"), str):
            self._erased[meta["blob"]] = seq
        elif kind == LineType.LOG_OPEN and self.log_id is None:
            self.log_id = meta.get("log_id")
        elif kind == LineType.LOG_KEY and isinstance(meta.get("vkey"), str):
            self.keys.append(meta["vkey"])
        elif kind == LineType.LOG_SEGMENT_RETIRED:
            self.retired.append({**{name: meta.get(name) for name in ("from", "to", "root")}, "seq": seq})

    def _blob(self, seq: int, document: Mapping[str, Any], blob: BlobReference) -> None:
        if blob.in_force:
            self._in_force.append((seq, document["meta"]["context"], blob))
        key = bytes.fromhex(blob.digest)
        if key in self.blobs or blob.digest in self._absent or blob.digest in self._withheld_blobs:
            return
        if self._wanted.withhold_blobs and not (blob.in_force and self._source.has_blobs):
            self._withheld_blobs.add(blob.digest)
            self._redact(withheld_blob(seq, blob))
            return
        data = self._source.blob(blob.digest)
        if data is None:
            self._absent[blob.digest] = seq
            return
        if sha256(data).hexdigest() != blob.digest or len(data) != blob.size + BLOB_SALT:
            reason = f"is not the text that line {seq} names: it was changed"
            raise StorageError(path=self._source.place_of_blob(blob.digest), reason=reason)
        self.blobs[key] = len(data), crc32(data)

    def _text_of(self, digest: str) -> bytes | Missing:
        """Return a text for the report: only what the bundle shows."""
        if self._wanted.withhold_blobs:
            return Missing.WITHHELD
        data = self._source.blob(digest) if bytes.fromhex(digest) in self.blobs else None
        return Missing.ERASED if data is None else data[BLOB_SALT:]

    def _withhold(self, seq: int, leaf: bytes) -> None:
        self.tally.withheld(seq, leaf)
        self.leaves.add_line(b"%d %s\n" % (seq, leaf.hex().encode()))

    def _redact(self, item: Mapping[str, Any]) -> None:
        line = canonical_json(item)
        self.redacted.add_line(line)
        self._redactions.write(line)
        self.redaction_counts[item["kind"]] = self.redaction_counts.get(item["kind"], 0) + 1

    def _require_blobs(self) -> None:
        """Make sure that what is named and not there was erased, and what was erased is not there."""
        for digest, seq in self._absent.items():
            if digest not in self._erased:
                reason = (
                    f"line {seq} names this text; it is not there, and no line up to {self.size} says it was erased"
                )
                raise TextMissing(path=self._source.place_of_blob(digest), reason=reason)
        for digest, seq in self._erased.items():
            if bytes.fromhex(digest) in self.blobs:
                reason = f"line {seq} says that this text is erased, and it is there; delete it and export again"
                raise StorageError(path=self._source.place_of_blob(digest), reason=reason)

    def _read_context(self) -> None:
        for seq, context, blob in self._in_force:
            content = None
            if bytes.fromhex(blob.digest) in self.blobs:
                try:
                    content = content_in_force(self._source.blob(blob.digest) or b"")
                except ValueError:
                    reason = f"line {seq} names it as what was in force, and it cannot be read"
                    raise StorageError(path=self._source.place_of_blob(blob.digest), reason=reason) from None
                self.context.update(context_files(context, content))
            descriptor = None if content is None else content.get("descriptor")
            digest = context.get("descriptor")
            if isinstance(digest, str):
                self.tally.descriptor(seq, digest, descriptor if isinstance(descriptor, Mapping) else None)


def _refuse_end(line: SourceLine, last: int) -> None:
    place = (line.document or {}).get("g") or [1, 1]
    end = line.seq + place[1] - place[0]
    raise UsageError(reason=f"the log cannot end with line {last}: what was recorded together ends with line {end}")


def _place(source: LogSource) -> str:
    segments = source.segments()
    return segments[0].path if segments else "journal/log"
