"""Which open work a process takes for itself, so that hosts do not all begin with the same.

A claim only spreads work, and ends by itself.  It is never asked about when something is added to the log.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from reporting_governance.contracts.journal_line import ViewName
from reporting_governance.storage.postgres import queries
from reporting_governance.storage.postgres.connection import Session

_ASKED_ABOUT = 200  #: names at once, at least
_KEPT = timedelta(hours=1)


class Claims:
    """The claims of one process of one host."""

    def __init__(self, session: Session, host: str) -> None:
        self._session = session
        self._host = host
        self._token = os.urandom(8).hex()

    def take(self, names: Sequence[ViewName], *, limit: int, now: datetime, seconds: int) -> list[ViewName]:
        """Return the first names that nobody else has claimed, claimed for some seconds; at most so many.

        Raises: StorageError.
        """
        taken: list[ViewName] = []
        for some in _chunks(names, max(_ASKED_ABOUT, 4 * limit)):
            if len(taken) >= limit:
                break
            taken += self._taken_of(some, limit - len(taken), now, now + timedelta(seconds=seconds))
        return taken

    def drop_old(self, now: datetime) -> None:
        """Remove what is long over.  Raises: StorageError."""
        with self._session.writing() as connection:
            connection.execute(queries.DROP_OLD_CLAIMS, (now - _KEPT,))

    def _taken_of(self, names: Sequence[ViewName], limit: int, now: datetime, until: datetime) -> list[ViewName]:
        ids, seqs = "\n".join(name.id for name in names), "\n".join(str(name.seq) for name in names)
        folder = names[0].folder.value
        with self._session.writing() as connection:
            wanted = (ids, seqs, folder, now, self._token, limit)
            cursor = connection.execute(queries.CLAIM, (*wanted, self._token, self._host, until, now))
            free = set(cursor.fetchall())
        return [name for name in names if (name.id, name.seq) in free]


def _chunks(names: Sequence[ViewName], size: int) -> Iterator[Sequence[ViewName]]:
    """Yield names of one folder each, in order."""
    for _, same in groupby(names, key=lambda name: name.folder):
        some = list(same)
        yield from (some[at : at + size] for at in range(0, len(some), size))
