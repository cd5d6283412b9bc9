"""When things end."""

from typing import NamedTuple


class Limits(NamedTuple):
    """When things end.  Everybody who writes one state uses the same; tests use small ones."""

    segment_bytes: int = 64 * 1024 * 1024
    segment_seconds: int = 24 * 3600
    past_seconds: int = 30 * 24 * 3600  #: how long what is over stays in `past/`, at least
    lock_wait_seconds: float = 20

    def is_full(self, size: int, opened_ms: int, now_ms: int) -> bool:
        """Tell whether the next line goes into a new segment.  A clock that went back opens none.

        Args:
            size: of the newest segment, in bytes.
            opened_ms, now_ms: when it was opened, and now, since 1970.
        """
        return size >= self.segment_bytes or now_ms - opened_ms >= self.segment_seconds * 1000
