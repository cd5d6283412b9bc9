"""What is due in threads: repeats, escalation, somebody else instead, the end of an episode, the end of the thread."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.contracts.times import due_name
from reporting_governance.core.threads import ThreadRules, ThreadStep, next_thread_step, rules_of
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.commit_size import COMMIT
from reporting_governance.stages.enqueue_report import EnqueueReport
from reporting_governance.stages.escalating import Tries, escalate_group
from reporting_governance.stages.on_the_way import OnTheWay
from reporting_governance.stages.taking_over import TakingOver
from reporting_governance.stages.telling import close_group, fall_back_group, tell_again_group
from reporting_governance.storage.interface import Added, Group, Listing, Store, View

BATCH = 50  #: threads that are looked at together


def look_at_threads(store: Store, profile: ProfileSpec, report: EnqueueReport, clock: Clock, limit: int) -> None:
    """Repeat, escalate, tell resolved and close what is due in threads; at most `limit` steps."""
    listing = store.listing(Folder.EPISODES)
    due = [name for name in listing.due(due_name(clock.now())) if name.id.startswith("thr_")]
    rules, on_the_way = rules_of(profile.notification), OnTheWay(store)
    tries = Tries(store, listing, profile.notification.receivers)
    taking_over = TakingOver(store)
    for batch in _batches(due):
        if limit <= 0:
            break
        now = clock.now()
        # Only what is done counts: threads that wait are due too, and many of them must not keep the others waiting.
        steps = [
            (step, group)
            for step, group, thread in _thread_groups(store, batch, listing, rules, now, tries, taking_over)
            if step is not ThreadStep.CLOSE or not on_the_way.holds(thread, rules)
        ][:limit]
        limit -= len(steps)
        for part in _parts(steps):
            answers = store.commit([group for _, group in part], now=now)
            for (step, group), answer in zip(part, answers, strict=True):
                _count_thread(report, step, group, added=isinstance(answer, Added))


def _parts(steps: Sequence[tuple[ThreadStep, Group]]) -> Iterator[Sequence[tuple[ThreadStep, Group]]]:
    """Yield steps that fit into one commit: most add one record, an escalation one for each of its receivers."""
    part: list[tuple[ThreadStep, Group]] = []
    size = 0
    for step, group in steps:
        if part and size + len(group.additions) > COMMIT:
            yield part
            part, size = [], 0
        part.append((step, group))
        size += len(group.additions)
    if part:
        yield part


def _thread_groups(
    store: Store,
    names: Sequence[ViewName],
    threads: Listing,
    rules: ThreadRules,
    now: datetime,
    tries: Tries,
    taking_over: TakingOver,
) -> Iterator[tuple[ThreadStep, Group, View]]:
    for name in names:
        thread = store.read(name)
        if thread is None:
            continue
        tried = tries.of(thread)
        step = next_thread_step(thread.body, now=now, rules=rules, attempted_at=tried)
        if step is ThreadStep.TAKE_OVER:
            group = taking_over.group(thread, rules, now)
        else:
            group = _thread_group(store, thread, step, threads, rules, now, tried)
        if group is not None:
            yield step, group, thread


def _thread_group(
    store: Store,
    thread: View,
    step: ThreadStep,
    threads: Listing,
    rules: ThreadRules,
    now: datetime,
    tried: datetime | None,
) -> Group | None:
    """Return what a step adds; None when there is nothing to do yet."""
    if step is ThreadStep.CLOSE:
        return close_group(thread)
    if step in (ThreadStep.REPEAT, ThreadStep.TELL_RESOLVED):
        return tell_again_group(store, thread, step, rules, now)
    if step is ThreadStep.FALL_BACK:
        return fall_back_group(store, thread, threads, rules, now)
    if step is ThreadStep.ESCALATE:
        return escalate_group(store, thread, threads, rules, now, tried)
    return None


def _count_thread(report: EnqueueReport, step: ThreadStep, group: Group, *, added: bool) -> None:
    if not added:
        report.refused += 1
    elif step is ThreadStep.CLOSE:
        report.closed += 1
    elif step is ThreadStep.REPEAT:
        report.repeats += 1
    elif step is ThreadStep.FALL_BACK:
        report.fallbacks += 1
    elif step is ThreadStep.ESCALATE:
        report.escalations += len(group.additions)
    elif step is ThreadStep.TAKE_OVER:
        report.acknowledged += 1
    else:
        report.resolved += 1


def _batches(names: Sequence[ViewName]) -> Iterable[Sequence[ViewName]]:
    for start in range(0, len(names), BATCH):
        yield names[start : start + BATCH]
