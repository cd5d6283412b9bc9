"""One connection to the database: made when it is first needed, made again when it was lost.

Everything is set inside each transaction and nothing in the session, so that a pooler may give every transaction
another connection.  A transaction is sent as a pipeline: as many statements as possible go to the server at once, and
only an answer that is looked at costs a round trip.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from reporting_governance.errors import GovernanceError
from reporting_governance.storage.postgres import telling
from reporting_governance.storage.postgres.away import ConnectionLost, StoreAway, TryAgain
from reporting_governance.storage.postgres.connecting import connected
from reporting_governance.storage.postgres.driver import driver, place_of
from reporting_governance.storage.postgres.pipeline import Pipeline, Prepared
from reporting_governance.storage.postgres.settings import (
    BEGIN,
    BY_KEY,
    CAN_END_ANYHOW,
    DURABLE,
    ENDS_ANYHOW,
    LOOKS_AFTER_US,
    MARK,
    NOT_YET_DURABLE,
    PLANNED_ONCE,
    SERVED_BY,
    SETTINGS,
    Timeouts,
)

if TYPE_CHECKING:
    from psycopg import Connection

T = TypeVar("T")

_AGAIN_SECONDS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)  #: before each try to connect again
#: What was prepared is gone, is there already, or answers otherwise since the tables have changed.
_NOT_PREPARED = ("26000", "42P05", "0A000")


class Session:
    """The way to one database.  Threads may share it: one transaction at a time is on its connection.

    Args:
        conninfo: what libpq connects by; it may hold a password and is told nobody.
        application: what the server shows of us.
    """

    def __init__(self, conninfo: str, *, application: str, timeouts: Timeouts | None = None) -> None:
        self._conninfo = conninfo
        self._application = application
        self._timeouts = timeouts or Timeouts()
        self._connection: Any = None
        self._prepared = Prepared()
        self._place: str | None = None
        self._was_warned = False
        self._process = os.getpid()
        self._inherited: list[Any] = []
        self.made = 0  #: how often a connection was made
        self.alone = RLock()  #: held while the connection is in use

    @property
    def place(self) -> str:
        """Return what names the database in messages: host, port and name, nothing else of what connects."""
        if self._place is None:
            self._place = place_of(self._conninfo)
        return self._place

    def close(self) -> None:
        """End the connection."""
        self._leave_to_parent()
        with self.alone:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(Exception):
                    connection.close()

    @contextmanager
    def reading(self, *, again_and_again: bool = False) -> Iterator[Pipeline]:
        """Send a transaction that changes nothing and sees one moment; `again_and_again` as for `writing`.

        Raises: StorageError.
        """
        more = BY_KEY + PLANNED_ONCE if again_and_again else ""
        with self._transaction("REPEATABLE READ", "READ ONLY", more, is_repeated=again_and_again) as connection:
            yield connection

    @contextmanager
    def writing(self, *, again_and_again: bool = False) -> Iterator[Pipeline]:
        """Send a transaction that is not durable before `barrier`.

        Args:
            again_and_again: the same statements are sent for each of many; where nothing stands between us and the
                server they are prepared.  Whoever asks for that tries again what ends with TryAgain.

        Raises: StorageError.
        """
        more = BY_KEY + NOT_YET_DURABLE + (PLANNED_ONCE if again_and_again else "")
        level, access = "READ COMMITTED", "READ WRITE"
        with self._transaction(level, access, more, is_repeated=again_and_again, is_short=True) as connection:
            yield connection

    @contextmanager
    def writing_durably(self) -> Iterator[Pipeline]:
        """Send a transaction that is durable when this ends.  Raises: StorageError."""
        with self.alone:  # another thread's warning is not to be forgotten
            self._was_warned = False
            with self._transaction("READ COMMITTED", "READ WRITE", f"{BY_KEY}, {DURABLE}") as connection:
                yield connection
            self.require_synced()

    def barrier(self, connection: Pipeline) -> None:
        """Send what is durable only when everything is that was committed before it, here and by any host.

        The server's log is one sequence: when this record is on the disk, and with a synchronous standby, so is what
        stands before it.  Inside `writing`, behind a `finish`.  `require_synced` afterwards.
        """
        self._was_warned = False
        connection.execute(BEGIN.format(level="READ COMMITTED", access="READ WRITE"))
        connection.execute(f"SELECT {DURABLE}, {MARK}")

    def mark(self, connection: Pipeline) -> None:
        """Write the record that lets a transaction wait for the disk which has changed nothing itself."""
        connection.execute(f"SELECT {MARK}")

    def settle(self) -> None:
        """Return when everything is durable that any host committed before.  Raises: StorageError."""
        with self.writing_durably() as connection:
            connection.execute(f"SELECT {MARK}")

    def require_synced(self) -> None:
        """Make sure that no wait for a standby was broken off.  Raises: StoreAway."""
        if self._was_warned:
            reason = "the server gave up waiting for its synchronous standby; what was committed may be on one disk"
            raise ConnectionLost(path=self.place, reason=reason)

    def finish(self, connection: Pipeline) -> None:
        """Commit what was sent so far, inside `writing`; the next statement begins a transaction of its own."""
        connection.execute("COMMIT")

    def read(self, ask: Callable[[Pipeline], T], *, again_and_again: bool = False) -> T:
        """Return what `ask` reads; asked again once when the connection was lost.  Raises: StorageError."""
        with self.alone:
            try:
                with self.reading(again_and_again=again_and_again) as connection:
                    return ask(connection)
            except (ConnectionLost, TryAgain):
                self.close()
                with self.reading() as connection:
                    return ask(connection)

    def write(self, change: Callable[[Pipeline], T]) -> T:
        """Return what `change` does, durable; done again when the connection was lost, so twice must be as once.

        Raises: StorageError.
        """
        for left in (2, 1, 0):
            try:
                with self.writing_durably() as connection:
                    return change(connection)  # given back when that is durable
            except (ConnectionLost, TryAgain):
                if not left:
                    raise
                self.connect_again()
        raise AssertionError("the last time ends it")

    def rows(self, query: str, *values: Any, again_and_again: bool = False) -> list[tuple[Any, ...]]:
        """Return what one query finds.  Raises: StorageError."""
        return self.read(
            lambda connection: connection.execute(query, values).fetchall(), again_and_again=again_and_again
        )

    def connect(self) -> None:
        """Make a connection unless there is one; `made` tells then whether it is another one.  Raises: StorageError."""
        with self.alone:
            self._connected()

    def connect_again(self) -> None:
        """Make a new connection, with some patience.  Raises: StoreAway."""
        self.close()
        for place, seconds in enumerate(_AGAIN_SECONDS, start=1):
            time.sleep(seconds)
            try:
                self._connected()
                return
            except StoreAway:
                if place == len(_AGAIN_SECONDS):
                    raise

    @contextmanager
    def plain(self) -> Iterator[Connection[Any]]:
        """Give the connection itself, in autocommit: for migrations and copies.  Raises: StorageError."""
        with self.alone:
            connection = self._connected()
            import psycopg

            connection.silence_seconds = None  # a table's index takes as long as it takes
            try:
                yield connection
            except psycopg.Error as error:
                self.close()
                raise self._told(error) from error

    @contextmanager
    def _transaction(
        self, level: str, access: str, more: str, *, is_repeated: bool = False, is_short: bool = False
    ) -> Iterator[Pipeline]:
        with self.alone:
            connection = self._connected()
            import psycopg

            times = self._timeouts
            connection.silence_seconds = times.silence
            pipeline = Pipeline(connection, self._prepared if is_repeated else None, times.silence)
            try:
                pipeline.execute(BEGIN.format(level=level, access=access))
                waits = [f"{round(each * 1000)}ms" for each in times[:3]]
                more += self._if_we_are_lost(connection.pgconn, is_short)
                settings = pipeline.execute(SETTINGS.format(more=more), waits)
                yield pipeline
                pipeline.execute("COMMIT")
                pipeline.finish()
            except psycopg.Error as error:
                self._clear(pipeline)
                raise self._told(error) from error
            except BaseException:
                self._clear(pipeline)
                raise
            self._prepared.learn(one(settings)[SERVED_BY], connection.pgconn.backend_pid)

    def _if_we_are_lost(self, pgconn: Any, is_short: bool) -> str:
        """Return the settings by which the server ends a transaction that its host will never end."""
        more = "" if pgconn.host.startswith(b"/") else LOOKS_AFTER_US
        if is_short and pgconn.server_version >= CAN_END_ANYHOW:
            more += ENDS_ANYHOW.format(milliseconds=round(self._timeouts.short * 1000))
        return more

    def _clear(self, pipeline: Pipeline) -> None:
        """Leave no transaction behind: undo it, or end the connection with it."""
        connection = self._connection
        if connection is None:
            return
        try:
            pipeline.abandon()
            connection.rollback()
        except BaseException as error:
            self.close()  # also for the second Ctrl-C: the next one to ask would be given answers to this
            if not isinstance(error, Exception):
                raise

    def _connected(self) -> Any:
        self._leave_to_parent()
        if self._connection is not None and not self._connection.closed:
            return self._connection
        connection = connected(self._conninfo, application=self._application, place=self.place)
        connection.add_notice_handler(self._heed)
        self._connection, self._prepared = connection, Prepared()
        self.made += 1
        return connection

    def _leave_to_parent(self) -> None:
        """Let go of the connection of the process that this one was forked from; to end it here would end it there."""
        if self._process != os.getpid():
            self._inherited.append(self._connection)
            self._connection, self._process = None, os.getpid()

    def _heed(self, notice: Any) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self._was_warned = True

    def _told(self, error: Any) -> GovernanceError:
        """Return what an error means to whoever called.  Raises it as it is when it is a bug of ours."""
        is_broken = isinstance(error, driver().OperationalError) or self._connection is None or self._connection.broken
        if error.sqlstate is None and not is_broken:
            raise error  # a call that psycopg itself refuses
        if self._prepared.is_allowed and error.sqlstate in _NOT_PREPARED:
            self._prepared.forbid()
            return TryAgain(path=self.place, reason=telling.first_line(error))
        told = telling.told(error, self.place, self._timeouts.lock)
        if isinstance(told, ConnectionLost):
            self.close()
        return told


def one(cursor: Any) -> tuple[Any, ...]:
    """Return the one row of an answer."""
    row = cursor.fetchone()
    assert row is not None
    return tuple(row)
