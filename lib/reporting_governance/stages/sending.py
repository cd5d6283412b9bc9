"""One item's way through the bridge: the attempt before the send, the fence, the send itself, the receipt after it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from reporting_governance.adapters.interface import Answer, Message, Sender, SendResult
from reporting_governance.contracts import ids
from reporting_governance.contracts.attempt import Attempt
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.receipt import Outcome, Receipt
from reporting_governance.contracts.times import due_name
from reporting_governance.core.delivery import Body, Place, Powers, Settlement, Step, StepKind
from reporting_governance.core.threads import due_after_settling
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.newest import newest_view
from reporting_governance.storage.interface import Added, Addition, Group, Listing, Store, View, expand

SLACK_SECONDS = 15  #: between the record of an attempt and the last moment at which its send may begin
TRIES = 100  #: how often a receipt is built anew because somebody changed a thread
COMMIT = 200  #: records a commit


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """The process that sends: name of the machine, its boot, its process id."""

    name: str
    boot_id: str
    pid: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """An item, the version of it that was read, its threads, and what to do with it."""

    name: ViewName
    body: Body
    threads: tuple[View, ...]
    step: Step
    sender: Sender | None

    @property
    def target(self) -> str:
        return str(self.body["item"]["target"])

    @property
    def powers(self) -> Powers | None:
        """What the sender can do; None when the target is gone."""
        return powers_of(self.sender) if self.sender else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A send that may begin: its attempt is in the journal and the item's view has the attempt's name."""

    work: Work
    attempt: Attempt
    message: Message
    name: ViewName


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What is to be recorded about an item.  `own`: learned from a send of ours, so that it must not be lost."""

    work: Work
    name: ViewName
    settlement: Settlement
    own: bool


class Copies(Protocol):
    """Readable daily copies; they hold no truth and may be missing."""

    def write(self, kind: str, records: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
        """Append records of one kind (`attempt`, `receipt`).  Never raises."""
        ...


def powers_of(sender: Sender) -> Powers:
    """Return what `core` needs to know of a sender."""
    promises = sender.promises
    return Powers(
        sender=sender.name,
        best_first_proof=promises.best_first_proof,
        idempotent_by_key=promises.idempotent_by_key,
        can_look=promises.can_look,
    )


def message_of(store: Store, work: Work, *, number: int) -> Message:
    """Return what the sender is given.

    An item that may have arrived already is marked, and does not use the item's key again unless its sender is
    idempotent by it: a receiver that drops what it knows would drop what must arrive.
    """
    item = work.body["item"]
    rendered = item["rendered"]
    repeat = None
    key, subject, text = item["idempotency_key"], rendered["subject"], rendered["body"]
    idempotent = work.sender is not None and work.sender.promises.idempotent_by_key
    if work.step.kind is StepKind.SEND and work.step.attempt_id and not idempotent:
        repeat = work.step.attempt_id
        key = ids.attempt_id(item["spool_id"], number)
        subject = f"[possible repeat of {repeat}] {subject}"
    newest = [thread.body for thread in work.threads if _speaks_of(item, thread.body)]
    return Message(
        spool_id=item["spool_id"],
        idempotency_key=key,
        subject=subject,
        body=text,
        html=rendered.get("html"),
        urgency=max((each["urgency"] for each in newest), key=_URGENCIES.index, default="medium"),
        thread_keys=tuple(item["thread_keys"]),
        notice_ids=tuple(item["notice_ids"]),
        phase=newest[0]["newest"]["phase"] if newest else "",
        facts=_facts(store, newest),
        possible_repeat_of=repeat,
    )


_URGENCIES = ("low", "medium", "high", "critical")


def _facts(store: Store, threads: Sequence[Body]) -> Mapping[str, Any]:
    """Return the facts of one notice; of several, each under its notice's id."""
    facts = {thread["newest"]["notice_id"]: expand(store, thread.get("facts") or {}) for thread in threads}
    if len(facts) == 1:
        return dict(next(iter(facts.values())))
    return facts


def _speaks_of(item: Body, thread: Body) -> bool:
    """Tell whether a thread's newest notice is one of the item's; an older item says nothing new to a thread."""
    newest = thread["newest"]
    return newest is not None and newest["notice_id"] in item["notice_ids"]


def new_attempt(
    work: Work, message: Message, mark: Mapping[str, Any] | None, *, host: Host, clock: Clock, now: datetime
) -> Attempt:
    """Return the intent to send: until its deadline nobody else touches the item."""
    limit = work.sender.promises.limit_seconds if work.sender else 0
    number = len(work.body["attempts"]) + 1
    spool_id = work.name.id
    deadline = now + timedelta(seconds=limit + SLACK_SECONDS)
    return Attempt(
        attempt_id=ids.attempt_id(spool_id, number),
        spool_id=spool_id,
        number=number,
        sender=work.sender.name if work.sender else "",
        started_at=now,
        start_by=now + timedelta(seconds=SLACK_SECONDS),
        deadline_at=deadline,
        host=host.name,
        pid=host.pid,
        boot_id=host.boot_id,
        monotonic_ms=int(clock.monotonic() * 1000) + (limit + SLACK_SECONDS) * 1000,
        request_digest=digest_of(message),
        target_mark=mark,
    )


