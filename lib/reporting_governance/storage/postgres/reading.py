"""Views, as one statement sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.storage.interface import Group, View
from reporting_governance.storage.listing import parse_file
from reporting_governance.storage.postgres import queries
from reporting_governance.storage.postgres.commit import Bodies
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.writing import body_of

_COUNTS_SECONDS = 1.0
_MOST_AHEAD = 64


class Ahead:
    """Reads versions of a listing in the order in which stages work on them, more and more of them at once.

    What was read ahead counts for a moment only, and never when a commit of ours has consumed it: then it is asked for
    again.  It may be gone when it is handed out, as anything may that was read before; to add to the log is what tells.
    """

    def __init__(self, session: Session, bodies: Bodies, monotonic: Callable[[], float]) -> None:
        self._session = session
        self._bodies = bodies
        self._monotonic = monotonic
        self._files: dict[Folder, Sequence[str]] = {}  #: of the last listing, in order
        self._places: dict[Folder, dict[str, int]] = {}  #: of each; made when a second one is read
        self._many: dict[Folder, int] = {}
        self._found: dict[Folder, dict[ViewName, str]] = {}  #: items and their threads are read in turn
        self._until: dict[Folder, float] = {}
        self._made = 0  #: the session's connection over which that was read

    def listed(self, folder: Folder, files: Sequence[str]) -> None:
        """Learn what a listing has found, in the order in which it is likely to be read."""
        self._files[folder] = files
        self._places.pop(folder, None)
        self._many[folder] = 0
        self._found.pop(folder, None)

    def chosen(self, names: Sequence[ViewName]) -> None:
        """Learn which names of one folder are the ones that will be read, in order."""
        folder = names[0].folder
        self.listed(folder, [str(name).partition("/")[2] for name in names])
        self._many[folder] = min(len(names), _MOST_AHEAD)

    def forget(self) -> None:
        """Forget what was read ahead."""
        self._found.clear()

    def adding(self, groups: Sequence[Group]) -> None:
        """Forget what these groups consume, whatever becomes of them."""
        for group in groups:
            for addition in (*group.additions, *group.otherwise):
                for name in () if addition.record is None else addition.record.consumes:
                    self._found.get(name.folder, {}).pop(name, None)

    def read(self, name: ViewName) -> View | None:
        """Return one exact version, None when it is gone.  Raises: StorageError."""
        self._forget_other_server()
        text = self._found.get(name.folder, {}).pop(name, None)
        if text is None or self._monotonic() > self._until[name.folder]:
            text = self._asked_for(name)
        if text is None:
            return None
        self._bodies.keep(name, text)
        return View(name, body_of(text))

    def look(self, folder: Folder, ids: Sequence[str]) -> dict[str, ViewName]:
        """Return the names of those ids that are there.  Of few the bodies come along: they are read next.

        Raises: StorageError.
        """
        if len(ids) > _MOST_AHEAD:
            rows = self._session.rows(queries.EXISTING, "\n".join(ids), folder.value)
            return {identity: ViewName(folder, identity, due, seq) for identity, due, seq in rows}
        found = self._bodies_of(folder, ids)
        self._forget_other_server()
        if self._monotonic() > self._until.get(folder, 0.0):
            self._found.pop(folder, None)
            self._until[folder] = self._monotonic() + _COUNTS_SECONDS
        self._found.setdefault(folder, {}).update(found)
        return {name.id: name for name in found}

    def _forget_other_server(self) -> None:
        """Forget what came over another connection: of another server, where the same version may be another text."""
        if self._session.made != self._made:
            self._found.clear()
            self._made = self._session.made

    def _bodies_of(self, folder: Folder, ids: Sequence[str]) -> dict[ViewName, str]:
        values = ("\n".join(ids), folder.value, folder.value)
        rows = self._session.rows(queries.BODIES, *values, again_and_again=True)
        return {ViewName(folder, identity, due, seq): text for identity, due, seq, text in rows}

    def _asked_for(self, name: ViewName) -> str | None:
        folder = name.folder
        more = self._following(name)
        found = self._bodies_of(folder, [name.id, *(each.id for each in more)])
        self._forget_other_server()
        self._until[folder] = self._monotonic() + _COUNTS_SECONDS
        text = found.pop(name, None)
        self._found[folder] = {each: found[each] for each in more if each in found}
        return text

    def _following(self, name: ViewName) -> list[ViewName]:
        """Return what is likely to be asked for next: nothing at first, then more each time."""
        folder = name.folder
        many = self._many.get(folder, 0)
        self._many[folder] = min(max(4, 2 * many), _MOST_AHEAD)
        files = self._files.get(folder)
        if not many or not files:
            return []
        if folder not in self._places:
            self._places[folder] = {file: place for place, file in enumerate(files)}
        place = self._places[folder].get(str(name).partition("/")[2])
        if place is None:
            return []
        return [parse_file(folder, file) for file in files[place + 1 : place + 1 + many]]


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
