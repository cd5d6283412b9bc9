"""A zip archive read as strictly as it was written: stored files, one after another, and not a byte beside them.

An archive of ours has one form.  So every byte of its headers is known beforehand, and whatever differs is refused:
what two readers could see two things in is no proof.
Source: APPNOTE.TXT 6.3.10 of the .ZIP file format.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from struct import pack, unpack
from typing import BinaryIO, NamedTuple

_END, _END_64, _PLACE_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_BYTES, _END_64_BYTES, _PLACE_64_BYTES, _ENTRY_BYTES = 22, 56, 20, 46
_FIRST_DAY = (1 << 5) | 1  #: 1980-01-01
_PLAIN, _LARGE = 20, 45  #: versions of the format
_BY_UNIX = 3 << 8
_REGULAR = 0o100644 << 16
_MAX_32, _MAX_16 = 0xFFFFFFFF, 0xFFFF
_MOST_NAME_BYTES = 1024
_LONGEST_COMMENT = 65_535 + _END_BYTES
_BUFFER = 1 << 20


class ArchiveRefused(Exception):
    """The archive is not as ours are; `code` is the finding's."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class ArchiveEntry(NamedTuple):
    """One stored file: where its bytes are."""

    name: str
    offset: int
    size: int
    checksum: int


class _Directory(NamedTuple):
    """Where an archive's directory is, and how many files it names."""

    begin: int
    size: int
    entries: int


def entries_of_archive(path: str, most: int) -> Iterator[ArchiveEntry]:
    """Yield the files of an archive in the order in which they stand.

    Args:
        most: files that are allowed.

    Raises: ArchiveRefused, when that is seen: what was yielded before counts for nothing then; OSError.
    """
    with open(path, "rb", buffering=_BUFFER) as directory, open(path, "rb") as body:
        found = _directory_of(directory, os.fstat(directory.fileno()).st_size)
        if found.entries > most:
            raise ArchiveRefused("archive-size", f"the archive names {found.entries} files")
        directory.seek(found.begin)
        left, at, before = found.size, 0, b""
        for _ in range(found.entries):
            fixed = directory.read(_ENTRY_BYTES)
            name, entry, used = _entry(directory, fixed, left)
            left -= used
            if entry[0] != at:
                raise ArchiveRefused("archive-hidden-bytes", f"bytes before {_told(name)} belong to no file")
            if name <= before:
                code = "archive-name" if name == before else "archive-damaged"
                raise ArchiveRefused(code, f"{_told(name)} is there twice, or not in its place")
            _, size, checksum = entry
            at = _checked_header(body, at, name, size, checksum) + size
            if at > found.begin:
                raise ArchiveRefused("archive-size", f"{_told(name)} is larger than the archive")
            before = name
            yield ArchiveEntry(name.decode("ascii"), at - size, size, checksum)
        if left or at != found.begin:
            raise ArchiveRefused("archive-hidden-bytes", "bytes before or in the directory belong to no file")


def _directory_of(file: BinaryIO, size: int) -> _Directory:
    """Return where the directory is, which must end where the archive does."""
    end = _read_at(file, size - _END_BYTES, _END_BYTES) if size >= _END_BYTES else b""
    if end[:4] != _END or end[-2:] != b"\0\0":
        tail = _read_at(file, max(0, size - _LONGEST_COMMENT), _LONGEST_COMMENT)
        if _END in tail:
            raise ArchiveRefused("archive-hidden-bytes", "the archive does not end where its directory ends")
        raise ArchiveRefused("archive-damaged", "this is no zip archive, or its end is missing")
    disk, other, here, entries, length, begin, _ = unpack("<HHHHLLH", end[4:])
    if (disk, other) != (0, 0) or here != entries:
        raise ArchiveRefused("archive-damaged", "the archive says that it is one of several")
    stop = size - _END_BYTES
    if entries == _MAX_16 or _MAX_32 in (length, begin):
        stop -= _PLACE_64_BYTES + _END_64_BYTES
        entries, length, begin = _large_directory(file, stop)
        if entries < _MAX_16 and length < _MAX_32 and begin < _MAX_32:
            raise ArchiveRefused("archive-damaged", "the archive names its directory in two ways")
        shown = (min(entries, _MAX_16), min(length, _MAX_32), min(begin, _MAX_32))
        if unpack("<HLL", end[10:20]) != shown:
            raise ArchiveRefused("archive-damaged", "the archive names two directories")
    if begin + length != stop:
        raise ArchiveRefused("archive-hidden-bytes", "the directory does not end where the archive's end begins")
    return _Directory(begin, length, entries)


