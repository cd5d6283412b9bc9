"""report: check-ins of agents become events and evidence on their tasks."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from reporting_governance.contracts.check_in import CheckIn, Verb
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.check_in_rules import clamp, may_check_in, native_task_key
from reporting_governance.errors import Busy
from reporting_governance.stages.check_in_group import (
    MOST_IN_GROUP,
    ArtifactReader,
    Built,
    CheckInBuilder,
    NoArtifacts,
    Pending,
)
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.report_result import CheckInResult, ReportReport
from reporting_governance.stages.task_change import load_version
from reporting_governance.storage.interface import Added, Store

TRIES = 20  #: a refused check-in is built anew with fresh names so often before it gives up
BATCH = 150  #: records a commit, at most


def run_report(
    store: Store,
    check_ins: Sequence[CheckIn],
    *,
    uid: int,
    profile: ProfileSpec,
    clock: Clock,
    artifacts: ArtifactReader | None = None,
    operators: frozenset[int] = frozenset(),
) -> ReportReport:
    """Record check-ins.  Several of one task are recorded in their order, whole or not at all up to 40 records.

    Args:
        uid: whose check-ins these are, by the operating system.
        artifacts: opens files that are named as evidence; None: none may be opened.
        operators: users who may check in for tasks of others.

    Returns: one result for each check-in.  A call that was recorded before says so and adds nothing.
    Raises: Busy when others kept changing the same task.
    """
    store.ready()
    results: dict[int, CheckInResult] = {}
    waiting = []
    for place, check_in in enumerate(check_ins):
        if check_in.verb is Verb.HEARTBEAT:
            results[place] = _heartbeat(store, check_in, uid, operators, clock.now())
        else:
            call_id = check_in.id or secrets.token_hex(16)
            waiting.append(Pending(place, check_in, call_id, check_in.id is not None))
    builder = CheckInBuilder(store, uid, profile, artifacts or NoArtifacts(), operators)
    while waiting:
        done = _one_round(store, builder, waiting, clock)
        results.update(done)
        waiting = [each for each in waiting if each.place not in done]
        if any(each.tries >= TRIES for each in waiting):
            raise Busy(path=f"task {waiting[0].check_in.task}", seconds=0)
    ordered = tuple(results[place] for place in sorted(results))
    return ReportReport(
        results=ordered,
        recorded=sum(each.recorded for each in ordered),
        already=sum(not each.recorded and not each.refused for each in ordered),
        refused=sum(each.refused for each in ordered),
    )


def _one_round(
    store: Store, builder: CheckInBuilder, waiting: Sequence[Pending], clock: Clock
) -> dict[int, CheckInResult]:
    """Commit the next check-ins of as many tasks as fit into one commit; return what is settled by it."""
    now = clock.now()
    tasks = store.listing(Folder.TASKS)
    by_task: dict[str, list[Pending]] = {}
    for each in waiting:
        by_task.setdefault(each.check_in.task, []).append(each)
    built: list[Built] = []
    size = 0
    done: dict[int, CheckInResult] = {}
    for pending in by_task.values():
        if size > BATCH - MOST_IN_GROUP:
            break
        made = builder.build(tasks, pending, now)
        if made is None:
            _count_try(pending)
        elif made.group is None:
            done.update(made.results)
        else:
            built.append(made)
            size += len(made.change)
    groups = [each.group for each in built if each.group is not None]
    answers = store.commit(groups, now=now) if groups else []
    for made, answer in zip(built, answers, strict=True):
        if isinstance(answer, Added):
            done.update(made.results)
        else:
            _count_try([each for each in waiting if each.place in made.results])
    return done


def _count_try(pending: Sequence[Pending]) -> None:
    for each in pending:
        each.tries += 1


def _heartbeat(store: Store, check_in: CheckIn, uid: int, operators: frozenset[int], now: datetime) -> CheckInResult:
    """Note that a task is alive.  An unknown task is not started by it: a heartbeat is no event."""
    result = CheckInResult(task=check_in.task, verb=check_in.verb.value, recorded=True)
    version = load_version(store, store.listing(Folder.TASKS), native_task_key(check_in.task))
    body = version.body if version is not None else None
    if body is None:
        return replace(result, recorded=False, refused=True, reason="no such task; start it first")
    if not may_check_in(uid, body["uid"], operators):
        return replace(result, recorded=False, refused=True, reason=f"the task was started by uid {body['uid']}")
    store.heartbeat(native_task_key(check_in.task), clamp(check_in.at, now)[0])
    return result
