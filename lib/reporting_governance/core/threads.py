"""What one receiver is told about one episode, step by step.  The thread's body: `projection.fold_thread`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from reporting_governance.contracts.times import parse_time

#: Told once; such an episode settles by itself and is never repeated.
ONE_SHOT = frozenset({"delivery_failed", "spawn_failed"})


class ThreadStep(StrEnum):
    """What `enqueue` does with a thread that is due."""

    WAIT = "wait"  #: its newest notice is on its way, or it is not yet time
    REPEAT = "repeat"
    TELL_RESOLVED = "tell_resolved"
    CLOSE = "close"


def next_thread_step(thread: Mapping[str, Any], *, now: datetime, repeat_seconds: int) -> ThreadStep:
    """Return what is due in a thread.

    Resolved is told to exactly those who were told of the trouble; a repeat counts from the last telling
    (blocked moves the time, but is no telling); a person's acknowledgement stops repeats.
    """
    outcome = thread["newest_outcome"]
    if outcome is None:
        return ThreadStep.WAIT
    if thread["episode_id"] is None:
        return ThreadStep.CLOSE
    if thread["resolved_at"]:
        was_told = thread["told_at"] is not None and thread["newest"]["phase"] != "resolved"
        return ThreadStep.TELL_RESOLVED if was_told else ThreadStep.CLOSE
    if thread["acked"]:
        return ThreadStep.WAIT
    return ThreadStep.REPEAT if now >= repeat_at(thread, repeat_seconds) else ThreadStep.WAIT


def repeat_at(thread: Mapping[str, Any], repeat_seconds: int) -> datetime:
    """Return when a thread whose newest notice is settled is repeated."""
    settled = parse_time(thread["newest_outcome"]["settled_at"])
    told = parse_time(thread["told_at"]) if thread["told_at"] else settled
    return max(settled, told) + timedelta(seconds=repeat_seconds)


def due_after_settling(
    *, condition: str | None, acked: bool, resolved: bool, settled_at: datetime, repeat_seconds: int
) -> datetime | None:
    """Return when `enqueue` must look at a thread again once its newest notice is settled; None: never by itself."""
    if resolved or condition is None:  # nothing follows on a notice about an event that opened no episode
        return settled_at
    if acked or condition in ONE_SHOT:
        return None
    return settled_at + timedelta(seconds=repeat_seconds)
