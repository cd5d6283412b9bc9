"""Bringing the tables to the version that this program is written for, and telling which one is there."""

from __future__ import annotations

from typing import Any, NamedTuple

from reporting_governance.errors import StorageError
from reporting_governance.storage.postgres import queries, schema
from reporting_governance.storage.postgres.away import WrongSchema
from reporting_governance.storage.postgres.connection import Session, one

_MIGRATE = "Run `reportgov store migrate` with the role that owns the tables, or is to own them."
_UPDATE = "Update this program on this host; the others have been."


class Migrated(NamedTuple):
    """What a migration did."""

    before: int  #: 0: there were no tables
    after: int
    partitions: int  #: of the journal, made now


def version(session: Session) -> int:
    """Return the version of the tables, 0 when there are none.  Raises: StorageError."""

    def ask(connection: Any) -> int:
        return 0 if one(connection.execute(queries.HAS_VERSION))[0] is None else _number(connection, queries.VERSION)

    return session.read(ask)


def require(found: int, place: str) -> None:
    """Make sure that this program works with tables of a version: its own, or the next.  Raises: WrongSchema."""
    if schema.NEWEST <= found <= schema.NEWEST + 1:
        return
    if found == 0:
        raise WrongSchema(path=place, reason="there are no tables of ours in this database yet", advice=_MIGRATE)
    is_older = found < schema.NEWEST
    reason = f"its tables are of version {found}, and this program works with {schema.NEWEST} and {schema.NEWEST + 1}"
    raise WrongSchema(path=place, reason=reason, advice=_MIGRATE if is_older else _UPDATE)


def migrate(session: Session, *, to: int | None = None) -> Migrated:
    """Carry out the steps that are missing, each in a transaction of its own, and make partitions ahead.

    Safe to call at any time, and by several at once.
    Raises: StorageError; then every finished step stays.
    """
    to = schema.NEWEST if to is None else to
    before = version(session)
    if before > schema.NEWEST + 1:
        require(before, session.place)
    for number, sql in sorted(schema.steps().items()):
        if before < number <= to:
            _step(session, number, sql)
    return Migrated(before, version(session), grow(session))


def grow(session: Session) -> int:
    """Make partitions of the journal ahead of its end, and return how many were made.  By the tables' owner.

    Lines that found no partition lie in the rest for good: a partition for their numbers is not made any more.
    """
    made = 0
    with session.plain() as connection:
        seq = _number(connection, queries.STATE_SEQ)
        there = {row[0] for row in connection.execute(queries.PARTITIONS).fetchall()}
        first = max(seq, _number(connection, queries.LAST_SPILLED) + 1) // schema.LINES_IN_PARTITION
        for number in range(first, first + schema.PARTITIONS_AHEAD):
            if f"journal_{number:06d}" not in there:
                connection.execute(schema.partition(number))
                made += 1
    return made


def _step(session: Session, number: int, sql: str) -> None:
    try:
        with session.plain() as connection, connection.transaction():
            found = 0
            if one(connection.execute(queries.HAS_VERSION))[0] is not None:
                connection.execute(queries.LOCK_VERSION)  # of two who migrate at once the second waits here
                found = _number(connection, queries.VERSION)
            if found < number:
                connection.execute(sql)
                connection.execute(queries.ADD_VERSION, (number,))
    except StorageError:
        if version(session) < number:  # else somebody else was quicker with the very first step
            raise


def _number(connection: Any, query: str) -> int:
    return int(one(connection.execute(query))[0] or 0)
