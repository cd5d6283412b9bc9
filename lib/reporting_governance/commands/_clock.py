"""The one place that reads a clock; a database's is in `_database`."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The clock of this machine; see `stages.clock.Clock`."""

    def now(self) -> datetime:
        """Return the aware UTC time, cut to milliseconds."""
        return cut(datetime.now(UTC))

    def monotonic(self) -> float:
        """Return seconds since the boot."""
        return time.monotonic()


def cut(moment: datetime) -> datetime:
    """Return a time without what is finer than a millisecond."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
