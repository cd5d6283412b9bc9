"""Who may change OpenClaw's configuration: one of ours at a time, and nobody while OpenClaw itself does.

Measured on 2026.9.6: every write of OpenClaw holds `<file>.lock`, made with O_EXCL, that names pid, start time
and moment of its holder.  One whose holder is dead is taken away; an empty one never is, and blocks OpenClaw for ever.
So ours gets its name when it is whole.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

from reporting_governance.contracts.frozen import frozen
from reporting_governance.errors import Busy

EVENT: Final = "reporting_governance.openclaw_config"  #: audit event (step, name) before each step, for tests
_PAUSE_SECONDS: Final = 0.02
_LOCK_BYTES: Final = 4096


@frozen
class Folder:
    """The folder of a configuration, held open: what happens in it does not depend on where its path leads later."""

    descriptor: int
    path: str

    def step(self, name: str, file: str) -> None:
        """Tell that a step with a file follows."""
        sys.audit(EVENT, name, os.path.join(self.path, file))

    def make(self, name: str) -> int:
        """Make a file for its owner alone and return its descriptor; what root makes belongs to the folder's owner.

        Raises: FileExistsError; OSError.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o600, dir_fd=self.descriptor)
        if os.geteuid() == 0:
            facts = os.fstat(self.descriptor)
            os.fchown(descriptor, facts.st_uid, facts.st_gid)
        return descriptor


def names(config: str) -> str:
    """Return how the names of all our own files beside a configuration begin."""
    return f".{config}.reportgov."


@contextmanager
def ours(folder: Folder, config: str, *, wait_seconds: float) -> Iterator[None]:
    """Keep every other process of ours from the configuration; the kernel lets go when a holder dies.

    Args:
        config: its name there.

    Raises: Busy; OSError.
    """
    name = f"{names(config)}lock"
    folder.step("lock", name)
    try:
        descriptor = folder.make(name)
    except FileExistsError:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(name, flags, dir_fd=folder.descriptor)
    try:
        _waited(lambda: _flocked(descriptor), os.path.join(folder.path, config), wait_seconds)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def theirs(folder: Folder, config: str, *, wait_seconds: float) -> Iterator[None]:
    """Keep OpenClaw from writing the configuration, in its own way.  Only under `ours`.

    Raises: Busy; OSError.
    """
    lock, draft = f"{config}.lock", f"{names(config)}lock-draft"
    content = _payload()
    folder.step("draft", draft)
    _write(folder, draft, content)
    try:
        folder.step("claim", lock)
        _waited(lambda: _linked(folder, draft, lock), os.path.join(folder.path, lock), wait_seconds)
    finally:
        folder.step("remove", draft)
        os.unlink(draft, dir_fd=folder.descriptor)
    try:
        yield
    finally:
        folder.step("release", lock)
        with suppress(OSError):  # somebody took it for left behind and removed it
            if _read(folder, lock) == content:
                folder.step("remove", lock)
                os.unlink(lock, dir_fd=folder.descriptor)


def _waited(attempt: Any, path: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not attempt():
        if time.monotonic() >= deadline:
            raise Busy(path=path, seconds=seconds)
        time.sleep(_PAUSE_SECONDS)


def _flocked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _linked(folder: Folder, draft: str, lock: str) -> bool:
    try:
        os.link(draft, lock, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
    except FileExistsError:
        _without_left_behind(folder, lock)
        return False
    return True


def _without_left_behind(folder: Folder, lock: str) -> None:
    """Take a lock away whose holder is dead.

    It is moved aside first and looked at there, so that one which another process has just put in its place comes back.
    """
    aside = f"{names(lock.removesuffix('.lock'))}lock-aside"
    content = _read(folder, lock)
    if content is None or not _is_left_behind(content):
        return
    with suppress(FileNotFoundError):
        folder.step("clear", lock)
        os.rename(lock, aside, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
        if _read(folder, aside) != content:
            with suppress(FileExistsError):
                folder.step("return", lock)
                os.link(aside, lock, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
        folder.step("remove", aside)
        os.unlink(aside, dir_fd=folder.descriptor)


def _is_left_behind(content: bytes) -> bool:
    try:
        holder = json.loads(content)
    except (ValueError, RecursionError):
        return False
    pid = holder.get("pid") if isinstance(holder, dict) else None
    if type(pid) is not int or pid <= 0:
        return False
    started = holder.get("starttime")
    now = _start_time(pid)
    if type(started) is int and now is not None:
        return now != started
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _start_time(pid: int) -> int | None:
    """Return field 22 of the process's line in /proc; None where there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def _payload() -> bytes:
    made = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    holder: dict[str, Any] = {"pid": os.getpid(), "createdAt": made}
    if (started := _start_time(os.getpid())) is not None:
        holder["starttime"] = started
    return json.dumps(holder, indent=2).encode() + b"\n"


def _write(folder: Folder, name: str, content: bytes) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder.descriptor)
    descriptor = folder.make(name)
    try:
        folder.step("write", name)
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def _read(folder: Folder, name: str) -> bytes | None:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder.descriptor)
    except OSError:
        return None
    try:
        return os.read(descriptor, _LOCK_BYTES)
    except OSError:
        return None
    finally:
        os.close(descriptor)
