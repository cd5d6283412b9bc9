"""Heads in a file that only grows, on another disk or host: signed notes, one after another.

Nothing is ever taken away from the file, so it may be made append-only (`chattr +a`).  Links are not followed: who can
put one in our way could lead heads to where nobody looks for them.
"""

import errno
import os
import stat
from typing import TYPE_CHECKING

from reporting_governance.adapters.anchors.place import place_problem
from reporting_governance.adapters.interface import Anchored

if TYPE_CHECKING:
    from reporting_governance.verifier.note import LogHead

LIMIT_SECONDS = 10.0
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NOCTTY


class FileAnchor:
    """Appends each head to a file.

    Args:
        path: absolute; its folder is there.
        state_folder: what must not hold the file: who rewrites the one could rewrite the other.
    """

    def __init__(self, path: str, *, state_folder: str, limit_seconds: float = LIMIT_SECONDS) -> None:
        self.name = f"file {path}"
        self.limit_seconds = limit_seconds
        self._path = path
        self._state_folder = state_folder

    def anchor(self, note: bytes, head: "LogHead") -> Anchored:
        """Append a head and sync it; nothing is written when it is the last one there already."""
        try:
            return Anchored(place_problem(os.path.dirname(self._path), self._state_folder) or self._append(note))
        except OSError as fault:
            return Anchored(_words(fault))

    def probe(self) -> str:
        """Say why the file could not be written to; a file that is not there yet is none of it."""
        try:
            problem = place_problem(os.path.dirname(self._path), self._state_folder)
            if problem:
                return problem
            file = os.open(self._path, _FLAGS)
        except FileNotFoundError:
            folder = os.path.dirname(self._path)
            may_make = os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)
            return "" if may_make else "its folder is not there, or nothing can be made in it"
        except OSError as fault:
            return _words(fault)
        try:
            return "" if stat.S_ISREG(os.fstat(file).st_mode) else "it is no ordinary file"
        finally:
            os.close(file)

    def is_beside_the_state(self) -> bool:
        """Tell whether the file's folder lies on the same file system as the state."""
        try:
            return os.stat(os.path.dirname(self._path)).st_dev == os.stat(self._state_folder).st_dev
        except OSError:
            return False

    def _append(self, note: bytes) -> str:
        file, is_new = self._opened()
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                return "it is no ordinary file"
            tail = os.pread(file, len(note) + 1, max(0, status.st_size - len(note) - 1))
            if tail.endswith(note):
                return ""
            data = note if tail.endswith(b"\n") or not tail else b"\n" + note  # a write that was cut has no end of line
            if os.write(file, data) != len(data):
                return "only a part of it could be written"
            os.fsync(file)
        finally:
            os.close(file)
        if is_new:
            from reporting_governance.adapters.senders.disk import sync

            sync(os.path.dirname(self._path))
        return ""

    def _opened(self) -> tuple[int, bool]:
        try:
            return os.open(self._path, _FLAGS), False
        except FileNotFoundError:
            return os.open(self._path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600), True


def _words(fault: OSError) -> str:
    if fault.errno == errno.ELOOP:
        return "it is a link, and links are not followed"
    return f"it cannot be written to: {fault.strerror or fault}"
