"""ack and its undoing: a person has taken over, or has not after all.  What people's acts have in common."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from reporting_governance.contracts.act import Act, ActKind
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.receipt import Outcome
from reporting_governance.core.threads import ThreadRules
from reporting_governance.errors import Busy, UsageError
from reporting_governance.stages.acknowledging import SaidByAct, proven, withdrawn
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.commit_size import COMMIT
from reporting_governance.stages.on_hand import OnHand
from reporting_governance.stages.settled_thread import changed_key
from reporting_governance.stages.subjects import all_threads, threads_about
from reporting_governance.storage.interface import Added, Addition, Group, Store, View

TRIES = 20  #: an act is built anew with fresh names so often before it gives up
_AT_ONCE = ThreadRules(0)  #: without a profile at hand: `enqueue` looks at once, and decides by the profile


class NothingToAct(UsageError):
    """No open work has this id."""

    message = "{subject}: nothing that is open has this id"
    hint = "`reportgov status` lists what is open; ids may be those of an episode, a notice, an item or a task."


class NothingAcknowledged(UsageError):
    """Nobody has taken this over."""

    message = "{subject}: nothing that is open and acknowledged has this id"
    hint = "`reportgov status` lists what is open and who has acknowledged it."


@frozen(kw_only=True)
class ActReport:
    """What an act changed."""

    act_id: str
    what: str
    subjects: tuple[str, ...]  #: the threads, items or notices that were changed
    withdrawn: tuple[str, ...] = ()  #: what had not been sent yet and will not be


def run_ack(
    store: Store,
    subject: str,
    *,
    actor: str,
    comment: str,
    clock: Clock,
    rules: ThreadRules | None = None,
    vouched_by: str | None = None,
) -> ActReport:
    """Say that a person has taken over: ends repeats and escalation of the episode for every receiver until it ends.

    What was sent and is in doubt becomes acked with proof `person`; what was not sent yet is withdrawn.

    Args:
        subject: id of an episode, thread, notice, spool item or task (its own id or its key), or of any other record
            that belongs to one.
        rules: of the profile; None: what goes on all the same is looked at at once.
        vouched_by: who says that it was the actor, and on what ground; None: the operating system.

    Raises: NothingToAct; Busy when others kept changing the same episode.
    """

    def build(now: datetime) -> tuple[Group, ActReport]:
        everybody = all_threads(store)
        threads = threads_about(store, subject, everybody)
        if not threads:
            raise NothingToAct(subject=subject)
        act = Act(
            act_id=random_id(),
            what=ActKind.ACK,
            subject=subject,
            actor=actor,
            acted_at=now,
            comment=comment,
            vouched_by=vouched_by,
        )
        on_hand = OnHand(store)
        said = [*proven(on_hand, threads, everybody, act), *withdrawn(on_hand, threads, act)]
        return acknowledged(threads, act, said, rules or _AT_ONCE)

    return with_fresh_names(store, build, clock, subject)


def run_unack(store: Store, subject: str, *, actor: str, comment: str, clock: Clock, rules: ThreadRules) -> ActReport:
    """Take an acknowledgement back: repeats go on, counted from the last telling, and the escalation begins anew.

    Who was told nothing, because it was withdrawn, is told now.

    Args:
        subject: as for `run_ack`.

    Raises: NothingAcknowledged; Busy.
    """

    def build(now: datetime) -> tuple[Group, ActReport]:
        threads = threads_about(store, subject, all_threads(store))
        if all(thread.body["acked"] is None for thread in threads):
            raise NothingAcknowledged(subject=subject)
        act = Act(act_id=random_id(), what=ActKind.UNACK, subject=subject, actor=actor, acted_at=now, comment=comment)
        return acknowledged(threads, act, [], rules)

    return with_fresh_names(store, build, clock, subject)


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
            for name in (each for line in group.additions if line.record for each in line.record.consumes):
                if name.folder is Folder.SPOOL:  # it is asked for no more
                    store.forget_heartbeat(name.id)
            return report
    raise Busy(path=subject, seconds=0)


def acknowledged(
    threads: Sequence[View], act: Act, said: Sequence[SaidByAct], rules: ThreadRules
) -> tuple[Group, ActReport]:
    """Return an act and what it says of what was sent.  Each record puts back the threads that it changes."""
    record = RecordLine(
        kind=Act.schema,
        id=act.act_id,
        body=act.dump(),
        parents=tuple(thread.name.id for thread in threads),
        consumes=tuple(thread.name for thread in threads),
        about=about(threads),
    )
    bodies = {thread.name.id: thread.body for thread in threads}
    lines: list[RecordLine] = []
    # What is left out of a large act is not sent either: nobody waits for it any more, and the bridge withdraws it.
    said = said[: COMMIT - 1]
    changes = [(record, tuple(threads)), *((each.record(set(bodies)), tuple(each.told)) for each in said)]
    for line, told in changes:
        views: list[ViewKey] = []
        for thread in told:
            before = bodies.get(thread.name.id, thread.body)
            key, after = changed_key(thread.name.id, before, line, rules=rules, now=act.acted_at)
            bodies[thread.name.id] = after
            views.append(key)
        lines.append(replace(line, views=tuple(views)))
    report = ActReport(
        act_id=act.act_id,
        what=act.what.value,
        subjects=tuple(thread.name.id for thread in threads),
        withdrawn=tuple(each.parent for each in said if each.receipt.outcome is Outcome.BLOCKED),
    )
    return Group(additions=tuple(Addition(record=line) for line in lines)), report


def about(threads: Iterable[View]) -> tuple[str, ...]:
    """Return the task keys and the newest notices of threads."""
    parts = [
        part for thread in threads for part in (thread.body["task_key"], (thread.body["newest"] or {}).get("notice_id"))
    ]
    return tuple(dict.fromkeys(part for part in parts if part))


def random_id() -> str:
    """Return a new act's id."""
    return f"act_{secrets.token_hex(16)}"
