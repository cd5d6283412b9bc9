"""ack: a person has taken over.  What people's acts have in common."""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.act import Act, ActKind
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.receipt import Outcome, Proof, Reason, Receipt
from reporting_governance.contracts.times import FAR_FUTURE, due_name
from reporting_governance.core.delivery import last_word, open_attempt
from reporting_governance.errors import Busy, UsageError
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.newest import read_all
from reporting_governance.storage.interface import Added, Addition, Group, Store, View

TRIES = 20  #: an act is built anew with fresh names so often before it gives up


class NothingToAct(UsageError):
    """No open work has this id."""

    message = "{subject}: nothing that is open has this id"
    hint = "`reportgov status` lists what is open; ids may be those of an episode, a notice, an item or a task."


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
    return with_fresh_names(store, lambda now: _ack(store, subject, actor, comment, now), clock, subject)


def with_fresh_names(
    store: Store, build: Callable[[datetime], tuple[Group, ActReport]], clock: Clock, subject: str
) -> ActReport:
    """Commit what `build` makes of the newest versions, again while others change them.  Raises Busy."""
    for _ in range(TRIES):
        store.ready()
        now = clock.now()
        group, report = build(now)
        (answer,) = store.commit([group], now=now)
        if isinstance(answer, Added):
            return report
    raise Busy(path=subject, seconds=0)


def _ack(store: Store, subject: str, actor: str, comment: str, now: datetime) -> tuple[Group, ActReport]:
    everybody = _all_threads(store)
    threads = _threads_about(store, subject, everybody)
    if not threads:
        raise NothingToAct(subject=subject)
    act = Act(act_id=random_id(), what=ActKind.ACK, subject=subject, actor=actor, acted_at=now, comment=comment)
    additions = _receipts_of_a_person(store, threads, everybody, act)
    withdrawn = tuple(each.record.parents[0] for each in additions if each.record and _is_blocked(each))
    record = RecordLine(
        kind=Act.schema,
        id=act.act_id,
        body=act.dump(),
        parents=tuple(thread.name.id for thread in threads),
        consumes=tuple(thread.name for thread in threads),
        views=tuple(ViewKey(Folder.EPISODES, thread.name.id, _due_when_acked(thread, now)) for thread in threads),
        about=_about(threads),
    )
    group = Group(additions=(Addition(record=record), *additions))
    return group, ActReport(
        act_id=act.act_id, what="ack", subjects=tuple(thread.name.id for thread in threads), withdrawn=withdrawn
    )


def _due_when_acked(thread: View, now: datetime) -> str:
    """A resolved thread must still be looked at; any other is not repeated any more."""
    return due_name(now) if thread.body["resolved_at"] else FAR_FUTURE


def _all_threads(store: Store) -> list[View]:
    names = store.listing(Folder.EPISODES).names
    return read_all(store, (name for key, name in names.items() if key.startswith("thr_")))


def _threads_about(store: Store, subject: str, everybody: Sequence[View]) -> list[View]:
    """Return the threads of every episode that a subject names, directly or through one of its notices or items."""
    if subject.startswith("epi_"):
        return [thread for thread in everybody if thread.name.id.startswith(ids.thread_prefix(subject))]
    keys = _thread_keys(store, subject)
    episodes = {
        thread.body["episode_id"] for thread in everybody if thread.name.id in keys or _names_thread(thread, subject)
    }
    return [thread for thread in everybody if thread.body["episode_id"] in episodes]


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


def _receipts_of_a_person(store: Store, threads: Sequence[View], everybody: Sequence[View], act: Act) -> list[Addition]:
    """Return what an ack proves or withdraws: one receipt for each attempt, item or notice that the threads stand on.

    One item may carry the notices of several threads: what proves it is told to all of them, and it is withdrawn only
    when every one of them is acked.  What is in flight gets no receipt from here; its own is coming.
    """
    items = read_all(store, store.listing(Folder.SPOOL).names.values())
    queue = store.listing(Folder.QUEUE).names
    acked = {thread.name.id for thread in threads}
    found: dict[str, Addition] = {}
    for thread in threads:
        outcome, notice = thread.body["newest_outcome"], thread.body["newest"]["notice_id"]
        attempt = outcome["attempt_id"] if outcome else None
        item = _item_with(items, notice, attempt)
        if attempt is None and item is not None and is_in_doubt(item.body) and open_attempt(item.body) is None:
            attempt = item.body["attempts"][-1]["attempt_id"]
        if attempt is not None:
            told = [each for each in everybody if _stands_on(each.body, attempt, item)]
            receipt = _receipt(act, Outcome.ACKED, Proof.PERSON, attempt_id=attempt)
        elif item is not None and _is_unsent(item.body) and acked.issuperset(item.body["item"]["thread_keys"]):
            told = [each for each in threads if each.body["newest"]["notice_id"] in item.body["item"]["notice_ids"]]
            receipt = _receipt(act, Outcome.BLOCKED, Proof.NONE, spool_id=item.name.id)
        elif item is None and notice in queue:
            told = [thread]
            receipt = _receipt(act, Outcome.BLOCKED, Proof.NONE, notice_id=notice)
        else:
            continue
        closes = (item.name,) if item is not None else (queue[notice],) if attempt is None else ()
        parent = receipt.attempt_id or receipt.spool_id or notice
        found.setdefault(parent, _addition(receipt, parent, closes, told, acked))
    return list(found.values())


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
    receipt: Receipt, parent: str, closes: tuple[ViewName, ...], told: Sequence[View], acked: Collection[str]
) -> Addition:
    """Return a receipt's line.  Threads that are not acked by this very act are looked at when they were to be."""
    others = tuple(each for each in told if each.name.id not in acked)
    record = RecordLine(
        kind=Receipt.schema,
        id=receipt.receipt_id,
        body=receipt.dump(),
        parents=(parent,),
        consumes=(*closes, *(each.name for each in others)),
        views=tuple(
            ViewKey(
                Folder.EPISODES,
                each.name.id,
                each.name.due if each in others else _due_when_acked(each, receipt.settled_at),
            )
            for each in told
        ),
        about=_about(told),
    )
    return Addition(record=record)


def _is_blocked(addition: Addition) -> bool:
    return addition.record is not None and addition.record.body["outcome"] == Outcome.BLOCKED


def _stands_on(thread: Mapping[str, Any], attempt: str, item: View | None) -> bool:
    """Tell whether what is proven about an attempt says something about a thread's newest notice."""
    carried = item.body["item"]["notice_ids"] if item else ()
    outcome = thread["newest_outcome"] or {}
    return outcome.get("attempt_id") == attempt or (not outcome and thread["newest"]["notice_id"] in carried)


def _item_with(items: Iterable[View], notice: str, attempt: str | None) -> View | None:
    """Return the open spool item that carries a notice; when an attempt is named, only the one it belongs to."""
    for view in items:
        attempts = {each["attempt_id"] for each in view.body["attempts"]}
        if notice in view.body["item"]["notice_ids"] and (attempt is None or attempt in attempts):
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


def _about(threads: Iterable[View]) -> tuple[str, ...]:
    parts = [
        part for thread in threads for part in (thread.body["task_key"], (thread.body["newest"] or {}).get("notice_id"))
    ]
    return tuple(dict.fromkeys(part for part in parts if part))


def random_id() -> str:
    """Return a new act's id."""
    return f"act_{secrets.token_hex(16)}"
