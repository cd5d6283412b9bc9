"""scan, first half: the tasks that check in with us."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reporting_governance.contracts.ids import derive_id
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.source_mark import SourceMark
from reporting_governance.contracts.task_state import FINISHED, TaskState
from reporting_governance.contracts.times import FAR_FUTURE, due_name
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.check_in_rules import NATIVE
from reporting_governance.core.conditions import Sight, Truth, Verdict, judge, latest
from reporting_governance.core.episodes import transitions
from reporting_governance.core.event_normalizer import Watched
from reporting_governance.core.watch_settings import settings_digest, settings_for
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.scan_report import Batch, NotJudged, Tally, say
from reporting_governance.stages.task_change import TaskChange, TaskVersion, native_place, parse_task, version_of
from reporting_governance.stages.watch_change import add_transitions, needs_episodes
from reporting_governance.storage.interface import Absence, Addition, Group, Listing, Store, View

_CHUNK = 100  #: tasks that are read before a commit
NATIVE_MARK = derive_id("src", NATIVE, NATIVE)


def scan_native(store: Store, watchdog: Watchdog, clock: Clock, batch: Batch, tally: Tally, *, marks: Listing) -> None:
    """Look at every native task that may be due; when the settings changed, date all of them anew first.

    Args:
        marks: the listing of `watch/`, where the settings that the names were made with are kept.
    """
    tasks = store.listing(Folder.TASKS)
    if not tasks.names:
        return
    digest = settings_digest(watchdog)
    mark = _read_mark(store, marks)
    if mark is None or (mark.body["source-mark"].get("cursor") or {}).get("watch_settings") != digest:
        if mark is not None:
            _date_anew(store, tasks, watchdog, clock, batch, tally, digest)
        _write_mark(marks, mark, digest, clock.now(), batch)
        batch.flush()
        tasks = store.listing(Folder.TASKS)
    names = tasks.due(due_name(clock.now()))
    for start in range(0, len(names), _CHUNK):
        _look_at(store, names[start : start + _CHUNK], watchdog, clock, batch, tally)
    batch.flush()


def _look_at(
    store: Store, names: Sequence[ViewName], watchdog: Watchdog, clock: Clock, batch: Batch, tally: Tally
) -> None:
    now = clock.now()
    heard = store.heartbeats([name.id for name in names])
    # After a start of the host heartbeats from before are forgotten: they get one grace period to come back.
    liveness_known = clock.monotonic() >= watchdog.grace_seconds
    episodes: Listing | None = None
    for name in names:
        view = store.read(name)
        if view is None:
            continue
        tally.looked_at += 1
        version = version_of(store, view)
        task, verdicts = _judge(version, watchdog, heard, now, liveness_known=liveness_known)
        _note_unknown(tally, task, verdicts)
        entries = {} if version.body is None else version.body["conditions"]
        changes = transitions(version.key, entries, verdicts, finished=task.status in FINISHED, now=now)
        if needs_episodes(changes) and episodes is None:
            episodes = store.listing(Folder.EPISODES)
        change = TaskChange(version, about=(version.key, task.agent_id))
        if changes:
            seen = replace(task, last_activity_at=latest(task.last_activity_at, heard.get(version.key)))
            watched = Watched(task_key=version.key, task=seen, source=NATIVE, instance=NATIVE)
            add_transitions(change, watched, changes, episodes, now=now)
        elif _is_misplaced(version, watchdog, now):
            change.dated_anew(settings_digest(watchdog))
        if len(change):
            batch.add(change.native_group(watchdog, now), say(task.task_id, NATIVE, changes))


def _judge(
    version: TaskVersion,
    watchdog: Watchdog,
    heard: Mapping[str, datetime | None],
    now: datetime,
    *,
    liveness_known: bool,
) -> tuple[TaskState, tuple[Verdict, ...]]:
    task = parse_task((version.body or {})["task"], source=str(version.name))
    sight = Sight(task=task, heard_at=heard.get(version.key), liveness_known=liveness_known)
    return task, judge(sight, settings_for(watchdog, task, source=NATIVE), now)


def _note_unknown(tally: Tally, task: TaskState, verdicts: Sequence[Verdict]) -> None:
    tally.not_judged.extend(
        NotJudged(task_id=task.task_id, source=NATIVE, condition=each.condition.value, reason=each.reason)
        for each in verdicts
        if each.truth is Truth.UNKNOWN
    )


def _is_misplaced(version: TaskVersion, watchdog: Watchdog, now: datetime) -> bool:
    """Tell whether the view's name says "now" although nothing can happen before a later time."""
    if version.body is None:
        return False
    folder, due = native_place(version.body, watchdog, now)
    return folder is Folder.PAST or due > due_name(now)


def _date_anew(
    store: Store, tasks: Listing, watchdog: Watchdog, clock: Clock, batch: Batch, tally: Tally, digest: str
) -> None:
    """Give every task's view the name that the new settings ask for."""
    now = clock.now()
    for name in tasks.names.values():
        view = store.read(name)
        if view is None:
            continue
        tally.looked_at += 1
        version = version_of(store, view)
        body = version.body or {}
        if native_place(body, watchdog, now) != (name.folder, name.due):
            change = TaskChange(version, about=(version.key, body["task"]["agent_id"]))
            change.dated_anew(digest)
            batch.add(change.native_group(watchdog, now), dated_anew=True)
    batch.flush()


def _read_mark(store: Store, marks: Listing) -> View | None:
    name = marks.names.get(NATIVE_MARK)
    return None if name is None else store.read(name)


def _write_mark(marks: Listing, old: View | None, digest: str, now: datetime, batch: Batch) -> None:
    """Remember the settings that all names are made with; written last, so that a pass cut short is done again."""
    baseline = now if old is None else SourceMark.parse(old.body["source-mark"]).baseline_at
    mark = SourceMark(
        mark_id=NATIVE_MARK,
        source=NATIVE,
        instance=NATIVE,
        baseline_at=baseline,
        cursor={"watch_settings": digest},
    )
    batch.add(mark_group(mark, None if old is None else old.name, marks))


def mark_group(mark: SourceMark, old: ViewName | None, marks: Listing) -> Group:
    """Return the group that writes a source mark in place of an older one, or as the first."""
    record = RecordLine(
        kind="source-mark",
        id=mark.mark_id,
        body=mark.dump(),
        consumes=() if old is None else (old,),
        views=(ViewKey(Folder.WATCH, mark.mark_id, FAR_FUTURE),),
    )
    absences = (Absence(Folder.WATCH, mark.mark_id, marks.head_seq),) if old is None else ()
    return Group(additions=(Addition(record=record),), absences=absences)
