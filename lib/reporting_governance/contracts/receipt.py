"""What we can prove about one attempt, item or notice.  Shape: receipt.schema.json."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import OrderedEnum, Record


class Outcome(StrEnum):
    """What a receipt says."""

    ACKED = "acked"
    PENDING_EXTERNAL_SEND = "pending_external_send"
    BLOCKED = "blocked"
    DEFERRED = "deferred"  #: surely not sent; due again at `retry_at`


class Proof(OrderedEnum):
    """How far a message has provably come."""

    NONE = "none"
    ACCEPTED = "accepted"  #: the next hop took it
    STORED = "stored"  #: the final service gave an id
    DELIVERED = "delivered"  #: on a device or in a mailbox
    PERSON = "person"  #: somebody acted


class Reason(StrEnum):
    """Why a receipt says what it says."""

    EXPIRED = "expired"  #: it was worth nothing any more before anybody got it: a lost message, as `lifetime` is
    WITHDRAWN = "withdrawn"
    RESOLVED_BEFORE_TOLD = "resolved_before_told"
    RECEIVER_GONE = "receiver_gone"
    LIFETIME = "lifetime"
    NEVER_CONFIRMED = "never_confirmed"
    ERASED = "erased"
    IN_DOUBT = "in_doubt"
    NOT_STARTED = "not_started"
    NOT_SENT = "not_sent"  #: refused, name not found, TLS failed: surely nothing left
    TRY_LATER = "try_later"
    RATE_LIMITED = "rate_limited"  #: nothing was tried: its target has had as much as it may in this stretch
    TARGET_DOWN = "target_down"  #: nothing was tried: its target could not be reached a short while ago
    REFUSED = "refused"  #: for good
    CANCELLED = "cancelled"
    ACKNOWLEDGED = "acknowledged"  #: a person acted


#: Blocked on purpose: nobody needs to look, and nobody is told instead.
ON_PURPOSE = frozenset({Reason.RESOLVED_BEFORE_TOLD, Reason.WITHDRAWN, Reason.CANCELLED})


@frozen(kw_only=True)
class Receipt(Record):
    """One proof.  Exactly one of `attempt_id`, `spool_id`, `notice_id` names what it is about."""

    schema: ClassVar[str] = "receipt"
    receipt_id: str
    outcome: Outcome
    proof: Proof
    settled_at: datetime
    settled_by: str  #: sender name, `bridge`, `dispatch`, or a person
    evidence: Mapping[str, str]  #: what the receiver answered, secrets removed
    attempt_id: str | None = None
    spool_id: str | None = None
    notice_id: str | None = None
    target: str | None = None  #: `receiver/target` of the item it is about
    may_have_arrived: str | None = None  #: an attempt at the same item that perhaps arrived, whatever this one says
    reason: Reason | None = None
    retry_at: datetime | None = None
    retry_after_seconds: int | None = None  #: what the receiver asked for, if it did

    def __post_init__(self) -> None:
        if sum(each is not None for each in (self.attempt_id, self.spool_id, self.notice_id)) != 1:
            raise ValueError("a receipt is about one attempt, one item or one notice")
        if self.outcome is Outcome.ACKED and self.proof < Proof.STORED:
            raise ValueError("acked needs proof that the final service stored it")
        if (self.outcome is Outcome.DEFERRED) != (self.retry_at is not None):
            raise ValueError("a deferred receipt has retry_at, and no other has")
        if self.outcome in (Outcome.BLOCKED, Outcome.DEFERRED) and self.reason is None:
            raise ValueError(f"{self.outcome.value} needs a reason")
