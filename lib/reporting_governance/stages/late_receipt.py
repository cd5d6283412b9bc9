"""A receipt from outside: it strengthens the proof of its own attempt, and never settles or frees a later one.

An item that is proven to be where it should be has no more to wait for, unless a later attempt is under way.  One whose
newest attempt will never arrive (a bounce) is blocked, and whoever stands in is told.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.attempt import Attempt
from reporting_governance.contracts.external_receipt import ExternalReceipt
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.item_return import ItemReturn
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.receipt import Outcome, Proof, Reason, Receipt
from reporting_governance.contracts.spool_item import SpoolItem
from reporting_governance.core.delivery import open_attempt
from reporting_governance.core.target_memory import is_bounce, is_news
from reporting_governance.core.threads import ThreadRules
from reporting_governance.errors import Busy, UsageError
from reporting_governance.stages.backwards import stretches
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.message import speaks_of
from reporting_governance.stages.sending import read_threads
from reporting_governance.stages.settled_thread import settled_key
from reporting_governance.stages.targets import Memory, read_memory
from reporting_governance.stages.targets_told import marks_of, told_marks
from reporting_governance.storage.interface import Absence, Added, Addition, Group, Store, View

TRIES = 20  #: how often the group is built anew because somebody changed what it consumes


class UnknownAttempt(UsageError):
    """No attempt of ours has this id."""

    message = "{attempt_id}: no attempt of ours has this id"
    hint = "A receipt names the attempt whose send it proves, as the message or the spool file gave it."


@frozen
class _Found:
    """An attempt: its item, the item's open view when there is one, and the receipts known for the item."""

    item: Mapping[str, Any]
    view: View | None
    in_flight: bool  #: a later attempt is under way
    is_newest: bool  #: no later attempt was ever made
    receipts: tuple[str, ...]
    attempts: tuple[Mapping[str, Any], ...] = ()  #: of an item that is no open work any more
    seq: int = 0  #: the end of the log before the item was looked for


def run_late_receipt(
    store: Store,
    document: Mapping[str, Any],
    *,
    settled_by: str,
    rules: ThreadRules,
    clock: Clock,
    at_most: Callable[[str], Proof] | None = None,
) -> Receipt | None:
    """Record a proof that somebody outside hands in; None when it was recorded before.

    Args:
        document: an external receipt, as it was read.
        settled_by: who handed it in, by the operating system.
        at_most: how far the one who handed it in may prove something, by the target; None: as far as can be.

    Raises: ContractError; UnknownAttempt; Busy.
    """
    handed_in = ExternalReceipt.parse(document, source="receipt")
    for _ in range(TRIES):
        store.ready()
        found = _find(store, handed_in.attempt_id)
        now = clock.now()
        most = Proof.PERSON if at_most is None else at_most(found.item["target"])
        receipt = _receipt(handed_in, found.item, settled_by, now, most)
        if receipt.receipt_id in found.receipts:
            return None
        group = _group(store, found, receipt, rules)
        if isinstance(store.commit([group], now=now)[0], Added):
            if found.view is not None:
                store.forget_heartbeat(found.view.name.id)
            return receipt
    raise Busy(path=handed_in.attempt_id, seconds=0)


def _receipt(
    handed_in: ExternalReceipt, item: Mapping[str, Any], settled_by: str, now: datetime, most: Proof
) -> Receipt:
    proof = min(handed_in.proof, most)
    enough = proof >= max(Proof(item["expects_proof"]), Proof.STORED)
    outcome = Outcome.ACKED if enough else Outcome.PENDING_EXTERNAL_SEND
    evidence = dict(handed_in.evidence)
    if proof is not handed_in.proof:
        evidence["claimed_proof"] = handed_in.proof.value
    if handed_in.refused:
        outcome = Outcome.BLOCKED
        evidence["refused"] = handed_in.refused
    return Receipt(
        receipt_id=ids.receipt_id(handed_in.attempt_id, outcome, proof, settled_by, handed_in.id),
        outcome=outcome,
        proof=proof,
        settled_at=now,
        settled_by=settled_by,
        evidence=evidence,
        attempt_id=handed_in.attempt_id,
        target=item["target"],
        reason=Reason.REFUSED if handed_in.refused else None,
    )


def _find(store: Store, attempt_id: str) -> _Found:
    """Look in the spool first, then through the log."""
    for name in store.listing(Folder.SPOOL).names.values():
        view = store.read(name)
        attempts = [each["attempt_id"] for each in view.body["attempts"]] if view else []
        if view is not None and attempt_id in attempts:
            receipts = tuple(each["receipt_id"] for each in view.body["receipts"])
            later = attempts[-1] != attempt_id and open_attempt(view.body) is not None
            return _Found(view.body["item"], view, later, attempts[-1] == attempt_id, receipts)
    return _find_in_log(store, attempt_id)


