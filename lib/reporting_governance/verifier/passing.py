"""One pass over a whole log: its segments joined, the tree's root at every size that is asked for, what its lines say.

Segments are judged wherever there is a processor free; here they come in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from reporting_governance.verifier.chaining import SegmentJudge
from reporting_governance.verifier.codes import CODES, COMPLETENESS, FAILED, INTEGRITY, ORDER
from reporting_governance.verifier.findings import AuditFinding, Findings
from reporting_governance.verifier.retired import RetiredStretches
from reporting_governance.verifier.selection import Selection
from reporting_governance.verifier.stretches import SegmentTask
from reporting_governance.verifier.subtrees import Subtree, SubtreeStack
from reporting_governance.verifier.tally import Tally
from reporting_governance.verifier.working import worked_off

_MOST_VOID_EVENTS = 10_000
_OF_LINES = (INTEGRITY, ORDER, COMPLETENESS)


class BlobUse(NamedTuple):
    """A line that names a text stored apart."""

    seq: int
    digest: str
    size: int
    in_force: bool


class SegmentFile(NamedTuple):
    """What was read of a segment's file."""

    name: str
    size: int
    sha256: str
    crc: int
    lines: int


class LogPass:
    """What a whole log shows.  `on_line` sees the lines that say more than that there is one more record."""

    def __init__(self, findings: Findings, sizes: Sequence[int], signed_to: int) -> None:
        self._findings = findings
        self._sizes = frozenset(sizes)
        self._signed_to = signed_to  #: size of the largest head that anybody has
        self._tree = SubtreeStack()
        self._tree_is_known = True
        self._last = ""
        self._gaps: list[tuple[int, int]] = []
        self._hidden: list[tuple[int, int]] = []  #: withheld where nothing is filtered
        self._retired = RetiredStretches()
        self._begins_withheld = False
        self.tally = Tally()
        self.on_line: Callable[[int, Mapping[str, Any]], None] = lambda _seq, _document: None
        self.on_blob: Callable[[BlobUse], None] = lambda _use: None
        self.lines = 0  #: physical lines, withheld ones included
        self.shown = 0  #: those of them that are here themselves
        self.missing = 0  #: lines that were taken out, as far as numbers tell
        self.roots: dict[int, bytes] = {}
        self.files: list[SegmentFile] = []
        self.log_id: Optional[str] = None  # noqa: UP045 - as the first line says it
        self.torn_from = 0  #: first line of a torn tail that is not made good yet

    def run(self, tasks: Sequence[SegmentTask], workers: int) -> None:
        """Judge all segments.  Raises OSError."""
        results = worked_off(len(tasks), lambda place: SegmentJudge(tasks[place]).result(), workers)
        for place, (task, result) in enumerate(zip(tasks, results)):  # noqa: B905
            self._segment(task, result, is_last=place == len(tasks) - 1)
        self._retired.join()
        self._settle_gaps()
        self._retired.settle(tasks, self._findings)

    def _segment(self, task: SegmentTask, result: Mapping[str, Any], *, is_last: bool) -> None:
        name = task.file.name if task.file is not None else None
        if task.first > self.lines + 1:
            self._gap(self.lines + 1, task.first - 1)
        elif task.first <= self.lines:
            message = f"line {task.first} begins a file, and the file before it goes on to line {self.lines}"
            self._findings.say("line-twice", message, file=name, seq=task.first)
            self._tree_is_known = False
        elif result["joins"] is not None and self._last and result["joins"] != self._last:
            message = f"line {task.first - 1} is not the one that line {task.first} names"
            self._findings.say("line-edited", message, file=name, seq=task.first - 1)
        self._merge(result)
        self._tree_is_known = self._tree_is_known and self._tree.size == task.first - 1
        self._frontier(task, result)
        for size, subtrees in result["pieces"]:
            self._grow(size, subtrees)
        filters_nothing = Selection.of(task.selection).selects_all
        for event in result["events"]:
            self._event(event)
            if event[0] == "w" and filters_nothing:
                self._hidden.append((event[1], event[1] + event[2] - 1))
        if result["tail"] is not None:
            self._tail(result["tail"], is_last=is_last)
        if result["file"] is not None and task.file is not None:
            self.files.append(SegmentFile(task.file.name, *result["file"]))
            self.shown += self.files[-1].lines
        self.lines, self._last = result["last_seq"], result["last_leaf"]

    def _merge(self, result: Mapping[str, Any]) -> None:
        kept: dict[str, int] = {}
        for each in result["findings"]:
            finding = AuditFinding(*each)
            self._findings.add(finding)
            kept[finding.code] = kept.get(finding.code, 0) + 1
        for code, count in result["counts"].items():
            self._findings.counts[code] += count - kept.get(code, 0)

    def _grow(self, size: int, subtrees: Sequence[tuple[int, bytes]]) -> None:
        if not self._tree_is_known:
            return
        for level, whole in subtrees:
            self._tree.push_subtree(Subtree(level, whole))
        if size in self._sizes and size == self._tree.size:
            self.roots[size] = self._tree.root()

    def _frontier(self, task: SegmentTask, result: Mapping[str, Any]) -> None:
        """Hold the tree before a segment against what its first line says of it; begin there when nothing is known."""
        said = next((event[2] for event in result["events"] if event[0] == "l" and _opens_segment(event[2])), None)
        if said is None:
            return
        try:
            frontier = [bytes.fromhex(each) for each in said["meta"]["frontier"]]
        except (KeyError, TypeError, ValueError):
            frontier = []
        if self._tree_is_known:
            if list(self._tree.frontier()) != frontier:
                message = f"line {said['seq']} names another tree over the {task.first - 1} lines before it"
                self._findings.say("frontier-mismatch", message, seq=said["seq"])
            return
        try:
            self._tree.load(task.first - 1, frontier)
            self._tree_is_known = True
        except ValueError:
            pass  # what is behind is not known, then

    def _event(self, event: Sequence[Any]) -> None:
        kind, seq = event[0], event[1]
        if kind == "r":
            try:
                self.tally.run(*event[1:])
            except ValueError as fault:
                self._findings.say("line-shape", f"line {seq} has a time that is none: {fault}", seq=seq)
        elif kind == "w":
            self._begins_withheld = self._begins_withheld or seq == 1
            self.tally.withheld_run(seq, event[2])
        elif kind == "v":
            for place in range(seq, seq + min(event[2], _MOST_VOID_EVENTS)):
                self.tally.void(place, b"")
        elif kind == "b":
            self.on_blob(BlobUse(*event[1:]))
        else:
            self._line(seq, event[2])

    def _line(self, seq: int, document: Mapping[str, Any]) -> None:
        try:
            self.tally.line(seq, document, b"")
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            self._findings.say("line-shape", f"line {seq} says what it says in another form: {fault!r}", seq=seq)
            return
        kind = document["type"]
        meta = document.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        if seq == 1:
            self.log_id = meta["log_id"] if kind == "log.open" and is_log_id(meta.get("log_id")) else None
            if self.log_id is None:
                self._findings.say("start-missing", "the first line opens no log", seq=1)
        elif kind == "log.open":
            self._findings.say("log-restarted", f"line {seq} opens a log", seq=seq)
        elif kind == "log.segment_retired":
            self._retired.add(seq, meta)
            if self.log_id is None and is_log_id(meta.get("log_id")):
                self.log_id = meta["log_id"]  # the line that opened the log is among the retired ones
        elif kind == "log.loss":
            said = f"line {seq}: {meta.get('found_seq')} lines were found where {meta.get('applied_seq')} had been"
            self._findings.say("loss-told", said, seq=seq)
        self.on_line(seq, document)

    def _tail(self, tail: Mapping[str, Any], *, is_last: bool) -> None:
        """Bytes at a segment's end that no line declares void."""
        begin = tail["from_seq"]
        if is_last and tail["torn"] and self._signed_to < begin:
            self.torn_from = begin
            message = f"the last {tail['lines']} lines are cut or unreadable, as a crash leaves them, and not made good"
            self._findings.say("tail-torn", message, seq=begin)
            self._event(("v", begin, tail["lines"]))
            return
        self.missing += tail["missing"]
        for each in tail["findings"]:
            self._findings.add(AuditFinding(*each))

    def _gap(self, begin: int, end: int) -> None:
        self._gaps.append((begin, end))
        self._tree_is_known = False
        self.tally.withheld_run(begin, end - begin + 1)
        self._last = ""

    def _settle_gaps(self) -> None:
        """Ask of every line that is not here whether a line says that it was retired."""
        for begin, end in self._gaps:
            if self._retired.hold(begin, end):
                message = f"lines {begin} to {end} were retired, and their leaf hashes are not here"
                self._findings.say("leaves-missing", message, seq=begin)
            else:
                self.missing += end - begin + 1
                self._say_missing(begin, end)
        if self._begins_withheld and not self._retired.hold(1, 1):
            self._findings.say("start-missing", "the first line is withheld, and every filter selects it", seq=1)
        for begin, end in self._hidden:
            if not self._retired.hold(begin, end):
                self._say_missing(begin, end)

    def _say_missing(self, begin: int, end: int) -> None:
        message = f"lines {begin} to {end} are not here, and no line says that they were retired"
        self._findings.say("segment-missing", message, seq=begin)

    def damaged_at(self) -> Optional[int]:  # noqa: UP045
        """Return the first line that is wrong by itself, as far as the lines show it; None when none is."""
        places = [
            each.seq
            for each in self._findings.in_order()
            if each.seq is not None and each.level == FAILED and CODES[each.code].verdict in _OF_LINES
        ]
        return min(places, default=None)


def is_log_id(value: Any) -> bool:
    """Tell whether a value is the id of a log: 32 hex digits."""
    return type(value) is str and len(value) == 32 and set("0123456789abcdef").issuperset(value)


def _opens_segment(document: Mapping[str, Any]) -> bool:
    return document.get("type") == "log.segment_open"
