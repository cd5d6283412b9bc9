"""The back end that many hosts share: the log and its views in one database, and a folder of each host beside it."""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.journal_line import Folder, LineType, ViewName
from reporting_governance.storage.interface import Added, Addition, Answer, Group, Head, Listing, View
from reporting_governance.storage.limits import Limits
from reporting_governance.storage.postgres.commit import Bodies
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.local_folder import LocalFolder
from reporting_governance.storage.postgres.log_reader import LogReader
from reporting_governance.storage.postgres.log_state import EMPTY, LogState, Moment, moment
from reporting_governance.storage.postgres.settings import Timeouts
from reporting_governance.storage.postgres.writing import Identity

if TYPE_CHECKING:
    from reporting_governance.storage.postgres.births import Births
    from reporting_governance.storage.postgres.care import Care
    from reporting_governance.storage.postgres.claims import Claims
    from reporting_governance.storage.postgres.commit import Commit
    from reporting_governance.storage.postgres.keeping import Keeper
    from reporting_governance.storage.postgres.reading import Ahead

_HEARTBEAT_SECONDS = 3600


def _utc_now() -> datetime:
    return datetime.now(UTC)


class PostgresStore(LogReader):
    """Records and views in one database.  Any number of processes of any number of hosts may use it at once.

    Args:
        conninfo: what libpq connects by; a password in it is told nobody.
        local: this host's folder, for heartbeats and for what it last saw of the log.
        actor: who acts, as the operating system knows them.
        host: the name of this host in the lines it writes; None: as the system has it.
        verb: the command that works; the server shows it.
        context: digests of what is in force, by name; a change of any is a line of its own.  See `in_force.InForce`.
        clock_step_seconds: how far the clock may step before a line says so; None: never said.
        now, monotonic: the clocks, for what happens when no `now` is given.
        boot: the boot's id; only tests give another one.
        heals: whether looking may add a line, as where an older backup was put back; without it that is an error.
        listed_whole: how many names a folder has at most whose names all come at once; None: as is best.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        local: str,
        actor: str,
        host: str | None = None,
        verb: str = "",
        context: Mapping[str, Any] | None = None,
        clock_step_seconds: int | None = None,
        limits: Limits | None = None,
        now: Callable[[], datetime] = _utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        boot: str | None = None,
        heals: bool = True,
        listed_whole: int | None = None,
    ) -> None:
        from reporting_governance.storage.boot import boot_id

        self._limits = limits or Limits()
        self._now = now
        self._monotonic = monotonic
        self._heals = heals
        self._listed_whole = listed_whole
        host = host or os.uname().nodename
        boot = boot or boot_id()
        self._identity = Identity(actor, boot, host, context or {}, clock_step_seconds)
        self._local = LocalFolder(os.path.abspath(local), boot, monotonic)
        application = f"reporting-governance {verb}@{host}" if verb else f"reporting-governance@{host}"
        self.session = Session(
            conninfo, application=application[:63], timeouts=Timeouts(lock=self._limits.lock_wait_seconds)
        )
        self._bodies = Bodies()
        self._state = EMPTY
        self.has_added = False  #: whether this process added a line

    @property
    def place(self) -> str:
        """What names the database in messages, without what connects to it."""
        return self.session.place

    def close(self) -> None:
        """End the connection; whatever is asked next makes another one."""
        self.session.close()

    # -- reading

    def ready(self) -> Head:
        from reporting_governance.storage.postgres import looking

        self._ahead.forget()
        state, is_amiss = looking.look(self.session, self._local.seen())
        if is_amiss:
            if not self._heals:
                raise looking.NeedsCare(path=self.place)
            state = self._take_care(moment(self._now(), self._monotonic()))
        if state.log_id != self._state.log_id or state.seq < self._state.seq:
            self._forget()
        self._state = state
        return self.head()

    def head(self) -> Head:
        return self._state.head()

    def listing(self, folder: Folder) -> Listing:
        from reporting_governance.storage.postgres.listing import WHOLE, listing

        return listing(self.session, folder, self._ahead, whole=self._listed_whole or WHOLE)

    def read(self, name: ViewName) -> View | None:
        return self._ahead.read(name)

    def foresee(self, names: Sequence[ViewName]) -> None:
        if names:
            self._ahead.chosen(names)

    def share(self, names: Sequence[ViewName], *, limit: int, now: datetime, seconds: int) -> list[ViewName]:
        taken = self._claims.take(names, limit=limit, now=now, seconds=seconds)
        if taken and seconds:
            self._ahead.chosen(taken)
        return taken

    def past(self, identity: str) -> View | None:
        from reporting_governance.storage.postgres import reading

        return reading.past(self.session, identity, self._bodies)

    def past_names(self, prefix: str) -> list[str]:
        from reporting_governance.storage.postgres import reading

        return reading.past_names(self.session, prefix)

    def heartbeats(self, tasks: Iterable[str]) -> Mapping[str, datetime | None]:
        return self._local.heartbeats(tasks)

    # -- writing

    def commit(self, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
        from reporting_governance.storage.groups import check_size

        check_size(groups)
        if not groups:
            return []
        at = moment(now, self._monotonic())
        known = self._state if self._state.seq else self._local.hint()
        self._ahead.adding(groups)
        state, answers = self._commit.add(groups, at, known)
        if state.seq > self._state.seq and any(isinstance(each, Added) for each in answers):
            self._local.saw(state)  # where all were refused, what others added last may not be durable yet
        self._state = state
        self.has_added = True
        return answers

    def keep_log_checkpoint(self, size: int, note: bytes) -> None:
        from reporting_governance.storage.postgres import blobs

        blobs.keep_log_checkpoint(self.session, size, note)

    def put_blob(self, body: bytes) -> Mapping[str, Any]:
        from reporting_governance.storage.postgres import blobs

        return blobs.put(self.session, body)

    def erase_blob(self, digest: str, *, reason: str, now: datetime) -> None:
        erased = Addition(type=LineType.RECORD_ERASED, reason=reason, meta={"blob": digest})
        self.commit([Group(additions=(erased,))], now=now)

    def heartbeat(self, task: str, at: datetime) -> None:
        self._local.heartbeat(task, at)

    def forget_heartbeat(self, task: str) -> None:
        self._local.forget_heartbeat(task)

    # -- care

    def initialise(self, now: datetime) -> Head:
        """Open the log, unless it is; the first commit does it too.  The tables have to be there.

        Raises: StorageError.
        """
        head = self.ready()
        if head.seq == 0:
            self._state = self._take_care(moment(now, self._monotonic()))
        return self.head()

    def rebuild(self) -> Head:
        """Make all views anew from the log.  Raises: StorageError."""
        from reporting_governance.storage.postgres import rebuilding

        self._state = rebuilding.rebuild(self.session)
        self._forget()
        return self.head()

    def heartbeat_line(self, now: datetime) -> bool:
        """Add a `log.heartbeat` when the last line is older than an hour: silence is a statement too."""
        self.ready()
        if self._state.seq == 0 or moment(now, 0).wall_ms - self._state.last_ms < _HEARTBEAT_SECONDS * 1000:
            return False
        self.commit([Group(additions=(Addition(type=LineType.LOG_HEARTBEAT),))], now=now)
        return True

    def maintain(self, now: datetime) -> list[int]:
        """Drop claims that are long over.  Beside closed segments nothing has to be made."""
        if self._state.seq:
            self._claims.drop_old(now)
        return []

    def keeper(self) -> "Keeper":
        """Return what takes out of this log what is to be kept no longer; only the tables' owner may."""
        from reporting_governance.storage.postgres.keeping import Keeper

        return Keeper(self.session, self._local.root, self.commit)

    def clock_step(self, now: datetime) -> datetime | None:
        """Return when the clock last stepped, as far as this log knows: `now`, if it has since the last line."""
        from reporting_governance.storage.postgres.commit import clock_step_ms
        from reporting_governance.storage.postgres.log_state import from_ms

        state = self._state
        if clock_step_ms(self._local.seen(), state, moment(now, self._monotonic()), self._identity):
            return now
        return from_ms(state.stepped_ms) if state.stepped_ms else None

    # -- within

    def _take_care(self, at: Moment) -> LogState:
        state = self._care.take(at)
        self._forget()
        self._local.saw(state, anyhow=True)
        return state

    def _forget(self) -> None:
        self._bodies.forget()
        self._ahead.forget()
        if "_births" in vars(self):
            self._births.forget()

    @cached_property
    def _ahead(self) -> "Ahead":
        from reporting_governance.storage.postgres.reading import Ahead

        return Ahead(self.session, self._bodies, time.monotonic)

    @cached_property
    def _care(self) -> "Care":
        from reporting_governance.storage.postgres import rebuilding
        from reporting_governance.storage.postgres.care import Care
        from reporting_governance.storage.postgres.writing import Encoder

        return Care(self.session, Encoder(self._identity), self._limits, self._local.seen, rebuilding.anew)

    @cached_property
    def _claims(self) -> "Claims":
        from reporting_governance.storage.postgres.claims import Claims

        return Claims(self.session, self._identity.host)

    @cached_property
    def _births(self) -> "Births":
        from reporting_governance.storage.postgres.births import Births

        return Births(self.session)

    @cached_property
    def _commit(self) -> "Commit":
        from reporting_governance.storage.postgres.commit import Commit

        return Commit(
            self.session,
            self._identity,
            self._limits,
            self._births,
            self._bodies,
            self._local.seen,
            self._take_care,
        )
