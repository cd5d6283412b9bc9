"""Bytes that shall be on the disk: what the senders that write files share."""

import os


def write_all(file: int, data: bytes) -> None:
    """Write all of it, however much the system takes at once.  Raises: OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def sync(path: str) -> None:
    """Sync a file or a folder.  Raises: OSError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
