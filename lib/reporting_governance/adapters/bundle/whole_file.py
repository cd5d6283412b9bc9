"""A file that is there whole or not at all, whatever is killed or full meanwhile.

It is written beside its place under a name that nobody takes for it, synced, and only then given its own.  Each step
raises the audit event `reporting_governance.bundle` with (step, path) first, so that a test can stop between them.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256

from reporting_governance.errors import NotExported, StorageError, UsageError

EVENT = "reporting_governance.bundle"
NO_ROOM = "Make it possible to write there, or name another place with --output."
_FEW = 1 << 16  #: bytes that are gathered before they are written


class WholeFile:
    """What is being written, and its digest so far."""

    def __init__(self, fd: int, path: str) -> None:
        self._fd = fd
        self._path = path
        self._digest = sha256()
        self._waiting = bytearray()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Add bytes.  Raises: OSError."""
        self._waiting += data
        if len(self._waiting) >= _FEW:
            self.flush()

    def flush(self) -> None:
        """Hand over what was gathered.  Raises: OSError."""
        self._digest.update(self._waiting)
        self.size += len(self._waiting)
        view = memoryview(bytes(self._waiting))
        self._waiting.clear()
        while view:
            _step("write", self._path)
            written = os.write(self._fd, view)
            if written == 0:
                raise OSError(errno.EIO, "a write of nothing", self._path)
            view = view[written:]

    @property
    def sha256(self) -> str:
        """The digest of what was handed over, hex."""
        return self._digest.hexdigest()


def require_free(path: str) -> None:
    """Make sure that nothing stands where a bundle is to go: one bundle never silently replaces another.

    Raises: UsageError.
    """
    if os.path.lexists(path):
        raise UsageError(reason=f"{path}: is there already; name another file with --output, or move it away")


@contextmanager
def whole_file(path: str) -> Iterator[WholeFile]:
    """Write a file: it gets its name when the block ends well; else nothing is left.

    Raises: UsageError when something has its name; StorageError when it cannot be written.
    """
    require_free(path)
    folder, name = os.path.split(os.path.abspath(path))
    try:
        _drop_left_behind(folder, name)
        unfinished = os.path.join(folder, f".{name}.{os.getpid()}.partial")
        _step("create", unfinished)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(unfinished, flags, 0o600)
    except OSError as error:
        raise _told(error, folder) from error
    try:
        file = WholeFile(fd, unfinished)
        yield file
        file.flush()
        _step("fsync", unfinished)
        os.fsync(fd)
        _step("rename", path)
        require_free(path)
        os.rename(unfinished, path)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(unfinished)
        if isinstance(error, OSError):
            raise _told(error, unfinished) from error
        raise
    finally:
        os.close(fd)
    _sync_folder(folder)


def remove(path: str) -> None:
    """Remove a file that was given its name, as when what belongs to it could not be done."""
    with suppress(OSError):
        os.unlink(path)
        _sync_folder(os.path.dirname(os.path.abspath(path)))


def _sync_folder(folder: str) -> None:
    try:
        _step("fsync", folder)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise _told(error, folder) from error


def _drop_left_behind(folder: str, name: str) -> None:
    """Remove what a killed process left of the same file."""
    for each in os.listdir(folder):
        pid = each[len(name) + 2 : -len(".partial")]
        if each.startswith(f".{name}.") and each.endswith(".partial") and pid.isdigit() and not _is_alive(int(pid)):
            os.unlink(os.path.join(folder, each))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return pid != os.getpid()


def _told(error: OSError, path: str) -> StorageError:
    place = error.filename if isinstance(error.filename, str) else path
    return NotExported(path=place, reason=error.strerror or str(error), advice=NO_ROOM)


def _step(name: str, path: str) -> None:
    sys.audit(EVENT, name, path)
