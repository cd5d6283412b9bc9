"""Which views the newest lines name: the answer to "was it born since I looked?".

Kept between the commits of one process.  Under the lock only lines that others added since are looked at, and of those
only what a commit asks for; when there are many, they are read before the lock.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.storage.encoding import Prepared
from reporting_governance.storage.interface import Absence, Group
from reporting_governance.storage.postgres import queries
from reporting_governance.storage.postgres.connection import Session

_MANY = 1000  #: lines that are rather read before the lock than asked about under it


class Births:
    """The newest line that names each view, for the lines behind one seq up to another."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._after = self._upto = 0
        self._named: dict[str, int] = {}

    def forget(self) -> None:
        """Forget all: the log is not the one it was."""
        self._after = self._upto = 0
        self._named.clear()

    def cover(self, groups: Sequence[Group], head_seq: int) -> list[Absence]:
        """Return the absences of groups, having read what many lines up to a known head name.

        Raises: StorageError.
        """
        absences = [each for group in groups for each in group.absences]
        if not absences:
            return []
        oldest = min(each.seq for each in absences)
        if oldest < self._after or self._upto == 0:
            self._after = self._upto = oldest
            self._named.clear()
        if head_seq - self._upto > _MANY:
            self._note(self._session.rows(queries.NAMED_AFTER, self._upto, head_seq))
            self._upto = head_seq
        return absences

    def ask(self, connection: Any, absences: Sequence[Absence], end: int) -> Any:
        """Send the question about lines that are not covered, up to `end`; `named_since` takes what it finds."""
        keys = "\n".join(dict.fromkeys(_key(each.folder, each.id) for each in absences))
        return connection.execute(queries.NAMED, (self._upto, end, keys))

    def named_since(self, rows: Iterable[Sequence[Any]]) -> Callable[[Folder, str, int], bool]:
        """Return the question of `groups.Judge`, given what `ask` found."""
        newer: dict[str, int] = {}
        for seq, names in rows:
            newer.update(dict.fromkeys(names.split(","), seq))

        def is_named(folder: Folder, identity: str, seq: int) -> bool:
            key = _key(folder, identity)
            return max(newer.get(key, 0), self._named.get(key, 0)) > seq

        return is_named

    def learn(self, first: int, groups: Iterable[Sequence[Prepared]]) -> None:
        """Add lines of ours, if they follow what is covered."""
        if first != self._upto + 1 or self._upto == 0:
            return
        for group in groups:
            for prepared in group:
                self._upto += 1
                if prepared.record is not None:
                    for key in prepared.record.views:
                        self._named[_key(key.folder, key.id)] = self._upto

    def _note(self, rows: Iterable[Sequence[Any]]) -> None:
        for seq, names in rows:
            self._named.update(dict.fromkeys(names.split(","), seq))


def _key(folder: Folder, identity: str) -> str:
    return f"{folder.value}/{identity}"
