"""scan, second half: the tasks of other programs, seen through task sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reporting_governance.adapters.interface import Known, ObservedTask, SourceReading, TaskSource
from reporting_governance.contracts.ids import derive_id, task_key
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.source_mark import SourceMark
from reporting_governance.contracts.task_state import FINISHED, TaskState, TaskStatus
from reporting_governance.contracts.times import FAR_FUTURE
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.conditions import Condition, Fact, Sight, Truth, Verdict, judge
from reporting_governance.core.episodes import ResolvedBy, Transition, is_open, resolve_all, transitions
from reporting_governance.core.event_normalizer import Watched
from reporting_governance.core.watch_settings import settings_for
from reporting_governance.errors import GovernanceError
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.scan_native import mark_group
from reporting_governance.stages.scan_report import Batch, NotJudged, Tally, say
from reporting_governance.stages.task_change import TaskChange, TaskVersion, load_version, parse_task, version_of
from reporting_governance.stages.watch_change import add_transitions, needs_episodes
from reporting_governance.storage.interface import Listing, Store

SELF = "self"  #: source and instance of what we watch about ourselves
US = "reporting-governance"  #: the agent and the runtime of such tasks

_TRUTHS = {Known.TRUE: Truth.TRUE, Known.FALSE: Truth.FALSE, Known.UNKNOWN: Truth.UNKNOWN}


@dataclass(frozen=True, slots=True)
class _Watch:
    """What `watch/` held before the sources were read: what is born later was seen by somebody else."""

    listing: Listing
    open: Mapping[str, TaskVersion]  #: by task key
    marks: Sequence[SourceMark]


@dataclass(slots=True)
class _Scan:
    store: Store
    watchdog: Watchdog
    clock: Clock
    batch: Batch
    tally: Tally
    watch: _Watch
    episodes: Listing | None = field(default=None)

    def open_episodes(self) -> Listing:
        """Return the listing of open episodes, read once."""
        if self.episodes is None:
            self.episodes = self.store.listing(Folder.EPISODES)
        return self.episodes

    def commit(self, version: TaskVersion, watched: Watched, changes: Sequence[Transition], now: datetime) -> None:
        """Add what the transitions say; a view with nothing open becomes a tombstone."""
        if not changes:
            return
        change = TaskChange(version, about=(version.key, watched.task.agent_id))
        episodes = self.open_episodes() if needs_episodes(changes) else None
        add_transitions(change, watched, changes, episodes, now=now)
        entries = (change.body or {})["conditions"].values()
        folder = Folder.WATCH if any(map(is_open, entries)) else Folder.PAST
        self.batch.add(change.group(folder, FAR_FUTURE), say(watched.task.task_id, watched.source, changes))


def scan_sources(
    store: Store,
    sources: Sequence[TaskSource],
    watchdog: Watchdog,
    clock: Clock,
    batch: Batch,
    tally: Tally,
    *,
    listing: Listing,
) -> None:
    """Read every source and say what changed.

    Args:
        sources: all that are configured: an open episode of a source that is not among them is no longer watched.
        listing: of `watch/`, taken before any source is read.
    """
    scan = _Scan(store, watchdog, clock, batch, tally, _load_watch(store, listing))
    readings: list[SourceReading] = []
    for label, source in _labelled(sources):
        reading = _read(scan, source)
        tally.findings.extend(reading.findings)
        _judge_source(scan, label, reading)
        readings.append(reading)
        if reading.unreadable is None:
            _judge_reading(scan, reading)
        else:
            tally.unreadable.append(label)
    _end_what_is_unwatched(scan, readings)
    batch.flush()


def _labelled(sources: Sequence[TaskSource]) -> list[tuple[str, TaskSource]]:
    """Return each source with a name of its own: a second one of the same kind gets a number."""
    seen: dict[str, int] = {}
    labelled = []
    for source in sources:
        seen[source.name] = number = seen.get(source.name, 0) + 1
        labelled.append((source.name if number == 1 else f"{source.name}-{number}", source))
    return labelled


def _load_watch(store: Store, listing: Listing) -> _Watch:
    versions: dict[str, TaskVersion] = {}
    marks = []
    for name in listing.names.values():
        view = store.read(name)
        if view is None:
            continue
        if name.id.startswith("src_"):
            marks.append(SourceMark.parse(view.body["source-mark"], source=str(name)))
        else:
            versions[name.id] = version_of(store, view)
    return _Watch(listing, versions, marks)


def _read(scan: _Scan, source: TaskSource) -> SourceReading:
    mine = [mark for mark in scan.watch.marks if mark.source == source.name]
    known = frozenset(
        str(version.body["task"]["task_id"])
        for version in scan.watch.open.values()
        if version.body is not None and version.body["source"] == source.name
    )
    baseline = mine[0].baseline_at if len(mine) == 1 else None
    try:
        return source.read(now=scan.clock.now(), baseline_at=baseline, known=known)
    except (GovernanceError, OSError) as error:
        return SourceReading(source=source.name, instance="", tasks=(), complete=False, unreadable=str(error))


def _judge_source(scan: _Scan, label: str, reading: SourceReading) -> None:
    """Say when a source cannot be read, and when it can be read again."""
    key = task_key(US, SELF, f"self:source/{label}")
    version = scan.watch.open.get(key)
    if reading.unreadable is None and version is None:
        return
    now = scan.clock.now()
    task = TaskState(
        task_id=f"self:source/{label}",
        agent_id=US,
        runtime=US,
        status=TaskStatus.ACTIVE,
        title=f"reading the task source {label}",
    )
    truth = Truth.FALSE if reading.unreadable is None else Truth.TRUE
    verdict = Verdict(
        condition=Condition.SOURCE_UNREADABLE, truth=truth, reason=reading.unreadable or "it can be read again"
    )
    _say_about(scan, key, Watched(task_key=key, task=task, source=SELF, instance=SELF), (verdict,), now)


def _judge_reading(scan: _Scan, reading: SourceReading) -> None:
    now = scan.clock.now()
    mark = _mark_of(scan, reading, now)
    seen: set[str] = set()
    for observed in reading.tasks:
        task = observed.task
        key = task_key(task.runtime, observed.instance, task.task_id)
        if key in seen:
            continue
        seen.add(key)
        scan.tally.looked_at += 1
        if key not in scan.watch.open and _ended_before(task, mark.baseline_at):
            continue
        verdicts = judge(_sight(observed, reading), settings_for(scan.watchdog, task, source=reading.source), now)
        scan.tally.not_judged.extend(
            NotJudged(task_id=task.task_id, source=reading.source, condition=each.condition.value, reason=each.reason)
            for each in verdicts
            if each.truth is Truth.UNKNOWN and each.condition.value not in reading.cannot_see
        )
        watched = Watched(task_key=key, task=task, source=reading.source, instance=observed.instance)
        _say_about(scan, key, watched, verdicts, now, horizon=mark.horizon_at)
    if reading.complete:
        for key, version in scan.watch.open.items():
            if key not in seen and _is_of(version, reading):
                _end(scan, version, ResolvedBy.GONE, "no longer visible in its source", now)


def _mark_of(scan: _Scan, reading: SourceReading, now: datetime) -> SourceMark:
    """Return the mark of a source; at its first reading, write it: what ended before is never told."""
    for mark in scan.watch.marks:
        if (mark.source, mark.instance) == (reading.source, reading.instance):
            return mark
    mark = SourceMark(
        mark_id=derive_id("src", reading.source, reading.instance),
        source=reading.source,
        instance=reading.instance,
        baseline_at=now,
    )
    scan.batch.add(mark_group(mark, None, scan.watch.listing))
    return mark


def _ended_before(task: TaskState, baseline_at: datetime) -> bool:
    if task.status not in FINISHED:
        return False
    ended = task.finished_at or task.status_changed_at or task.last_activity_at
    return ended is None or ended < baseline_at


def _sight(observed: ObservedTask, reading: SourceReading) -> Sight:
    return Sight(
        task=observed.task,
        resolution_seconds=observed.liveness_resolution_seconds,
        facts={
            name: Fact(truth=_TRUTHS[fact.known], since=fact.since, reason=fact.reason)
            for name, fact in observed.facts.items()
        },
        unknown={**reading.cannot_see, **observed.unknown},
    )


def _say_about(
    scan: _Scan,
    key: str,
    watched: Watched,
    verdicts: Sequence[Verdict],
    now: datetime,
    *,
    horizon: datetime | None = None,
) -> None:
    version = scan.watch.open.get(key)
    finished = watched.task.status in FINISHED
    entries = version.body["conditions"] if version is not None and version.body is not None else {}
    changes = transitions(key, entries, verdicts, finished=finished, now=now)
    if not changes:
        return
    if version is None:
        version = load_version(scan.store, scan.watch.listing, key)
        if version is None:
            return
        if version.body is not None:
            changes = transitions(key, version.body["conditions"], verdicts, finished=finished, now=now)
        elif horizon is not None and any(each.anchor and each.anchor < horizon for each in verdicts):
            scan.tally.stale += 1
            return
    scan.commit(version, watched, changes, now)


def _end_what_is_unwatched(scan: _Scan, readings: Sequence[SourceReading]) -> None:
    """End the episodes of sources that are no longer configured, and of installations that no source shows any more."""
    now = scan.clock.now()
    names = {each.source for each in readings}
    unsure = {each.source for each in readings if not each.complete}
    shown = {(each.source, each.instance) for each in readings}
    for version in scan.watch.open.values():
        body = version.body or {}
        source, instance = body["source"], body["instance"]
        if source == SELF:
            continue
        if source not in names:
            _end(scan, version, ResolvedBy.UNWATCHED, f"the source {source} is no longer configured", now)
        elif source not in unsure and (source, instance) not in shown:
            _end(scan, version, ResolvedBy.GONE, f"{instance} is no longer shown by its source", now)


def _is_of(version: TaskVersion, reading: SourceReading) -> bool:
    body = version.body or {}
    return bool(body["source"] == reading.source and body["instance"] == reading.instance)


def _end(scan: _Scan, version: TaskVersion, by: ResolvedBy, reason: str, now: datetime) -> None:
    body = version.body or {}
    task = parse_task(body["task"], source=str(version.name))
    watched = Watched(task_key=version.key, task=task, source=body["source"], instance=body["instance"])
    scan.commit(version, watched, resolve_all(body["conditions"], by, reason, now), now)
