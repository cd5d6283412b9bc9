"""Where the log ends, looked at without holding it."""

from __future__ import annotations

from typing import Any

from reporting_governance.errors import ExitCode, StorageError
from reporting_governance.storage.interface import TreeHead
from reporting_governance.storage.postgres import migrating, queries, schema
from reporting_governance.storage.postgres.care import is_lost
from reporting_governance.storage.postgres.connection import Session, one
from reporting_governance.storage.postgres.log_state import LogState, state_of
from reporting_governance.storage.postgres.seen import Seen
from reporting_governance.verifier.merkle import root


class NeedsCare(StorageError):
    """Something is to be made good first, and whoever looks here may not change anything."""

    exit_code = ExitCode.TRY_LATER
    message = "{path}: the log is not as this host last saw it, as where an older backup was put back"
    hint = "A dry run changes nothing, so it cannot record that; `reportgov status` does."


def look(session: Session, seen: Seen | None) -> tuple[LogState, bool]:
    """Return where the log ends, and whether something is amiss that a writer has to make good.

    Amiss: the row is not what the lines say, or lines that this host saw are gone, or are others now.
    Raises: WrongSchema, StorageError.
    """

    def ask(connection: Any) -> tuple[LogState, bool]:
        version = connection.execute(queries.VERSION)
        state_row = connection.execute(queries.STATE)
        hint = 0 if seen is None else seen.seq
        last = connection.execute(queries.LAST, (hint, hint + schema.NEAR))
        found = version.fetchone()[0]
        migrating.require(found or 0, session.place)
        state = state_of(one(state_row))
        row = last.fetchone()
        if state.seq >= hint + schema.NEAR:
            row = connection.execute(queries.LAST, (state.seq, state.seq + schema.NEAR)).fetchone()
        is_empty = row is None and state.seq == 0
        is_as_said = row is not None and (row[0], bytes(row[1])) == (state.seq, state.leaf)
        if not is_empty and not is_as_said:
            return state, True
        return state, seen is not None and is_lost(connection, state, seen)

    return session.read(ask)


def tree_head(session: Session) -> TreeHead:
    """Return the tree over the log, all of it durable: nobody is to sign what a crash could take back.

    Raises: StorageError, also where the row is not what the lines say.
    """

    def ask(connection: Any) -> LogState:
        state = state_of(one(connection.execute(queries.STATE)))
        row = connection.execute(queries.LEAF_AT, (state.seq,)).fetchone()
        if state.seq and (row is None or bytes(row[0]) != state.leaf):
            raise StorageError(path=session.place, reason=f"line {state.seq} is not the one that was added")
        return state

    state = session.read(ask)
    if state.seq:
        session.settle()
    return TreeHead(state.seq, root(state.frontier), state.frontier)
