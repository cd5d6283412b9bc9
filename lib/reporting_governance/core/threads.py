"""What one receiver is told about one episode, step by step.  The thread's body: `projection.fold_thread`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from reporting_governance.contracts.notification_settings import InDoubt, Notification
from reporting_governance.contracts.receipt import ON_PURPOSE, Outcome, Reason
from reporting_governance.contracts.times import parse_time

#: Told once; such an episode settles by itself and is never repeated.
ONE_SHOT = frozenset({"delivery_failed", "spawn_failed"})


@dataclass(frozen=True, slots=True)
class ThreadRules:
    """What a profile says about telling again, and about telling somebody else."""

    repeat_seconds: int
    fallback: tuple[str, ...] = ()  #: receivers that stand in, in order
    holds_doubt: bool = False  #: a send in doubt is kept, and a stand-in is told
    several_targets: frozenset[str] = frozenset()  #: receivers with more than one target


class ThreadStep(StrEnum):
    """What `enqueue` does with a thread that is due."""

    WAIT = "wait"  #: its newest notice is on its way, or it is not yet time
    REPEAT = "repeat"
    FALL_BACK = "fall_back"  #: somebody else is told, since this receiver could not be, or perhaps was not
    TELL_RESOLVED = "tell_resolved"
    CLOSE = "close"


def next_thread_step(thread: Mapping[str, Any], *, now: datetime, rules: ThreadRules) -> ThreadStep:
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
    if stand_in(thread, outcome["outcome"], outcome["reason"], rules) is not None:
        return ThreadStep.FALL_BACK
    if thread["condition"] in ONE_SHOT:
        return ThreadStep.WAIT
    return ThreadStep.REPEAT if now >= repeat_at(thread, rules.repeat_seconds) else ThreadStep.WAIT


def stand_in(thread: Mapping[str, Any], outcome: str, reason: str | None, rules: ThreadRules) -> str | None:
    """Return who is told instead of a thread's receiver; None when nobody is, or somebody was already.

    Args:
        outcome, reason: of the receipt that settled the thread's newest notice, or is about to.
    """
    newest = thread["newest"]
    if newest is None or newest["phase"] == "resolved" or thread.get("fell_back_for") == newest["notice_id"]:
        return None
    failed = outcome == Outcome.BLOCKED and reason not in ON_PURPOSE
    doubted = outcome == Outcome.PENDING_EXTERNAL_SEND and reason == Reason.IN_DOUBT and rules.holds_doubt
    if not (failed or doubted):
        return None
    receiver = thread["receiver"]
    after = rules.fallback.index(receiver) + 1 if receiver in rules.fallback else 0
    return next(iter(rules.fallback[after:]), None)


def repeat_at(thread: Mapping[str, Any], repeat_seconds: int) -> datetime:
    """Return when a thread whose newest notice is settled is repeated."""
    settled = parse_time(thread["newest_outcome"]["settled_at"])
    told = parse_time(thread["told_at"]) if thread["told_at"] else settled
    return max(settled, told) + timedelta(seconds=repeat_seconds)


def due_after_settling(
    thread: Mapping[str, Any], *, outcome: str, reason: str | None, settled_at: datetime, rules: ThreadRules
) -> datetime | None:
    """Return when `enqueue` must look at a thread again once its newest notice is settled; None: never by itself."""
    if thread["resolved_at"] or thread["condition"] is None:  # an event that opened no episode is told once
        return settled_at
    if thread["acked"]:
        return None
    if stand_in(thread, outcome, reason, rules) is not None:
        return settled_at
    if thread["condition"] in ONE_SHOT:
        return None
    return settled_at + timedelta(seconds=rules.repeat_seconds)


def rules_of(notification: Notification) -> ThreadRules:
    """Return what a profile's notification settings say about threads."""
    several = (name for name, receiver in notification.receivers.items() if len(receiver.targets) > 1)
    return ThreadRules(
        notification.repeat_seconds,
        notification.fallback,
        notification.in_doubt is InDoubt.HOLD,
        frozenset(several),
    )
