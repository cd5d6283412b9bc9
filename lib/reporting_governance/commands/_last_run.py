"""What the last run left behind: when it began, when it came to its end, and how.

It lies in `run.lock`: the time of the file says when a run began, its text is written at the end.  A run that is
killed leaves the text of the one before it, so a run that begins and never ends is seen too.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import NamedTuple

from reporting_governance.contracts.times import format_time, parse_time

RUN_LOCK = "run.lock"  #: held by `run`
_LONGEST = 4096  #: bytes


class LastRun(NamedTuple):
    """The last run that was seen of, None where nothing is known."""

    began_at: datetime | None = None
    ended_at: datetime | None = None  #: the whole chain had its turn, whatever it found
    succeeded_at: datetime | None = None  #: with exit code 0
    exit_code: int | None = None
    recorded: int = 0  #: exit code of the last run that the journal has a line about

    def ended(self, now: datetime, code: int) -> LastRun:
        """Return what is known once a run has come to its end."""
        return self._replace(ended_at=now, succeeded_at=now if code == 0 else self.succeeded_at, exit_code=code)


def read_last_run(state: str) -> LastRun:
    """Return what is known of the last run; nothing when none began here."""
    try:
        descriptor = os.open(os.path.join(state, RUN_LOCK), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return LastRun()
    try:
        began = os.fstat(descriptor).st_mtime
        text = os.read(descriptor, _LONGEST)
    except OSError:
        return LastRun()
    finally:
        os.close(descriptor)
    return _with_text(LastRun(datetime.fromtimestamp(int(began), UTC)), text)


def _with_text(known: LastRun, text: bytes) -> LastRun:
    try:
        document = json.loads(text)
        ended, succeeded = document["ended_at"], document["succeeded_at"]
        return known._replace(
            ended_at=None if ended is None else parse_time(ended),
            succeeded_at=None if succeeded is None else parse_time(succeeded),
            exit_code=int(document["exit_code"]),
            recorded=int(document.get("recorded", 0)),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return known  # an older version wrote none, or a full disk cut it


def note_end(state: str, run: LastRun) -> None:
    """Write how a run ended.  Called under the lock.  Raises: OSError."""
    assert run.began_at is not None
    document = {
        "ended_at": run.ended_at and format_time(run.ended_at),
        "succeeded_at": run.succeeded_at and format_time(run.succeeded_at),
        "exit_code": run.exit_code,
        "recorded": run.recorded,
    }
    path = os.path.join(state, RUN_LOCK)
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        length = os.pwrite(descriptor, json.dumps(document).encode("ascii") + b"\n", 0)
        os.ftruncate(descriptor, length)
        began = run.began_at.timestamp()
        os.utime(descriptor, (began, began))
    finally:
        os.close(descriptor)
