"""enqueue: one decision for each new event, a notice for each receiver; then what is due in threads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.times import FIRST, due_name
from reporting_governance.core.check_in_rules import NATIVE
from reporting_governance.core.facts import build_facts
from reporting_governance.core.policy_evaluator import evaluate
from reporting_governance.core.self_events import is_about_us
from reporting_governance.core.self_notices import self_verdict
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.committing import commit_all, commit_in_turn
from reporting_governance.stages.deciding import Decided, decide
from reporting_governance.stages.enqueue_report import EnqueueReport
from reporting_governance.stages.first_notices import Judged
from reporting_governance.stages.looked_up import Listings, Task
from reporting_governance.stages.policy import Policy
from reporting_governance.stages.thread_steps import look_at_threads
from reporting_governance.storage.interface import Added, Answer, Group, Listing, Store, View, expand

__all__ = ["EnqueueReport", "Policy", "run_enqueue"]

BATCH = 50  #: events a commit; each makes about four records


def run_enqueue(
    store: Store, policy: Policy, profile: ProfileSpec, *, clock: Clock, limit: int = 10_000
) -> EnqueueReport:
    """Decide about undecided events, then repeat, tell resolved and close what is due.

    Safe to start twice: an event is consumed by exactly one decision, a thread's version by exactly one notice.
    A refused profile decides nothing but what we tell about ourselves, so that its refusal is told; repeats and
    resolved notices of what was told go on.
    """
    store.ready()
    report = EnqueueReport(policy_refused=policy.refused)
    _decide_due(store, policy, profile, report, clock, limit)
    if policy.refused is not None:
        report.waiting = len(store.listing(Folder.EVENTS).names)
    look_at_threads(store, profile, report, clock, limit)
    return report


def _decide_due(
    store: Store, policy: Policy, profile: ProfileSpec, report: EnqueueReport, clock: Clock, limit: int
) -> None:
    listed = store.listing(Folder.EVENTS)
    due = listed.due(due_name(clock.now()))
    if policy.refused is not None:
        due = [name for name in due if name.due == FIRST]  # about ourselves; the others may be many, and wait
    waiting = due[: max(0, limit)]
    listings = Listings(store)
    asked: set[str] = set()
    while waiting:
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        events = [view for name in batch if (view := store.read(name)) is not None]
        # An episode's end is decided in a later commit than its beginning: it consumes the threads made by that.
        beginning = {view.body["event"]["payload"].get("episode") for view in events if _phase(view) != Phase.RESOLVED}
        later = [view.name for view in events if _phase(view) == Phase.RESOLVED and _episode(view) in beginning]
        events = [view for view in events if view.name not in later]
        waiting = later + waiting
        ready = [view for view in events if not _begins_undecided(store, view, listed)]
        report.refused += len(events) - len(ready)
        waiting = _decide_batch(store, ready, policy, profile, report, listings, asked, clock) + waiting


def _begins_undecided(store: Store, view: View, listed: Listing) -> bool:
    """Tell whether an episode's end comes before its beginning: that was refused, since its task had just changed.

    Decided in this order the beginning would open threads that nobody closes.
    """
    event = view.body["event"]
    if event["payload"].get("phase") != Phase.RESOLVED:
        return False
    firing = ids.watch_event_id(event["payload"]["episode"], event["event_type"], Phase.FIRING)
    name = listed.names.get(firing)
    return name is not None and store.read(name) is not None


def _phase(view: View) -> object:
    return view.body["event"]["payload"].get("phase")


def _episode(view: View) -> object:
    return view.body["event"]["payload"].get("episode")


def _decide_batch(
    store: Store,
    events: Sequence[View],
    policy: Policy,
    profile: ProfileSpec,
    report: EnqueueReport,
    listings: Listings,
    asked: set[str],
    clock: Clock,
) -> list[ViewName]:
    """Decide about events; return those that have to see first what a decision has just done to their task."""
    if not events:
        return []
    now = clock.now()
    if any(_phase(view) == Phase.RESOLVED for view in events):
        listings.see_new_threads()
    threads, requests = listings.of(Folder.EPISODES), listings.of(Folder.DECISIONS)
    decided: list[Decided] = []
    tasks: dict[str, Task] = {}
    changed: set[str] = set()
    later: list[ViewName] = []
    listings.of(Folder.TASKS).several(str(view.body["event"]["payload"].get("task_key")) for view in events)
    for view in events:
        if view.body["event"]["payload"].get("task_key") in changed:
            later.append(view.name)
            continue
        judged = judge(store, view, listings, tasks, policy, profile, now)
        decided.append(decide(judged, policy, profile, threads, requests, asked, now))
        if decided[-1].changes_task:
            changed.add(judged.task_key)
    whole = [each for each in decided if len(each.groups) == 1]
    answers = commit_all(store, [each.groups[0] for each in whole], now=now)
    for each, answer in zip(whole, answers, strict=True):
        _count_decided(report, each, [answer], listings)
    for each in decided:
        if len(each.groups) > 1:
            _count_decided(report, each, commit_in_turn(store, each.groups, now=now), listings)
    if changed:
        listings.tasks_changed()
    return later


def _count_decided(report: EnqueueReport, decided: Decided, answers: Sequence[Answer], listings: Listings) -> None:
    told = sum(_notices_in(group) for group, answer in zip(decided.groups, answers, strict=False) if _is_added(answer))
    report.notices += told
    if told or not _is_added(answers[-1]):
        listings.threads_changed()
    if not _is_added(answers[-1]):
        report.refused += 1
        return
    report.decided += 1
    report.requests += decided.requests
    report.reviews += decided.reviews
    report.caused += decided.events
    report.decisions[decided.kind] = report.decisions.get(decided.kind, 0) + 1


def _notices_in(group: Group) -> int:
    return sum(1 for each in group.additions if each.record is not None and each.record.kind == Notice.schema)


def _is_added(answer: Answer) -> bool:
    return isinstance(answer, Added)


def judge(
    store: Store,
    view: View,
    listings: Listings,
    tasks: dict[str, Task],
    policy: Policy,
    profile: ProfileSpec,
    now: datetime,
) -> Judged:
    """Evaluate the packs on one event, with the task and the evidence as they are known now."""
    event: Mapping[str, Any] = expand(store, view.body["event"])
    evidence: Sequence[Mapping[str, Any]] = expand(store, view.body["evidence"])
    payload = event["payload"]
    key = str(payload.get("task_key"))
    if key not in tasks:
        tasks[key] = listings.task(key, of_ours=payload.get("source", NATIVE) == NATIVE)
    task = tasks[key]
    known = [*evidence, *task.evidence]
    seen = _said(store, view.body["event"], event)
    state = None if task.view is None else _said(store, task.view.body.get("task"), task.state)
    facts = build_facts(seen, state or task.state, known, now, grace_seconds=profile.watchdog.grace_seconds)
    if is_about_us(event) and facts.known("event.phase") == Phase.FIRING.value:
        verdict = self_verdict(facts, str(payload.get("reason") or ""))
    else:
        verdict = evaluate(policy.packs, facts)
    is_over = payload.get("phase") == Phase.RESOLVED
    threads = listings.threads_about(str(payload["episode"])) if is_over else ()
    return Judged(
        view=view,
        event=event,
        evidence=evidence,
        task=task.view,
        threads=threads,
        facts=facts,
        verdict=verdict,
        over=task.over,
        state=task.state,
    )


def _said(store: Store, kept: Any, expanded: Any) -> Any:
    """Return what facts are computed from: what was erased is left as a reference, and so unknown, not absent."""
    return expand(store, kept, keep_erased=True) if expanded != kept else expanded
