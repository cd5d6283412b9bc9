"""What becomes of an item without a send: its target is left alone for a while, or proof of an earlier send came."""

from datetime import datetime

from reporting_governance.contracts import ids
from reporting_governance.contracts.receipt import Outcome, Proof, Reason, Receipt
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.delivery import BRIDGE, Body, Powers, last_word
from reporting_governance.core.settling import Place, SendAnswer, Settlement, next_look


def put_off(body: Body, reason: Reason, *, until: datetime, now: datetime) -> Settlement | None:
    """Return the receipt of an item whose target is left alone for now; nothing was tried.

    None: its records say it already, for as long as no further attempt is made, or say what matters more: that it is
    in doubt.  Then it simply stays due.
    """
    item, last = body["item"], last_word(body)
    if last is not None and last["outcome"] != Outcome.DEFERRED:
        return None
    receipt_id = ids.receipt_id(
        item["spool_id"], Outcome.DEFERRED, Proof.NONE, BRIDGE, f"{reason}:{len(body['attempts'])}"
    )
    if any(each["receipt_id"] == receipt_id for each in body["receipts"]):
        return None
    due = max(now, min(until, parse_time(item["not_after"])))
    receipt = Receipt(
        receipt_id=receipt_id,
        outcome=Outcome.DEFERRED,
        proof=Proof.NONE,
        settled_at=now,
        settled_by=BRIDGE,
        evidence={},
        spool_id=item["spool_id"],
        target=item["target"],
        reason=reason,
        retry_at=due,
    )
    return Settlement(receipt=receipt, place=Place.OPEN, due=due, tells_threads=False)


def settle_later(
    answer: SendAnswer,
    body: Body,
    attempt_id: str,
    *,
    now: datetime,
    ack_requires: Proof,
    powers: Powers | None,
    settled_by: str,
) -> Settlement | None:
    """Return what an answer that came after the first one proves; None when it is nothing new.

    Proof only rises.  A refusal says that it never will: nobody took the message up, or it ran out unseen.
    """
    if answer.result == "refused":
        receipt = _later(answer, body, attempt_id, Outcome.BLOCKED, Proof.NONE, Reason.NEVER_CONFIRMED, now, settled_by)
        return Settlement(receipt=receipt, place=Place.PAST, tells_threads=True)
    known = [Proof(each["proof"]) for each in body["receipts"] if each.get("attempt_id") == attempt_id]
    if answer.result != "answered" or answer.proof <= max(known, default=Proof.NONE):
        return None
    enough = answer.proof >= max(ack_requires, Proof.STORED)
    outcome = Outcome.ACKED if enough else Outcome.PENDING_EXTERNAL_SEND
    receipt = _later(answer, body, attempt_id, outcome, answer.proof, None, now, settled_by)
    if enough:
        return Settlement(receipt=receipt, place=Place.CLOSED, tells_threads=True)
    return Settlement(receipt=receipt, place=Place.OPEN, due=next_look(body["item"], powers, now), tells_threads=True)


def _later(
    answer: SendAnswer,
    body: Body,
    attempt_id: str,
    outcome: Outcome,
    proof: Proof,
    reason: Reason | None,
    now: datetime,
    settled_by: str,
) -> Receipt:
    return Receipt(
        receipt_id=ids.receipt_id(attempt_id, outcome, proof, settled_by),
        outcome=outcome,
        proof=proof,
        settled_at=now,
        settled_by=settled_by,
        evidence=dict(answer.evidence),
        attempt_id=attempt_id,
        target=body["item"]["target"],
        reason=reason,
    )
