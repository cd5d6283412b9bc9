"""When the last scan was made: the time of one empty file, so that a tick with nothing to say records nothing."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from reporting_governance.file_modes import create

if TYPE_CHECKING:
    from datetime import datetime

    from reporting_governance.stages.watch_mark import Gap

LAST_SCAN = "last-scan"
_AWAY = os.path.join("journal", "away")


def last_scan_at(state: str) -> datetime | None:
    """Return when the last scan of a state folder began; None when that is not known."""
    from datetime import UTC, datetime

    try:
        began = os.stat(os.path.join(state, LAST_SCAN)).st_mtime
    except OSError:
        return None
    return datetime.fromtimestamp(began, UTC)


def note_scan(state: str, at: datetime) -> None:
    """Note that a scan was made.  A state that is not there yet, or cannot be written, has nothing to remember."""
    path = os.path.join(state, LAST_SCAN)
    seconds = at.timestamp()
    try:
        os.close(create(path, os.O_WRONLY | os.O_NOFOLLOW))
        os.utime(path, (seconds, seconds), follow_symlinks=False)
    except OSError:
        return


def away(state: str, *, now: datetime, tick_seconds: int, boot_id: str, keeps: bool) -> Gap | None:
    """Return when one of several hosts was away last: between two scans of its own, or while it was started anew.

    Args:
        state: its own folder, where that is kept for the scans that follow.
        keeps: whether anything may be written.
    """
    from reporting_governance.contracts.times import format_time
    from reporting_governance.stages.watch_mark import Gap, watching

    path = os.path.join(state, _AWAY)
    known: dict[str, Any] = {}
    with suppress(OSError, ValueError), open(path, encoding="ascii") as file:
        known = json.load(file)
    last = last_scan_at(state)
    seen = watching(known, last, now, tick_seconds)
    gap = seen.gap
    if last is not None and not seen.gap_is_new and known.get("boot_id", boot_id) != boot_id:
        gap = Gap(last, now)
    after = {
        "gap": gap and {"began_at": format_time(gap.began_at), "ended_at": format_time(gap.ended_at)},
        "pace_seconds": seen.pace_seconds,
        "boot_id": boot_id,
    }
    if keeps and after != known:
        with suppress(OSError):  # else the next scan finds the same again
            unfinished = f"{path}.{os.getpid()}.tmp"
            with open(create(unfinished, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w", encoding="ascii") as file:
                json.dump(after, file)
            os.rename(unfinished, path)
    return gap
