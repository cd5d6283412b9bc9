"""store copy: one log, with its views, from one back end into another; the same bytes of every line.

Lines are added in order and kept in steps, so a copy that was broken off goes on where it stood.  Only when the last
one is there, and the source has not grown meanwhile, it becomes a log that others see.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from reporting_governance.contracts.blob_reference import is_reference
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.job import JobState
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.delivery import open_attempt
from reporting_governance.errors import ExitCode, GovernanceError, StorageError

if TYPE_CHECKING:
    from reporting_governance.stages.clock import Clock
    from reporting_governance.stages.export_source import LogSource, SourceLine
    from reporting_governance.storage.interface import Store, View

_LINES_AT_ONCE = 5_000
_BYTES_AT_ONCE = 8 * 1024 * 1024
_ZERO_LEAF = bytes(32)
_OPEN = tuple(folder for folder in Folder if folder is not Folder.PAST)


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


class Standing(NamedTuple):
    """How far a target has come."""

    seq: int  #: lines that are there
    leaf: bytes  #: of the last of them
    is_finished: bool  #: it is a log that others may see and write


class CopyTarget(Protocol):
    """Where a log is copied to.  What a method has returned for stays, whatever is killed afterwards."""

    def standing(self) -> Standing:
        """Return how far an earlier copy came.  Raises: StorageError."""
        ...

    def add_blobs(self, blobs: Iterable[tuple[str, bytes]]) -> int:
        """Keep blobs by digest, salt and all, unless they are there; return how many were new."""
        ...

    def add_lines(self, segment: int, lines: Sequence[SourceLine]) -> None:
        """Keep the next lines, all of the segment that begins with the seq `segment`."""
        ...

    def add_log_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a signed head."""
        ...

    def finish(self, views: Iterable[View]) -> None:
        """Let what was added be a log; `views` is what follows from it."""
        ...


@frozen(kw_only=True)
class Account:
    """What one back end holds, in figures that two of them can be compared by."""

    log_id: str | None
    lines: int
    leaf: str
    root: str
    open_work: Mapping[str, int]  #: by folder
    open_digest: str  #: SHA-256 over every open view, name and body
    over: int  #: items in past/
    log_checkpoints: int

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "log_id": self.log_id,
            "lines": self.lines,
            "leaf": self.leaf,
            "root": self.root,
            "open": dict(self.open_work),
            "open_digest": self.open_digest,
            "over": self.over,
            "log_checkpoints": self.log_checkpoints,
        }


@frozen(kw_only=True)
class CopyReport:
    """What was copied."""

    account: Account  #: of source and copy alike
    lines: int  #: that were added now
    blobs: int
    was_there: int  #: lines that an earlier copy had added


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
    if log.segments()[0].first != 1:
        raise NotACopy(problem="its oldest lines are retired, and such a log cannot be copied yet")
    refuse_in_flight(source, clock)
    standing = target.standing()
    if standing.is_finished:
        _require_same(standing, head.seq, bytes.fromhex(head.leaf))
        for _ in _lines(log, head.seq, after=head.seq, leaf=standing.leaf, progress=progress):
            pass
        return CopyReport(account=_proven(source, opened()), lines=0, blobs=0, was_there=standing.seq)
    blobs = 0
    for segment, lines in _lines(log, head.seq, after=standing.seq, leaf=standing.leaf, progress=progress):
        blobs += target.add_blobs(_blobs_of(log, lines))
        target.add_lines(segment, lines)
    for size in log.log_checkpoints():
        target.add_log_checkpoint(size, log.log_checkpoint(size))
    refuse_in_flight(source, clock)
    _require_unchanged(source, head.seq)
    target.finish(views_of(source))
    _require_unchanged(source, head.seq)
    account = _proven(source, opened())
    return CopyReport(account=account, lines=head.seq - standing.seq, blobs=blobs, was_there=standing.seq)


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


def views_of(source: Store, folders: Sequence[Folder] = _OPEN) -> Iterator[View]:
    """Yield the open views of these folders; what is gone before it is read is left out."""
    for folder in folders:
        for name in source.listing(folder).names.values():
            view = source.read(name)
            if view is not None:
                yield view


def account_of(source: Store) -> Account:
    """Return what a back end holds.  Raises: StorageError, Busy."""
    head = source.ready()
    counts: dict[str, int] = dict.fromkeys((folder.value for folder in _OPEN), 0)
    digests = []
    for view in views_of(source):
        counts[view.name.folder.value] += 1
        text = json.dumps([str(view.name), view.body], sort_keys=True, separators=(",", ":"))
        digests.append(sha256(text.encode("ascii")).digest())
    return Account(
        log_id=head.log_id,
        lines=head.seq,
        leaf=head.leaf,
        root=source.tree_head().root.hex(),
        open_work=counts,
        open_digest=sha256(b"".join(sorted(digests))).hexdigest(),
        over=len(source.past_names("")),
        log_checkpoints=len(source.log_checkpoints()),
    )


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


def _lines(
    log: LogSource, last: int, *, after: int, leaf: bytes, progress: Callable[[int], None]
) -> Iterator[tuple[int, list[SourceLine]]]:
    """Yield the lines after a seq, in pieces that lie in one segment; all are read and checked from the first on.

    Raises: NotACopy when the line `after` is another one; StorageError for damage.
    """
    before = _ZERO_LEAF
    for segment in log.segments():
        if segment.first > last:
            break
        piece: list[SourceLine] = []
        size = 0
        for line in log.lines(segment, before, last):
            before = line.leaf
            progress(len(line.raw))
            if line.seq == after and line.leaf != leaf:
                raise NotACopy(problem=f"a log is there whose line {after} is another one")
            if line.seq <= after or line.seq > last:
                continue
            piece.append(line)
            size += len(line.raw)
            if len(piece) == _LINES_AT_ONCE or size >= _BYTES_AT_ONCE:
                yield segment.first, piece
                piece, size = [], 0
        if piece:
            yield segment.first, piece


def _blobs_of(log: LogSource, lines: Sequence[SourceLine]) -> Iterator[tuple[str, bytes]]:
    seen = set()
    for line in lines:
        if line.document is None or b'"$blob":' not in line.raw:
            continue
        for digest in _digests(line.document):
            if digest not in seen:
                seen.add(digest)
                content = log.blob(digest)
                if content is not None:  # else it was erased
                    yield digest, content


def _digests(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if is_reference(value):
            yield value["$blob"]
            return
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _digests(each)
