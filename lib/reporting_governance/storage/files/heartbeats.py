"""When tasks were last heard, as the times of small files: touched often, so neither journalled nor synced.

A file holds the boot it was touched in.  After another boot nothing is known, because nothing of it was synced.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256

from reporting_governance.file_modes import create


class Heartbeats:
    """The heartbeats of one state."""

    def __init__(self, folder: str, boot: bytes) -> None:
        self._folder = folder
        self._boot = boot

    def note(self, task: str, at: datetime) -> None:
        """Note that a task was heard at a time, whatever was known before.  Raises OSError.

        Which of two times is the truer one only the caller can tell: a later one may come from a clock that was ahead.
        """
        moment = _nanoseconds(at)
        fd = create(self._path(task), os.O_RDWR)
        try:
            if os.pread(fd, 17, 0) != self._boot:
                os.ftruncate(fd, 0)
                os.pwrite(fd, self._boot, 0)
            os.utime(fd, ns=(moment, moment))
        finally:
            os.close(fd)

    def forget(self, task: str) -> None:
        """Forget a task.  Raises OSError."""
        with suppress(FileNotFoundError):
            os.unlink(self._path(task))

    def known(self, tasks: Iterable[str]) -> Mapping[str, datetime | None]:
        """Return when each task was last heard in this boot."""
        return {task: self._of(task) for task in tasks}

    def _of(self, task: str) -> datetime | None:
        try:
            fd = os.open(self._path(task), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            if os.read(fd, 17) != self._boot:
                return None
            seconds, rest = divmod(os.fstat(fd).st_mtime_ns, 1_000_000_000)
        finally:
            os.close(fd)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1_000_000 * 1000)

    def _path(self, task: str) -> str:
        """Return a task's file.  A foreign id never becomes a path."""
        return f"{self._folder}/{sha256(task.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000) * 1_000_000
