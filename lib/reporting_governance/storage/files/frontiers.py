"""The Merkle tree over all physical lines of the log, kept as its frontier so that a look reads only what is new.

What is kept is believed only while the bytes before its place are the line it speaks of: every line holds the hash of
the one before, so that one line speaks for all.  A log whose end was lost, or that was put back from a copy, is read
anew.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from reporting_governance.errors import StorageError
from reporting_governance.file_modes import create
from reporting_governance.storage.files import journal_io, layout, segments
from reporting_governance.storage.files.layout import Layout
from reporting_governance.verifier.merkle import extend, leaf_hash

_MAGIC = b"RGFRON02"
_FORMAT = struct.Struct("<8sQQQQ32s")
_WORTH_KEEPING = 256  #: lines: reading fewer again costs less than a new file


class _Known(NamedTuple):
    """A frontier, and the place behind the last line that it stands for."""

    size: int
    hashes: tuple[bytes, ...]
    segment: int
    offset: int = 0
    length: int = 0  #: of the last line, with its LF; 0: the place is the beginning of a segment
    leaf: bytes = bytes(32)


def frontier(where: Layout, size: int, *, keep: bool = True) -> tuple[int, tuple[bytes, ...]]:
    """Return the frontier of the tree over the first `size` lines.

    Args:
        keep: whether it may be kept for the next caller.
    Raises: StorageError when the log has fewer lines; OSError.
    """
    start = known = _kept(where, size) or _carried(where, size)
    if not known.size and where.segments()[:1] != [1]:  # retired lines: of them only the leaf hashes are left
        return extend(0, (), islice(segments.leaves_after(where, 0), size))
    for first, following in _segments_from(where, known.segment):
        if known.size >= size:
            break
        known = _through(where, first, following, known, size)
    if known.size != size:
        raise StorageError(path=where.log, reason=f"{known.size} lines where there should be {size}")
    if keep and known.length and known.size - start.size >= _WORTH_KEEPING:
        with suppress(OSError):  # a cache: what cannot be kept is read again
            _keep(where, known)
    return known.size, known.hashes


def _segments_from(where: Layout, segment: int) -> Iterator[tuple[int, int | None]]:
    firsts = [first for first in where.segments() if first >= segment]
    yield from zip(firsts, [*firsts[1:], None], strict=True)


def _through(where: Layout, first: int, following: int | None, known: _Known, size: int) -> _Known:
    """Return what is known after the lines of one segment, at most `size` lines in all."""
    if first != known.segment and first != known.size + 1:
        raise StorageError(path=where.segment(first), reason=f"the lines before it end with {known.size}")
    if following is not None and following - 1 <= size:
        leaves = segments.kept_leaves(where, first, following)
        if leaves is not None:
            grown, hashes = extend(known.size, known.hashes, islice(leaves, known.size + 1 - first, None))
            return _Known(grown, hashes, following)
    place = [known.offset if first == known.segment else 0, 0]
    last = known.leaf

    def read() -> Iterator[bytes]:
        nonlocal last
        for raw in islice(journal_io.raw_lines(where.segment(first), place[0]), size - known.size):
            if not raw.endswith(b"\n"):
                return
            last = leaf_hash(raw[:-1])
            place[:] = place[0] + len(raw), len(raw)
            yield last

    grown, hashes = extend(known.size, known.hashes, read())
    return _Known(grown, hashes, first, place[0], place[1], last)


def _kept(where: Layout, size: int) -> _Known | None:
    """Return the kept frontier when it counts and is not beyond `size`."""
    try:
        data = journal_io.read_all(_path(where))
    except FileNotFoundError:
        return None
    if len(data) < _FORMAT.size + 32 or sha256(data[:-32]).digest() != data[-32:] or data[:8] != _MAGIC:
        return None
    _, known, segment, offset, length, leaf = _FORMAT.unpack_from(data)
    if known > size or not _stands_before(where.segment(segment), offset, length, leaf):
        return None
    hashes = data[_FORMAT.size : -32]
    return _Known(known, tuple(hashes[at : at + 32] for at in range(0, len(hashes), 32)), segment, offset, length, leaf)


def _stands_before(path: str, offset: int, length: int, leaf: bytes) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        line = journal_io.read_at(fd, max(0, offset - length), length)
    finally:
        os.close(fd)
    return len(line) == length and line[-1:] == b"\n" and leaf_hash(line[:-1]) == leaf


def _carried(where: Layout, size: int) -> _Known:
    """Return the frontier that the first line of the newest segment within `size` carries."""
    for first in reversed(where.segments()):
        document = segments.first_document(where.segment(first)) if 1 < first <= size + 1 else None
        said: Sequence[str] | None = (document or {}).get("meta", {}).get("frontier")
        if said is not None:
            return _Known(first - 1, tuple(bytes.fromhex(each) for each in said), first)
    return _Known(0, (), 1)


def _keep(where: Layout, known: _Known) -> None:
    if layout.owner(where.root) != os.geteuid():
        return  # root looks at somebody's state: its file would be in the owner's way
    place = (known.segment, known.offset, known.length, known.leaf)
    data = _FORMAT.pack(_MAGIC, known.size, *place) + b"".join(known.hashes)
    unfinished = f"{_path(where)}.{os.getpid()}.tmp"
    fd = create(unfinished, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(fd, data + sha256(data).digest())
    finally:
        os.close(fd)
    os.rename(unfinished, _path(where))


def _path(where: Layout) -> str:
    return f"{where.checkpoints}/frontier"
