"""store copy: one log, with its views, from one back end into another; the same bytes of every line.

Lines are added in order and kept in steps, so a copy that was broken off goes on where it stood.  Only when the last
one is there, and the source has not grown meanwhile, it becomes a log that others see.

Of lines that are retired their leaf hashes go over, and the snapshots that stand for what they made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.job import JobState
from reporting_governance.contracts.journal_line import Folder, LineType
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.delivery import open_attempt
from reporting_governance.errors import ExitCode, GovernanceError, StorageError
from reporting_governance.stages.copy_account import Account, account_of, views_of
from reporting_governance.stages.copy_blobs import blobs_in, bodies
from reporting_governance.verifier.merkle import leaf_hash

if TYPE_CHECKING:
    from reporting_governance.stages.clock import Clock
    from reporting_governance.stages.copy_target import CopyTarget, Standing
    from reporting_governance.stages.export_source import LogSource, SourceLine
    from reporting_governance.storage.interface import Store

_LINES_AT_ONCE = 5_000
_BYTES_AT_ONCE = 8 * 1024 * 1024
_ZERO_LEAF = bytes(32)
_LEAF_SIZE = 32
_SNAPSHOT = LineType.LOG_SNAPSHOT.value
_RETIRED = LineType.LOG_SEGMENT_RETIRED.value
_BEGUN_BEFORE = (
    "half a copy is there that begins with line {there}, and the log now begins with line {first}: it was begun before "
    "older lines were retired"
)


class InFlight(GovernanceError):
    """Something is under way, and its end would be recorded in one of two places."""

    exit_code: ClassVar[ExitCode] = ExitCode.TRY_LATER
    message: ClassVar[str] = "{count} under way, at the latest until {until}: {names}"
    hint: ClassVar[str] = "Stop whatever starts `run`, on every host, and copy again after that time."


class Grown(GovernanceError):
    """Somebody goes on writing where the copy is made from."""

    exit_code: ClassVar[ExitCode] = ExitCode.TRY_LATER
    message: ClassVar[str] = "the log has grown from {before} to {after} lines while it was copied"
    hint: ClassVar[str] = "Stop whatever starts `run`, on every host, and copy again: it goes on where it stood."


class NotACopy(GovernanceError):
    """What is there already is another log, or has gone on by itself."""

    exit_code: ClassVar[ExitCode] = ExitCode.NO
    message: ClassVar[str] = "{problem}"
    hint: ClassVar[str] = "Nothing was changed there.  Name an empty database, or a folder that is not there yet."


class NotTheSame(StorageError):
    """The copy does not say what its source says: a disk, or a bug of ours."""

    hint: ClassVar[str] = "Go on with the source, which was not changed, and keep the copy for whoever looks into it."


@frozen(kw_only=True)
class CopyReport:
    """What was copied."""

    account: Account  #: of source and copy alike
    lines: int  #: that were added now
    blobs: int
    was_there: int  #: lines that an earlier copy had added
    retired: int  #: lines of which only the leaf hashes are kept, here and there


def run_copy(
    source: Store,
    log: LogSource,
    target: CopyTarget,
    *,
    opened: Callable[[], Store],
    clock: Clock,
    progress: Callable[[int], None],
) -> CopyReport:
    """Copy a log, unless it is there; and hold both against each other.

    Args:
        opened: returns the copy as a back end of its own, once it is finished.
        progress: is told the bytes of each line.

    Raises: InFlight, Grown, NotACopy, NotTheSame, StorageError, Busy.
    """
    head = source.ready()
    if head.seq == 0:
        raise NotACopy(problem="there is nothing to copy: the log has no line yet")
    refuse_in_flight(source, clock)
    reader = _Reader(log, _retired_until(source), head.seq, progress)
    standing = target.standing()
    if standing.is_finished:
        _require_same(standing, head.seq, bytes.fromhex(head.leaf))
        for _ in reader.pieces(after=head.seq, leaf=standing.leaf):
            pass
        account = _proven(source, opened())
        return CopyReport(
            account=account, lines=0, blobs=0, was_there=standing.seq - reader.retired, retired=reader.retired
        )
    if standing.seq and standing.first != reader.retired + 1:
        raise NotACopy(problem=_BEGUN_BEFORE.format(there=standing.first, first=reader.retired + 1))
    came = max(standing.seq, reader.retired)
    blobs = 0
    for segment, lines in reader.pieces(after=standing.seq, leaf=standing.leaf):
        blobs += target.add_blobs(blobs_in(log, (line.document for line in lines if b'"$blob":' in line.raw)))
        target.add_lines(segment, lines)
    if reader.retired:
        blobs += target.add_blobs(blobs_in(log, bodies(source)))
    for size in log.log_checkpoints():
        target.add_log_checkpoint(size, log.log_checkpoint(size))
    refuse_in_flight(source, clock)
    _require_unchanged(source, head.seq)
    target.finish(reader.retired_leaves(), reader.snapshots())
    _require_unchanged(source, head.seq)
    account = _proven(source, opened())
    return CopyReport(
        account=account,
        lines=head.seq - came,
        blobs=blobs,
        was_there=came - reader.retired,
        retired=reader.retired,
    )


def refuse_in_flight(source: Store, clock: Clock) -> None:
    """Raise InFlight when a send or a job is under way whose end is not due yet."""
    now = clock.now()
    ends = {}
    for view in views_of(source, (Folder.SPOOL,)):
        attempt = open_attempt(view.body)
        if attempt is not None:
            ends[view.name.id] = attempt["deadline_at"]
    for view in views_of(source, (Folder.JOBS,)):
        job = view.body.get("job") or {}  # a key of jobs has a view too
        if job.get("state") == JobState.RUNNING:
            ends[view.name.id] = job["lease"]["until"]
    ends = {name: until for name, until in ends.items() if parse_time(until) > now}
    if ends:
        shown = ", ".join(sorted(ends)[:5])
        raise InFlight(count=len(ends), until=max(ends.values()), names=shown)


def _proven(source: Store, copy: Store) -> Account:
    """Return what both hold.  Raises: NotTheSame."""
    ours, theirs = account_of(source), account_of(copy)
    for name, value in ours.dump().items():
        if theirs.dump()[name] != value:
            raise NotTheSame(path="copy", reason=f"{name} is {theirs.dump()[name]}, and {value} in the source")
    return ours


def _require_same(standing: Standing, seq: int, leaf: bytes) -> None:
    """Let a finished target be: the copy that is asked for.  Raises: NotACopy."""
    if (standing.seq, standing.leaf) == (seq, leaf):
        return
    if standing.seq > seq:
        problem = f"a log of {standing.seq} lines is there, and the one to copy has {seq}: it may be newer"
    else:
        problem = f"a log of {standing.seq} lines is there already, and is not the one of {seq} lines that is copied"
    raise NotACopy(problem=problem)


def _require_unchanged(source: Store, seq: int) -> None:
    after = source.ready().seq
    if after != seq:
        raise Grown(before=seq, after=after)


def _retired_until(source: Store) -> int:
    """Return the last line that is said to be retired, whether it has been taken out yet or not; 0 for none."""
    until = 0
    for seq in source.holding([_RETIRED]):
        line = next(iter(source.replay(seq)), None)
        if line is not None and line.seq == seq and line.document["type"] == _RETIRED:
            until = max(until, line.document["meta"]["to"])
    return until


def _is_ready(log: LogSource, until: int) -> bool:
    """Tell whether the leaf hashes of lines are kept: every host may say something, and only the owner keeps these."""
    try:
        return all(leaves for _, leaves in log.retired_segments(until + 1))
    except StorageError:
        return False


class _Reader:
    """Reads the lines of a log from the first one that goes over, and learns from them what goes with them.

    Args:
        retired_until: the last line that is said to be retired.
        last: where the log ended.
        progress: is told the bytes of each line that goes over.

    Raises: StorageError for lines that are missing without a word.
    """

    def __init__(self, log: LogSource, retired_until: int, last: int, progress: Callable[[int], None]) -> None:
        self._log = log
        self._last = last
        self._progress = progress
        oldest = log.segments()[0]
        if oldest.first > retired_until + 1:
            reason = f"lines 1 to {oldest.first - 1} are missing, and no line says they are retired"
            raise StorageError(path=oldest.path, reason=reason)
        #: lines of which the leaf hashes go over; what is only said to be retired, and not made ready to go, goes whole
        self.retired = max(oldest.first - 1, retired_until if _is_ready(log, retired_until) else 0)
        self._named: dict[int, str] = {}  #: digests of snapshots, by the segment they stand behind, as lines name them
        self._leaf = _ZERO_LEAF
        for _, leaves in self.retired_leaves():
            self._leaf = leaves[-_LEAF_SIZE:]

    def retired_leaves(self) -> Iterator[tuple[int, bytes]]:
        """Yield the leaf hashes of retired lines, each stretch with its first seq; those too that are still there."""
        segments = self._log.segments()
        if segments[0].first > 1:
            yield from self._log.retired_segments(segments[0].first)
        for segment in segments:
            if segment.first > self.retired:
                return
            yield segment.first, b"".join(leaf_hash(raw[:-1]) for raw in self._log.raw_lines(segment))

    def pieces(self, *, after: int, leaf: bytes) -> Iterator[tuple[int, list[SourceLine]]]:
        """Yield the lines after a seq, in pieces that lie in one segment; all are read and checked from the first on.

        Args:
            leaf: of the line `after`, as the target has it.

        Raises: NotACopy when the line `after` is another one; StorageError for damage.
        """
        before = self._leaf
        for segment in self._log.segments():
            if segment.first <= self.retired:
                continue
            if segment.first > self._last:
                break
            piece: list[SourceLine] = []
            size = 0
            for line in self._log.lines(segment, before, self._last):
                before = line.leaf
                self._learn(line)
                if line.seq == after and line.leaf != leaf:
                    raise NotACopy(problem=f"a log is there whose line {after} is another one")
                if line.seq <= after or line.seq > self._last:
                    continue
                piece.append(line)
                size += len(line.raw)
                if len(piece) == _LINES_AT_ONCE or size >= _BYTES_AT_ONCE:
                    yield segment.first, piece
                    piece, size = [], 0
            if piece:
                yield segment.first, piece

    def snapshots(self) -> Iterator[tuple[int, bytes]]:
        """Yield the snapshots that a line names which went over; after `pieces`."""
        for segment, content in self._log.snapshots():
            if self._named.get(segment) == sha256(content).hexdigest():
                yield segment, content

    def _learn(self, line: SourceLine) -> None:
        self._progress(len(line.raw))
        if line.document is not None and line.document["type"] == _SNAPSHOT:
            meta = line.document["meta"]
            if meta["seq"] >= self.retired:
                self._named[meta["segment"]] = meta["sha256"]
