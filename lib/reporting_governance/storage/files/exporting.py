"""A log as it lies on the disk, read for somebody else: every physical line in order, and nothing is changed.

It may be the log of this state, or that of another host, or bare segments.  It is read twice, and must be the same both
times: the first time every line is checked against the one before, the second time bytes are copied.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from reporting_governance.errors import StorageError
from reporting_governance.storage.chain import UnknownVersion
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.applied import load
from reporting_governance.storage.files.snapshots import snapshot_in
from reporting_governance.storage.physical import PhysicalLine, physical_lines

_LEAF_SIZE = 32
_NO_LOG = "no log is there: neither journal/log, nor log, nor segments such as 000000000001.jsonl"
_MOST_TORN_LINES = 1000  #: as healing has it: more lines than this behind a fault are damage


class Segment(NamedTuple):
    """One segment's file and the seq of its first line."""

    first: int
    path: str
    size: int  #: bytes, when it was listed


class LogFolder:
    """The files of one log.

    Args:
        log: folder of the segments.
        journal: folder of what is kept beside them (leaves, checkpoints); None when there is none.
        blobs: folder of the blobs; None when there is none.

    Every method raises StorageError for what cannot be read, with its place.
    """

    def __init__(self, log: str, journal: str | None, blobs: str | None) -> None:
        self.log = log
        self._journal = journal
        self._blobs = blobs
        self.left_out = 0  #: lines behind the last complete group: nobody was ever told that they are recorded

    @property
    def has_blobs(self) -> bool:
        """Whether there is a folder of blobs."""
        return self._blobs is not None

    def segments(self) -> Sequence[Segment]:
        """Return the segments in order."""
        with _told(self.log):
            names = sorted(each for each in os.listdir(self.log) if len(each) == 18 and each.endswith(".jsonl"))
            return [_segment(os.path.join(self.log, each)) for each in names]

    def retired_leaves(self, first: int) -> Iterator[bytes]:
        """Yield the leaf hashes of the lines before the first segment that is there, in order.

        Args:
            first: the seq with which that segment begins.

        Raises: StorageError also when they are not kept whole.
        """
        for _, leaves in self.retired_segments(first):
            yield from (leaves[at : at + _LEAF_SIZE] for at in range(0, len(leaves), _LEAF_SIZE))

    def retired_segments(self, first: int) -> Iterator[tuple[int, bytes]]:
        """Yield the same by segment: its first seq and its leaf hashes in one piece.  Raises as `retired_leaves`."""
        folder = os.path.join(self._journal or self.log, "leaves")
        seq = 1
        while seq < first:
            path = os.path.join(folder, f"{seq:012d}.leaves")
            with _told(path):
                data = journal_io.read_all(path)
            lines, rest = divmod(len(data), _LEAF_SIZE)
            if rest or not lines or seq + lines > first:
                raise StorageError(path=path, reason=f"does not hold leaf hashes of lines from {seq} to {first - 1}")
            yield seq, data
            seq += lines

    def snapshots(self) -> Iterator[tuple[int, bytes]]:
        """Yield the snapshots that are whole, by the segment they stand behind, oldest first."""
        folder = os.path.join(self._journal or self.log, "snapshots")
        with _told(folder):
            names = sorted(each for each in os.listdir(folder) if len(each) == 18 and each.endswith(".jsonl"))
            for name in names:
                data = journal_io.read_all(os.path.join(folder, name))
                if snapshot_in(data, int(name[:12])) is not None:
                    yield int(name[:12]), data

    def lines(self, segment: Segment, leaf: bytes, last: int | None) -> Iterator[PhysicalLine]:
        """Yield the physical lines of a segment in order; see `physical.physical_lines`.

        What stands behind the last complete group of the newest segment was never acknowledged: it is left out and
        counted in `left_out`.

        Raises: StorageError also for damage, and for lines of a later version.
        """

        def torn(seq: int, lines: int) -> None:
            if lines > _MOST_TORN_LINES or segment.path != self.segments()[-1].path:
                raise StorageError(path=segment.path, reason=f"damaged: line {seq} does not follow the one before it")
            self.left_out = lines

        with _told(segment.path):
            try:
                yield from physical_lines(journal_io.raw_lines(segment.path, 0), segment.first, leaf, last, torn)
            except UnknownVersion as unknown:
                raise StorageError(path=segment.path, reason=f"{unknown}; a newer program wrote it") from None

    def raw_lines(self, segment: Segment) -> Iterator[bytes]:
        """Yield the physical lines of a segment as they are, each with its LF; unchecked."""
        with _told(segment.path):
            yield from journal_io.raw_lines(segment.path, 0)

    def blob(self, digest: str) -> bytes | None:
        """Return a blob's file, salt and all, None when it is not there; unchecked."""
        if self._blobs is None:
            return None
        path = self.place_of_blob(digest)
        with _told(path):
            try:
                return journal_io.read_all(path)
            except FileNotFoundError:
                return None

    def place_of_blob(self, digest: str) -> str:
        """Return where a blob's file is looked for."""
        return os.path.join(self._blobs or "blobs", digest)

    def log_checkpoints(self) -> Sequence[int]:
        """Return the sizes of the log of which signed heads are kept, smallest first."""
        folder = os.path.join(self._journal or self.log, "checkpoints")
        with _told(folder):
            try:
                names = os.listdir(folder)
            except FileNotFoundError:
                return ()
        stems = (each[:-5] for each in names if each.endswith(".note"))
        return sorted(int(each) for each in stems if len(each) == 12 and each.isascii() and each.isdigit())

    def log_checkpoint(self, size: int) -> bytes:
        """Return the signed head of a size; nothing of it is checked."""
        path = os.path.join(self._journal or self.log, "checkpoints", f"{size:012d}.note")
        with _told(path):
            return journal_io.read_all(path)

    def log_id(self) -> str | None:
        """Return whose log it is, as what is kept beside the segments says; None when nothing does."""
        if self._journal is None:
            return None
        path = os.path.join(self._journal, "applied")
        with _told(path):
            applied = load(path)
        return None if applied is None or not any(applied.log_id) else applied.log_id.hex()

    def anchors(self) -> bytes | None:
        """Return what is kept of how anchors took heads, None when nothing is; a readable copy, and a cache."""
        path = os.path.join(self._journal or self.log, "checkpoints", "anchors.json")
        with _told(path):
            try:
                return journal_io.read_all(path)
            except FileNotFoundError:
                return None


