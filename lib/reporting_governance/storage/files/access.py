"""When what is on the disk may be believed, and who may make it good where it may not.

Most looks take no lock and change nothing: `applied` proves that the log ends where it says and that the views agree
with it.  Where it does not, the log is healed and the views are brought up to it, under the lock and by the owner only.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.errors import Busy, ExitCode, StorageError
from reporting_governance.storage.files import applied as applied_record
from reporting_governance.storage.files import layout as layouts
from reporting_governance.storage.files.applied import Applied
from reporting_governance.storage.files.blobs import Blobs
from reporting_governance.storage.files.identity import Identity, Moment
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.lock import held
from reporting_governance.storage.files.views import DamagedView, Views
from reporting_governance.storage.limits import Limits

if TYPE_CHECKING:
    from reporting_governance.storage.files.writer import Writer

T = TypeVar("T")


class NeedsHealing(StorageError):
    """The views are behind the log, and whoever reads here may not change anything."""

    exit_code = ExitCode.TRY_LATER
    message = "{path}: the views are behind the journal, as after a crash or a start of the host"
    hint = "A dry run changes nothing, so it cannot bring them up to date; `reportgov status` does."


class Access:
    """The way to one state's files, for a process that may be one of many.

    Args:
        heals: whether what a crash or another boot left may be made good; without it that is an error.
        now, monotonic: the clocks, for the lines that healing adds.
    """

    def __init__(
        self,
        layout: Layout,
        views: Views,
        blobs: Blobs,
        identity: Identity,
        limits: Limits,
        *,
        heals: bool,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._layout = layout
        self._views = views
        self._blobs = blobs
        self._identity = identity
        self._limits = limits
        self._heals = heals
        self._now = now
        self._monotonic = monotonic
        self._lock_is_prepared = False
        self._may_write = False
        self._over: tuple[int, frozenset[str]] = (-1, frozenset())  #: at which seq `past/` was listed, and its files

    def current(self) -> Applied | None:
        """Return where a log that is whole and applied ends, None when nothing was ever written here.

        Raises: StorageError (NeedsHealing, Busy).
        """
        applied = self._look()
        if applied is None and not self._is_absent():
            with self._recovering() as applied:
                pass
        return applied

    def files_in(self, folder: Folder) -> tuple[list[str], int]:
        """Return a folder's file names and the seq they are true for.

        Views change only while the log is longer than `applied` says or `applied` counts for nothing.  So a listing
        between two equal looks saw no change, and one whose number is right has lost nothing.
        Raises: StorageError (NeedsHealing, Busy), OSError, DamagedView.
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
                applied = self.writer.rebuilt(applied)
                files = self._views.raw_names(folder)
            return files, applied.seq

    def is_over(self, file: str) -> bool:
        """Tell whether a file that was not found in `past/` is to be there, by a listing that has lost nothing.

        "Not known" opens episodes and sends people away, so a file that is gone must not say it.  What was listed
        counts until the log grows: many births ask one after the other.
        """
        applied = self._look()
        if applied is None or applied.seq != self._over[0] or file in self._over[1]:
            with self.errors():
                files, seq = self.files_in(Folder.PAST)
            self._over = seq, frozenset(files)
        return file in self._over[1]

    def surely(self, look: Callable[[], T]) -> T:
        """Return what a look at a view finds, with the views made anew when it finds damage."""
        with self.errors():
            try:
                return look()
            except DamagedView:
                with self._recovering() as applied:
                    self.writer.rebuilt(applied)
                return look()

    @contextmanager
    def lock(self, *, mend: bool = False) -> Iterator[None]:
        """Hold the lock, with every work folder in its place: looked at once, and whenever something is to be mended.

        A commit does not look again.  Where a folder went since, it cannot make its files, and the next one to look
        finds that the log has not been applied.
        """
        if not self._lock_is_prepared:
            layouts.prepare_lock(self._layout)
            self._lock_is_prepared = mend = True
        with held(self._layout.lock, wait_seconds=self._limits.lock_wait_seconds):
            if mend and (amiss := layouts.view_folders_amiss(self._layout.root)) and self._layout.exists():
                from reporting_governance.storage.files import heal

                heal.mend_folders(self._layout, amiss)
            yield

    def require_state(self, now: datetime) -> None:
        """Let the owner write, to a state that is set up.  Asked once: neither changes under a running command."""
        if self._may_write:
            return
        layouts.require_owner(self._layout.root)
        if not self._layout.exists():
            with self.lock():
                self.writer.caught_up(self.moment(now))
        self._may_write = True

    def moment(self, now: datetime) -> Moment:
        """Return a reading of both clocks, the calendar's being given."""
        return Moment(now, round(now.timestamp() * 1000), int(self._monotonic() * 1000))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Tell what goes wrong with files as a StorageError that names the place."""
        try:
            yield
        except OSError as error:
            place = error.filename if isinstance(error.filename, str) else self._layout.root
            raise StorageError(path=place, reason=error.strerror or str(error)) from error
        except DamagedView as damaged:
            reason = "was made again and is damaged again; find out what else changes the work folders"
            raise StorageError(path=str(damaged), reason=reason) from damaged

    @cached_property
    def writer(self) -> "Writer":
        """What writes; imported when something has to be written, which on most ticks is never."""
        from reporting_governance.storage.files.writer import Writer

        return Writer(self._layout, self._views, self._blobs, self._identity, self._limits)

    def _look(self) -> Applied | None:
        """Return `applied` when all is as it says; takes no lock and changes nothing."""
        with self.errors():
            applied = applied_record.load(self._layout.applied)
            if applied is None or not applied_record.is_current(applied, self._layout, self._identity.boot):
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
        with self.errors(), self.lock(mend=True):
            yield self.writer.caught_up(self.moment(self._now()))