def _find_in_log(store: Store, attempt_id: str) -> _Found:
    """Look through the log, newest lines first, until the attempt's item is found: all about it stands behind that."""
    items: dict[str, Mapping[str, Any]] = {}
    attempts: dict[str, list[Mapping[str, Any]]] = {}  #: by item
    receipts: list[str] = []
    wanted: str | None = None
    head = store.head().seq
    for stretch in stretches(store, head):
        newer, attempts = attempts, {}
        for line in stretch:
            record = line.document.get("record") or {"kind": ""}
            if record["kind"] == SpoolItem.schema:
                items[record["id"]] = record["body"]
            elif record["kind"] == Attempt.schema:
                attempts.setdefault(record["body"]["spool_id"], []).append(record["body"])
                wanted = record["body"]["spool_id"] if record["id"] == attempt_id else wanted
            elif record["kind"] == Receipt.schema and attempt_id in record["parents"]:
                receipts.append(record["id"])
        for key, later in newer.items():
            attempts.setdefault(key, []).extend(later)
        if wanted is not None and wanted in items:
            tried = attempts[wanted]
            is_newest = tried[-1]["attempt_id"] == attempt_id
            return _Found(items[wanted], None, False, is_newest, tuple(receipts), tuple(tried), head)
    raise UnknownAttempt(attempt_id=attempt_id)


def _group(store: Store, found: _Found, receipt: Receipt, rules: ThreadRules) -> Group:
    consumes: list[ViewName] = []
    views: list[ViewKey] = []
    bounced = receipt.outcome is Outcome.BLOCKED
    if found.view is not None:
        consumes.append(found.view.name)
        settles = not found.in_flight and receipt.proof >= Proof(found.item["expects_proof"])
        if bounced and found.is_newest:
            views.append(ViewKey(Folder.PAST, found.view.name.id, ""))
        elif not settles:
            views.append(ViewKey(Folder.SPOOL, found.view.name.id, found.view.name.due))
    # Of a message that bounced and was sent again since, the later send says how it stands.
    learn = found.is_newest or not bounced
    threads = read_threads(store, found.item, store.listing(Folder.EPISODES)) if learn else ()
    consumes += [thread.name for thread in threads]
    back = _returned(store, found, receipt) if bounced and found.is_newest and found.view is None else None
    if back is not None:
        views += back.views
    if bounced:
        consumes += marks_of(store, found.item, str(receipt.attempt_id))
    views += [settled_key(thread, receipt, rules, speaks=speaks_of(found.item, thread.body)) for thread in threads]
    views += told_marks(store, found.item, receipt, rules).views
    memory = _remembered(store, receipt) if learn else None
    if memory is not None:
        consumes += memory.consumes
        views.append(memory.key)
    record = RecordLine(
        kind=Receipt.schema,
        id=receipt.receipt_id,
        body=receipt.dump(),
        parents=(str(receipt.attempt_id),),
        consumes=tuple(consumes),
        views=tuple(views),
        about=tuple(found.item["notice_ids"]),
    )
    lines = [Addition(record=each) for each in (back, record) if each is not None]
    # Of two that hand one bounce in at once the second looks again, and finds it.
    born = (Absence(Folder.PAST, str(found.item["spool_id"]), found.seq),) if bounced and found.view is None else ()
    return Group(additions=tuple(lines), absences=(*born, *(memory.absences if memory is not None else ())))


def _remembered(store: Store, receipt: Receipt) -> Memory | None:
    """Return the memory of a receipt's target where it changes it: a bounce does, and a proof that ends one.

    A target that is down now stays so, whatever is said of an earlier message.
    """
    said, memory = receipt.dump(), read_memory(store, str(receipt.target))
    if is_bounce(said):
        return memory
    ends = memory.body["refused"] is not None and memory.body["down"] is None
    return memory if ends and is_news(memory.body, said) else None


def _returned(store: Store, found: _Found, receipt: Receipt) -> RecordLine | None:
    """Return the record that brings a settled item back; None when it is kept already, since it was blocked."""
    spool_id = str(found.item["spool_id"])
    if store.past(spool_id) is not None:
        return None
    back = ItemReturn(
        return_id=ids.derive_id("ret", str(receipt.attempt_id)),
        attempt_id=str(receipt.attempt_id),
        item=found.item,
        attempts=found.attempts,
    )
    return RecordLine(
        kind=ItemReturn.schema,
        id=back.return_id,
        body=back.dump(),
        parents=(back.attempt_id,),
        views=(ViewKey(Folder.PAST, spool_id, ""),),
        about=tuple(found.item["notice_ids"]),
    )