def log_folder(path: str) -> LogFolder:
    """Return the log at a path: of a state folder, of a journal folder, of an unpacked bundle, or a folder of segments.

    Raises: StorageError when there is none.
    """
    root = os.path.abspath(path)
    for log, journal, state in (
        (f"{root}/journal/log", f"{root}/journal", root),
        (f"{root}/log", root, os.path.dirname(root)),
        (f"{root}/data/log", f"{root}/data", f"{root}/data"),  # so that its report can be made again, by another's hand
        (root, None, None),
    ):
        with _told(log):
            try:
                is_log = any(each.endswith(".jsonl") and len(each) == 18 for each in os.listdir(log))
            except (FileNotFoundError, NotADirectoryError):
                continue
        if is_log:
            blobs = None if state is None else f"{state}/blobs"
            return LogFolder(log, journal, blobs if blobs is not None and os.path.isdir(blobs) else None)
    raise StorageError(path=root, reason=_NO_LOG)


def _segment(path: str) -> Segment:
    return Segment(int(os.path.basename(path)[:12]), path, os.stat(path).st_size)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Tell what goes wrong with files as a StorageError that names the place."""
    try:
        yield
    except OSError as error:
        place = error.filename if isinstance(error.filename, str) else path
        raise StorageError(path=place, reason=error.strerror or str(error)) from error
