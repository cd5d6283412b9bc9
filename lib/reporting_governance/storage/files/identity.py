"""Who writes, and when by both clocks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from reporting_governance.storage.files.applied import Applied


class Moment(NamedTuple):
    """One reading of both clocks."""

    now: datetime
    wall_ms: int  #: the same on the calendar's clock, since 1970
    monotonic_ms: int


class Identity(NamedTuple):
    """Who writes, and in what circumstances."""

    actor: str
    boot: bytes
    context: Mapping[str, Any]  #: digests of what is in force, by name; see `in_force.InForce`
    clock_step_seconds: int | None  #: how far the clock may step before a line says so; None: never said


def clock_step_ms(applied: Applied, moment: Moment, identity: Identity) -> int:
    """Return how far the calendar's clock moved against the boot's since the last line; 0 within the tolerance."""
    tolerance = identity.clock_step_seconds
    if tolerance is None or applied.boot != identity.boot:
        return 0
    step = (moment.wall_ms - applied.wall_ms) - (moment.monotonic_ms - applied.monotonic_ms)
    return step if abs(step) > tolerance * 1000 else 0
