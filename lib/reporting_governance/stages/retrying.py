"""retry: a person sends again what was blocked or is in doubt."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from reporting_governance.contracts import ids
from reporting_governance.contracts.act import Act, ActKind
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.spool_item import JournalHead, SpoolItem
from reporting_governance.contracts.times import due_name
from reporting_governance.core.threads import ThreadRules
from reporting_governance.errors import UsageError
from reporting_governance.stages.acknowledging import is_in_doubt
from reporting_governance.stages.acts import ActReport, random_id, with_fresh_names
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.journal_head import journal_head
from reporting_governance.stages.newest import newest_view, read_all
from reporting_governance.stages.settled_thread import changed_key
from reporting_governance.storage.interface import Addition, Group, Listing, Store, View, expand


class NothingBlocked(UsageError):
    """No blocked or doubtful item has this id."""

    message = "{subject}: no blocked item or notice, and none in doubt, has this id"
    hint = "`reportgov status` lists what is blocked and what is in doubt."


def run_retry(
    store: Store, subject: str, *, actor: str, comment: str, lifetime_seconds: int, clock: Clock
) -> ActReport:
    """Send a blocked (or doubtful) item again, as a new round with a life of its own.

    Args:
        subject: id of the spool item, or of a notice whose items are blocked.

    Raises: NothingBlocked; Busy.
    """
    return with_fresh_names(
        store, lambda now: _retry(store, subject, actor, comment, lifetime_seconds, now), clock, subject
    )


def _retry(
    store: Store, subject: str, actor: str, comment: str, lifetime_seconds: int, now: datetime
) -> tuple[Group, ActReport]:
    act = Act(act_id=random_id(), what=ActKind.RETRY, subject=subject, actor=actor, acted_at=now, comment=comment)
    notice = store.past(subject) if subject.startswith("ntc_") else None
    if notice is not None:
        return _requeue(notice, act)
    items = _retryable(store, subject)
    if not items:
        raise NothingBlocked(subject=subject)
    threads = store.listing(Folder.EPISODES)
    record = RecordLine(kind=Act.schema, id=act.act_id, body=act.dump(), parents=tuple(i.name.id for i in items))
    additions = [Addition(record=record)]
    taken: set[str] = set()
    head = journal_head(store)
    additions.extend(_again(item, store, threads, taken, lifetime_seconds, now, head) for item in items)
    report = ActReport(act_id=act.act_id, what="retry", subjects=tuple(item.name.id for item in items))
    return Group(additions=tuple(additions)), report


def _requeue(notice: View, act: Act) -> tuple[Group, ActReport]:
    """Put a notice whose receiver was gone back into the queue."""
    key = ViewKey(Folder.QUEUE, notice.name.id, due_name(act.acted_at))
    record = RecordLine(
        kind=Act.schema,
        id=act.act_id,
        body=act.dump(),
        parents=(notice.name.id,),
        consumes=(notice.name,),
        views=(key,),
        about=(notice.name.id,),
    )
    report = ActReport(act_id=act.act_id, what="retry", subjects=(notice.name.id,))
    return Group(additions=(Addition(record=record),)), report


def _retryable(store: Store, subject: str) -> list[View]:
    """Return the blocked items, and those in doubt, that a subject names."""
    blocked = [view for key in store.past_names("spl_") if (view := store.past(key)) is not None]
    open_items = read_all(store, store.listing(Folder.SPOOL).names.values())
    doubtful = [view for view in open_items if is_in_doubt(view.body)]
    return [
        view for view in (*blocked, *doubtful) if subject == view.name.id or subject in view.body["item"]["notice_ids"]
    ]


def _again(
    item: View,
    store: Store,
    threads: Listing,
    taken: set[str],
    lifetime_seconds: int,
    now: datetime,
    head: JournalHead | None,
) -> Addition:
    """Return the next round of an item; the first item of a thread tells it that it is on its way again."""
    old = SpoolItem.parse(expand(store, item.body["item"]))
    receiver, _, target = old.target.partition("/")
    new_id = ids.spool_id(old.notice_ids, receiver, target, old.round + 1)
    rendered = old.rendered
    if is_in_doubt(item.body) and not rendered.subject.startswith("[possible repeat"):
        said = f"This is a possible repeat of {old.spool_id}: whether that arrived, nobody knows."
        rendered = replace(
            rendered,
            subject=f"[possible repeat of {old.spool_id}] {rendered.subject}",
            body=f"{said}\n\n{rendered.body}",
            html=f"<p>{said}</p>{rendered.html}" if rendered.html else rendered.html,
        )
    new = replace(
        old,
        spool_id=new_id,
        round=old.round + 1,
        rendered=rendered,
        idempotency_key=new_id,
        dispatched_at=now,
        due_at=now,
        not_after=now + timedelta(seconds=lifetime_seconds),
        journal_head=head,
    )
    told = _waiting_for(store, old, threads, taken)
    taken.update(view.name.id for view in told)
    record = RecordLine(
        kind=SpoolItem.schema,
        id=new_id,
        body=new.dump(),
        parents=(old.spool_id, *old.notice_ids),
        consumes=(item.name, *(view.name for view in told)),
        about=old.notice_ids,
    )
    # On its way again: only a ladder is due before it is settled.
    on_its_way = (changed_key(view.name.id, view.body, record, rules=ThreadRules(0), now=now)[0] for view in told)
    return Addition(record=replace(record, views=(ViewKey(Folder.SPOOL, new_id, due_name(now)), *on_its_way)))


def _waiting_for(store: Store, item: SpoolItem, threads: Listing, taken: Collection[str]) -> list[View]:
    """Return the threads whose newest notice an item carries; others have moved on and do not wait for it."""
    views = (newest_view(store, threads, key) for key in item.thread_keys if key not in taken)
    return [view for view in views if view and view.body["newest"]["notice_id"] in item.notice_ids]