def digest_of(message: Message) -> str:
    """Return the SHA-256 of what a sender is given.  Addresses and secrets are no part of a message."""
    parts = {name: getattr(message, name) for name in message.__slots__}
    return sha256(json.dumps(parts, sort_keys=True, default=list).encode()).hexdigest()


def prepare(
    store: Store,
    works: Sequence[Work],
    mark: Callable[[Work], Mapping[str, Any] | None],
    *,
    host: Host,
    clock: Clock,
    copies: Copies | None,
) -> list[Prepared]:
    """Record an attempt for each item, and return those that may be sent: the ones answered *added*."""
    now = clock.now()
    built: list[tuple[Work, Attempt, Message]] = []
    groups: list[Group] = []
    for work in works:
        message = message_of(store, work, number=len(work.body["attempts"]) + 1)
        attempt = new_attempt(work, message, mark(work), host=host, clock=clock, now=now)
        built.append((work, attempt, message))
        groups.append(Group(additions=(Addition(record=_attempt_line(work, attempt)),)))
    answers = store.commit(groups, now=now)
    prepared = [
        Prepared(
            work=work,
            attempt=attempt,
            message=message,
            name=ViewName(Folder.SPOOL, work.name.id, due_name(attempt.deadline_at), answer.seqs[0]),
        )
        for (work, attempt, message), answer in zip(built, answers, strict=True)
        if isinstance(answer, Added)
    ]
    if copies is not None and prepared:
        copies.write(Attempt.schema, [each.attempt.dump() for each in prepared], now=now)
    return prepared


def _attempt_line(work: Work, attempt: Attempt) -> RecordLine:
    return RecordLine(
        kind=Attempt.schema,
        id=attempt.attempt_id,
        body=attempt.dump(),
        parents=(attempt.spool_id,),
        consumes=(work.name,),
        views=(ViewKey(Folder.SPOOL, work.name.id, due_name(attempt.deadline_at)),),
        about=_about(work),
    )


def _about(work: Work) -> tuple[str, ...]:
    parts: list[object] = []
    for thread in work.threads:
        facts = thread.body.get("facts") or {}
        parts += [thread.body["task_key"], facts.get("agent_id")]
    return tuple(dict.fromkeys(each for each in (*parts, *work.body["item"]["notice_ids"]) if isinstance(each, str)))


def may_start(store: Store, prepared: Prepared, clock: Clock) -> bool:
    """Tell, immediately before the effect, whether it may still begin.

    A process that was stopped since it recorded its attempt must not send: by its deadline another may have.
    Monotonic time within a boot; wall time too, because a machine that slept has a monotonic clock that slept as well.
    """
    attempt = prepared.attempt
    limit_ms = int((attempt.deadline_at - attempt.start_by).total_seconds() * 1000)
    if int(clock.monotonic() * 1000) > attempt.monotonic_ms - limit_ms or clock.now() > attempt.start_by:
        return False
    return store.read(prepared.name) is not None


def guarded_send(sender: Sender, message: Message, fence: Callable[[], bool]) -> Answer:
    """Send, and turn any fault of the sender into an answer: what it did before the fence said yes is nothing."""
    begun = False

    def ask() -> bool:
        nonlocal begun
        begun = fence() or begun
        return begun

    try:
        return sender.send(message, may_start=ask)
    except Exception as fault:  # a sender may come from a stranger; its text may hold a secret, so it is not kept
        result = SendResult.IN_DOUBT if begun else SendResult.NOT_SENT
        return Answer(result=result, evidence={"error": type(fault).__name__})


def record(
    store: Store, results: Sequence[Result], profile_repeat: int, *, clock: Clock, copies: Copies | None
) -> set[str]:
    """Record results, each in a group of its own; return the ids of the items for which that was refused.

    A receipt refused because a thread changed is built anew with fresh names.  What a send of ours proved is recorded
    even when its item is no longer ours: then it consumes nothing and only strengthens its own attempt.
    """
    refused: set[str] = set()
    waiting = list(results)
    for _ in range(TRIES):
        if not waiting:
            return refused
        now = clock.now()
        batch, later = _apart(waiting)
        answers = store.commit([_receipt_group(each, profile_repeat) for each in batch], now=now)
        added = [each for each, answer in zip(batch, answers, strict=True) if isinstance(answer, Added)]
        if copies is not None and added:
            copies.write(Receipt.schema, [each.settlement.receipt.dump() for each in added], now=now)
        failed = [each for each, answer in zip(batch, answers, strict=True) if not isinstance(answer, Added)]
        waiting = []
        if failed or later:
            store.ready()
            spool, threads = store.listing(Folder.SPOOL), store.listing(Folder.EPISODES)
            for each in failed:
                fresh = _fresh(store, each, spool, threads)
                if fresh is None:
                    refused.add(each.work.name.id)
                else:
                    waiting.append(fresh)
            waiting += [_with_fresh_threads(store, each, threads) for each in later]
    return refused | {each.work.name.id for each in waiting}


