"""Views, as one statement sees them."""

from __future__ import annotations

from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.storage.files.listing import listed
from reporting_governance.storage.interface import Listing, View
from reporting_governance.storage.postgres import queries
from reporting_governance.storage.postgres.commit import Bodies
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.writing import body_of


def listing(session: Session, folder: Folder) -> Listing:
    """Return all names in a folder; they come as one text, spelled as files would be named.  Raises: StorageError."""
    if folder is Folder.PAST:
        raise ValueError("past/ is not listed; ask for one id")
    [(seq, names)] = session.rows(queries.LISTING, folder.value)
    return listed(folder, seq, names.split("\n") if names else [])


def read(session: Session, name: ViewName, bodies: Bodies) -> View | None:
    """Return one exact version, None when it is gone.  Raises: StorageError."""
    folder = name.folder.value
    rows = session.rows(queries.READ, folder, folder, name.id, name.due, name.seq)
    if not rows:
        return None
    bodies.keep(name, rows[0][0])
    return View(name, body_of(rows[0][0]))


def past(session: Session, identity: str, bodies: Bodies) -> View | None:
    """Return what is kept in `past/` of an id.  Raises: StorageError."""
    rows = session.rows(queries.PAST, identity)
    if not rows:
        return None
    name = ViewName(Folder.PAST, identity, "", rows[0][0])
    bodies.keep(name, rows[0][1])
    return View(name, body_of(rows[0][1]))


def past_names(session: Session, prefix: str) -> list[str]:
    """Return the ids in `past/` that start with a prefix, in order.  Raises: StorageError."""
    return [row[0] for row in session.rows(queries.PAST_NAMES, prefix, prefix)]
