"""What to do with a spool item.

Pure: the bridge brings the item's view, the clock and what its sender can do; these functions choose.
What an answer proves stands in `settling`, what a notice's records add up to in `delivery_state`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Outcome, Proof, Reason
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.threads import is_quiet

Body = Mapping[str, Any]

BRIDGE = "bridge"  #: who settles what no answer settled
_TELLS_OF_TROUBLE = frozenset({"firing", "repeat", "escalation", "fallback", "review"})


class StepKind(StrEnum):
    """What the bridge does with an item now."""

    SEND = "send"
    LOOK = "look"  #: ask the sender whether an attempt of unknown outcome arrived
    HOLD = "hold"  #: in doubt, and the profile says: keep it and tell somebody else
    WITHDRAW = "withdraw"
    BLOCK = "block"
    SETTLE_IN_DOUBT = "settle_in_doubt"  #: an attempt is over and nobody said how it ended
    POLL = "poll"  #: ask the sender what became of what it was given
    TAKE_BACK = "take_back"  #: put down for somebody else to send, and not wanted any more
    WAIT = "wait"


@frozen(kw_only=True)
class Here:
    """This machine at this moment, for telling whether another process's attempt can still be running."""

    host: str
    boot_id: str
    monotonic_ms: int


@frozen(kw_only=True)
class Powers:
    """What the sender of an item's target can do."""

    sender: str
    best_first_proof: Proof
    idempotent_by_key: bool
    can_look: bool
    polls_every_seconds: int | None = None
    waits_for_others: bool = False
    confirm_within_seconds: int | None = None


@frozen(kw_only=True)
class DeliveryRules:
    """What the profile asks.  `resend_marked`: send again what is in doubt, marked as a possible repeat."""

    resend_marked: bool
    first_seconds: int
    ceiling_seconds: int


@frozen(kw_only=True)
class Step:
    """One choice.  `until`: when to look again (wait, hold).  `attempt_id`: whose outcome is unknown."""

    kind: StepKind
    reason: Reason | None = None
    until: datetime | None = None
    attempt_id: str | None = None


def retry_delay_seconds(age_seconds: float, *, first: float, ceiling: float, retry_after: float | None = None) -> float:
    """Return how long to wait before an item is sent again.

    Args:
        age_seconds: time since the item was dispatched, at least 0.
        first, ceiling: shortest and longest wait, in seconds.
        retry_after: what the receiver asked for, in seconds; it wins over the age, but not over `first`.

    Returns: seconds without jitter; the bridge adds it, so that this stays a function of its arguments.
    Raises: ValueError for a negative age (the caller's fault, not the operator's problem).
    Source: Postfix qmgr(8), minimal_backoff_time and maximal_backoff_time: the wait is the message's age, clamped.
    """
    if age_seconds < 0:
        raise ValueError(f"age_seconds must not be negative, got {age_seconds}")
    if retry_after is not None:
        return max(first, retry_after)
    return min(ceiling, max(first, age_seconds))


def next_step(
    body: Body, threads: Sequence[Body], *, now: datetime, here: Here, powers: Powers | None, rules: DeliveryRules
) -> Step:
    """Return what to do with a spool item.

    Args:
        body: the item's view: item, attempts, receipts.
        threads: the bodies of the threads of its notices, as far as they are open.
        powers: None when the profile no longer names the target.
    """
    item = body["item"]
    running = open_attempt(body)
    if running is not None:
        if not is_over(running, now=now, here=here):
            return Step(kind=StepKind.WAIT, until=parse_time(running["deadline_at"]))
        asked = StepKind.LOOK if _can_look(powers, running) else StepKind.SETTLE_IN_DOUBT
        return Step(kind=asked, attempt_id=running["attempt_id"])
    last = last_word(body)
    if last is not None and last["outcome"] != Outcome.DEFERRED:
        if last.get("reason") != Reason.IN_DOUBT:
            return _awaited(body, last, threads, now=now, powers=powers)
        return _after_doubt(body, last, now=now, powers=powers, rules=rules)
    if powers is None:
        # An earlier send may have arrived: who may have been told of the trouble is told its end, or who stands in is.
        doubtful = doubtful_attempt(body)
        reason = Reason.NEVER_CONFIRMED if doubtful else Reason.RECEIVER_GONE
        return Step(kind=StepKind.BLOCK, reason=reason, attempt_id=doubtful)
    withdrawn = _withdrawal(item, threads)
    # What was resolved is told all the same once somebody tried: a channel that is down for seconds hides nothing.
    # What a person has taken over, or the receiver knows already, is not, as long as surely nothing arrived.
    if withdrawn is not None and (not body["attempts"] or _nobody_misses_it(body, withdrawn, threads)):
        return Step(kind=StepKind.WITHDRAW, reason=withdrawn)
    return _send_when_due(body, parse_time(last["retry_at"] if last else item["due_at"]), now=now)


