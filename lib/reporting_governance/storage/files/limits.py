"""When things end."""

from typing import NamedTuple


class Limits(NamedTuple):
    """When things end.  Everybody who writes one state uses the same; tests use small ones."""

    segment_bytes: int = 64 * 1024 * 1024
    segment_seconds: int = 24 * 3600
    past_seconds: int = 30 * 24 * 3600  #: how long what is over stays in `past/`, at least
    lock_wait_seconds: float = 20
