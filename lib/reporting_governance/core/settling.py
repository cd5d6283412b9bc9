"""What the answer to a send proves, and what becomes of its item."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from reporting_governance.contracts import ids
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Outcome, Proof, Reason, Receipt
from reporting_governance.contracts.record import LONGEST_SECONDS
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.delivery import (
    BRIDGE,
    Body,
    DeliveryRules,
    Powers,
    Step,
    StepKind,
    delay_seconds,
    doubtful_attempt,
    goes_again,
)


class Place(StrEnum):
    """Where a settled item goes."""

    OPEN = "open"  #: stays work
    CLOSED = "closed"
    PAST = "past"  #: a person may send it again


@frozen(kw_only=True)
class Settlement:
    """A receipt and what it does: to the item, and whether the notices' threads learn of it."""

    receipt: Receipt
    place: Place
    tells_threads: bool
    due: datetime | None = field(default=None)  #: when an open item is looked at again


class SendAnswer(Protocol):
    """What a sender said; `adapters.interface.Answer` is one."""

    @property
    def result(self) -> str: ...
    @property
    def proof(self) -> Proof: ...
    @property
    def evidence(self) -> Mapping[str, str]: ...
    @property
    def retry_after_seconds(self) -> int | None: ...


def settle(
    answer: SendAnswer,
    body: Body,
    attempt_id: str,
    *,
    now: datetime,
    ack_requires: Proof,
    powers: Powers | None,
    rules: DeliveryRules,
    settled_by: str,
    jitter_seconds: int = 0,
) -> Settlement:
    """Return what an answer proves about an attempt, and what becomes of its item.

    No answer proves more than its sender can: the proof is cut at `powers.best_first_proof`; without powers (the
    target is gone) nothing is proven and nothing is sent again.
    `settled_by`: the sender's name for its own answer, `bridge` for what a look found.
    """
    ceiling = powers.best_first_proof if powers else Proof.NONE
    proof = min(answer.proof, ceiling, key=lambda each: each.rank)

    def receipt(outcome: Outcome, reason: Reason | None, retry_at: datetime | None = None) -> Receipt:
        sure = proof if outcome in (Outcome.ACKED, Outcome.PENDING_EXTERNAL_SEND) and not reason else Proof.NONE
        return Receipt(
            receipt_id=ids.receipt_id(attempt_id, outcome, sure, settled_by),
            outcome=outcome,
            proof=sure,
            settled_at=now,
            settled_by=settled_by,
            evidence=dict(answer.evidence),
            attempt_id=attempt_id,
            target=body["item"]["target"],
            may_have_arrived=doubtful_attempt(_without(body, attempt_id)) if outcome is Outcome.BLOCKED else None,
            reason=reason,
            retry_at=retry_at,
            retry_after_seconds=_asked_for(answer) if retry_at is not None else None,
        )

    if answer.result == "answered":
        enough = proof >= max(ack_requires, Proof.STORED, key=lambda each: each.rank)
        outcome = Outcome.ACKED if enough else Outcome.PENDING_EXTERNAL_SEND
        if not enough and powers is not None and (powers.polls_every_seconds or powers.waits_for_others):
            # What was only put down for somebody else has told nobody anything.
            told = proof > Proof.NONE or not powers.waits_for_others
            due = next_look(body["item"], powers, now)
            return Settlement(receipt=receipt(outcome, None), place=Place.OPEN, due=due, tells_threads=told)
        return Settlement(receipt=receipt(outcome, None), place=Place.CLOSED, tells_threads=True)
    if answer.result == "refused":
        return Settlement(receipt=receipt(Outcome.BLOCKED, Reason.REFUSED), place=Place.PAST, tells_threads=True)
    if answer.result == "in_doubt":
        held, due = _doubt(body["item"], settled_by, now, powers, rules)
        return Settlement(
            receipt=receipt(Outcome.PENDING_EXTERNAL_SEND, Reason.IN_DOUBT),
            place=Place.OPEN,
            due=due,
            tells_threads=held,
        )
    reason = {"not_started": Reason.NOT_STARTED, "try_later": Reason.TRY_LATER}.get(answer.result, Reason.NOT_SENT)
    seconds = 0.0
    if reason is not Reason.NOT_STARTED and settled_by != BRIDGE:
        seconds = delay_seconds(body["item"], now, rules, answer.retry_after_seconds) + jitter_seconds
    # Not later than the end of its life, so that it is blocked, and somebody told, on time.
    # Compared as seconds: a receiver may ask for a wait that no calendar holds.
    left = max(0.0, (parse_time(body["item"]["not_after"]) - now).total_seconds())
    due = now + timedelta(seconds=min(seconds, left))
    return Settlement(receipt=receipt(Outcome.DEFERRED, reason, due), place=Place.OPEN, due=due, tells_threads=False)


def _without(body: Body, attempt_id: str) -> Body:
    """Return an item as it was before an attempt."""
    return {**body, "attempts": [each for each in body["attempts"] if each["attempt_id"] != attempt_id]}


def _asked_for(answer: SendAnswer) -> int | None:
    """Return how long a receiver asked us to wait, as far as a record can hold it: a stranger names the number."""
    asked = answer.retry_after_seconds
    return None if asked is None else max(0, min(asked, LONGEST_SECONDS))


def next_look(item: Body, powers: Powers | None, now: datetime) -> datetime:
    """Return when an item that waits for more proof is looked at again: its sender is asked, or its life is over."""
    not_after = parse_time(item["not_after"])
    if powers is None or powers.polls_every_seconds is None:
        return not_after
    return min(not_after, now + timedelta(seconds=powers.polls_every_seconds))


def _doubt(
    item: Body, settled_by: str, now: datetime, powers: Powers | None, rules: DeliveryRules
) -> tuple[bool, datetime]:
    """Return whether an item in doubt is held (its threads then count it as told), and when to look at it again."""
    not_after = parse_time(item["not_after"])
    wait = timedelta(seconds=delay_seconds(item, now, rules, None))
    if powers is not None and powers.can_look and settled_by != BRIDGE:
        return False, now
    if powers is not None and goes_again(powers, rules):
        return False, min(not_after, now + wait)
    return True, not_after


def settle_unsent(body: Body, step: Step, *, now: datetime, settled_by: str = BRIDGE) -> Settlement:
    """Return the receipt for an item that is withdrawn or blocked without an answer."""
    assert step.reason is not None
    attempt = step.attempt_id if step.reason is Reason.NEVER_CONFIRMED else None
    parent = attempt or body["item"]["spool_id"]
    receipt = Receipt(
        receipt_id=ids.receipt_id(parent, Outcome.BLOCKED, Proof.NONE, settled_by, step.reason),
        outcome=Outcome.BLOCKED,
        proof=Proof.NONE,
        settled_at=now,
        settled_by=settled_by,
        evidence={},
        attempt_id=attempt,
        spool_id=None if attempt else parent,
        target=body["item"]["target"],
        may_have_arrived=None if step.kind is StepKind.TAKE_BACK else attempt,
        reason=step.reason,
    )
    return Settlement(receipt=receipt, place=Place.PAST, tells_threads=True)
