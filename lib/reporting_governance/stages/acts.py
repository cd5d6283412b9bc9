"""ack and retry: what a person does about what was, or was not, told."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.act import Act, ActKind
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.receipt import Outcome, Proof, Reason, Receipt
from reporting_governance.contracts.spool_item import SpoolItem
from reporting_governance.contracts.times import FAR_FUTURE, due_name
from reporting_governance.errors import Busy, UsageError
from reporting_governance.stages.clock import Clock
from reporting_governance.storage.interface import Added, Addition, Group, Store, View, expand

TRIES = 20  #: an act is built anew with fresh names so often before it gives up


class NothingToAct(UsageError):
    """No open work has this id."""

    message = "{subject}: nothing that is open has this id"
    hint = "`reportgov status` lists what is open; ids may be those of an episode, a notice, an item or a task."


class NothingBlocked(UsageError):
    """No blocked or doubtful item has this id."""

    message = "{subject}: no blocked item or notice, and none in doubt, has this id"
    hint = "`reportgov status` lists what is blocked and what is in doubt."


@dataclass(frozen=True, kw_only=True, slots=True)
class ActReport:
    """What an act changed."""

    act_id: str
    what: str
    subjects: tuple[str, ...]  #: the threads, items or notices that were changed
    withdrawn: tuple[str, ...] = ()  #: what had not been sent yet and will not be


def run_ack(store: Store, subject: str, *, actor: str, comment: str, clock: Clock) -> ActReport:
    """Say that a person has taken over: ends repeats of the episode for every receiver until it resolves.

    What was sent and is in doubt becomes acked with proof `person`; what was not sent yet is withdrawn.

    Args:
        subject: id of an episode, thread, notice, spool item or task (its own id or its key).

    Raises: NothingToAct; Busy when others kept changing the same episode.
    """
    return _with_fresh_names(store, lambda now: _ack(store, subject, actor, comment, now), clock, subject)


def run_retry(
    store: Store, subject: str, *, actor: str, comment: str, lifetime_seconds: int, clock: Clock
) -> ActReport:
    """Send a blocked (or doubtful) item again, as a new round with a life of its own.

    Args:
        subject: id of the spool item, or of a notice whose items are blocked.

    Raises: NothingBlocked; Busy.
    """
    return _with_fresh_names(
        store, lambda now: _retry(store, subject, actor, comment, lifetime_seconds, now), clock, subject
    )


def _with_fresh_names(store: Store, build: Any, clock: Clock, subject: str) -> ActReport:
    for _ in range(TRIES):
        store.ready()
        now = clock.now()
        group, report = build(now)
        (answer,) = store.commit([group], now=now)
        if isinstance(answer, Added):
            result: ActReport = report
            return result
    raise Busy(path=subject, seconds=0)


def _ack(store: Store, subject: str, actor: str, comment: str, now: datetime) -> tuple[Group, ActReport]:
    threads = _threads_about(store, subject)
    if not threads:
        raise NothingToAct(subject=subject)
    act = Act(act_id=_random_id(), what=ActKind.ACK, subject=subject, actor=actor, acted_at=now, comment=comment)
    additions = [_receipt_of_a_person(store, thread, act) for thread in threads]
    withdrawn = tuple(each.record.parents[0] for each in additions if each and each.record and _is_blocked(each))
    record = RecordLine(
        kind=Act.schema,
        id=act.act_id,
        body=act.dump(),
        parents=tuple(thread.name.id for thread in threads),
        consumes=tuple(thread.name for thread in threads),
        views=tuple(ViewKey(Folder.EPISODES, thread.name.id, _due_when_acked(thread, now)) for thread in threads),
        about=_about(threads),
    )
    group = Group(additions=(Addition(record=record), *(each for each in additions if each)))
    return group, ActReport(
        act_id=act.act_id, what="ack", subjects=tuple(thread.name.id for thread in threads), withdrawn=withdrawn
    )


def _due_when_acked(thread: View, now: datetime) -> str:
    """A resolved thread must still be looked at; any other is not repeated any more."""
    return due_name(now) if thread.body["resolved_at"] else FAR_FUTURE


def _threads_about(store: Store, subject: str) -> list[View]:
    """Return the threads of every episode that a subject names, directly or through one of its notices or items."""
    listing = store.listing(Folder.EPISODES)
    names = [name for key, name in listing.names.items() if key.startswith("thr_")]
    if subject.startswith("epi_"):
        prefix = ids.thread_prefix(subject)
        return _read_all(store, (name for name in names if name.id.startswith(prefix)))
    threads = _read_all(store, names)
    keys = _thread_keys(store, subject)
    episodes = {
        thread.body["episode_id"] for thread in threads if thread.name.id in keys or _names_thread(thread, subject)
    }
    return [thread for thread in threads if thread.body["episode_id"] in episodes]


def _names_thread(thread: View, subject: str) -> bool:
    newest: Mapping[str, Any] = thread.body["newest"] or {}
    facts: Mapping[str, Any] = thread.body.get("facts") or {}
    return subject in (thread.name.id, thread.body["task_key"], newest.get("notice_id"), facts.get("task_id"))


def _thread_keys(store: Store, subject: str) -> set[str]:
    """Return the threads that an open item of this id belongs to."""
    if not subject.startswith("spl_"):
        return set()
    name = store.listing(Folder.SPOOL).names.get(subject)
    view = (store.read(name) if name else None) or store.past(subject)
    return set(view.body["item"]["thread_keys"]) if view else set()


def _receipt_of_a_person(store: Store, thread: View, act: Act) -> Addition | None:
    """Return the receipt that an ack adds for a thread's newest notice, None while an attempt is in flight."""
    outcome = thread.body["newest_outcome"]
    notice = thread.body["newest"]["notice_id"]
    item = _item_with(store, notice)
    key = ViewKey(Folder.EPISODES, thread.name.id, _due_when_acked(thread, act.acted_at))
    if outcome is not None and outcome["attempt_id"]:
        receipt = _receipt(act, Outcome.ACKED, Proof.PERSON, attempt_id=outcome["attempt_id"])
        return _addition(receipt, outcome["attempt_id"], (item.name,) if item else (), key, thread)
    if item is not None and not item.body["attempts"]:
        receipt = _receipt(act, Outcome.BLOCKED, Proof.NONE, spool_id=item.name.id)
        return _addition(receipt, item.name.id, (item.name,), key, thread)
    queued = store.listing(Folder.QUEUE).names.get(notice)
    if queued is not None:
        return _addition(_receipt(act, Outcome.BLOCKED, Proof.NONE, notice_id=notice), notice, (queued,), key, thread)
    return None


