"""Opens files that agents name as evidence: inside the allowed folders only, and through no link."""

import os
import stat
from collections.abc import Mapping
from hashlib import sha256

from reporting_governance.core.evidence_builder import Opened

MAX_BYTES = 64 * 1024 * 1024
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ArtifactFiles:
    """Reads below some folders.

    A reference is `root:path`, or a path that is looked for in each root in turn.  Every part of the path is opened
    below the one before it without following links, so that no name leads out, whatever is changed meanwhile.
    """

    def __init__(self, roots: Mapping[str, str]) -> None:
        self._roots = dict(roots)  #: name -> absolute path

    def open_file(self, reference: str) -> Opened:
        """Return the digest of a file, or why it could not be opened."""
        name, separator, rest = reference.partition(":")
        if separator and name in self._roots:
            return _digest(self._roots[name], rest, reference)
        opened = Opened(None, f"{reference}: no folder is allowed for evidence")
        for root in self._roots.values():
            inside = os.path.relpath(reference, root) if os.path.isabs(reference) else reference
            opened = _digest(root, inside, reference)
            if opened.sha256 is not None:
                break
        return opened


def _digest(root: str, path: str, reference: str) -> Opened:
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or "\0" in path:
        return Opened(None, f"{reference}: it does not lie in an allowed folder")
    try:
        fd = _open_below(root, parts)
    except OSError as error:
        return Opened(None, f"{reference}: {error.strerror}")
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            return Opened(None, f"{reference}: it is no regular file")
        if found.st_size > MAX_BYTES:
            return Opened(None, f"{reference}: it is larger than {MAX_BYTES} bytes")
        digest = sha256()
        while part := os.read(fd, 1024 * 1024):
            digest.update(part)
        return Opened(digest.hexdigest())
    finally:
        os.close(fd)


def _open_below(root: str, parts: list[str]) -> int:
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            below = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
        return os.open(parts[-1], _FILE, dir_fd=at)
    finally:
        os.close(at)
