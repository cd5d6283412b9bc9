"""What an acknowledgement proves of what was sent, and what it withdraws of what was not."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.act import Act
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import RecordLine, ViewName
from reporting_governance.contracts.receipt import Outcome, Proof, Reason, Receipt
from reporting_governance.core.delivery import last_word, open_attempt
from reporting_governance.core.thread_targets import target_of
from reporting_governance.stages.on_hand import OnHand
from reporting_governance.storage.interface import View


@frozen(kw_only=True)
class SaidByAct:
    """A receipt that follows from an act: what it is about, what open work it closes, and which threads learn of it."""

    receipt: Receipt
    parent: str
    closes: tuple[ViewName, ...]
    told: tuple[View, ...]

    def record(self, acted_on: Collection[str]) -> RecordLine:
        """Return its line without views; threads that the act itself has consumed are not consumed again."""
        others = tuple(each.name for each in self.told if each.name.id not in acted_on)
        notices = (str((each.body["newest"] or {}).get("notice_id")) for each in self.told)
        keys = (str(each.body["task_key"]) for each in self.told)
        return RecordLine(
            kind=Receipt.schema,
            id=self.receipt.receipt_id,
            body=self.receipt.dump(),
            parents=(self.parent,),
            consumes=(*self.closes, *others),
            about=tuple(dict.fromkeys((*keys, *notices))),
        )


def proven(on_hand: OnHand, threads: Sequence[View], everybody: Sequence[View], act: Act) -> list[SaidByAct]:
    """Return a receipt with proof `person` for each attempt that the threads stand on, also for those in doubt.

    One item may carry the notices of several episodes: what proves it is told to all of them.  What is in flight gets
    no receipt from here; its own is coming.
    """
    found: dict[str, SaidByAct] = {}
    for thread in threads:
        outcome = thread.body["newest_outcome"]
        attempt = outcome["attempt_id"] if outcome else None
        item = _item_with(on_hand, thread.body["newest"]["notice_id"], attempt)
        if attempt is None and item is not None and is_in_doubt(item.body) and open_attempt(item.body) is None:
            attempt = item.body["attempts"][-1]["attempt_id"]
        if attempt is None or attempt in found:
            continue
        found[attempt] = SaidByAct(
            receipt=_receipt(
                act,
                Outcome.ACKED,
                Proof.PERSON,
                attempt_id=attempt,
                target=item.body["item"]["target"] if item else target_of(thread.body, attempt),
            ),
            parent=attempt,
            closes=(item.name,) if item else (),
            told=tuple(each for each in everybody if _stands_on(each.body, attempt, item)),
        )
    return list(found.values())


def withdrawn(on_hand: OnHand, threads: Sequence[View], act: Act) -> list[SaidByAct]:
    """Return a receipt for each item and notice of the threads that surely was not sent, and will not be.

    An item that speaks of another episode too is sent, and what goes on despite an acknowledgement goes on.
    """
    quiet = [thread for thread in threads if not thread.body.get("despite_ack")]
    acked = {thread.name.id for thread in quiet}
    found: dict[str, SaidByAct] = {}
    for thread in quiet:
        notice = thread.body["newest"]["notice_id"]
        if thread.body["newest"]["phase"] == "resolved":
            continue
        carrying, queued = on_hand.items_with(notice), on_hand.queued(notice)
        if not carrying and queued is not None:
            receipt = _receipt(act, Outcome.BLOCKED, Proof.NONE, notice_id=notice)
            found[notice] = SaidByAct(receipt=receipt, parent=notice, closes=(queued,), told=(thread,))
        for item in carrying:
            if not _is_unsent(item.body) or not acked.issuperset(item.body["item"]["thread_keys"]):
                continue
            told = (each for each in quiet if each.body["newest"]["notice_id"] in item.body["item"]["notice_ids"])
            target = item.body["item"]["target"]
            receipt = _receipt(act, Outcome.BLOCKED, Proof.NONE, spool_id=item.name.id, target=target)
            found.setdefault(
                item.name.id,
                SaidByAct(receipt=receipt, parent=item.name.id, closes=(item.name,), told=tuple(told)),
            )
    return list(found.values())


def _receipt(
    act: Act,
    outcome: Outcome,
    proof: Proof,
    *,
    attempt_id: str | None = None,
    spool_id: str | None = None,
    notice_id: str | None = None,
    target: str | None = None,
) -> Receipt:
    parent = attempt_id or spool_id or notice_id or ""
    return Receipt(
        receipt_id=ids.receipt_id(parent, outcome, proof, act.actor, act.act_id),
        outcome=outcome,
        proof=proof,
        settled_at=act.acted_at,
        settled_by=act.actor,
        evidence={"act_id": act.act_id},
        attempt_id=attempt_id,
        spool_id=spool_id,
        notice_id=notice_id,
        target=target,
        reason=Reason.ACKNOWLEDGED if outcome is Outcome.ACKED else Reason.WITHDRAWN,
    )


def _stands_on(thread: Mapping[str, Any], attempt: str, item: View | None) -> bool:
    """Tell whether what is proven about an attempt says something about a thread's newest notice."""
    carried = item.body["item"]["notice_ids"] if item else ()
    outcome = thread["newest_outcome"] or {}
    return outcome.get("attempt_id") == attempt or (not outcome and thread["newest"]["notice_id"] in carried)


def _item_with(on_hand: OnHand, notice: str, attempt: str | None) -> View | None:
    """Return the open spool item that carries a notice; when an attempt is named, only the one it belongs to."""
    for view in on_hand.items_with(notice):
        attempts = {each["attempt_id"] for each in view.body["attempts"]}
        if attempt is None or attempt in attempts:
            return view
    return None


def _is_unsent(body: Mapping[str, Any]) -> bool:
    """Tell whether surely nothing of an item arrived: every attempt has a receipt that says so."""
    receipts = body["receipts"]
    ended = {each.get("attempt_id") for each in receipts}
    return all(each["attempt_id"] in ended for each in body["attempts"]) and all(
        each["outcome"] == Outcome.DEFERRED for each in receipts
    )


def is_in_doubt(body: Mapping[str, Any]) -> bool:
    """Tell whether the last that is known of an item is that nobody knows."""
    last = last_word(body)
    return last is not None and last.get("reason") == Reason.IN_DOUBT
