"""When the last scan was made: the time of one empty file, so that a tick with nothing to say records nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reporting_governance.file_modes import create

if TYPE_CHECKING:
    from datetime import datetime

LAST_SCAN = "last-scan"


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
