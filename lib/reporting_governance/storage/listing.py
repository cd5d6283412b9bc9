"""A folder's names as one listing saw them, parsed only when somebody asks for more than what is due."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.storage.interface import Listing


class Names(Mapping[str, ViewName]):
    """The newest version of each id; a mapping that reads a hundred thousand names only if it has to."""

    def __init__(self, folder: Folder, files: Sequence[str]) -> None:
        self._folder = folder
        self._files = files
        self._parsed: dict[str, ViewName] | None = None
        self._ids: list[str] | None = None

    def __getitem__(self, identity: str) -> ViewName:
        return self._names()[identity]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._files)

    def starting(self, prefix: str) -> Iterator[ViewName]:
        """Yield the names whose ids start with a prefix, in the order of their ids."""
        names = self._names()
        if self._ids is None:
            self._ids = sorted(names)
        for place in range(bisect_left(self._ids, prefix), len(self._ids)):
            if not self._ids[place].startswith(prefix):
                return
            yield names[self._ids[place]]

    def _names(self) -> dict[str, ViewName]:
        if self._parsed is None:
            self._parsed = {}
            for file in self._files:
                name = parse_file(self._folder, file)
                known = self._parsed.get(name.id)
                if known is None or known.seq < name.seq:
                    self._parsed[name.id] = name
        return self._parsed


@frozen
class FilesListing(Listing):
    """A listing that finds what is due among the texts of the names, which sort as time does."""

    files: Sequence[str] = ()

    def due(self, now_name: str) -> list[ViewName]:
        end = _end(now_name)
        files = sorted((file for file in self.files if file < end), key=in_due_order)
        return [parse_file(self.folder, file) for file in files]

    def is_any_due(self, now_name: str) -> bool:
        end = _end(now_name)
        return any(file < end for file in self.files)

    def starting(self, prefix: str, *, limit: int | None = None) -> list[ViewName]:
        if not isinstance(self.names, Names):
            return Listing.starting(self, prefix, limit=limit)
        if limit is not None:
            return list(islice((name for key, name in self.names.items() if key.startswith(prefix)), limit))
        return list(self.names.starting(prefix))


def _end(now_name: str) -> str:
    # A due part is followed by "-", which sorts before ".": so this also takes what is due exactly now.
    return f"{now_name}."


def in_due_order(file: str) -> tuple[str, str, str]:
    """Return by what the names of files are sorted as `Listing.due` does: of one time in the order of the log."""
    return file[:20], file[-17:-5], file[21:-18]


def listed(folder: Folder, head_seq: int, files: Sequence[str]) -> FilesListing:
    """Return the listing of a folder's files."""
    return FilesListing(folder, head_seq, Names(folder, files), files)


def parse_file(folder: Folder, file: str) -> ViewName:
    """Return the version a file's name spells, quicker than `ViewName.parse` for the many names of a listing."""
    return ViewName(folder, file[21:-18], file[:20], int(file[-17:-5]))
