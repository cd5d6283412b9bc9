"""Heads in the system's log: one line with the mark of a head and its whole root.

What is proven is that the system took the line.  It is a witness only where it is sent on to another host.
Source of the form: what the C library's syslog(3) writes to the local socket; facility and severity as in RFC 3164.
"""

import errno
import os
import socket
import time
from typing import TYPE_CHECKING

from reporting_governance.adapters.interface import Anchored

if TYPE_CHECKING:
    from reporting_governance.verifier.note import LogHead

SOCKET = "/dev/log"
LIMIT_SECONDS = 5.0
_USER_NOTICE = 1 * 8 + 5
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # in no locale's words


class SyslogAnchor:
    """Writes the mark of each head to the system's log.

    Args:
        path: the socket of the log.
    """

    def __init__(self, path: str = SOCKET, *, limit_seconds: float = LIMIT_SECONDS) -> None:
        self.name = "syslog" if path == SOCKET else f"syslog {path}"
        self.limit_seconds = limit_seconds
        self._path = path

    def anchor(self, note: bytes, head: "LogHead") -> Anchored:
        """Hand one line to the system's log."""
        from reporting_governance.verifier.note import head_mark

        mark = head_mark(head.origin, head.size, head.root.hex(), digits=64)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as log:
                log.settimeout(self.limit_seconds)
                log.connect(self._path)
                log.send(f"<{_USER_NOTICE}>{_time()} reporting-governance[{os.getpid()}]: {mark}".encode())
        except OSError as fault:
            return Anchored(_words(fault))
        return Anchored()

    def probe(self) -> str:
        """Connect and send nothing."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as log:
                log.connect(self._path)
        except OSError as fault:
            return _words(fault)
        return ""


def _time() -> str:
    now = time.localtime()
    return f"{_MONTHS[now.tm_mon - 1]} {now.tm_mday:2d} {now.tm_hour:02d}:{now.tm_min:02d}:{now.tm_sec:02d}"


def _words(fault: OSError) -> str:
    if isinstance(fault, TimeoutError):
        return "the system's log took nothing within the time limit"
    if fault.errno in (errno.ENOENT, errno.ECONNREFUSED):
        return "nobody listens: no system's log runs here"
    return f"the system's log cannot be written to: {fault.strerror or fault}"
