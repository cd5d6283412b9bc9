"""How far long work has come, for a person at a terminal; nobody else is told."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_FIRST_AFTER = 1.0  #: seconds: short work shows nothing
_AGAIN_AFTER = 0.2
_WIDTH = 30


class ProgressBar:
    """Draws one line on standard error and takes it away at the end.

    Args:
        title: what is done.
        total: how much there is to do, in any unit.
    """

    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = max(1, total)
        self._done = 0
        self._shown = False
        self._draws = sys.stderr is not None and sys.stderr.isatty()
        self._next = time.monotonic() + _FIRST_AFTER

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._put("\r\x1b[K")

    def advance(self, amount: int) -> None:
        """Note that so much more is done."""
        self._done += amount
        if self._draws and time.monotonic() >= self._next:
            self._next = time.monotonic() + _AGAIN_AFTER
            share = min(self._done, self._total) / self._total
            filled = round(share * _WIDTH)
            self._put(f"\r{self._title} [{'#' * filled}{'.' * (_WIDTH - filled)}] {share:4.0%}\x1b[K")
            self._shown = True

    def _put(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            self._draws = self._shown = False  # nobody looks any more
