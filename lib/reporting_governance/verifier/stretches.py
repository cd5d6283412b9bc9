"""Where lines lie: a stretch of a log in one file, or as leaf hashes alone, read in pieces of bounded size."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple, Optional

LONGEST_LINE = 64 << 20  #: bytes; a line has at most 1 MiB, a stretch of zeros that a crash left may have more
_READ_AT_ONCE = 1 << 20
_LEAF_BYTES = 32


class FileRange(NamedTuple):
    """Bytes that lie one after another in a file: a whole file, or one that is stored in an archive."""

    path: str
    offset: int
    length: int
    name: str  #: what people are told


class LineTooLong(ValueError):
    """A line longer than any may be; reading on would take memory without end."""


class RangeReader:
    """Reads a range once, hashing on the way."""

    def __init__(self, where: FileRange) -> None:
        self._where = where
        self._digest = sha256()
        self.crc = 0
        self.read = 0
        self.unfinished = b""  #: what stands behind the last newline

    def sha256(self) -> str:
        """Return the digest of what was read."""
        return self._digest.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes in pieces.  Raises OSError; ends early when the file does."""
        left = self._where.length
        with open(self._where.path, "rb", buffering=0) as file:
            file.seek(self._where.offset)
            while left > 0:
                data = file.read(min(left, _READ_AT_ONCE))
                if not data:
                    return
                left -= len(data)
                self.read += len(data)
                self._digest.update(data)
                self.crc = zlib.crc32(data, self.crc)
                yield data

    def lines(self) -> Iterator[bytes]:
        """Yield whole lines without their newline; what follows the last is `unfinished`.  Raises: LineTooLong."""
        waiting: list[bytes] = []
        size = 0
        for data in self.chunks():
            lines = data.split(b"\n")
            waiting.append(lines[0])
            size += len(lines[0])
            if size > LONGEST_LINE:
                raise LineTooLong(f"a line of more than {LONGEST_LINE} bytes")
            if len(lines) == 1:
                continue
            lines[0] = b"".join(waiting)
            last = lines.pop()
            yield from lines
            waiting, size = [last], len(last)
        self.unfinished = b"".join(waiting)


def read_range(where: FileRange, most: int) -> bytes:
    """Return a range's bytes.  Raises: ValueError when there are more than `most`; OSError."""
    if where.length > most:
        raise ValueError(f"{where.name}: {where.length} bytes where at most {most} are expected")
    return b"".join(RangeReader(where).chunks())


class Leaves(NamedTuple):
    """Leaf hashes without their lines.

    `text`: lines `<seq> <hex>` in ascending order, as a bundle has them; else 32 bytes each, from `first` on.
    """

    where: FileRange
    first: int
    text: bool

    def read(self) -> Iterator[tuple[int, bytes]]:
        """Yield seq and leaf hash.  Raises: ValueError for what is not exactly of that form; OSError."""
        return self._texts() if self.text else self._binary()

    def _texts(self) -> Iterator[tuple[int, bytes]]:
        reader = RangeReader(self.where)
        before = 0
        for raw in reader.lines():
            number, _, digits = raw.partition(b" ")
            if not (number.isdigit() and len(digits) == 2 * _LEAF_BYTES and number[:1] != b"0"):
                raise ValueError(f"not a withheld line: {raw[:90]!r}")
            seq, leaf = int(number), bytes.fromhex(digits.decode("ascii"))
            if seq <= before or leaf.hex().encode() != digits:
                raise ValueError(f"not in order, or not in lower case: {raw[:90]!r}")
            before = seq
            yield seq, leaf
        if reader.unfinished:
            raise ValueError("the last withheld line has no newline")

    def _binary(self) -> Iterator[tuple[int, bytes]]:
        rest = b""
        seq = self.first
        for data in RangeReader(self.where).chunks():
            data = rest + data
            whole = len(data) - len(data) % _LEAF_BYTES
            for place in range(0, whole, _LEAF_BYTES):
                yield seq, data[place : place + _LEAF_BYTES]
                seq += 1
            rest = data[whole:]


class SegmentTask(NamedTuple):
    """What one segment is judged by."""

    first: int  #: seq of its first line
    until: Optional[int]  # noqa: UP045 - of the first line behind it; None for the newest
    file: Optional[FileRange]  # noqa: UP045 - None when only leaf hashes are there
    leaves: Optional[Leaves]  # noqa: UP045 - of the lines that are not in the file
    cuts: tuple[int, ...]  #: sizes at which the tree's root is wanted, ascending, within the segment
    selection: dict[str, Any]  #: the filter of a bundle


def split_leaves(where: FileRange, firsts: list[int]) -> list[FileRange]:
    """Return the parts of a list of withheld lines that begin at these seqs, each up to the next; found by halving.

    A list that is not in order is found out when its parts are read.
    """
    offsets = [_offset_of(where, first) for first in firsts]
    offsets[0] = 0
    ends = [*offsets[1:], where.length]
    return [
        FileRange(where.path, where.offset + begin, max(0, end - begin), where.name)
        for begin, end in zip(offsets, ends)  # noqa: B905
    ]


def _offset_of(where: FileRange, seq: int) -> int:
    """Return where the first line with this seq or a later one begins."""
    fd = os.open(where.path, os.O_RDONLY)
    try:
        low, high = 0, where.length
        while low < high:
            middle = (low + high) // 2
            begin, found = _line_at(fd, where, middle)
            if found is None:
                high = middle
            elif found < seq:
                low = begin + 1
            else:
                high = middle
        return _line_at(fd, where, low)[0]
    finally:
        os.close(fd)


def _line_at(fd: int, where: FileRange, place: int) -> tuple[int, Optional[int]]:  # noqa: UP045
    """Return where the first line from a place on begins, and its number; the end and None behind the last."""
    begin = place
    if place:
        data = os.pread(fd, 256, where.offset + place - 1)
        newline = data.find(b"\n")
        if newline < 0 or place + newline >= where.length:
            return where.length, None
        begin = place + newline
    if begin >= where.length:
        return where.length, None
    number = os.pread(fd, 24, where.offset + begin).partition(b" ")[0]
    return begin, int(number) if number.isdigit() else None
