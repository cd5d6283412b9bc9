"""Sizes and digests of what goes into a bundle, taken while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from zlib import crc32

from reporting_governance.stages.export_source import Entry


class RunningSum:
    """Size, digest and checksum of bytes that are met one after the other."""

    __slots__ = ("_digest", "checksum", "lines", "size")

    def __init__(self) -> None:
        self._digest = sha256()
        self.checksum = 0
        self.lines = 0
        self.size = 0

    def add_line(self, raw: bytes) -> None:
        """Count a line's bytes."""
        self._digest.update(raw)
        self.checksum = crc32(raw, self.checksum)
        self.lines += 1
        self.size += len(raw)

    def entry(self, path: str, chunks: Callable[[], Iterable[bytes]]) -> Entry:
        """Return the file of these lines."""
        return Entry(path, self.size, self._digest.hexdigest(), self.checksum, chunks, self.lines)


def entry_of(path: str, data: bytes, lines: int | None = None) -> Entry:
    """Return a file whose content is at hand."""
    return Entry(path, len(data), sha256(data).hexdigest(), crc32(data), lambda: (data,), lines)
