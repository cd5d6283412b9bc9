"""What one receiver is told about one episode, step by step.  The thread's body: `thread_fold.fold_thread`.

One thread of an episode carries its ladder; what is due in it is a step like any other.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.notification_settings import InDoubt, Notification, Until
from reporting_governance.contracts.receipt import ON_PURPOSE, Outcome, Receipt
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.thread_fold import fold_receipt
from reporting_governance.core.thread_targets import missed, missed_at

Body = Mapping[str, Any]

#: Told once; such an episode settles by itself and is never repeated.
ONE_SHOT = frozenset(
    {"delivery_failed", "spawn_failed", "log_loss", "plugin_drift", "clock_skew", "no_host", "canary_notice"}
)
#: Told for the telling's sake: nobody needs its end, and that it was lost is an episode of its own.
ONLY_A_TEST = frozenset({"canary_notice"})
#: Nobody is told the end: of a test notice it says nothing, and the others are over because a person acted.
WITHOUT_AN_END = ONLY_A_TEST | {"log_loss", "plugin_drift"}


@frozen
class ThreadRules:
    """What a profile says about telling again, and about telling somebody else."""

    repeat_seconds: int
    fallback: tuple[str, ...] = ()  #: receivers that stand in, in order
    holds_doubt: bool = False  #: a send in doubt is kept, and a stand-in is told
    several_targets: frozenset[str] = frozenset()  #: receivers with more than one target


class ThreadStep(StrEnum):
    """What `enqueue` does with a thread that is due."""

    WAIT = "wait"  #: its newest notice is on its way, or it is not yet time
    TAKE_OVER = "take_over"  #: a person acted where the message arrived: the whole episode is acknowledged
    ESCALATE = "escalate"  #: nobody has acted for so long: the receivers of the ladder's next step are told
    REPEAT = "repeat"
    FALL_BACK = "fall_back"  #: somebody else is told, since this receiver could not be, or perhaps was not
    TELL_RESOLVED = "tell_resolved"
    CLOSE = "close"


def next_thread_step(
    thread: Body, *, now: datetime, rules: ThreadRules, attempted_at: datetime | None = None
) -> ThreadStep:
    """Return what is due in a thread.

    Resolved is told to exactly those who were told of the trouble; a repeat counts from the last telling
    (blocked moves the time, but is no telling); a person's acknowledgement stops repeats and escalation.

    Args:
        attempted_at: when a send of the newest notice was first tried, as long as no receipt has settled it: a ladder
            does not wait for a channel that is down.
    """
    outcome = thread["newest_outcome"]
    if thread["resolved_at"] is None:
        if is_taken_over(thread):
            return ThreadStep.TAKE_OVER
        due = rung_due(thread, attempted_at)
        if due is not None and now >= due:
            return ThreadStep.ESCALATE
    if outcome is None:
        return ThreadStep.WAIT
    if thread["episode_id"] is None:
        return ThreadStep.CLOSE if next_rung(thread) is None else ThreadStep.WAIT
    if thread["resolved_at"]:
        was_told = thread["told_at"] is not None and thread["newest"]["phase"] != "resolved"
        has_an_end = was_told and thread["condition"] not in WITHOUT_AN_END
        return ThreadStep.TELL_RESOLVED if has_an_end else ThreadStep.CLOSE
    if is_quiet(thread):
        return ThreadStep.WAIT
    if stand_in(thread, outcome["outcome"], outcome["reason"], rules) is not None:
        return ThreadStep.FALL_BACK
    if thread["condition"] in ONE_SHOT:
        return ThreadStep.WAIT
    return ThreadStep.REPEAT if now >= repeat_at(thread, rules.repeat_seconds) else ThreadStep.WAIT


def due_of(thread: Body, *, now: datetime, rules: ThreadRules) -> datetime | None:
    """Return when `enqueue` must look at a thread again, the due part of its name; None: not before it is changed.

    A lower bound, from the thread as it is after the change: what is really due then, `next_thread_step` says.
    """
    outcome = thread["newest_outcome"]
    if thread["resolved_at"]:
        return None if outcome is None else now
    if is_taken_over(thread):
        return now
    times = [rung_due(thread, now)]
    if outcome is None:
        pass
    elif thread["episode_id"] is None:
        times.append(now if next_rung(thread) is None else None)
    elif is_quiet(thread):
        pass
    elif stand_in(thread, outcome["outcome"], outcome["reason"], rules) is not None:
        times.append(now)
    elif thread["condition"] not in ONE_SHOT:
        times.append(repeat_at(thread, rules.repeat_seconds))
    return min((each for each in times if each is not None), default=None)


def is_quiet(thread: Body) -> bool:
    """Tell whether a person's acknowledgement keeps a thread from telling more of the trouble."""
    return thread["acked"] is not None and not thread.get("despite_ack")


