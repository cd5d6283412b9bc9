"""The one module that opens, writes and syncs what the promise rests on: the log and `applied`.

Python's own audit events do not show write, pwrite and fdatasync.  So each step here raises the event
`reporting_governance.journal` with (step, path) first: a test can count the steps and kill the process between them.
"""

import errno
import os
import sys
from collections.abc import Iterator

from reporting_governance import file_modes

EVENT = "reporting_governance.journal"
_CHUNK = 1 << 20


def step(name: str, path: str) -> None:
    """Tell whoever listens that a step is about to be taken."""
    sys.audit(EVENT, name, path)


def open_log(path: str) -> int:
    """Open a segment for reading and appending.  Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)


def create(path: str) -> int:
    """Make an empty segment; one that a killed process left is taken over."""
    step("create", path)
    return file_modes.create(path, os.O_RDWR | os.O_APPEND)


def append(fd: int, path: str, data: bytes) -> None:
    """Write all of `data` at the end.  Raises OSError; some of it may then stand in the file."""
    step("write", path)
    written = os.write(fd, data)
    while written < len(data):
        step("write", path)
        more = os.write(fd, data[written:])
        if more == 0:
            raise OSError(errno.EIO, "a write of nothing", path)
        written += more


def sync(fd: int, path: str) -> None:
    """Bring a file's data to the disk.  Raises OSError."""
    step("fdatasync", path)
    _fdatasync(fd)


def sync_folder(path: str) -> None:
    """Bring the names in a folder to the disk.  Raises OSError."""
    step("fsync", path)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def forget_cached(fd: int, path: str) -> None:
    """Drop what the kernel keeps of a file, so that the next read shows what the disk has.

    After a failed sync Linux marks the pages clean: they read well and are not on the disk.
    """
    step("fadvise", path)
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def read_at(fd: int, offset: int, size: int) -> bytes:
    """Return up to `size` bytes from `offset`; fewer only at the end of the file."""
    parts: list[bytes] = []
    while size > 0:
        part = os.pread(fd, size, offset)
        if not part:
            break
        parts.append(part)
        offset += len(part)
        size -= len(part)
    return b"".join(parts)


def read_all(path: str) -> bytes:
    """Return a whole small file.  Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return read_at(fd, 0, os.fstat(fd).st_size)
    finally:
        os.close(fd)


def raw_lines(path: str, offset: int, end: int | None = None) -> Iterator[bytes]:
    """Yield the physical lines from `offset`, each with its LF; the last may lack it.  `end`: stop at this offset."""
    with open(path, "rb", buffering=_CHUNK) as file:
        file.seek(offset)
        for line in file:
            if end is not None and offset >= end:
                return
            offset += len(line)
            yield line


def overwrite(path: str, data: bytes) -> None:
    """Write a small record over the old one, in place and unsynced.  Raises OSError."""
    step("pwrite", path)
    fd = file_modes.create(path, os.O_WRONLY)
    try:
        if os.pwrite(fd, data, 0) != len(data):
            raise OSError(errno.ENOSPC, "a short write", path)
    finally:
        os.close(fd)


def write_synced(path: str, data: bytes) -> None:
    """Write a new file, synced, under a name that holds it whole or not at all.  Raises OSError."""
    unfinished = f"{path}.tmp"
    fd = file_modes.create(unfinished, os.O_WRONLY | os.O_TRUNC)
    try:
        append(fd, unfinished, data)
        sync(fd, unfinished)
    finally:
        os.close(fd)
    os.rename(unfinished, path)


_fdatasync = getattr(os, "fdatasync", os.fsync)  #: macOS has no fdatasync
