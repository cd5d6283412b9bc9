"""The groups that `dispatch` commits: rendered items, receipts for what will not be sent, and why a notice waits."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from reporting_governance.contracts import ids
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.hold import Hold, HoldReason
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.receipt import Outcome, Proof, Reason, Receipt
from reporting_governance.contracts.spool_item import JournalHead, SpoolItem
from reporting_governance.contracts.times import due_name, format_time
from reporting_governance.core.holding import Held
from reporting_governance.core.rendering import render, telling_of
from reporting_governance.core.threads import rules_of
from reporting_governance.stages.queue import Brief, Entry
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


def hold_group(brief: Brief, held: Held, now: datetime) -> Group | None:
    """Return the record that says why a notice waits; None when the newest one says the same.

    The notice keeps its due time: it is looked at again by every run.
    """
    said = brief.hold
    if said is not None and (said.reason, said.cause) == (held.reason.value, held.cause):
        return None
    notice_id = brief.notice_id
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
        consumes=(brief.name,),
        views=(ViewKey(Folder.QUEUE, notice_id, brief.name.due),),
        about=brief.about if held.reason is HoldReason.MUTED else (*brief.about, held.cause),
    )
    return Group(additions=(Addition(record=record),))


def ending_of(receiver: str, entries: Sequence[Entry], profile: ProfileSpec, endings: Endings) -> Ending | None:
    """Return which targets learn that it is over, and what is closed with that; None: it must wait."""
    targets = profile.notification.receivers[receiver].targets
    if entries[0].notice.phase is not Phase.RESOLVED or len(targets) < 2:
        return Ending(frozenset(), ())
    return endings.of([each.notice.thread_key for each in entries], receiver, list(targets))


def spooled(
    receiver: str,
    entries: Sequence[Entry],
    profile: ProfileSpec,
    only: Collection[str],
    now: datetime,
    head: JournalHead | None,
) -> list[Addition]:
    """Make one item for each target of the receiver, or for those named; the first record consumes the notices.

    Args:
        head: of the journal, for the message's last line.
    """
    members = [each.notice for each in entries]
    rendered, telling = render(members), telling_of(members)
    notices = tuple(each.notice_id for each in members)
    about = tuple(dict.fromkeys(part for each in entries for part in each.about))
    additions: list[Addition] = []
    targets = profile.notification.receivers[receiver].targets
    for name, target in targets.items():
        if only and name not in only:
            continue
        item_id = ids.spool_id(notices, receiver, name, 0)
        item = SpoolItem(
            spool_id=item_id,
            notice_ids=notices,
            thread_keys=tuple(each.thread_key for each in members),
            round=0,
            channel=target.sender,
            sender=target.sender,
            target=f"{receiver}/{name}",
            rendered=rendered,
            telling=telling,
            idempotency_key=item_id,
            dispatched_at=now,
            due_at=now,
            not_after=now + timedelta(seconds=profile.notification.retry.lifetime_seconds),
            expects_proof=profile.notification.ack_requires,
            journal_head=head,
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
