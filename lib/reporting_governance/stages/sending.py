"""One item's way out: the attempt before the send, the fence, and the send itself.  What follows is in `receipts`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Protocol

from reporting_governance.adapters.interface import Answer, Message, Sender, SendResult
from reporting_governance.contracts import ids
from reporting_governance.contracts.attempt import Attempt
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.times import due_name
from reporting_governance.core.delivery import Body, Powers, Step
from reporting_governance.core.target_memory import Limit
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.host import Host
from reporting_governance.stages.message import digest_of, message_of
from reporting_governance.stages.newest import newest_view
from reporting_governance.stages.targets import Memory
from reporting_governance.storage.interface import Added, Addition, Group, Listing, Store, View

SLACK_SECONDS = 15  #: between the record of an attempt and the last moment at which its send may begin


@frozen(kw_only=True)
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


@frozen(kw_only=True)
class Prepared:
    """A send that may begin: its attempt is in the journal and the item's view has the attempt's name."""

    work: Work
    attempt: Attempt
    message: Message
    name: ViewName


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
        polls_every_seconds=promises.polls_every_seconds,
        waits_for_others=promises.waits_for_others,
        confirm_within_seconds=promises.confirm_within_seconds,
    )


def new_attempt(
    work: Work,
    message: Message,
    mark: Mapping[str, Any] | None,
    *,
    host: Host,
    clock: Clock,
    now: datetime,
    limit_in_force: Limit | None = None,
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
        rate_limit=asdict(limit_in_force) if limit_in_force else None,
        target_mark=mark,
    )


def prepare(
    store: Store,
    works: Sequence[Work],
    mark: Callable[[Work], Mapping[str, Any] | None],
    *,
    host: Host,
    clock: Clock,
    copies: Copies | None,
    limit: Limit | None = None,
    reserved: Callable[[str], Memory | None] = lambda _: None,
) -> list[Prepared]:
    """Record an attempt for each item, and return those that may be sent: the ones answered *added*.

    Args:
        limit: how much each target gets, where that is limited.
        reserved: the memory of a target on which an attempt builds: then all its attempts are recorded, or none.
    """
    now = clock.now()
    intents = [_Intent.of(store, work, mark(work), host=host, clock=clock, now=now, limit=limit) for work in works]
    groups: list[list[_Intent]] = []
    together: dict[str, list[_Intent]] = {}
    for each in intents:
        if reserved(each.work.target) is None:
            groups.append([each])
        elif each.work.target in together:
            together[each.work.target].append(each)
        else:
            together[each.work.target] = [each]
            groups.append(together[each.work.target])
    answers = store.commit([_attempts(each, reserved(each[0].work.target)) for each in groups], now=now)
    prepared = [
        intent.prepared(seq)
        for group, answer in zip(groups, answers, strict=True)
        if isinstance(answer, Added)
        for intent, seq in zip(group, answer.seqs, strict=True)
    ]
    if copies is not None and prepared:
        copies.write(Attempt.schema, [each.attempt.dump() for each in prepared], now=now)
    return prepared


@frozen
class _Intent:
    """A send that is about to be recorded."""

    work: Work
    attempt: Attempt
    message: Message

    @classmethod
    def of(
        cls,
        store: Store,
        work: Work,
        mark: Mapping[str, Any] | None,
        *,
        host: Host,
        clock: Clock,
        now: datetime,
        limit: Limit | None,
    ) -> "_Intent":
        message = message_of(store, work, number=len(work.body["attempts"]) + 1)
        attempt = new_attempt(work, message, mark, host=host, clock=clock, now=now, limit_in_force=limit)
        return cls(work, attempt, message)

    def prepared(self, seq: int) -> Prepared:
        name = ViewName(Folder.SPOOL, self.work.name.id, due_name(self.attempt.deadline_at), seq)
        return Prepared(work=self.work, attempt=self.attempt, message=self.message, name=name)


def _attempts(intents: Sequence[_Intent], memory: Memory | None) -> Group:
    """Return the attempts that are recorded together; with a memory they are of one target, and build on it."""
    lines = []
    for place, each in enumerate(intents):
        attempt, work = each.attempt, each.work
        built_on = memory.consumes if memory is not None and place == 0 else ()
        line = RecordLine(
            kind=Attempt.schema,
            id=attempt.attempt_id,
            body=attempt.dump(),
            parents=(attempt.spool_id,),
            consumes=(work.name, *built_on),
            views=(
                ViewKey(Folder.SPOOL, work.name.id, due_name(attempt.deadline_at)),
                *(() if memory is None else (memory.key,)),
            ),
            about=about(work),
        )
        lines.append(Addition(record=line))
    return Group(additions=tuple(lines), absences=() if memory is None else memory.absences)


def about(work: Work) -> tuple[str, ...]:
    """Return the task keys, agents and notices that an item concerns."""
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


def read_threads(store: Store, item: Body, threads: Listing) -> tuple[View, ...]:
    """Return the open threads of an item's notices."""
    views = (newest_view(store, threads, key) for key in dict.fromkeys(item["thread_keys"]))
    return tuple(view for view in views if view is not None)
