"""Opening a database as a back end, and its clock, which is the clock of every host that works on it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reporting_governance.commands._clock import SystemClock, cut
from reporting_governance.errors import GovernanceError

if TYPE_CHECKING:
    from reporting_governance.commands._place import Database, Place
    from reporting_governance.commands._settings import Settings
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.storage.limits import Limits
    from reporting_governance.storage.postgres.backend import PostgresBackend
    from reporting_governance.storage.postgres.connection import Session

SKEW_LIMIT_SECONDS = 2.0  #: told beyond it; what is recorded bears the database's time anyway
_AGAIN_SECONDS = 5.0


def skew_words(offset: timedelta) -> str:
    """Return how a host's clock stands, to be followed by whose clock is right.

    Args:
        offset: what has to be added to it.
    """
    seconds = offset.total_seconds()
    return f"{abs(seconds):.1f} s {'behind' if seconds > 0 else 'ahead of'}"


def note_host(context: CommandContext) -> None:
    """Note on the database that this host is at work, and how its clock stands.  Raises: StorageError."""
    context.postgres.note_host(context.postgres.clock_offset())


class DatabaseClock(SystemClock):
    """The clock of a database, as the offset that was measured once says it.

    While the database is away it is this host's: nothing can be recorded by it then, and what is said has a time.

    Args:
        measure: returns what has to be added to this host's clock.
    """

    def __init__(self, measure: Callable[[], timedelta]) -> None:
        self._measure = measure
        self._offset: timedelta | None = None
        self._not_before = 0.0

    def now(self) -> datetime:
        """Return the aware UTC time, cut to milliseconds."""
        return cut(datetime.now(UTC) + (self.offset() or timedelta()))

    def offset(self) -> timedelta | None:
        """Return what is added; None while it is not known."""
        if self._offset is None and time.monotonic() >= self._not_before:
            try:
                self._offset = self._measure()
            except GovernanceError:
                self._not_before = time.monotonic() + _AGAIN_SECONDS
        return self._offset


def open_backend(
    place: Place,
    *,
    verb: str,
    actor: str,
    settings: Settings,
    now: Callable[[], datetime],
    heals: bool = True,
    limits: Limits | None = None,
) -> PostgresBackend:
    """Return the back end in a database; nothing is asked of it yet.

    Raises: WrongState, SecretMissing, DriverMissing, NotOurState, StorageError.
    """
    from reporting_governance.commands._kept_settings import encoded
    from reporting_governance.storage.files.local import prepare
    from reporting_governance.storage.postgres.backend import PostgresBackend
    from reporting_governance.storage.postgres.in_force import InForce

    assert place.database is not None
    if heals:
        prepare(place.local)
    return PostgresBackend(
        place.database.conninfo(),
        local=place.local,
        actor=actor,
        verb=verb,
        context=InForce(settings.digests, lambda: encoded(settings)),
        clock_step_seconds=2 * settings.timing.tick_seconds,
        limits=limits,
        now=now,
        heals=heals,
    )


def require_log(context: CommandContext) -> None:
    """Make sure that there is a log before a folder is made beside it.  Raises: StorageError."""
    if context.database is None or os.path.isdir(context.state):
        return
    from reporting_governance.storage.postgres.backend import PostgresBackend

    found = PostgresBackend(context.database.conninfo(), local=context.state, actor=context.actor, heals=False)
    try:
        found.log_as_it_is()
    finally:
        found.close()


def last_in_force(place: Place) -> bytes | None:
    """Return the settings that the log names last.  Raises: GovernanceError."""
    from reporting_governance.storage.postgres.backend import PostgresBackend

    assert place.database is not None
    found = PostgresBackend(place.database.conninfo(), local=place.local, actor="", heals=False)
    try:
        return found.last_in_force()
    finally:
        found.close()


def open_session(database: Database, verb: str) -> Session:
    """Return the way to a database whose tables may not be there yet.  Raises: WrongState, SecretMissing."""
    from reporting_governance.storage.postgres.connection import Session

    return Session(database.conninfo(), application=f"reporting-governance {verb}@{os.uname().nodename}"[:63])