def _apart(results: Sequence[Result]) -> tuple[list[Result], list[Result]]:
    """Return results of which no two change the same thread, as many as a commit takes, and the others."""
    batch: list[Result] = []
    later: list[Result] = []
    taken: set[str] = set()
    for each in results:
        threads = {thread.name.id for thread in _told(each)}
        if len(batch) == COMMIT or threads & taken:
            later.append(each)
        else:
            taken |= threads
            batch.append(each)
    return batch, later


def _told(result: Result) -> list[View]:
    """Return the threads that learn of a result."""
    if not result.settlement.tells_threads:
        return []
    return [thread for thread in result.work.threads if _speaks_of(result.work.body["item"], thread.body)]


def _fresh(store: Store, result: Result, spool: Listing, threads: Listing) -> Result | None:
    """Return a refused result on the versions that are there now; None when somebody else did the same work."""
    name = spool.names.get(result.work.name.id)
    view = store.read(name) if name else None
    if view is not None and view.name == result.name:
        return _with_fresh_threads(store, result, threads)
    if not result.own:
        return None
    attempts = view.body["attempts"] if view else []
    ours = bool(attempts) and attempts[-1]["attempt_id"] == result.settlement.receipt.attempt_id
    settlement = result.settlement
    if view is None or not ours or _says_no_more(view.body, settlement.receipt):
        told = settlement.receipt.outcome in (Outcome.ACKED, Outcome.PENDING_EXTERNAL_SEND)
        settlement = replace(settlement, place=Place.CLOSED, tells_threads=told and settlement.tells_threads)
        return _with_fresh_threads(store, replace(result, name=_NOTHING, settlement=settlement), threads)
    return _with_fresh_threads(store, replace(result, name=view.name), threads)


_NOTHING = ViewName(Folder.SPOOL, "", "", 0)


def _says_no_more(body: Body, receipt: Receipt) -> bool:
    """Tell whether the item's view already knows at least as much about the attempt."""
    return receipt.outcome is Outcome.PENDING_EXTERNAL_SEND and any(
        each.get("attempt_id") == receipt.attempt_id and each["proof"] == receipt.proof for each in body["receipts"]
    )


def _with_fresh_threads(store: Store, result: Result, threads: Listing) -> Result:
    work = replace(result.work, threads=read_threads(store, result.work.body["item"], threads))
    return replace(result, work=work)


def read_threads(store: Store, item: Body, threads: Listing) -> tuple[View, ...]:
    """Return the open threads of an item's notices."""
    views = (newest_view(store, threads, key) for key in dict.fromkeys(item["thread_keys"]))
    return tuple(view for view in views if view is not None)


def _receipt_group(result: Result, repeat_seconds: int) -> Group:
    receipt, work = result.settlement.receipt, result.work
    told = _told(result)
    mine = () if result.name is _NOTHING else (result.name,)
    line = RecordLine(
        kind=Receipt.schema,
        id=receipt.receipt_id,
        body=receipt.dump(),
        parents=(receipt.attempt_id or receipt.spool_id or "",),
        consumes=(*mine, *(thread.name for thread in told)),
        views=(
            *(_item_view(result) if mine else ()),
            *(
                ViewKey(Folder.EPISODES, thread.name.id, _thread_due(thread.body, receipt, repeat_seconds))
                for thread in told
            ),
        ),
        about=_about(work),
    )
    return Group(additions=(Addition(record=line),))


def _item_view(result: Result) -> tuple[ViewKey, ...]:
    settlement = result.settlement
    if settlement.place is Place.OPEN:
        return (ViewKey(Folder.SPOOL, result.work.name.id, due_name(settlement.due)),)
    if settlement.place is Place.PAST:
        return (ViewKey(Folder.PAST, result.work.name.id, ""),)
    return ()


def _thread_due(thread: Body, receipt: Receipt, repeat_seconds: int) -> str:
    return due_name(
        due_after_settling(
            condition=thread["condition"],
            acked=bool(thread["acked"]),
            resolved=bool(thread["resolved_at"]),
            settled_at=receipt.settled_at,
            repeat_seconds=repeat_seconds,
        )
    )
