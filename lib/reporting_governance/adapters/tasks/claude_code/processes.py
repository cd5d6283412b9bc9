"""What Claude Code's own entries of its processes say: `sessions/<pid>.json`.

Recorded of 2.1 on Linux and macOS: `pid`, `sessionId`, `procStart` (on Linux the start in clock ticks, as a text),
`startedAt`, and in newer versions `status` (busy, idle, waiting), `waitingFor`, `statusUpdatedAt`, `updatedAt` in
milliseconds.  An entry goes when its process ends well, and stays when it is killed.  Some versions and ways of
starting write none, and one that was resumed or cleared may name another session than it works on: that there is no
entry proves nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from reporting_governance.adapters.hosts.claude_code.requests import parsed
from reporting_governance.adapters.hosts.claude_code.tail import Unreadable, open_safely
from reporting_governance.adapters.tasks.claude_code.places import PROCESSES
from reporting_governance.adapters.tasks.openclaw.processes import Life, Processes
from reporting_governance.adapters.tasks.openclaw.rows import line, time_of
from reporting_governance.contracts.frozen import frozen

MOST_ENTRIES: Final = 2_000
_LONGEST_ENTRY: Final = 64 * 1024


@frozen(kw_only=True)
class Process:
    """One entry."""

    pid: int
    session: str
    life: Life
    folder: str = ""  #: in which it runs
    status: str = ""
    waiting_for: str = ""
    status_at: datetime | None = None


def read_processes(folder: str, machine: Processes | None) -> Mapping[str, Process] | None:
    """Return the entries by session, of several the one that lives; None where there is no folder of them.

    Args:
        folder: Claude Code's.
        machine: whose processes are asked; None: the entries are of a machine that cannot be asked.
    """
    try:
        names = sorted(each for each in os.listdir(os.path.join(folder, PROCESSES)) if each.endswith(".json"))
    except OSError:
        return None
    found: dict[str, Process] = {}
    for name in names[:MOST_ENTRIES]:
        entry = _read(os.path.join(folder, PROCESSES, name), machine)
        if entry is not None and (entry.session not in found or _rank(entry) > _rank(found[entry.session])):
            found[entry.session] = entry
    return found


def _rank(entry: Process) -> int:
    return {Life.ALIVE: 2, Life.UNKNOWN: 1, Life.GONE: 0}[entry.life]


def _read(path: str, machine: Processes | None) -> Process | None:
    try:
        number, _ = open_safely(path)
    except Unreadable:
        return None
    with open(number, "rb") as file:
        document = parsed(file.read(_LONGEST_ENTRY))
    if document is None:
        return None
    pid, session = document.get("pid"), document.get("sessionId")
    if type(pid) is not int or not 0 < pid < 2**31 or not isinstance(session, str):
        return None
    return Process(
        pid=pid,
        session=session,
        life=Life.UNKNOWN if machine is None else _life(pid, document, machine),
        folder=line(document.get("cwd"), 1_000),
        status=line(document.get("status"), 40),
        waiting_for=line(document.get("waitingFor"), 100),
        status_at=time_of(document.get("statusUpdatedAt")) or time_of(document.get("updatedAt")),
    )


def _life(pid: int, document: Mapping[str, Any], machine: Processes) -> Life:
    start = document.get("procStart")
    if isinstance(start, str) and start.isascii() and start.isdigit() and len(start) < 19:
        return machine.life(pid, start=int(start))
    return machine.life(pid, not_after=time_of(document.get("startedAt")))