def _large_directory(file: BinaryIO, stop: int) -> tuple[int, int, int]:
    """Return what the end of an archive says that is too large for the short form."""
    data = _read_at(file, stop, _END_64_BYTES + _PLACE_64_BYTES) if stop >= 0 else b""
    if len(data) != _END_64_BYTES + _PLACE_64_BYTES:
        raise ArchiveRefused("archive-damaged", "the archive's end is cut")
    entries, length, begin = unpack("<QQQ", data[32:56])
    fields = (44, _BY_UNIX | _LARGE, _LARGE, 0, 0, entries, entries, length, begin)
    if data != _END_64 + pack("<QHHLLQQQQ", *fields) + _PLACE_64 + pack("<LQL", 0, stop, 1):
        raise ArchiveRefused("archive-damaged", "the archive's end is not as ours is written")
    return entries, length, begin


def _entry(file: BinaryIO, fixed: bytes, left: int) -> tuple[bytes, tuple[int, int, int], int]:
    """Return name, (begin, size, checksum) of one entry of the directory, and how many bytes it took."""
    if len(fixed) != _ENTRY_BYTES or fixed[:4] != b"PK\x01\x02":
        raise ArchiveRefused("archive-damaged", "the directory is cut, or not one")
    (made, need, flags, method, time, date, checksum, packed, size, name_length, extra_length, comment_length) = unpack(
        "<HHHHHHLLLHHH", fixed[4:34]
    )
    disk, inner, outer, begin = unpack("<HHLL", fixed[34:46])
    if name_length > _MOST_NAME_BYTES:
        raise ArchiveRefused("archive-name", "a name is too long")
    name = file.read(name_length)
    extra = file.read(extra_length)
    used = _ENTRY_BYTES + name_length + extra_length
    if used > left or not name.isascii():
        raise ArchiveRefused(
            "archive-name" if used <= left else "archive-damaged", f"not a name of ours: {_told(name)}"
        )
    if flags or method or packed != size:
        raise ArchiveRefused("archive-kind", f"{_told(name)} is packed or encrypted; unpack it and verify the folder")
    if (outer, inner) != (_REGULAR, 0):
        raise ArchiveRefused("archive-kind", f"{_told(name)} is a link or no plain file")
    if comment_length:
        raise ArchiveRefused("archive-hidden-bytes", f"{_told(name)} has a comment")
    size, begin = _large_fields(extra, size, begin, name)
    version = _LARGE if extra else _PLAIN
    if (made, need, time, date, disk) != (_BY_UNIX | version, version, 0, _FIRST_DAY, 0):
        raise ArchiveRefused("archive-damaged", f"{_told(name)} is not written as ours are")
    return name, (begin, size, checksum), used


def _large_fields(extra: bytes, size: int, begin: int, name: bytes) -> tuple[int, int]:
    """Return size and place of a file, from behind its name where they are too large to stand before it."""
    wanted = (16 if size == _MAX_32 else 0) + (8 if begin == _MAX_32 else 0)
    if not wanted and not extra:
        return size, begin
    if len(extra) != wanted + 4 or extra[:4] != pack("<HH", 1, wanted):
        raise ArchiveRefused("archive-hidden-bytes", f"{_told(name)} carries more than its name")
    values = list(unpack(f"<{wanted // 8}Q", extra[4:]))
    if size == _MAX_32:
        size, packed = values.pop(0), values.pop(0)
        if size != packed or size < _MAX_32:
            raise ArchiveRefused("archive-kind", f"{_told(name)} is packed")
    if begin == _MAX_32:
        begin = values.pop(0)
        if begin < _MAX_32:
            raise ArchiveRefused("archive-damaged", f"{_told(name)} is named in two ways")
    return size, begin


def _checked_header(file: BinaryIO, at: int, name: bytes, size: int, checksum: int) -> int:
    """Hold the header before a file's bytes against the directory; return where the bytes begin."""
    extra = b"" if size < _MAX_32 else pack("<HHQQ", 1, 16, size, size)
    shown = min(size, _MAX_32)
    version = _LARGE if extra else _PLAIN
    fields = (version, 0, 0, 0, _FIRST_DAY, checksum, shown, shown, len(name), len(extra))
    wanted = b"PK\x03\x04" + pack("<HHHHHLLLHH", *fields) + name + extra
    if _read_at(file, at, len(wanted)) != wanted:
        raise ArchiveRefused(
            "archive-damaged", f"{_told(name)} is another file to who reads the archive from its begin"
        )
    return at + len(wanted)


def _read_at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    parts: list[bytes] = []
    while size > 0:
        data = file.read(size)
        if not data:
            break
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


def _told(name: bytes) -> str:
    return name.decode("ascii", "backslashreplace")