def _send_when_due(body: Body, due: datetime, *, now: datetime) -> Step:
    item = body["item"]
    doubtful = doubtful_attempt(body)
    if now >= parse_time(item["not_after"]):
        reason = Reason.NEVER_CONFIRMED if doubtful else Reason.LIFETIME
        return Step(kind=StepKind.BLOCK, reason=reason, attempt_id=doubtful)
    if item["rendered"]["subject"] is None or item["rendered"]["body"] is None:
        return Step(kind=StepKind.BLOCK, reason=Reason.ERASED)
    if now < due:
        return Step(kind=StepKind.WAIT, until=due)
    return Step(kind=StepKind.SEND, attempt_id=doubtful)


def _after_doubt(body: Body, last: Body, *, now: datetime, powers: Powers | None, rules: DeliveryRules) -> Step:
    """Go on with an item whose newest receipt says that nobody knows."""
    not_after = parse_time(body["item"]["not_after"])
    attempt = _attempt_of(body, last)
    if attempt is not None and last["settled_by"] != BRIDGE and _can_look(powers, attempt):
        return Step(kind=StepKind.LOOK, attempt_id=attempt["attempt_id"])
    if now >= not_after:
        return Step(kind=StepKind.BLOCK, reason=Reason.NEVER_CONFIRMED, attempt_id=last.get("attempt_id"))
    if powers is not None and goes_again(powers, rules):
        return _send_when_due(body, _again_at(body, last, rules), now=now)
    return Step(kind=StepKind.HOLD, until=not_after)


def _awaited(body: Body, last: Body, threads: Sequence[Body], *, now: datetime, powers: Powers | None) -> Step:
    """Go on with an item that was handed over, and whose proof is still to come."""
    not_after, attempt = parse_time(body["item"]["not_after"]), _attempt_of(body, last)
    of_sender = attempt is not None and powers is not None and powers.sender == attempt["sender"]
    if attempt is not None and powers is not None and of_sender and is_put_down(last) and powers.waits_for_others:
        reason = _withdrawal(body["item"], threads)
        if reason is None and now >= _confirm_by(attempt, powers, not_after):
            reason = Reason.NEVER_CONFIRMED
        if reason is not None:
            return Step(kind=StepKind.TAKE_BACK, reason=reason, attempt_id=attempt["attempt_id"])
    if now >= not_after:
        return Step(kind=StepKind.BLOCK, reason=Reason.NEVER_CONFIRMED, attempt_id=last.get("attempt_id"))
    if powers is not None and of_sender and powers.polls_every_seconds is not None:
        return Step(kind=StepKind.POLL, attempt_id=last["attempt_id"])
    return Step(kind=StepKind.WAIT, until=not_after)


def is_put_down(word: Body) -> bool:
    """Tell whether a receipt says that a message lies ready for somebody else, who has not taken it yet."""
    return word["outcome"] == Outcome.PENDING_EXTERNAL_SEND and word["proof"] == Proof.NONE and not word.get("reason")


def _attempt_of(body: Body, receipt: Body) -> Body | None:
    return next((each for each in body["attempts"] if each["attempt_id"] == receipt.get("attempt_id")), None)


def _confirm_by(attempt: Body, powers: Powers, not_after: datetime) -> datetime:
    if powers.confirm_within_seconds is None:
        return not_after
    return min(not_after, parse_time(attempt["started_at"]) + timedelta(seconds=powers.confirm_within_seconds))


