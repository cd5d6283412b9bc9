"""What stages know of time: an object that the commands make, so that nothing below reads a clock of its own."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for what people read, monotonic time for how long something took."""

    def now(self) -> datetime:
        """Return the aware UTC time, cut to milliseconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some fixed moment of this boot."""
        ...
