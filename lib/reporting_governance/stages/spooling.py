"""The groups that `dispatch` commits: rendered items, receipts for what will not be sent, and why a notice waits."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from reporting_governance.contracts import ids
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.hold import Hold, HoldReason
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.receipt import Outcome, Proof, Reason, Receipt
from reporting_governance.contracts.spool_item import SpoolItem
from reporting_governance.contracts.times import due_name, format_time
from reporting_governance.core.dispatching import Together
from reporting_governance.core.holding import Held
from reporting_governance.core.rendering import render
from reporting_governance.core.threads import rules_of
from reporting_governance.stages.queue import Entry
from reporting_governance.stages.settled_thread import settled_key
from reporting_governance.stages.targets_told import Ending, Endings
from reporting_governance.storage.interface import Addition, Group


def blocked_group(entry: Entry, reason: Reason, profile: ProfileSpec, now: datetime) -> Group:
    """Settle a notice without sending it: its receipt closes it and tells its thread."""
    notice_id = entry.notice.notice_id
    receipt = Receipt(
        receipt_id=ids.receipt_id(notice_id, Outcome.BLOCKED, Proof.NONE, "dispatch"),
        outcome=Outcome.BLOCKED,
        proof=Proof.NONE,
        settled_at=now,
        settled_by="dispatch",
        evidence={},
        notice_id=notice_id,
        reason=reason,
    )
    consumes = [entry.name]
    views = [ViewKey(Folder.PAST, notice_id, "")] if reason is Reason.RECEIVER_GONE else []
    if entry.thread is not None:
        consumes.append(entry.thread.name)
        views.append(settled_key(entry.thread, receipt, rules_of(profile.notification)))
    record = RecordLine(
        kind=Receipt.schema,
        id=receipt.receipt_id,
        body=receipt.dump(),
        parents=(notice_id,),
        consumes=tuple(consumes),
        views=tuple(views),
        about=entry.about,
    )
    return Group(additions=(Addition(record=record),))


def hold_group(entry: Entry, held: Held, now: datetime) -> Group | None:
    """Return the record that says why a notice waits; None when the newest one says the same.

    The notice keeps its due time: it is looked at again by every run.
    """
    said = entry.hold
    if said is not None and (said["reason"], said["cause"]) == (held.reason.value, held.cause):
        return None
    notice_id = entry.notice.notice_id
    hold = Hold(
        hold_id=ids.derive_id("hld", notice_id, held.reason, held.cause, format_time(now)),
        notice_id=notice_id,
        reason=held.reason,
        cause=held.cause,
        held_at=now,
        until=held.until,
    )
    record = RecordLine(
        kind=Hold.schema,
        id=hold.hold_id,
        body=hold.dump(),
        parents=(notice_id,),
        consumes=(entry.name,),
        views=(ViewKey(Folder.QUEUE, notice_id, entry.name.due),),
        about=entry.about if held.reason is HoldReason.MUTED else (*entry.about, held.cause),
    )
    return Group(additions=(Addition(record=record),))


def ending_of(together: Together, profile: ProfileSpec, endings: Endings) -> Ending | None:
    """Return which targets learn that it is over, and what is closed with that; None: it must wait."""
    targets = profile.notification.receivers[together.receiver].targets
    if together.notices[0].phase is not Phase.RESOLVED or len(targets) < 2:
        return Ending(frozenset(), ())
    return endings.of([each.thread_key for each in together.notices], together.receiver, list(targets))


def spooled(
    together: Together, entries: Sequence[Entry], profile: ProfileSpec, only: Collection[str], now: datetime
) -> list[Addition]:
    """Make one item for each target of the receiver, or for those named; the first record consumes the notices."""
    rendered = render(together.notices)
    notices = tuple(each.notice_id for each in together.notices)
    about = tuple(dict.fromkeys(part for each in entries for part in each.about))
    additions: list[Addition] = []
    targets = profile.notification.receivers[together.receiver].targets
    for name, target in targets.items():
        if only and name not in only:
            continue
        item_id = ids.spool_id(notices, together.receiver, name, 0)
        item = SpoolItem(
            spool_id=item_id,
            notice_ids=notices,
            thread_keys=tuple(each.thread_key for each in together.notices),
            round=0,
            channel=target.sender,
            sender=target.sender,
            target=f"{together.receiver}/{name}",
            rendered=rendered,
            idempotency_key=item_id,
            dispatched_at=now,
            due_at=now,
            not_after=now + timedelta(seconds=profile.notification.retry.lifetime_seconds),
            expects_proof=profile.notification.ack_requires,
        )
        record = RecordLine(
            kind=SpoolItem.schema,
            id=item_id,
            body=item.dump(),
            parents=notices,
            consumes=tuple(each.name for each in entries) if not additions else (),
            views=(ViewKey(Folder.SPOOL, item_id, due_name(now)),),
            about=about,
        )
        additions.append(Addition(record=record))
    return additions
