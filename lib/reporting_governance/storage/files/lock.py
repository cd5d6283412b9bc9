"""The writers' lock: `flock` on a file beside the log, with a bounded wait.

The kernel lets go of it when its holder dies, so nobody has to clean up.  A new descriptor for each holding keeps two
threads, and a child after a fork, from sharing one lock.  filelock would do the same sixty times dearer.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from reporting_governance.errors import Busy
from reporting_governance.file_modes import create
from reporting_governance.storage.files import journal_io

_FIRST_PAUSE_SECONDS = 0.001
_LONGEST_PAUSE_SECONDS = 0.05


@contextmanager
def held(path: str, *, wait_seconds: float) -> Iterator[None]:
    """Hold the lock.  Raises Busy when another process keeps it for longer than the wait."""
    fd = create(path, os.O_RDWR)
    try:
        _acquire(fd, path, wait_seconds)
        yield
        journal_io.step("release", path)
    finally:
        os.close(fd)


def _acquire(fd: int, path: str, wait_seconds: float) -> None:
    deadline = None
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = time.monotonic()
            if deadline is None:
                deadline = now + wait_seconds
            if now >= deadline:
                raise Busy(path=path, seconds=wait_seconds) from None
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        else:
            return
