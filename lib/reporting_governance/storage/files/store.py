"""The back end on one machine's files: a hash-chained log, and work folders that follow from it."""

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.journal_line import Folder, LineType, ViewName
from reporting_governance.storage.boot import boot_id
from reporting_governance.storage.files import layout as layouts
from reporting_governance.storage.files.access import Access
from reporting_governance.storage.files.applied import Applied, boot_bytes
from reporting_governance.storage.files.blobs import Blobs
from reporting_governance.storage.files.heartbeats import Heartbeats
from reporting_governance.storage.files.identity import Identity, clock_step_ms
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.views import Views
from reporting_governance.storage.interface import (
    Addition,
    Answer,
    Group,
    Head,
    Line,
    Listing,
    TreeHead,
    View,
)
from reporting_governance.storage.limits import Limits
from reporting_governance.storage.lines import ZERO_LEAF
from reporting_governance.storage.listing import listed

if TYPE_CHECKING:
    from reporting_governance.contracts.retention import Retirement
    from reporting_governance.storage.files.keeping import Keeper

_EMPTY = Head(0, ZERO_LEAF.hex(), None)
_HEARTBEAT_SECONDS = 3600


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FilesStore:
    """Records and views in one state folder.  Any number of processes may use the same folder at once.

    Args:
        root: the state folder; made by the first command that writes.
        actor: who acts, as the operating system knows them.
        context: digests of what is in force, by name; a change of any is a line of its own.
        clock_step_seconds: how far the clock may step before a line says so; None: never said.
        now, monotonic: the clocks, for what happens when no `now` is given (healing while reading).
        boot: the boot's id; only tests give another one.
        heals: whether reading may make good what a crash or another boot left; without it that is an error.
    """

    def __init__(
        self,
        root: str,
        *,
        actor: str,
        context: Mapping[str, str] | None = None,
        clock_step_seconds: int | None = None,
        limits: Limits | None = None,
        now: Callable[[], datetime] = _utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        boot: str | None = None,
        heals: bool = True,
    ) -> None:
        self._layout = Layout(os.path.abspath(root))
        self._now = now
        boot_as_bytes = boot_bytes(boot or boot_id())
        self._identity = Identity(
            actor=actor, boot=boot_as_bytes, context=context or {}, clock_step_seconds=clock_step_seconds
        )
        self._views = Views(self._layout.root)
        self._blobs = Blobs(self._layout.blobs)
        self._heartbeats = Heartbeats(self._layout.heartbeats, boot_as_bytes)
        self._access = Access(
            self._layout,
            self._views,
            self._blobs,
            self._identity,
            limits or Limits(),
            heals=heals,
            now=now,
            monotonic=monotonic,
        )
        self._head = _EMPTY
        self._keeps_caches = heals
        self.has_added = False  #: whether this process added a line

    # -- reading

    def ready(self) -> Head:
        applied = self._access.current()
        self._head = _EMPTY if applied is None else _head_of(applied)
        return self._head

    def head(self) -> Head:
        return self._head

    def listing(self, folder: Folder) -> Listing:
        if folder is Folder.PAST:
            raise ValueError("past/ is not listed; ask for one id")
        with self._access.errors():
            files, seq = self._access.files_in(folder)
        return listed(folder, seq, files)

    def read(self, name: ViewName) -> View | None:
        body = self._access.surely(lambda: self._views.read(name))
        return None if body is None else View(name, body)

    def foresee(self, names: Sequence[ViewName]) -> None:
        pass  # nothing is far away

    def share(self, names: Sequence[ViewName], *, limit: int, now: datetime, seconds: int) -> list[ViewName]:
        return list(names)  # nobody else works here

    def past(self, identity: str) -> View | None:
        found = self._access.surely(lambda: self._views.past(identity))
        if found is None and self._access.is_over(f"{identity}.json"):
            found = self._access.surely(lambda: self._views.past(identity))
        return None if found is None else View(*found)

    def past_names(self, prefix: str) -> list[str]:
        with self._access.errors():
            files, _ = self._access.files_in(Folder.PAST)
        return sorted(file[:-5] for file in files if file.startswith(prefix))

    def tree_head(self) -> TreeHead:
        from reporting_governance.storage.files.frontiers import frontier
        from reporting_governance.verifier.merkle import root

        applied = self._access.current()
        with self._access.errors():
            size = 0 if applied is None else applied.seq
            _, hashes = frontier(self._layout, size, keep=self._keeps_caches) if size else (0, ())
        return TreeHead(size, root(hashes), hashes)

    def log_checkpoints(self) -> list[int]:
        from reporting_governance.storage.files import heads

        with self._access.errors():
            return heads.sizes(self._layout)

    def newest_log_checkpoint(self) -> int:
        from reporting_governance.storage.files import heads

        with self._access.errors():
            return heads.newest(self._layout)

    def log_checkpoint(self, size: int) -> bytes | None:
        from reporting_governance.storage.files import heads

        with self._access.errors():
            return heads.read(self._layout, size)

    def replay(self, from_seq: int = 1) -> Iterator[Line]:
        from reporting_governance.storage.files import reading

        applied = self._access.current()
        if applied is not None:
            with self._access.errors():
                yield from reading.lines(self._layout, applied, from_seq)

    def retirements(self) -> "list[Retirement]":
        applied = self._access.current()
        if applied is None or self._layout.segments()[:1] == [1]:
            return []
        from reporting_governance.storage.files import retired

        with self._access.errors():
            return retired.retirements(self._layout, applied)

    def holding(self, words: Collection[str]) -> list[int]:
        from reporting_governance.storage.files import sieving

        applied = self._access.current()
        if applied is None:
            return []
        with self._access.errors():
            return sieving.seqs_holding(self._layout, (applied.segment, applied.offset), words)

    def get_blob(self, reference: Mapping[str, Any]) -> bytes | None:
        with self._access.errors():
            return self._blobs.get(reference)

    def heartbeats(self, tasks: Iterable[str]) -> Mapping[str, datetime | None]:
        with self._access.errors():
            return self._heartbeats.known(tasks)

    # -- writing

    def commit(self, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
        from reporting_governance.storage.files.commit import Commit
        from reporting_governance.storage.groups import check_size

        check_size(groups)
        if not groups:
            return []
        commit = Commit(self._access.writer, self._views, self._blobs)
        with self._access.errors():
            self._access.require_state(now)
            prepared = commit.prepared(groups)
            with self._access.lock():
                applied, answers = commit.add(groups, prepared, self._access.moment(now))
            self._head = _head_of(applied)
            self.has_added = True
            commit.drop_unused_blobs(groups, prepared, answers)
        return answers

    def keep_log_checkpoint(self, size: int, note: bytes) -> None:
        from reporting_governance.storage.files import heads

        with self._access.errors():
            layouts.require_owner(self._layout.root)
            heads.keep(self._layout, size, note)

    def put_blob(self, body: bytes) -> Mapping[str, Any]:
        with self._access.errors():
            self._access.require_state(self._now())
            reference = self._blobs.put(body)
            self._blobs.settle()
        return reference

    def erase_blob(self, digest: str, *, reason: str, now: datetime) -> None:
        # The line first: a blob that is gone without a line would look like damage.
        erased = Addition(type=LineType.RECORD_ERASED, reason=reason, meta={"blob": digest})
        self.commit([Group(additions=(erased,))], now=now)

    def heartbeat(self, task: str, at: datetime) -> None:
        with self._access.errors():
            self._access.require_state(at)
            self._heartbeats.note(task, at)

    def forget_heartbeat(self, task: str) -> None:
        with self._access.errors():
            self._heartbeats.forget(task)

    # -- care

    def initialise(self, now: datetime) -> Head:
        """Set the state up, log and folders, unless it is; the first commit does it too."""
        with self._access.errors():
            self._access.require_state(now)
        return self.ready()

    def rebuild(self) -> Head:
        """Make all views anew from the log.  Raises: Busy, StorageError, NotOurState."""
        with self._access.errors():
            layouts.require_owner(self._layout.root)
            with self._access.lock(mend=True):
                writer = self._access.writer
                applied = writer.caught_up(self._access.moment(self._now()))
                self._head = _head_of(writer.rebuilt(applied))
        return self._head

    def heartbeat_line(self, now: datetime) -> bool:
        """Add a `log.heartbeat` when the last line is older than an hour: silence is a statement too."""
        applied = self._access.current()
        if applied is None or applied.seq == 0:
            return False
        if round(now.timestamp() * 1000) - applied.wall_ms < _HEARTBEAT_SECONDS * 1000:
            return False
        self.commit([Group(additions=(Addition(type=LineType.LOG_HEARTBEAT),))], now=now)
        return True

    def maintain(self, now: datetime) -> list[int]:
        """Make what is missing beside closed segments: leaf hashes, and a snapshot of open work behind the newest.

        Outside the lock, since a closed segment never changes.  Returns the segments that were given a snapshot.
        """
        if self._access.current() is None:
            return []
        with self._access.errors():
            layouts.require_owner(self._layout.root)
            if len(self._layout.segments()) < 2:
                return []
            from reporting_governance.storage.files import maintenance

            return maintenance.maintain(
                self._layout, lambda addition: self.commit([Group(additions=(addition,))], now=now)
            )

    def keeper(self) -> "Keeper":
        """Return what takes out of this state what is to be kept no longer."""
        from reporting_governance.storage.files.keeping import Keeper

        return Keeper(self._layout, self._access, self.commit)

    def clock_step(self, now: datetime) -> datetime | None:
        """Return when the clock last stepped, as far as this log knows: `now`, if it has since the last line."""
        applied = self._access.current()
        if applied is None:
            return None
        if clock_step_ms(applied, self._access.moment(now), self._identity):
            return now
        return datetime.fromtimestamp(applied.stepped_ms / 1000, UTC) if applied.stepped_ms else None


def _head_of(applied: Applied) -> Head:
    return Head(applied.seq, applied.leaf.hex(), applied.log_id.hex(), applied.lost_seq)
