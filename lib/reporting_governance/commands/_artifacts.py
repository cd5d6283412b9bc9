"""Opens files that are named as evidence, inside the profile's artifact roots only, and never through a link."""

import os
import stat
from collections.abc import Mapping
from hashlib import sha256

from reporting_governance.core.evidence_builder import Opened

_MAX_BYTES = 256 * 1024 * 1024
_CHUNK = 1024 * 1024


class AllowedRoots:
    """The folders below which evidence may lie; relative roots stand for folders below the current one."""

    def __init__(self, roots: Mapping[str, str]) -> None:
        self._roots = tuple(os.path.realpath(path) for path in roots.values())

    def open_file(self, reference: str) -> Opened:
        """Return the digest of a file, or why it could not be opened."""
        path = os.path.abspath(reference)
        root = next(
            (each for each in self._roots if path == each or path.startswith(each.rstrip(os.sep) + os.sep)), None
        )
        if root is None:
            return Opened(None, f"{reference}: outside the folders in which evidence may lie")
        try:
            descriptor = _open_below(root, os.path.relpath(path, root))
        except OSError as fault:
            return Opened(None, f"{reference}: {fault.strerror}")
        with os.fdopen(descriptor, "rb") as file:
            return _digest(file.fileno(), reference)


def _open_below(root: str, relative: str) -> int:
    """Open a file step by step, so that no part of the way can be a link or be swapped for one in between."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    parts = relative.split(os.sep)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inner
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(parts[-1], flags, dir_fd=folder)
    finally:
        os.close(folder)


def _digest(descriptor: int, reference: str) -> Opened:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return Opened(None, f"{reference}: not a regular file")
    if status.st_size > _MAX_BYTES:
        return Opened(None, f"{reference}: larger than {_MAX_BYTES} bytes")
    digest = sha256()
    while chunk := os.read(descriptor, _CHUNK):
        digest.update(chunk)
    return Opened(digest.hexdigest(), "")
