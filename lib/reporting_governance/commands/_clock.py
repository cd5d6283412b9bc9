"""The one place that reads a clock."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The clock of this machine; see `stages.clock.Clock`."""

    def now(self) -> datetime:
        """Return the aware UTC time, cut to milliseconds."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        """Return seconds since the boot."""
        return time.monotonic()
