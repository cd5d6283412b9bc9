"""A process that answers in time, whatever it waits for.

The alarm raises where the main thread stands, so that locks are let go and nothing goes on behind the answer.  Where
that is not heard, since somebody swallows it, the second alarm answers itself and ends the process.  A thread would not
do more: what hangs inside the kernel, as a read from a dead network mount does, ends neither way.  A commit that is
cut short is what a crash in its midst would be: the next one to write finds all of it or takes none.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from types import FrameType

from reporting_governance.errors import ExitCode

_SECOND_SECONDS = 0.1  #: after the first alarm
_RESERVE_SECONDS = 0.3  #: for what came before us, the start of the program, and for writing the answer
_LEAST_SECONDS = 0.05


class OutOfTime(BaseException):
    """The time is over.  No `Exception`, so that code which survives errors does not survive this."""


class Deadline:
    """The time within which there must be an answer.

    Args:
        milliseconds: from when this is made; some of it is kept for what comes before and after.
        last_words: what to write to standard output when nothing else helps, and the exit code.
    """

    def __init__(self, milliseconds: int, last_words: Callable[[], tuple[bytes, int]]) -> None:
        self._begun = time.monotonic()
        self._seconds = _usable(milliseconds)
        self._last_words = last_words
        self._heard = False

    def __enter__(self) -> Deadline:
        self._heard = False
        signal.signal(signal.SIGALRM, self._ring)
        self._arm()
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def be(self, milliseconds: int) -> None:
        """Set another time, counted from the same beginning."""
        self._seconds = _usable(milliseconds)
        self._arm()

    def left(self) -> float:
        """Return how many seconds are left."""
        return self._begun + self._seconds - time.monotonic()

    def _arm(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, max(0.001, self.left()), _SECOND_SECONDS)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if not self._heard:
            self._heard = True
            raise OutOfTime
        text, code = self._last_words()
        try:
            os.write(1, text)
        finally:
            os._exit(code if text else int(ExitCode.TRY_LATER))


def _usable(milliseconds: int) -> float:
    whole = milliseconds / 1000
    return max(_LEAST_SECONDS, whole - _RESERVE_SECONDS)
