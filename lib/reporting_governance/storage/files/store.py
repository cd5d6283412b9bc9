"""The back end on one machine's files: a hash-chained log, and work folders that follow from it."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from reporting_governance.contracts.journal_line import Folder, LineType, ViewName
from reporting_governance.errors import Busy, ExitCode, StorageError
from reporting_governance.storage.files import applied as applied_record
from reporting_governance.storage.files import layout as layouts
from reporting_governance.storage.files import lock
from reporting_governance.storage.files.applied import Applied
from reporting_governance.storage.files.blobs import Blobs
from reporting_governance.storage.files.boot import boot_id
from reporting_governance.storage.files.heartbeats import Heartbeats
from reporting_governance.storage.files.identity import Identity, Moment, clock_step_ms
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.limits import Limits
from reporting_governance.storage.files.listing import listed
from reporting_governance.storage.files.views import DamagedView, Views
from reporting_governance.storage.interface import (
    Addition,
    Answer,
    Group,
    Head,
    Line,
    Listing,
    View,
)
from reporting_governance.storage.lines import ZERO_LEAF

if TYPE_CHECKING:
    from reporting_governance.storage.files.writer import Writer

T = TypeVar("T")
_EMPTY = Head(0, ZERO_LEAF.hex(), None)
_HEARTBEAT_SECONDS = 3600


class NeedsHealing(StorageError):
    """The views are behind the log, and whoever reads here may not change anything."""

    exit_code = ExitCode.TRY_LATER
    message = "{path}: the views are behind the journal, as after a crash or a start of the host"
    hint = "A dry run changes nothing, so it cannot bring them up to date; `reportgov status` does."


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
        self._heals = heals
        self._layout = Layout(os.path.abspath(root))
        self._limits = limits or Limits()
        self._now = now
        self._monotonic = monotonic
        self._boot = applied_record.boot_bytes(boot or boot_id())
        self._views = Views(self._layout.root)
        self._blobs = Blobs(self._layout.blobs)
        self._heartbeats = Heartbeats(self._layout.heartbeats, self._boot)
        self._identity = Identity(
            actor=actor, boot=self._boot, context=context or {}, clock_step_seconds=clock_step_seconds
        )
        self._lock_is_prepared = False
        self._may_write = False
        self._head = _EMPTY
        self._over: tuple[int, frozenset[str]] = (-1, frozenset())  #: at which seq `past/` was listed, and its files

    # -- reading

    def ready(self) -> Head:
        applied = self._current()
        self._head = _EMPTY if applied is None else _head_of(applied)
        return self._head

    def head(self) -> Head:
        return self._head

    def listing(self, folder: Folder) -> Listing:
        if folder is Folder.PAST:
            raise ValueError("past/ is not listed; ask for one id")
        with self._errors():
            files, seq = self._files_in(folder)
        return listed(folder, seq, files)

    def read(self, name: ViewName) -> View | None:
        body = self._surely(lambda: self._views.read(name))
        return None if body is None else View(name, body)

    def past(self, identity: str) -> View | None:
        found = self._surely(lambda: self._views.past(identity))
        if found is None and self._is_over(f"{identity}.json"):
            found = self._surely(lambda: self._views.past(identity))
        return None if found is None else View(*found)

    def past_names(self, prefix: str) -> list[str]:
        with self._errors():
            files, _ = self._files_in(Folder.PAST)
        return sorted(file[:-5] for file in files if file.startswith(prefix))

    def replay(self, from_seq: int = 1) -> Iterator[Line]:
        from reporting_governance.storage.files import reading

        applied = self._current()
        if applied is not None:
            with self._errors():
                yield from reading.lines(self._layout, applied, from_seq)

    def get_blob(self, reference: Mapping[str, Any]) -> bytes | None:
        with self._errors():
            return self._blobs.get(reference)

    def heartbeats(self, tasks: Iterable[str]) -> Mapping[str, datetime | None]:
        with self._errors():
            return self._heartbeats.known(tasks)

    # -- writing

    def commit(self, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
        from reporting_governance.storage.files.commit import Commit
        from reporting_governance.storage.groups import check_size

        check_size(groups)
        if not groups:
            return []
        commit = Commit(self._writer, self._views, self._blobs)
        with self._errors():
            self._require_state(now)
            prepared = commit.prepared(groups)
            with self._lock():
                applied, answers = commit.add(groups, prepared, self._moment(now))
            self._head = _head_of(applied)
            commit.drop_unused_blobs(groups, prepared, answers)
        return answers

    def put_blob(self, body: bytes) -> Mapping[str, Any]:
        with self._errors():
            self._require_state(self._now())
            reference = self._blobs.put(body)
            self._blobs.settle()
        return reference

    def erase_blob(self, digest: str, *, reason: str, now: datetime) -> None:
        # The line first: a blob that is gone without a line would look like damage.
        erased = Addition(type=LineType.RECORD_ERASED, reason=reason, meta={"blob": digest})
        self.commit([Group(additions=(erased,))], now=now)

    def heartbeat(self, task: str, at: datetime) -> None:
        with self._errors():
            self._require_state(at)
            self._heartbeats.note(task, at)

    # -- care

    def initialise(self, now: datetime) -> Head:
        """Set the state up, log and folders, unless it is; the first commit does it too."""
        with self._errors():
            self._require_state(now)
        return self.ready()

    def rebuild(self) -> Head:
        """Make all views anew from the log.  Raises: Busy, StorageError, NotOurState."""
        with self._errors():
            layouts.require_owner(self._layout.root)
            with self._lock(mend=True):
                self._head = _head_of(self._writer.rebuilt(self._writer.caught_up(self._moment(self._now()))))
        return self._head

    def heartbeat_line(self, now: datetime) -> bool:
        """Add a `log.heartbeat` when the last line is older than an hour: silence is a statement too."""
        applied = self._current()
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
        if self._current() is None:
            return []
        with self._errors():
            layouts.require_owner(self._layout.root)
            if len(self._layout.segments()) < 2:
                return []
            from reporting_governance.storage.files import maintenance

            return maintenance.maintain(
                self._layout, lambda addition: self.commit([Group(additions=(addition,))], now=now)
            )

    def clock_step(self, now: datetime) -> datetime | None:
        """Return when the clock last stepped, as far as this log knows: `now`, if it has since the last line."""
        applied = self._current()
        if applied is None:
            return None
        if clock_step_ms(applied, self._moment(now), self._identity):
            return now
        return datetime.fromtimestamp(applied.stepped_ms / 1000, UTC) if applied.stepped_ms else None

    # -- how

    @cached_property
    def _writer(self) -> "Writer":
        """What writes; imported when something has to be written, which on most ticks is never."""
        from reporting_governance.storage.files.writer import Writer

        return Writer(self._layout, self._views, self._blobs, self._identity, self._limits)

    def _files_in(self, folder: Folder) -> tuple[list[str], int]:
        """Return a folder's file names and the seq they are true for.

        Views change only while the log is longer than `applied` says or `applied` counts for nothing.  So a listing
        between two equal looks saw no change, and one whose number is right has lost nothing.
        """
        before = self._look()
        if before is not None:
            with suppress(DamagedView):
                files = self._views.raw_names(folder)
                if len(files) == before.views_in(folder) and self._look() == before:
                    return files, before.seq
        elif self._is_absent():
            return [], 0
        with self._recovering() as applied:
            files = self._views.raw_names(folder)
            if len(files) != applied.views_in(folder):
                applied = self._writer.rebuilt(applied)
                files = self._views.raw_names(folder)
            return files, applied.seq

    def _is_over(self, file: str) -> bool:
        """Tell whether a file that was not found in `past/` is to be there, by a listing that has lost nothing.

        "Not known" opens episodes and sends people away, so a file that is gone must not say it.  What was listed
        counts until the log grows: many births ask one after the other.
        """
        applied = self._look()
        if applied is None or applied.seq != self._over[0] or file in self._over[1]:
            with self._errors():
                files, seq = self._files_in(Folder.PAST)
            self._over = seq, frozenset(files)
        return file in self._over[1]

    def _surely(self, look: Callable[[], T]) -> T:
        with self._errors():
            try:
                return look()
            except DamagedView:
                with self._recovering() as applied:
                    self._writer.rebuilt(applied)
                return look()

    def _current(self) -> Applied | None:
        """Return where a log that is whole and applied ends, None when nothing was ever written here."""
        applied = self._look()
        if applied is None and not self._is_absent():
            with self._recovering() as applied:
                pass
        return applied

    def _look(self) -> Applied | None:
        """Return `applied` when all is as it says; takes no lock and changes nothing."""
        with self._errors():
            applied = applied_record.load(self._layout.applied)
            if applied is None or not applied_record.is_current(applied, self._layout, self._boot):
                return None
            return applied

    def _is_absent(self) -> bool:
        """Tell whether nothing was ever acknowledged here: no log, and no trace of one."""
        return not self._layout.exists() and not os.path.exists(self._layout.applied)

    @contextmanager
    def _recovering(self) -> Iterator[Applied]:
        """Hold the lock with a log that is whole and applied.  Only the state's owner may: others are told to wait."""
        if not self._heals:
            raise NeedsHealing(path=self._layout.root)
        if layouts.owner(self._layout.root) != os.geteuid():
            raise Busy(path=self._layout.lock, seconds=0)
        with self._errors(), self._lock(mend=True):
            yield self._writer.caught_up(self._moment(self._now()))

    @contextmanager
    def _lock(self, *, mend: bool = False) -> Iterator[None]:
        """Hold the lock, with every work folder in its place: looked at once, and whenever something is to be mended.

        A commit does not look again.  Where a folder went since, it cannot make its files, and the next one to look
        finds that the log has not been applied.
        """
        if not self._lock_is_prepared:
            layouts.prepare_lock(self._layout)
            self._lock_is_prepared = mend = True
        with lock.held(self._layout.lock, wait_seconds=self._limits.lock_wait_seconds):
            if mend and (amiss := layouts.view_folders_amiss(self._layout.root)) and self._layout.exists():
                from reporting_governance.storage.files import heal

                heal.mend_folders(self._layout, amiss)
            yield

    def _require_state(self, now: datetime) -> None:
        """Let the owner write, to a state that is set up.  Asked once: neither changes under a running command."""
        if self._may_write:
            return
        layouts.require_owner(self._layout.root)
        if not self._layout.exists():
            with self._lock():
                self._writer.caught_up(self._moment(now))
        self._may_write = True

    def _moment(self, now: datetime) -> Moment:
        return Moment(now, round(now.timestamp() * 1000), int(self._monotonic() * 1000))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            place = error.filename if isinstance(error.filename, str) else self._layout.root
            raise StorageError(path=place, reason=error.strerror or str(error)) from error
        except DamagedView as damaged:
            reason = "was made again and is damaged again; find out what else changes the work folders"
            raise StorageError(path=str(damaged), reason=reason) from damaged


def _head_of(applied: Applied) -> Head:
    return Head(applied.seq, applied.leaf.hex(), applied.log_id.hex())
