"""The delivery state of a notice: derived from its records, never stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reporting_governance.contracts.capability_descriptor import DeliveryState
from reporting_governance.contracts.receipt import Outcome, Proof

Body = Mapping[str, Any]


#: Of a notice with several items the best counts.
_BEST = (
    DeliveryState.ACKED,
    DeliveryState.PENDING_EXTERNAL_SEND,
    DeliveryState.DISPATCHED,
    DeliveryState.BLOCKED,
)


@dataclass(slots=True)
class ItemHistory:
    """An item's records in the order of the journal, late receipts included."""

    item: Body
    attempts: list[Body] = field(default_factory=list)
    receipts: list[Body] = field(default_factory=list)


@dataclass(slots=True)
class NoticeHistory:
    """A notice's records: the receipts on itself, and its items."""

    notice: Body
    items: list[ItemHistory] = field(default_factory=list)
    receipts: list[Body] = field(default_factory=list)


def delivery_state(history: NoticeHistory) -> DeliveryState:
    """Return the state of a notice: of its best item; without items queued, or blocked by a receipt of its own."""
    states = {item_state(each) for each in history.items}
    for state in _BEST:
        if state in states:
            return state
    blocked = any(each["outcome"] == Outcome.BLOCKED for each in history.receipts)
    return DeliveryState.BLOCKED if blocked else DeliveryState.QUEUED


def item_state(history: ItemHistory) -> DeliveryState:
    """Return the state of an item.

    Acked if any receipt on it says so.  Else the receipts on the item itself and on its newest attempt decide: what
    came late about an earlier attempt says nothing about the one that followed.
    """
    if any(each["outcome"] == Outcome.ACKED for each in history.receipts):
        return DeliveryState.ACKED
    newest = history.attempts[-1]["attempt_id"] if history.attempts else None
    state, proof = DeliveryState.DISPATCHED, Proof.NONE
    for receipt in history.receipts:
        if receipt.get("attempt_id") not in (None, newest):
            continue
        state, proof = _strengthened(state, proof, receipt)
    return state


def _strengthened(state: DeliveryState, proof: Proof, receipt: Body) -> tuple[DeliveryState, Proof]:
    """Fold one receipt in.  Proof only ever rises, and what is blocked rises only by proof."""
    found = Proof(receipt["proof"])
    if receipt["outcome"] == Outcome.BLOCKED:
        return DeliveryState.BLOCKED, proof
    if found < proof or (state is DeliveryState.BLOCKED and found is Proof.NONE):
        return state, proof
    if receipt["outcome"] == Outcome.DEFERRED:
        return DeliveryState.DISPATCHED, found
    return DeliveryState.PENDING_EXTERNAL_SEND, found


def best_proof(history: NoticeHistory) -> Proof:
    """Return the strongest proof that any receipt of a notice holds."""
    receipts = [*history.receipts, *(receipt for item in history.items for receipt in item.receipts)]
    return max((Proof(each["proof"]) for each in receipts), key=lambda each: each.rank, default=Proof.NONE)


def histories(records: Iterable[tuple[str, Body]]) -> dict[str, NoticeHistory]:
    """Return the history of every notice, by id, from `(kind, body)` of records in the order of the journal."""
    notices: dict[str, NoticeHistory] = {}
    items: dict[str, ItemHistory] = {}
    of_attempt: dict[str, ItemHistory] = {}
    for kind, body in records:
        if kind == "notice":
            notices[body["notice_id"]] = NoticeHistory(body)
        elif kind == "spool-item":
            item = items[body["spool_id"]] = ItemHistory(body)
            for notice_id in body["notice_ids"]:
                if notice_id in notices:
                    notices[notice_id].items.append(item)
        elif kind == "attempt":
            of_attempt[body["attempt_id"]] = items[body["spool_id"]]
            items[body["spool_id"]].attempts.append(body)
        elif kind == "receipt":
            _place_receipt(body, notices, items, of_attempt)
    return notices


def _place_receipt(
    receipt: Body,
    notices: Mapping[str, NoticeHistory],
    items: Mapping[str, ItemHistory],
    of_attempt: Mapping[str, ItemHistory],
) -> None:
    if receipt.get("notice_id") in notices:
        notices[receipt["notice_id"]].receipts.append(receipt)
        return
    item = of_attempt.get(receipt.get("attempt_id", "")) or items.get(receipt.get("spool_id", ""))
    if item is not None:
        item.receipts.append(receipt)
