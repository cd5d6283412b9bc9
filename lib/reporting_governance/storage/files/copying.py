"""A state folder that another log is copied into.

Until the last line is there the segments lie in `journal/log.copying`, so nobody takes what is half copied for a log.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple, Protocol

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.errors import StorageError
from reporting_governance.file_modes import create, make_folder
from reporting_governance.storage.files import heads, journal_io
from reporting_governance.storage.files import layout as layouts
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.lock import held
from reporting_governance.storage.files.snapshots import snapshot_path
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.lines import ZERO_LEAF
from reporting_governance.verifier.merkle import leaf_hash


class RawLine(Protocol):
    """A physical line with its LF."""

    @property
    def raw(self) -> bytes: ...


class Standing(NamedTuple):
    """How far a copy has come."""

    first: int
    seq: int
    leaf: bytes
    is_finished: bool


class FilesCopyTarget:
    """The folder; see `stages.copying.CopyTarget`.  Used inside `copy_target`."""

    def __init__(self, root: str) -> None:
        self._layout = Layout(root)
        self._copying = f"{self._layout.journal}/log.copying"

    def standing(self) -> Standing:
        """Return how far an earlier copy came; a line that it did not finish is cut off."""
        with _told(self._layout.root):
            if self._layout.exists():
                head = FilesStore(self._layout.root, actor="").ready()
                return Standing(self._layout.segments()[0], head.seq, bytes.fromhex(head.leaf), True)
            with suppress(FileExistsError):
                make_folder(self._copying)
            names = sorted(os.listdir(self._copying))
            if not names:
                return Standing(0, 0, ZERO_LEAF, False)
            return self._end_of(f"{self._copying}/{names[-1]}", int(names[0][:12]), int(names[-1][:12]))

    def add_blobs(self, blobs: Iterable[tuple[str, bytes]]) -> int:
        """Keep blobs that are not there, synced."""
        added = 0
        with _told(self._layout.blobs):
            for digest, content in blobs:
                path = f"{self._layout.blobs}/{digest}"
                if not os.path.exists(path):
                    journal_io.write_synced(path, content)
                    added += 1
            if added:
                journal_io.sync_folder(self._layout.blobs)
        return added

    def add_lines(self, segment: int, lines: Sequence[RawLine]) -> None:
        """Add lines to the segment that begins with a seq, synced."""
        path = f"{self._copying}/{segment:012d}.jsonl"
        with _told(path):
            fd = create(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            try:
                journal_io.append(fd, path, b"".join(each.raw for each in lines))
                journal_io.sync(fd, path)
            finally:
                os.close(fd)
            journal_io.sync_folder(self._copying)

    def add_log_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a signed head."""
        with _told(self._layout.checkpoints):
            heads.keep(self._layout, size, note)

    def finish(self, retired: Iterable[tuple[int, bytes]], snapshots: Iterable[tuple[int, bytes]]) -> None:
        """Make it a log.  The views are made from it, as after any loss of them: that they come out alike is proof."""
        with _told(self._layout.root):
            for first, leaves in retired:
                journal_io.write_synced(f"{self._layout.leaves}/{first:012d}.leaves", leaves)
            journal_io.sync_folder(self._layout.leaves)
            for segment, content in snapshots:
                journal_io.write_synced(snapshot_path(self._layout, segment), content)
            journal_io.sync_folder(self._layout.snapshots)
            layouts.make_view_folders(self._layout.root, (folder.value for folder in Folder))
            os.rename(self._copying, self._layout.log)
            journal_io.sync_folder(self._layout.journal)

    def _end_of(self, path: str, oldest: int, first: int) -> Standing:
        lines, size, last = 0, 0, b""
        for raw in journal_io.raw_lines(path, 0):
            if raw.endswith(b"\n"):
                lines, size, last = lines + 1, size + len(raw), raw
        os.truncate(path, size)
        if lines:
            return Standing(oldest, first + lines - 1, leaf_hash(last[:-1]), False)
        os.unlink(path)
        return self.standing()


@contextmanager
def copy_target(root: str) -> Iterator[FilesCopyTarget]:
    """Hold a folder that is to become the copy of a log.

    Raises: NotOurState, StorageError, Busy when another copy is at it.
    """
    layouts.require_owner(root)
    layout = Layout(root)
    with _told(root):
        layouts.prepare_lock(layout)
        layouts.make_local_folders(layout)
        for folder in (layout.blobs, layout.snapshots, layout.leaves):
            with suppress(FileExistsError):
                make_folder(folder)
    with held(f"{layout.journal}/copy.lock", wait_seconds=0):
        yield FilesCopyTarget(root)


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename if isinstance(error.filename, str) else path
        raise StorageError(path=place, reason=error.strerror or str(error)) from error
