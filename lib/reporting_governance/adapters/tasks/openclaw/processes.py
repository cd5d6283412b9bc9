"""Which processes of this machine are alive.

A process is named by its pid and its start (field 22 of /proc/PID/stat, in clock ticks since the machine started),
because pids are used again.  A killed process that nobody has waited for is a zombie: it still has its entry, and is
dead all the same.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

#: The start in /proc is cut to ticks, and `btime` to seconds.
_SLACK: Final = timedelta(seconds=2)
_DEAD_STATES: Final = frozenset("ZXx")


class Life(StrEnum):
    """What is known of one process."""

    ALIVE = "alive"
    GONE = "gone"
    UNKNOWN = "unknown"


class Processes(Protocol):
    """Answers questions about the processes of one machine."""

    host: str

    def life(self, pid: int, *, start: int | None = None, not_after: datetime | None = None) -> Life:
        """Tell whether a process lives that has this pid, and this start or one not after a moment."""
        ...


class OwnProcesses:
    """The processes of this machine, as this process can see them."""

    def __init__(self, proc: str = "/proc") -> None:
        self.host = os.uname().nodename
        self._proc = proc

    def life(self, pid: int, *, start: int | None = None, not_after: datetime | None = None) -> Life:
        """Tell whether a process lives that has this pid, and this start or one not after a moment."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return Life.GONE
        except OSError:
            pass  # it exists and belongs to somebody else
        except OverflowError:
            return Life.UNKNOWN
        status = self._status(pid)
        if status is None:
            return Life.UNKNOWN
        state, ticks = status
        if state in _DEAD_STATES:
            return Life.GONE
        if start is not None:
            return Life.ALIVE if ticks == start else Life.GONE
        if not_after is None:
            return Life.UNKNOWN
        began = self._moment(ticks)
        if began is None:
            return Life.UNKNOWN
        return Life.ALIVE if began <= not_after + _SLACK else Life.GONE

    def _status(self, pid: int) -> tuple[str, int] | None:
        """Return the state letter and the start of a process; None when they cannot be seen (no /proc, hidepid)."""
        try:
            with open(os.path.join(self._proc, str(pid), "stat"), "rb") as file:
                text = file.read(4096).decode("ascii", "replace")
        except OSError:
            return None
        fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and parentheses
        try:
            return fields[0], int(fields[19])
        except (IndexError, ValueError):
            return None

    def _moment(self, ticks: int) -> datetime | None:
        try:
            with open(os.path.join(self._proc, "stat"), "rb") as file:
                began = next(int(row.split()[1]) for row in file if row.startswith(b"btime "))
        except (OSError, StopIteration, ValueError):
            return None
        return datetime.fromtimestamp(began + ticks / os.sysconf("SC_CLK_TCK"), UTC)
