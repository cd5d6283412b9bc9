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
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from reporting_governance.errors import GovernanceError
from reporting_governance.storage.postgres import telling
from reporting_governance.storage.postgres.away import ConnectionLost, StoreAway, TryAgain
from reporting_governance.storage.postgres.driver import driver, place_of
from reporting_governance.storage.postgres.patience import patient_class

if TYPE_CHECKING:
    from psycopg import Connection, Cursor

T = TypeVar("T")

_CONNECT_SECONDS = 10
_AGAIN_SECONDS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)  #: before each try to connect again
_BEGIN = "BEGIN ISOLATION LEVEL {level} {access}"
_SETTINGS = (
    "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true), "
    "set_config('idle_in_transaction_session_timeout', %s, true), set_config('search_path', 'pg_catalog', true), "
    "set_config('jit', 'off', true){more}"
)
#: A plan that reads a whole table would keep every other host waiting; whoever writes knows each row by its key.
_BY_KEY = ", set_config('enable_seqscan', 'off', true)"
_NOT_YET_DURABLE = ", set_config('synchronous_commit', 'off', true)"
#: What a server waits for may be more than its own disk; it is never made less.
_DURABLE = (
    "set_config('synchronous_commit', "
    "CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)"
)
#: A transaction that has written nothing is committed without waiting for the disk, an id of its own or not.  This
#: record is written and read by nobody.
_MARK = "pg_logical_emit_message(true, 'reporting-governance', '')"


class Timeouts(NamedTuple):
    """How long is waited, in seconds.  A lost host's lock ends before those who wait for it give up."""

    statement: float = 30
    lock: float = 20
    idle: float = 10
    silence: float = 60  #: for any sign of life, since a server waits for a standby, and a network may swallow all


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
    def reading(self) -> Iterator[Connection[Any]]:
        """Send a transaction that changes nothing and sees one moment.  Raises: StorageError."""
        with self._transaction("REPEATABLE READ", "READ ONLY", "") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection[Any]]:
        """Send a transaction that is not durable before `barrier`.  Raises: StorageError."""
        with self._transaction("READ COMMITTED", "READ WRITE", _BY_KEY + _NOT_YET_DURABLE) as connection:
            yield connection

    @contextmanager
    def writing_durably(self) -> Iterator[Connection[Any]]:
        """Send a transaction that is durable when this ends.  Raises: StorageError."""
        self._was_warned = False
        with self._transaction("READ COMMITTED", "READ WRITE", f"{_BY_KEY}, {_DURABLE}") as connection:
            yield connection
        self.require_synced()

    def barrier(self, connection: Connection[Any]) -> None:
        """Send what is durable only when everything is that was committed before it, here and by any host.

        The server's log is one sequence: when this record is on the disk, and with a synchronous standby, so is what
        stands before it.  Inside `writing`, behind a `finish`.  `require_synced` afterwards.
        """
        self._was_warned = False
        connection.execute(_BEGIN.format(level="READ COMMITTED", access="READ WRITE"))
        connection.execute(f"SELECT {_DURABLE}, {_MARK}")

    def mark(self, connection: Connection[Any]) -> None:
        """Write the record that lets a transaction wait for the disk which has changed nothing itself."""
        connection.execute(f"SELECT {_MARK}")

    def settle(self) -> None:
        """Return when everything is durable that any host committed before.  Raises: StorageError."""
        with self.writing_durably() as connection:
            connection.execute(f"SELECT {_MARK}")

    def require_synced(self) -> None:
        """Make sure that no wait for a standby was broken off.  Raises: StoreAway."""
        if self._was_warned:
            reason = "the server gave up waiting for its synchronous standby; what was committed may be on one disk"
            raise ConnectionLost(path=self.place, reason=reason)

    def finish(self, connection: Connection[Any]) -> None:
        """Commit what was sent so far, inside `writing`; the next statement begins a transaction of its own."""
        connection.execute("COMMIT")

    def read(self, ask: Callable[[Connection[Any]], T]) -> T:
        """Return what `ask` reads; asked again once when the connection was lost.  Raises: StorageError."""
        with self.alone:
            try:
                with self.reading() as connection:
                    return ask(connection)
            except (ConnectionLost, TryAgain):
                self.close()
                with self.reading() as connection:
                    return ask(connection)

    def write(self, change: Callable[[Connection[Any]], T]) -> T:
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

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what one query finds.  Raises: StorageError."""
        return self.read(lambda connection: connection.execute(query, values).fetchall())

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
    def _transaction(self, level: str, access: str, more: str) -> Iterator[Connection[Any]]:
        with self.alone, self._transaction_alone(level, access, more) as connection:
            yield connection

    @contextmanager
    def _transaction_alone(self, level: str, access: str, more: str) -> Iterator[Connection[Any]]:
        connection = self._connected()
        import psycopg

        times = self._timeouts
        try:
            connection.silence_seconds = times.silence
            with connection.pipeline():
                connection.execute(_BEGIN.format(level=level, access=access))
                connection.execute(_SETTINGS.format(more=more), [f"{round(each * 1000)}ms" for each in times[:3]])
                yield connection
                connection.execute("COMMIT")
        except psycopg.Error as error:
            self._clear()
            raise self._told(error) from error
        except BaseException:
            self._clear()
            raise

    def _clear(self) -> None:
        """Leave no transaction behind: undo it, or end the connection with it."""
        connection = self._connection
        if connection is None:
            return
        try:
            connection.rollback()
        except Exception:
            self.close()

    def _connected(self) -> Any:
        self._leave_to_parent()
        if self._connection is not None and not self._connection.closed:
            return self._connection
        psycopg = driver()
        try:
            connection = patient_class().connect(self._conninfo, **self._options(psycopg))
        except psycopg.OperationalError as error:
            raise StoreAway(path=self.place, reason=telling.first_line(error)) from None
        except psycopg.Error:
            raise StoreAway(path=self.place, reason="this is nothing that libpq connects by") from None
        connection.add_notice_handler(self._heed)
        self._connection = connection
        self.made += 1
        return connection

    def _leave_to_parent(self) -> None:
        """Let go of the connection of the process that this one was forked from; to end it here would end it there."""
        if self._process != os.getpid():
            self._inherited.append(self._connection)
            self._connection, self._process = None, os.getpid()

    def _options(self, psycopg: Any) -> dict[str, Any]:
        options: dict[str, Any] = {
            "autocommit": True,
            "prepare_threshold": None,
            "application_name": self._application,
            "client_encoding": "UTF8",
            "keepalives": 1,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
        }
        try:
            said = psycopg.conninfo.conninfo_to_dict(self._conninfo)
        except psycopg.Error:
            return options
        if "connect_timeout" not in said:
            options["connect_timeout"] = _CONNECT_SECONDS
        if "," in str(said.get("host", "")) and "target_session_attrs" not in said:
            options["target_session_attrs"] = "read-write"  # of several servers the one that is no standby
        return options

    def _heed(self, notice: Any) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self._was_warned = True

    def _told(self, error: Any) -> GovernanceError:
        """Return what an error means to whoever called.  Raises it as it is when it is a bug of ours."""
        is_broken = isinstance(error, driver().OperationalError) or self._connection is None or self._connection.broken
        if error.sqlstate is None and not is_broken:
            raise error  # a call that psycopg itself refuses
        told = telling.told(error, self.place, self._timeouts.lock)
        if isinstance(told, ConnectionLost):
            self.close()
        return told


def one(cursor: Cursor[Any]) -> tuple[Any, ...]:
    """Return the one row of an answer."""
    row = cursor.fetchone()
    assert row is not None
    return tuple(row)
