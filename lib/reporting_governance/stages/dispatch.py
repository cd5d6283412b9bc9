"""dispatch: queued notices become rendered spool items, one for each target."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reporting_governance.contracts import ids
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.receipt import ON_PURPOSE, Outcome, Proof, Reason, Receipt
from reporting_governance.contracts.spool_item import SpoolItem
from reporting_governance.contracts.times import due_name
from reporting_governance.core.dispatching import Together, group_notices, group_wait, render, withdrawal
from reporting_governance.core.threads import rules_of
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.newest import newest_view
from reporting_governance.stages.sending import COMMIT
from reporting_governance.stages.settled_thread import settled_key
from reporting_governance.stages.targets_told import Ending, Endings
from reporting_governance.storage.interface import Added, Addition, Group, Listing, Store, View, expand

BATCH = 60  #: notices a commit; each makes a record for every target of its receiver


@dataclass(frozen=True, kw_only=True, slots=True)
class DispatchReport:
    """What one run of dispatch did."""

    dispatched: int = 0  #: notices that are in spool items now
    items: int = 0  #: spool items made
    waiting: int = 0  #: notices that wait for company, or for what is in flight
    withdrawn: int = 0  #: on purpose: resolved before anybody was told
    blocked: int = 0  #: lost: the profile no longer names their receiver, or they expired in the queue
    refused: int = 0  #: somebody else took them


@dataclass(frozen=True, slots=True)
class _Queued:
    """A queued notice with the exact versions it stands on."""

    notice: Notice
    name: ViewName
    about: tuple[str, ...]
    thread: View | None = field(default=None)


def run_dispatch(store: Store, profile: ProfileSpec, *, clock: Clock, limit: int = 10_000) -> DispatchReport:
    """Render queued notices that are due, at most `limit`.  Safe to start twice: each notice is consumed once."""
    store.ready()
    queue = store.listing(Folder.QUEUE)
    names = queue.due(due_name(clock.now()))[:limit]
    if not names:
        return DispatchReport()
    report = DispatchReport()
    threads = store.listing(Folder.EPISODES)
    for batch in _batches(names, BATCH):
        now = clock.now()
        groups, step = _decide(list(_load(store, batch, threads)), profile, Endings(store, threads, clock), now)
        answers = [answer for part in _parts(groups) for answer in store.commit(part, now=now)]
        report = _count(report, step, answers)
    return report


def _load(store: Store, names: Sequence[ViewName], threads: Listing) -> Iterable[_Queued]:
    for name in names:
        view = store.read(name)
        if view is None:
            continue
        notice = Notice.parse(expand(store, view.body["notice"]), source=str(name))
        yield _Queued(notice, name, _about(notice), newest_view(store, threads, notice.thread_key))


def _about(notice: Notice) -> tuple[str, ...]:
    return tuple(
        str(each)
        for each in (notice.facts.get("task_key"), notice.facts.get("agent_id"), notice.notice_id)
        if each is not None
    )


def _decide(
    queued: list[_Queued], profile: ProfileSpec, endings: Endings, now: datetime
) -> tuple[list[Group], list[DispatchReport]]:
    """Return the groups to commit, and what each of them will have done when it is added."""
    groups: list[Group] = []
    effects: list[DispatchReport] = []
    going: dict[str, _Queued] = {}
    for each in queued:
        reason = _why_not(each, profile, now)
        if reason is None:
            going[each.notice.notice_id] = each
            continue
        groups.append(_blocked(each, reason, profile, now))
        effects.append(DispatchReport(withdrawn=1) if reason in ON_PURPOSE else DispatchReport(blocked=1))
    notification = profile.notification
    for together in group_notices((each.notice for each in going.values()), notification.group_by):
        if group_wait(together, wait_seconds=notification.group_wait_seconds, now=now):
            effects.append(DispatchReport(waiting=len(together.notices)))
            continue
        ending = _ending(together, profile, endings)
        if ending is None:
            effects.append(DispatchReport(waiting=len(together.notices)))
            continue
        items = _spooled(together, [going[each.notice_id] for each in together.notices], profile, ending.targets, now)
        groups.append(Group(additions=(*items, *ending.closing)))
        effects.append(DispatchReport(dispatched=len(together.notices), items=len(items)))
    return groups, effects


def _why_not(queued: _Queued, profile: ProfileSpec, now: datetime) -> Reason | None:
    withdrawn = withdrawal(queued.notice, queued.thread.body if queued.thread else None, now=now)
    if withdrawn is not None:
        return withdrawn.reason
    return None if queued.notice.receiver in profile.notification.receivers else Reason.RECEIVER_GONE


def _blocked(queued: _Queued, reason: Reason, profile: ProfileSpec, now: datetime) -> Group:
    """Settle a notice without sending it: its receipt closes it and tells its thread."""
    receipt = Receipt(
        receipt_id=ids.receipt_id(queued.notice.notice_id, Outcome.BLOCKED, Proof.NONE, "dispatch"),
        outcome=Outcome.BLOCKED,
        proof=Proof.NONE,
        settled_at=now,
        settled_by="dispatch",
        evidence={},
        notice_id=queued.notice.notice_id,
        reason=reason,
    )
    consumes = [queued.name]
    views = [ViewKey(Folder.PAST, queued.notice.notice_id, "")] if reason is Reason.RECEIVER_GONE else []
    if queued.thread is not None:
        consumes.append(queued.thread.name)
        views.append(settled_key(queued.thread, receipt, rules_of(profile.notification)))
    record = RecordLine(
        kind=Receipt.schema,
        id=receipt.receipt_id,
        body=receipt.dump(),
        parents=(queued.notice.notice_id,),
        consumes=tuple(consumes),
        views=tuple(views),
        about=queued.about,
    )
    return Group(additions=(Addition(record=record),))


def _ending(together: Together, profile: ProfileSpec, endings: Endings) -> Ending | None:
    """Return which targets learn that it is over, and what is closed with that; None: it must wait."""
    targets = profile.notification.receivers[together.receiver].targets
    if together.notices[0].phase is not Phase.RESOLVED or len(targets) < 2:
        return Ending(frozenset(), ())
    return endings.of([each.thread_key for each in together.notices], together.receiver, list(targets))


def _spooled(
    together: Together, queued: list[_Queued], profile: ProfileSpec, only: Collection[str], now: datetime
) -> list[Addition]:
    """Make one item for each target of the receiver, or for those named; the first record consumes the notices."""
    rendered = render(together.notices)
    notices = tuple(each.notice_id for each in together.notices)
    about = tuple(dict.fromkeys(part for each in queued for part in each.about))
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
            consumes=tuple(each.name for each in queued) if not additions else (),
            views=(ViewKey(Folder.SPOOL, item_id, due_name(now)),),
            about=about,
        )
        additions.append(Addition(record=record))
    return additions


def _parts(groups: Sequence[Group]) -> Iterable[list[Group]]:
    """Yield groups that fit into one commit."""
    part: list[Group] = []
    size = 0
    for group in groups:
        if part and size + len(group.additions) > COMMIT:
            yield part
            part, size = [], 0
        part.append(group)
        size += len(group.additions)
    if part:
        yield part


def _batches(names: Sequence[ViewName], size: int) -> Iterable[Sequence[ViewName]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]


def _count(report: DispatchReport, effects: list[DispatchReport], answers: Sequence[object]) -> DispatchReport:
    """Add what was done up; a refused group did nothing."""
    of_groups = iter(answers)
    for effect in effects:
        if not effect.waiting and not isinstance(next(of_groups), Added):
            effect = DispatchReport(refused=1)
        report = _sum(report, effect)
    return report


def _sum(left: DispatchReport, right: DispatchReport) -> DispatchReport:
    return replace(
        left,
        dispatched=left.dispatched + right.dispatched,
        items=left.items + right.items,
        waiting=left.waiting + right.waiting,
        withdrawn=left.withdrawn + right.withdrawn,
        blocked=left.blocked + right.blocked,
        refused=left.refused + right.refused,
    )