def _receipt(
    act: Act,
    outcome: Outcome,
    proof: Proof,
    *,
    attempt_id: str | None = None,
    spool_id: str | None = None,
    notice_id: str | None = None,
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
        reason=Reason.ACKNOWLEDGED if outcome is Outcome.ACKED else Reason.WITHDRAWN,
    )


def _addition(
    receipt: Receipt, parent: str, consumes: tuple[ViewName, ...], thread_key: ViewKey, thread: View
) -> Addition:
    record = RecordLine(
        kind=Receipt.schema,
        id=receipt.receipt_id,
        body=receipt.dump(),
        parents=(parent,),
        consumes=consumes,
        views=(thread_key,),
        about=_about([thread]),
    )
    return Addition(record=record)


def _is_blocked(addition: Addition) -> bool:
    return addition.record is not None and addition.record.body["outcome"] == Outcome.BLOCKED


def _item_with(store: Store, notice: str) -> View | None:
    """Return the open spool item that carries a notice.  A person's question: reading the whole spool is allowed."""
    for view in _read_all(store, store.listing(Folder.SPOOL).names.values()):
        if notice in view.body["item"]["notice_ids"]:
            return view
    return None


def _retry(
    store: Store, subject: str, actor: str, comment: str, lifetime_seconds: int, now: datetime
) -> tuple[Group, ActReport]:
    act = Act(act_id=_random_id(), what=ActKind.RETRY, subject=subject, actor=actor, acted_at=now, comment=comment)
    notice = store.past(subject) if subject.startswith("ntc_") else None
    if notice is not None:
        return _requeue(notice, act)
    items = _retryable(store, subject)
    if not items:
        raise NothingBlocked(subject=subject)
    threads = store.listing(Folder.EPISODES).names
    record = RecordLine(kind=Act.schema, id=act.act_id, body=act.dump(), parents=tuple(i.name.id for i in items))
    additions = [Addition(record=record)]
    taken: set[str] = set()
    additions.extend(_again(item, store, threads, taken, lifetime_seconds, now) for item in items)
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
    open_items = _read_all(store, store.listing(Folder.SPOOL).names.values())
    doubtful = [view for view in open_items if _is_in_doubt(view.body)]
    return [
        view for view in (*blocked, *doubtful) if subject == view.name.id or subject in view.body["item"]["notice_ids"]
    ]


def _is_in_doubt(body: Mapping[str, Any]) -> bool:
    return bool(body["receipts"]) and body["receipts"][-1].get("reason") == Reason.IN_DOUBT


def _again(
    item: View,
    store: Store,
    threads: Mapping[str, ViewName],
    taken: set[str],
    lifetime_seconds: int,
    now: datetime,
) -> Addition:
    """Return the next round of an item; the first item of a thread tells it that it is on its way again."""
    old = SpoolItem.parse(expand(store, item.body["item"]))
    receiver, _, target = old.target.partition("/")
    new_id = ids.spool_id(old.notice_ids, receiver, target, old.round + 1)
    subject = old.rendered.subject
    if _is_in_doubt(item.body) and not subject.startswith("[possible repeat]"):
        subject = f"[possible repeat] {subject}"
    new = replace(
        old,
        spool_id=new_id,
        round=old.round + 1,
        rendered=replace(old.rendered, subject=subject),
        idempotency_key=new_id,
        dispatched_at=now,
        due_at=now,
        not_after=now + timedelta(seconds=lifetime_seconds),
    )
    told = [threads[key] for key in old.thread_keys if key in threads and key not in taken]
    taken.update(name.id for name in told)
    record = RecordLine(
        kind=SpoolItem.schema,
        id=new_id,
        body=new.dump(),
        parents=(old.spool_id, *old.notice_ids),
        consumes=(item.name, *told),
        views=(
            ViewKey(Folder.SPOOL, new_id, due_name(now)),
            *(ViewKey(Folder.EPISODES, name.id, FAR_FUTURE) for name in told),
        ),
        about=old.notice_ids,
    )
    return Addition(record=record)


def _read_all(store: Store, names: Iterable[ViewName]) -> list[View]:
    return [view for name in names if (view := store.read(name)) is not None]


def _about(threads: Iterable[View]) -> tuple[str, ...]:
    parts = [
        part for thread in threads for part in (thread.body["task_key"], (thread.body["newest"] or {}).get("notice_id"))
    ]
    return tuple(dict.fromkeys(part for part in parts if part))


def _random_id() -> str:
    return f"act_{secrets.token_hex(16)}"
