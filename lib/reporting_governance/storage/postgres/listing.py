"""A folder as one look saw it, as far as somebody asks: whole while it is small, and otherwise what is due first.

Of a large folder only the beginning comes with the first question.  Everything else is asked for when it is needed:
what is due when that is more, single ids, the ids of a family, and all names for those who truly walk over all.  An
answer may be newer than the listing, never older: what somebody else changed meanwhile is seen in its new version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.storage.interface import Listing
from reporting_governance.storage.listing import listed, parse_file
from reporting_governance.storage.postgres import queries
from reporting_governance.storage.postgres.connection import Session, one
from reporting_governance.storage.postgres.reading import Ahead

WHOLE = 1000  #: names that come at once; a folder that has more comes in parts
FIRST = 100  #: names that come at once of a folder that comes in parts


def listing(session: Session, folder: Folder, ahead: Ahead, *, whole: int = WHOLE) -> Listing:
    """Return the names in a folder: all that there are, or those that are due first and a way to the others.

    Args:
        whole: how many names a folder has at most whose names all come at once.

    Raises: StorageError.
    """
    if folder is Folder.PAST:
        raise ValueError("past/ is not listed; ask for one id")
    seq, many, text = _found(session, queries.LISTING, folder.value, whole + 1, whole, min(whole, FIRST))
    files = _files(text)
    ahead.listed(folder, files)
    if many <= whole:
        return listed(folder, seq, files)
    first = [parse_file(folder, file) for file in files]
    part = PartNames(folder, first, session, ahead)
    return PartListing(folder, seq, part, part=part)


class PartNames(Mapping[str, ViewName]):
    """The names of a large folder.  Each id is looked up once; whoever walks over all of them asks for all."""

    def __init__(self, folder: Folder, first: Sequence[ViewName], session: Session, ahead: Ahead) -> None:
        self.first = first  #: what is due first, in order
        self._folder = folder
        self._session = session
        self._ahead = ahead
        self._known: dict[str, ViewName | None] = {name.id: name for name in first}  #: None: it was not there
        self._is_whole = False
        self._many: int | None = None

    def __getitem__(self, identity: str) -> ViewName:
        self.look([identity])
        name = self._known.get(identity)
        if name is None:
            raise KeyError(identity)
        return name

    def __iter__(self) -> Iterator[str]:
        """Yield what is known first, so that who finds there what it looks for asks for no more."""
        begun = [key for key, name in self._known.items() if name is not None]
        yield from begun
        self._look_at_all()
        seen = set(begun)
        yield from [key for key, name in self._known.items() if name is not None and key not in seen]

    def __len__(self) -> int:
        if self._is_whole:
            return sum(name is not None for name in self._known.values())
        if self._many is None:
            self._many = int(_found(self._session, queries.COUNT, self._folder.value)[0])
        return self._many

    def __bool__(self) -> bool:
        return True  # or it would not come in parts

    def look(self, ids: Iterable[str]) -> None:
        """Look for those ids of which nothing is known, by one question.  Raises: StorageError."""
        if self._is_whole:
            return
        wanted = [each for each in dict.fromkeys(ids) if each not in self._known]
        if wanted:
            found = self._ahead.look(self._folder, wanted)
            self._known.update((each, found.get(each)) for each in wanted)

    def due(self, now_name: str) -> list[ViewName]:
        """Return what is due, in order.  Raises: StorageError."""
        if self.first[-1].due > now_name:
            return [name for name in self.first if name.due <= now_name]
        return self._learnt(queries.DUE, now_name)

    def starting(self, prefix: str, limit: int | None) -> list[ViewName]:
        """Return names by the beginning of their ids.  Raises: StorageError."""
        known = [name for name in self._known.values() if name is not None and name.id.startswith(prefix)]
        if self._is_whole:
            return sorted(known, key=lambda name: name.id)[:limit]
        if limit is not None and len(known) >= limit:
            return known[:limit]
        return self._learnt(queries.STARTING, prefix, _behind(prefix), limit)

    def _look_at_all(self) -> None:
        if not self._is_whole:
            self._learnt(queries.ALL)
            self._is_whole = True

    def _learnt(self, query: str, *values: str | int | None) -> list[ViewName]:
        files = _files(_found(self._session, query, self._folder.value, *values)[0])
        self._ahead.listed(self._folder, files)
        names = [parse_file(self._folder, file) for file in files]
        self._known.update((name.id, name) for name in names)
        return names


@frozen(kw_only=True)
class PartListing(Listing):
    """A listing of which only the beginning has been fetched."""

    part: PartNames

    def due(self, now_name: str) -> list[ViewName]:
        return self.part.due(now_name)

    def is_any_due(self, now_name: str) -> bool:
        return self.part.first[0].due <= now_name

    def starting(self, prefix: str, *, limit: int | None = None) -> list[ViewName]:
        return self.part.starting(prefix, limit)

    def several(self, ids: Iterable[str]) -> dict[str, ViewName]:
        wanted = list(ids)
        self.part.look(wanted)
        return Listing.several(self, wanted)


def _found(session: Session, query: str, *values: str | int | None) -> tuple[Any, ...]:
    """Return the one row of an answer, which is read in the order of an index also where nothing is counted yet."""

    def ask(connection: Any) -> tuple[Any, ...]:
        connection.execute(queries.BY_ORDER)  # sent along, so this costs no round trip
        return one(connection.execute(query, values))

    return session.read(ask)


def _files(text: str | None) -> list[str]:
    return text.split("\n") if text else []


def _behind(prefix: str) -> str:
    """Return what sorts behind everything that starts with a prefix; ids hold ASCII only."""
    return f"{prefix}\x7f"
