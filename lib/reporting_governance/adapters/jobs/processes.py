"""Processes of this host: which one we are, whether another is still the same, and who works for a job."""

import os
from collections.abc import Set
from contextlib import suppress

from reporting_governance.contracts.job import Lease
from reporting_governance.core.jobs import Place

_START_FIELD = 19  #: of /proc/PID/stat behind the name: field 22, when the process started, in ticks since boot
_STATE_FIELD = 0


def this_place(host: str, boot_id: str, *, is_among_others: bool = False) -> Place:
    """Return this process."""
    pid = os.getpid()
    return Place(
        host=host,
        boot_id=boot_id,
        pid=pid,
        start_ticks=start_ticks(pid),
        pid_namespace=_namespace(),
        is_among_others=is_among_others,
    )


def start_ticks(pid: int) -> int | None:
    """Return when a process started, None when it is not there, is a corpse, or the system does not say."""
    fields = _stat(pid)
    return None if fields is None or fields[_STATE_FIELD] in (b"Z", b"X") else int(fields[_START_FIELD])


def is_there(lease: Lease) -> bool:
    """Tell whether the process of a lease is there, and is not another one that got its id."""
    if lease.start_ticks is not None:
        return start_ticks(lease.pid) == lease.start_ticks
    try:
        os.kill(lease.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def kill_workers(marks: Set[bytes]) -> int:
    """Kill every process of ours in whose environment one of the marks stands; return how many there were."""
    import signal

    killed = 0
    for name in _listed():
        pid = int(name)
        if pid == os.getpid():
            continue
        with suppress(OSError):
            handle = os.pidfd_open(pid)  # so that it is this process that dies, and none that got its id since
            try:
                if not marks.isdisjoint(_environment(pid)):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    killed += 1
            finally:
                os.close(handle)
    return killed


def _listed() -> list[str]:
    try:
        return [name for name in os.listdir("/proc") if name.isdigit()]
    except FileNotFoundError:  # no such thing on this system
        return []


def _environment(pid: int) -> list[bytes]:
    with open(f"/proc/{pid}/environ", "rb") as file:
        return file.read().split(b"\0")


def _stat(pid: int) -> list[bytes] | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _namespace() -> int | None:
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return None
