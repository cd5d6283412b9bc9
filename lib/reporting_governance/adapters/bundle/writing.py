"""One bundle as a file: entries into a stored zip, into a file that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple, cast

from reporting_governance.adapters.bundle.stored_zip import ChangedMeanwhile, StoredZip
from reporting_governance.adapters.bundle.whole_file import NO_ROOM, WholeFile, remove, require_free, whole_file
from reporting_governance.errors import NotExported, StorageError

_ELSEWHERE = "Make it, writable for you, or name another place with --output."
_IN_MEMORY = 1 << 20  #: bytes of a spool; what is longer lies in a file without a name


class Written(NamedTuple):
    """What was written."""

    path: str
    size: int  #: bytes
    sha256: str  #: hex


class Spool:
    """What is gathered before it is written: in memory, and in a file without a name when it grows."""

    def __init__(self, folder: str) -> None:
        from tempfile import SpooledTemporaryFile

        self._folder = folder
        self._file = cast("IO[bytes]", SpooledTemporaryFile(max_size=_IN_MEMORY, dir=folder))  # noqa: SIM115 (__exit__)

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_of_the_block: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Add bytes.  Raises: StorageError."""
        with self._told():
            self._file.write(data)

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield all that was written, from the beginning.  Raises: StorageError."""
        with self._told():
            self._file.seek(0)
            yield from iter(lambda: self._file.read(size), b"")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise NotExported(path=self._folder, reason=error.strerror or str(error), advice=NO_ROOM) from error


class BundleContainer:
    """The open container."""

    def __init__(self, file: WholeFile) -> None:
        self._file = file
        self._zip = StoredZip(file.write)

    def add(self, name: str, size: int, checksum: int, chunks: Iterable[bytes]) -> None:
        """Write one entry; see `StoredZip.add`.  Raises: StorageError when the content is not what was announced."""
        try:
            self._zip.add(name, size, checksum, chunks)
        except ChangedMeanwhile:
            raise StorageError(path=name, reason="its source was changed while it was exported; try again") from None

    def end(self) -> None:
        """Write what ends the container."""
        self._zip.end()
        self._file.flush()


class BundleFile:
    """Where one bundle goes.

    Args:
        output: path of the file; or of a folder, in which the bundle gets a name of its own.
    """

    def __init__(self, output: str) -> None:
        self._output = os.path.abspath(output)
        self._is_folder = output.endswith(os.sep) or os.path.isdir(self._output)
        self._folder = self._output if self._is_folder else os.path.dirname(self._output)
        if not os.path.isdir(self._folder):
            raise NotExported(path=self._folder, reason="no such folder", advice=_ELSEWHERE)
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise NotExported(path=self._folder, reason="nothing can be written into this folder", advice=_ELSEWHERE)
        if not self._is_folder:
            require_free(self._output)

    def path_of(self, name: str) -> str:
        """Return the path of a file with this name, or the one that was asked for.  Raises: UsageError when taken."""
        path = os.path.join(self._folder, name) if self._is_folder else self._output
        require_free(path)
        return path

    def spool(self) -> Spool:
        """Return what gathers bytes before they are written; it is gone when it is closed."""
        return Spool(self._folder)

    @contextmanager
    def container(self, name: str) -> Iterator[BundleContainer]:
        """Open a bundle for writing; it gets its name when the block ends well.  Raises: StorageError, UsageError."""
        with whole_file(self.path_of(name)) as file:
            container = BundleContainer(file)
            yield container
            container.end()
            self._sum = (file.size, file.sha256)

    def written(self, name: str) -> Written:
        """Return what the container that was closed last has become."""
        path = os.path.join(self._folder, name) if self._is_folder else self._output
        return Written(path, *self._sum)

    def put(self, name: str, data: bytes) -> Written:
        """Write a file of its own, whole or not at all.  Raises: StorageError, UsageError."""
        with whole_file(self.path_of(name)) as file:
            file.write(data)
            file.flush()
            self._sum = (file.size, file.sha256)
        return self.written(name)

    def take_back(self, written: Written) -> None:
        """Remove a bundle that could not be recorded."""
        remove(written.path)