def is_taken_over(thread: Body) -> bool:
    """Tell whether only this thread knows, by a receipt, that a person has acted."""
    return bool(thread["acked"] and thread["acked"].get("receipt_id"))


def next_rung(thread: Body) -> int | None:
    """Return the place of the ladder's next step in its list; None when this thread carries none, or it is over.

    After an acknowledgement only those steps are left that go on until the episode is resolved.
    """
    ladder = thread.get("ladder")
    if not ladder:
        return None
    stopped = thread["acked"] is not None
    lasting = thread["episode_id"] is not None  # one event, which opened no episode, is never resolved
    for place in range(ladder["taken"], len(ladder["steps"])):
        if not stopped or (lasting and ladder["steps"][place].get("until") == Until.RESOLVED):
            return place
    return None


def rung_due(thread: Body, attempted_at: datetime | None = None) -> datetime | None:
    """Return when the ladder's next step is due; None when there is none, or its time has not begun to count.

    Args:
        attempted_at: what it counts from when no receipt says yet that the firing was told.
    """
    place = next_rung(thread)
    if place is None:
        return None
    began = ladder_began(thread, attempted_at)
    return None if began is None else began + timedelta(seconds=thread["ladder"]["steps"][place]["after_seconds"])


def ladder_began(thread: Body, attempted_at: datetime | None = None) -> datetime | None:
    """Return what the steps of a thread's ladder count from."""
    began = thread["ladder"]["began_at"]
    return attempted_at if began is None else parse_time(began)


def stand_in(thread: Body, outcome: str, reason: str | None, rules: ThreadRules) -> str | None:
    """Return who is told instead of a thread's receiver; None when nobody is, or somebody was already.

    Args:
        outcome, reason: of the receipt that settled the thread's newest notice, or is about to.
    """
    newest = thread["newest"]
    if thread.get("condition") in ONLY_A_TEST:
        return None
    if newest is None or newest["phase"] == "resolved" or thread.get("fell_back_for") == newest["notice_id"]:
        return None
    told = {"outcome": outcome, "reason": reason}
    # One target that was not reached is no matter where another one has the proof that was asked for.
    short = outcome == Outcome.PENDING_EXTERNAL_SEND and missed_at(thread, holds_doubt=rules.holds_doubt)
    if not (missed(told, holds_doubt=rules.holds_doubt) or short):
        return None
    receiver = thread["receiver"]
    after = rules.fallback.index(receiver) + 1 if receiver in rules.fallback else 0
    return next(iter(rules.fallback[after:]), None)


def repeat_at(thread: Body, repeat_seconds: int) -> datetime:
    """Return when a thread whose newest notice is settled is repeated.

    What was withdrawn is no telling and no failure: the time counts from the last telling before it, and who was told
    nothing at all is told at once.
    """
    outcome = thread["newest_outcome"]
    settled, told = parse_time(outcome["settled_at"]), thread["told_at"]
    withdrawn = outcome["outcome"] == Outcome.BLOCKED and outcome["reason"] in ON_PURPOSE
    if told is None:
        return settled if withdrawn else settled + timedelta(seconds=repeat_seconds)
    last = parse_time(told)
    return (last if withdrawn else max(settled, last)) + timedelta(seconds=repeat_seconds)


def due_after_settling(thread: Body, receipt: Receipt, rules: ThreadRules, *, speaks: bool = True) -> datetime | None:
    """Return when `enqueue` must look at a thread again once a receipt has settled its newest notice.

    Args:
        speaks: False for a receipt about a notice that was told before the newest.
    """
    after = dict(thread)
    fold_receipt(after, receipt.dump(), speaks=speaks)
    return due_of(after, now=receipt.settled_at, rules=rules)


def rules_of(notification: Notification) -> ThreadRules:
    """Return what a profile's notification settings say about threads."""
    several = (name for name, receiver in notification.receivers.items() if len(receiver.targets) > 1)
    return ThreadRules(
        notification.repeat_seconds,
        notification.fallback,
        notification.in_doubt is InDoubt.HOLD,
        frozenset(several),
    )
