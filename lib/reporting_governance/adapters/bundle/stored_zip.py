"""A zip file of stored entries, written front to back: the same entries give the same bytes everywhere.

Nothing is compressed, since what a compressor makes depends on its build.  Dates, modes and the system that made the
file are fixed.  Sizes and checksums are known before an entry is written, so no entry needs a descriptor behind it.
Source: APPNOTE.TXT 6.3.10 of the .ZIP file format, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from struct import pack
from zlib import crc32

_DATE = (1 << 5) | 1  #: 1980-01-01, the first day a zip file knows
_VERSION, _VERSION_64 = 20, 45  #: needed to read it, of the format times ten
_UNIX = 3 << 8
_MODE = 0o100644 << 16
_MOST_32 = 0xFFFFFFFF
_MOST_16 = 0xFFFF


class ChangedMeanwhile(Exception):
    """What was to be written is not what was announced; the name of the entry."""


class StoredZip:
    """Writes entries one after the other through `write`, which takes all bytes it is given or raises."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._offset = 0
        self._directory = bytearray()
        self._count = 0

    def add(self, name: str, size: int, checksum: int, chunks: Iterable[bytes]) -> None:
        """Write one entry.

        Args:
            name: ASCII, parts divided by `/`.
            size: of the content in bytes.
            checksum: its CRC-32.

        Raises: ChangedMeanwhile when the content has another size or checksum; what `write` raises.
        """
        encoded = name.encode("ascii")
        begin = self._offset
        extra = b"" if size < _MOST_32 else pack("<HHQQ", 1, 16, size, size)
        version = _VERSION_64 if extra else _VERSION
        shown = min(size, _MOST_32)
        fields = pack("<HHHHHLLLHH", version, 0, 0, 0, _DATE, checksum, shown, shown, len(encoded), len(extra))
        self._put(b"PK\x03\x04" + fields + encoded + extra)
        found, written = 0, 0
        for chunk in chunks:
            found = crc32(chunk, found)
            written += len(chunk)
            self._put(chunk)
        if (written, found) != (size, checksum):
            raise ChangedMeanwhile(name)
        self._note(encoded, size, checksum, begin)

    def end(self) -> None:
        """Write the directory, without which the file is none."""
        begin, size = self._offset, len(self._directory)
        self._put(bytes(self._directory))
        if self._count >= _MOST_16 or begin >= _MOST_32 or size >= _MOST_32:
            place = self._offset
            fields = (_UNIX | _VERSION_64, _VERSION_64, 0, 0, self._count, self._count, size, begin)
            self._put(b"PK\x06\x06" + pack("<QHHLLQQQQ", 44, *fields))
            self._put(b"PK\x06\x07" + pack("<LQL", 0, place, 1))
        count = min(self._count, _MOST_16)
        self._put(b"PK\x05\x06" + pack("<HHHHLLH", 0, 0, count, count, min(size, _MOST_32), min(begin, _MOST_32), 0))

    def _note(self, name: bytes, size: int, checksum: int, begin: int) -> None:
        """Add an entry to the directory."""
        large = pack("<QQ", size, size) if size >= _MOST_32 else b""
        large += pack("<Q", begin) if begin >= _MOST_32 else b""
        extra = pack("<HH", 1, len(large)) + large if large else b""
        version = _VERSION_64 if extra else _VERSION
        shown = min(size, _MOST_32)
        self._directory += b"PK\x01\x02" + pack(
            "<HHHHHHLLLHHHHHLL",
            _UNIX | version, version, 0, 0, 0, _DATE, checksum, shown, shown,
            len(name), len(extra), 0, 0, 0, _MODE, min(begin, _MOST_32),
        )  # fmt: skip
        self._directory += name + extra
        self._count += 1

    def _put(self, data: bytes) -> None:
        self._write(data)
        self._offset += len(data)