def _again_at(body: Body, last: Body, rules: DeliveryRules) -> datetime:
    settled = parse_time(last["settled_at"])
    return settled + timedelta(seconds=delay_seconds(body["item"], settled, rules, None))


def goes_again(powers: Powers, rules: DeliveryRules) -> bool:
    """Tell whether what is in doubt is sent again."""
    return powers.idempotent_by_key or rules.resend_marked


def _can_look(powers: Powers | None, attempt: Body) -> bool:
    """A sender can look for its own sends only: a target may have been given another one since."""
    return powers is not None and powers.can_look and powers.sender == attempt["sender"]


def _withdrawal(item: Body, threads: Sequence[Body]) -> Reason | None:
    """Return why an item of which nothing was attempted shall not be sent; None when anybody still waits for it."""
    reasons = [_thread_withdrawal(item, thread) for thread in threads]
    if not reasons or len(threads) < len(item["thread_keys"]) or None in reasons:
        return None
    return Reason.RESOLVED_BEFORE_TOLD if Reason.RESOLVED_BEFORE_TOLD in reasons else Reason.WITHDRAWN


def _nobody_misses_it(body: Body, withdrawn: Reason, threads: Sequence[Body]) -> bool:
    """Tell whether an item that was tried may be withdrawn all the same.

    Surely nothing of it arrived, and a person has acted, or the receiver was told before: of this at another target,
    or by an earlier notice.  What it is told next is that it is over.
    """
    known = withdrawn is Reason.WITHDRAWN or all(thread.get("told_at") for thread in threads)
    return known and doubtful_attempt(body) is None


def _thread_withdrawal(item: Body, thread: Body) -> Reason | None:
    newest = thread["newest"]
    if newest is None:
        return None
    if newest["notice_id"] not in item["notice_ids"]:
        # The thread has moved on, and its end is told last.  What a person sends again is sent.
        return Reason.RESOLVED_BEFORE_TOLD if thread["resolved_at"] and not item.get("round") else None
    if newest["phase"] not in _TELLS_OF_TROUBLE:
        return None
    if thread["resolved_at"]:
        return Reason.RESOLVED_BEFORE_TOLD
    return Reason.WITHDRAWN if is_quiet(thread) else None


def last_word(body: Body) -> Body | None:
    """Return the receipt that says how things stand with an item: the newest on itself or on its newest attempt.

    A proof that came late about an earlier attempt says nothing about the one that followed.
    """
    newest = body["attempts"][-1]["attempt_id"] if body["attempts"] else None
    words = [each for each in body["receipts"] if each.get("attempt_id") in (None, newest)]
    return words[-1] if words else None


def open_attempt(body: Body) -> Body | None:
    """Return the newest attempt of an item when no receipt speaks of it."""
    attempts = body["attempts"]
    if not attempts:
        return None
    newest: Body = attempts[-1]
    told = any(each.get("attempt_id") == newest["attempt_id"] for each in body["receipts"])
    return None if told else newest


def is_over(attempt: Body, *, now: datetime, here: Here) -> bool:
    """Tell whether an attempt can no longer be running.

    Nothing survives a reboot, so an attempt of another boot of this host is over at once.  Within a boot the monotonic
    clock counts, which nobody can set.  Of another host only the wall clock is known.
    """
    if attempt["host"] != here.host:
        return now >= parse_time(attempt["deadline_at"])
    return attempt["boot_id"] != here.boot_id or here.monotonic_ms >= int(attempt["monotonic_ms"])


def doubtful_attempt(body: Body) -> str | None:
    """Return the newest attempt that may have arrived, None when surely none did."""
    for attempt in reversed(body["attempts"]):
        last = None
        for receipt in body["receipts"]:
            if receipt.get("attempt_id") == attempt["attempt_id"]:
                last = receipt
        if last is None or last["outcome"] == Outcome.PENDING_EXTERNAL_SEND:
            return str(attempt["attempt_id"])
    return None


def delay_seconds(item: Body, now: datetime, rules: DeliveryRules, retry_after: int | None) -> float:
    """Return how long an item waits for another send, counted from `now`."""
    age = max(0.0, (now - parse_time(item["dispatched_at"])).total_seconds())
    return retry_delay_seconds(age, first=rules.first_seconds, ceiling=rules.ceiling_seconds, retry_after=retry_after)
