"""dispatch: queued notices become rendered spool items, one for each target; or it is said why they wait."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import datetime
from functools import cache

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.receipt import ON_PURPOSE
from reporting_governance.contracts.spool_item import JournalHead
from reporting_governance.contracts.times import due_name
from reporting_governance.core.dispatching import halves
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.commit_size import COMMIT
from reporting_governance.stages.journal_head import journal_head
from reporting_governance.stages.queue import Queue, judged_queue
from reporting_governance.stages.silencing import close_ended
from reporting_governance.stages.spooling import blocked_group, ending_of, hold_group, spooled
from reporting_governance.stages.targets_told import Endings
from reporting_governance.storage.interface import Added, Answer, Group, Store

_NOTICES = 2_000  #: in the items of one commit, so that a queue of any length is rendered a part at a time


@frozen(kw_only=True)
class DispatchReport:
    """What one run of dispatch did."""

    dispatched: int = 0  #: notices that are in spool items now
    items: int = 0  #: spool items made
    waiting: int = 0  #: notices that wait for company, or for what is in flight
    held: int = 0  #: notices kept back: by their cause, a calendar or a silence
    newly_held: int = 0  #: of these, the ones whose reason or cause is another than before
    withdrawn: int = 0  #: on purpose: resolved before anybody was told
    blocked: int = 0  #: lost: the profile no longer names their receiver, or they expired in the queue
    silences_ended: int = 0  #: silences whose time was over
    refused: int = 0  #: somebody else took them


def run_dispatch(store: Store, profile: ProfileSpec, *, clock: Clock, limit: int = 10_000) -> DispatchReport:
    """Render queued notices that are due, about `limit` at most.  Safe to start twice: each notice is consumed once.

    What is held stays due and is judged anew by every run, so nothing has to wake it up: the end of a silence, an
    edited profile, the end of its cause let it go at once.  A run in which nothing changed writes nothing.
    """
    store.ready()
    report = DispatchReport(silences_ended=close_ended(store, clock=clock))
    queue = store.listing(Folder.QUEUE)
    now = clock.now()
    names = queue.due(due_name(now))
    if not names:
        return report
    judged = judged_queue(store, profile, queue, names, now=now)
    endings = Endings(store, judged.threads, clock)
    head = cache(lambda: journal_head(store))  # one for the run, and none when nothing leaves
    part: list[tuple[Group, DispatchReport]] = []
    size = told = taken = 0
    for group, effect in _steps(judged, profile, endings, head, now):
        # What is held counts for nothing: many that a silence keeps back must not keep back the others.
        if taken and taken + effect.dispatched > limit:
            break
        taken += effect.dispatched
        if group is None:
            report = _sum(report, effect)
            continue
        if part and (size + len(group.additions) > COMMIT or told + effect.dispatched > _NOTICES):
            report = _commit(store, part, report, clock.now())
            part, size, told = [], 0, 0
        part.append((group, effect))
        size, told = size + len(group.additions), told + effect.dispatched
    return _commit(store, part, report, clock.now()) if part else report


def _steps(
    queue: Queue, profile: ProfileSpec, endings: Endings, head: Callable[[], JournalHead | None], now: datetime
) -> Iterator[tuple[Group | None, DispatchReport]]:
    """Yield each group to commit and what it will have done when it is added; None: there is nothing to commit."""
    briefs, judgement = queue.briefs, queue.judgement
    for notice, reason in judgement.withdrawn:
        effect = DispatchReport(withdrawn=1) if reason in ON_PURPOSE else DispatchReport(blocked=1)
        found = queue.entries([notice], threads=True)
        group = blocked_group(found[0], reason, profile, now) if found else None
        yield (None, DispatchReport(refused=1)) if group is None else (group, effect)
    for notice, held in judgement.held:
        hold = hold_group(briefs[notice.notice_id], held, now)
        yield hold, DispatchReport(held=1, newly_held=0 if hold is None else 1)
    for waiting, _ in judgement.waiting:
        yield None, DispatchReport(waiting=len(waiting.notices))
    going = list(reversed(judgement.going))
    while going:
        together = going.pop()
        members = queue.entries(together.notices)
        if len(members) < len(together.notices):
            yield None, DispatchReport(refused=1)  # who changed one may have taken them all; the next run sees the rest
            continue
        ending = ending_of(together.receiver, members, profile, endings)
        if ending is None:
            yield None, DispatchReport(waiting=len(together.notices))
            continue
        targets = profile.notification.receivers[together.receiver].targets
        if len(targets) + len(ending.closing) > COMMIT and len(together.notices) > 1:
            going.extend(reversed(halves(together)))  # what is closed with it is too much for one commit
            continue
        items = spooled(together.receiver, members, profile, ending.targets, now, head())
        done = DispatchReport(dispatched=len(members), items=len(items))
        yield Group(additions=(*items, *ending.closing)), done


def _commit(
    store: Store, part: list[tuple[Group, DispatchReport]], report: DispatchReport, now: datetime
) -> DispatchReport:
    """Add what was done up; a refused group did nothing."""
    answers: list[Answer] = store.commit([group for group, _ in part], now=now)
    for (_, effect), answer in zip(part, answers, strict=True):
        report = _sum(report, effect if isinstance(answer, Added) else DispatchReport(refused=1))
    return report


def _sum(left: DispatchReport, right: DispatchReport) -> DispatchReport:
    return replace(left, **{each.name: getattr(left, each.name) + getattr(right, each.name) for each in fields(left)})
