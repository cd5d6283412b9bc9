"""Who works on a job on this host: a lock on a file that every process of an attempt inherits.

A lease says whose a job is; the lock says that nothing of an earlier attempt is left.  A runner that was killed leaves
its command behind; that command still holds the lock, so nobody begins a second one beside it.
"""

import errno
import fcntl
import os
import time
from contextlib import suppress
from typing import Final

from reporting_governance.adapters.jobs.processes import kill_workers
from reporting_governance.file_modes import create

MARK: Final = "REPORTGOV_JOB_ATTEMPT"  #: stands in the environment of every process of an attempt, as `JOB_ID/NUMBER`
_END_SECONDS: Final = 5.0  #: that killed processes get to be gone
_PAUSE_SECONDS: Final = 0.02


class FileGuard:
    """A held lock."""

    def __init__(self, path: str, descriptor: int) -> None:
        self.descriptor = descriptor
        self._path = path

    def release(self, *, is_over: bool) -> None:
        """Let go; of a job that is over the file goes too, since whoever still gets its lock finds no job to take."""
        if is_over:
            with suppress(FileNotFoundError):
                os.unlink(self._path)
        os.close(self.descriptor)


def take(folder: str, job_id: str, *, ended_attempts: int) -> FileGuard | None:
    """Return the lock of a job, None while somebody else holds it.

    Args:
        ended_attempts: the attempts up to this number are over: what is left of them is killed.  A later one is that
            of somebody who was quicker, and is let alone.
    """
    path = f"{folder}/{job_id}.lock"
    descriptor = create(path, os.O_RDWR | os.O_NOFOLLOW)
    if _lock(descriptor) or _lock_after_the_end(descriptor, job_id, ended_attempts):
        return FileGuard(path, descriptor)
    os.close(descriptor)
    return None


def _lock_after_the_end(descriptor: int, job_id: str, ended_attempts: int) -> bool:
    marks = frozenset(f"{MARK}={job_id}/{number}".encode() for number in range(1, ended_attempts + 1))
    if not marks or not kill_workers(marks):
        return False
    ends_at = time.monotonic() + _END_SECONDS
    while time.monotonic() < ends_at:
        if _lock(descriptor):
            return True
        time.sleep(_PAUSE_SECONDS)
        kill_workers(marks)  # what was forked meanwhile
    return False


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EINTR):
            return False
        raise
    return True
