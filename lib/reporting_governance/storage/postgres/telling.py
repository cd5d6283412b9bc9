"""What an error of the server means to whoever called, by its SQLSTATE; no message says how one gets in."""

from __future__ import annotations

from typing import Any

from reporting_governance.errors import GovernanceError, StorageError
from reporting_governance.storage.postgres.away import (
    ConnectionLost,
    LockHeld,
    NotAllowed,
    StoreAway,
    TryAgain,
    WrongSchema,
)

#: the server ends a connection: shutdown, crash, starting, idle for too long, a transaction that takes too long
_ENDS = ("57P01", "57P02", "57P03", "57P05", "25P03", "25P04")
_AGAIN = ("40001", "40P01", "40003")  #: serialization, deadlock, outcome unknown
#: operator's intervention (a timeout too), resources (connections, memory, disk), a standby that takes no changes
_AWAY = ("57", "53", "25006")
_NO_TABLES = ("42P01", "3F000", "42703")
#: lines of libpq about a lost connection that say nothing more
_GUESSES = ("This probably means the server terminated abnormally", "before or while processing the request")
_MOST_LINES = 4
_MIGRATE = "Run `reportgov store migrate` with the role that owns the tables, or is to own them."


def told(error: Any, place: str, lock_seconds: float) -> GovernanceError:
    """Return an error of the driver as one of ours."""
    state, reason = error.sqlstate, first_line(error)
    if state is None or state.startswith("08"):
        return ConnectionLost(path=place, reason=f"the connection was lost: {reason}")
    if state in _ENDS:
        return ConnectionLost(path=place, reason=f"the server ended the connection: {reason}")
    if state in _AGAIN:
        return TryAgain(path=place, reason=reason)
    if state == "55P03":
        return LockHeld(path=place, reason=f"another writer has held the log for {lock_seconds:g} s")
    if state == "42501":
        return NotAllowed(path=place, reason=reason)
    if state in _NO_TABLES:
        return WrongSchema(
            path=place, reason=f"the tables are not as this program knows them: {reason}", advice=_MIGRATE
        )
    if state.startswith(_AWAY):
        return StoreAway(path=place, reason=reason)
    return StorageError(path=place, reason=f"{reason} (SQLSTATE {state})")


def first_line(error: Any) -> str:
    """Return what a message says: the server's own first line, or of libpq's own words all that are no guess."""
    lines = [line.strip() for line in (error.diag.message_primary or str(error)).splitlines() if line.strip()]
    if not lines:
        return "no reason given"
    if error.sqlstate is not None:
        return lines[0]
    said = [line for line in dict.fromkeys(lines) if not line.startswith(_GUESSES)]
    return "; ".join((said or lines)[:_MOST_LINES])
