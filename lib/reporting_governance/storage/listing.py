"""A folder's names as one listing saw them, parsed only when somebody asks for more than what is due."""

from collections.abc import Iterator, Mapping, Sequence

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.storage.interface import Listing


class Names(Mapping[str, ViewName]):
    """The newest version of each id; a mapping that reads a hundred thousand names only if it has to."""

    def __init__(self, folder: Folder, files: Sequence[str]) -> None:
        self._folder = folder
        self._files = files
        self._parsed: dict[str, ViewName] | None = None

    def __getitem__(self, identity: str) -> ViewName:
        return self._names()[identity]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._files)

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
        # A due part is followed by "-", which sorts before ".": so this also takes what is due exactly now.
        end = f"{now_name}."
        return [parse_file(self.folder, file) for file in sorted(file for file in self.files if file < end)]


def listed(folder: Folder, head_seq: int, files: Sequence[str]) -> FilesListing:
    """Return the listing of a folder's files."""
    return FilesListing(folder, head_seq, Names(folder, files), files)


def parse_file(folder: Folder, file: str) -> ViewName:
    """Return the version a file's name spells, quicker than `ViewName.parse` for the many names of a listing."""
    return ViewName(folder, file[21:-18], file[:20], int(file[-17:-5]))
