"""report: check-ins of agents become events and evidence on their tasks."""

import secrets
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from itertools import islice

from reporting_governance.contracts.check_in import CheckIn, Verb
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.check_in_rules import clamp, native_task_key
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
from reporting_governance.stages.heartbeats import note_heartbeat
from reporting_governance.stages.report_result import CheckInResult, ReportReport
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
    operators: Container[int] = frozenset(),
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
    heartbeats: list[tuple[int, CheckIn]] = []
    waiting: dict[str, list[Pending]] = {}
    for place, check_in in enumerate(check_ins):
        if check_in.verb is Verb.HEARTBEAT:
            heartbeats.append((place, check_in))
        else:
            pending = Pending(place, check_in, check_in.id or secrets.token_hex(16), check_in.id is not None)
            waiting.setdefault(check_in.task, []).append(pending)
    builder = CheckInBuilder(store, uid, profile, artifacts or NoArtifacts(), operators)
    while waiting:
        results.update(_one_round(store, builder, waiting, clock))
    if heartbeats:
        results.update(_heartbeats(store, heartbeats, builder, clock.now()))
    ordered = tuple(results[place] for place in sorted(results))
    return ReportReport(
        results=ordered,
        recorded=sum(each.recorded for each in ordered),
        already=sum(not each.recorded and not each.refused for each in ordered),
        refused=sum(each.refused for each in ordered),
    )


def _one_round(
    store: Store, builder: CheckInBuilder, waiting: dict[str, list[Pending]], clock: Clock
) -> dict[int, CheckInResult]:
    """Commit the next check-ins of as many tasks as fit into one commit; take what is settled out of `waiting`."""
    now = clock.now()
    tasks = store.listing(Folder.TASKS)
    built: list[tuple[str, Built]] = []
    size = 0
    done: dict[int, CheckInResult] = {}
    for task, pending in list(islice(waiting.items(), BATCH)):
        if size > BATCH - MOST_IN_GROUP:
            break
        made = builder.build(tasks, pending, now)
        if made is None:
            _count_try(task, pending)
        elif made.group is None:
            done.update(_settle(waiting, task, made))
        else:
            built.append((task, made))
            size += len(made.change)
    groups = [made.group for _, made in built if made.group is not None]
    answers = store.commit(groups, now=now) if groups else []
    for (task, made), answer in zip(built, answers, strict=True):
        if isinstance(answer, Added):
            done.update(_settle(waiting, task, made))
        else:
            _count_try(task, waiting[task])
    return done


def _settle(waiting: dict[str, list[Pending]], task: str, made: Built) -> Mapping[int, CheckInResult]:
    left = [each for each in waiting.pop(task) if each.place not in made.results]
    if left:
        waiting[task] = left
    return made.results


def _count_try(task: str, pending: Sequence[Pending]) -> None:
    for each in pending:
        each.tries += 1
    if pending[0].tries >= TRIES:
        raise Busy(path=f"task {task}", seconds=0)


def _heartbeats(
    store: Store, heartbeats: Sequence[tuple[int, CheckIn]], builder: CheckInBuilder, now: datetime
) -> dict[int, CheckInResult]:
    """Note that tasks are alive.  An unknown task is not started by it: a heartbeat is no event."""
    tasks = store.listing(Folder.TASKS)
    results = {}
    for place, check_in in heartbeats:
        results[place] = builder.heartbeat(tasks, check_in, now)
        if results[place].recorded:
            note_heartbeat(store, native_task_key(check_in.task), clamp(check_in.at, now)[0], now)
    return results
