"""scan, second half: the tasks of other programs, seen through task sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from reporting_governance.adapters.interface import Known, ObservedTask, SourceReading, TaskSource
from reporting_governance.contracts.ids import derive_id, task_key
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.source_mark import SourceMark
from reporting_governance.contracts.task_state import FINISHED, TaskState, TaskStatus
from reporting_governance.contracts.times import FAR_FUTURE, format_time
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.conditions import Condition, Fact, Sight, Truth, Verdict, dated_ahead, judge
from reporting_governance.core.episodes import ResolvedBy, Transition, is_open, resolve_all, transitions
from reporting_governance.core.event_normalizer import Watched
from reporting_governance.core.watch_settings import settings_for
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.host_sources import host_of, is_on, on_host
from reporting_governance.stages.scan_batch import UNFORESEEN, Batch, Tally, note_unforeseen, note_unknown, say
from reporting_governance.stages.scan_report import NotJudged
from reporting_governance.stages.self_change import SELF, US
from reporting_governance.stages.source_labels import INSTANCE_LABEL, labelled_sources
from reporting_governance.stages.source_marks import mark_group
from reporting_governance.stages.source_reading import read_source
from reporting_governance.stages.task_change import TaskChange
from reporting_governance.stages.task_version import TaskVersion, load_version, parse_task, version_of
from reporting_governance.stages.watch_change import add_transitions, needs_episodes
from reporting_governance.stages.watch_mark import NATIVE_MARK, OwnMark
from reporting_governance.storage.interface import Listing, Store

PROFILE_TASK = "self:profile"
_SELF_SOURCE = "self:source/"

_TRUTHS = {Known.TRUE: Truth.TRUE, Known.FALSE: Truth.FALSE, Known.UNKNOWN: Truth.UNKNOWN}


@dataclass(slots=True)
class SourceScan:
    """Looks at the tasks of other programs.  `watch` was listed before any source is read."""

    store: Store
    watchdog: Watchdog
    clock: Clock
    batch: Batch
    tally: Tally
    own: OwnMark
    watch: Listing
    host: str | None = None  #: this one, where others share the log; None: there is one host only
    _open: dict[str, TaskVersion] = field(default_factory=dict)  #: by task key
    _nobodys: list[TaskVersion] = field(default_factory=list)  #: from before several hosts shared the log
    _marks: list[SourceMark] = field(default_factory=list)
    _episodes: Listing | None = field(default=None)

    def look_at(self, sources: Sequence[TaskSource], *, refused: str | None = None) -> None:
        """Read every source and say what changed.

        Args:
            sources: all that are configured: the episodes of others are no longer watched.
            refused: why the profile that was asked for is not in force; None when it is.
        """
        self._load_watch()
        what, condition = "the profile that is asked for", Condition.PROFILE_REFUSED
        self._judge_self(PROFILE_TASK, what, condition, refused, well_again="it is in force")
        readings: list[SourceReading] = []
        labelled = labelled_sources(sources)
        for label, source in labelled:
            reading = self._read(source)
            readings.append(reading)
            self.tally.findings.extend(reading.findings)
            self._judge_source(label, reading)
            if reading.unreadable is None:
                self._judge_reading(reading)
            else:
                self.tally.unreadable.append(label)
        self._note_unread(readings)
        self._end_what_is_unwatched(readings, {_self_task_id(label) for label, _ in labelled})
        self.batch.flush()

    def _load_watch(self) -> None:
        for name in self.watch.names.values():
            view = None if name.id == NATIVE_MARK else self.store.read(name)
            if view is None:
                continue
            if name.id.startswith("src_"):
                mark = SourceMark.parse(view.body["source-mark"], source=str(name))
                if is_on(mark.instance, self.host):
                    self._marks.append(mark)
            elif is_on(str(view.body["instance"]), self.host):
                self._open[name.id] = version_of(self.store, view)
            elif host_of(str(view.body["instance"])) is None and _is_of_a_scan(view.body):
                self._nobodys.append(version_of(self.store, view))

    def _read(self, source: TaskSource) -> SourceReading:
        mine = [mark for mark in self._marks if mark.source == source.name]
        known = frozenset(
            str(version.body["task"]["task_id"])
            for version in self._open.values()
            if version.body is not None and version.body["source"] == source.name
        )
        baseline = min(mark.baseline_at for mark in mine) if mine else None
        return read_source(source, now=self.clock.now(), baseline_at=baseline, known=known)

    def _judge_source(self, label: str, reading: SourceReading) -> None:
        """Say when a source cannot be read, and when it can be read again."""
        self._judge_self(
            _self_task_id(label),
            f"reading the task source {label}",
            Condition.SOURCE_UNREADABLE,
            reading.unreadable,
            well_again="it can be read again",
            labels={INSTANCE_LABEL: reading.instance} if reading.instance else None,
        )

    def _judge_self(
        self,
        task_id: str,
        title: str,
        condition: Condition,
        problem: str | None,
        *,
        well_again: str,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Say when something of our own is wrong, and when it is well again; `problem` None: it is well."""
        task = TaskState(task_id=task_id, agent_id=US, runtime=US, status=TaskStatus.ACTIVE, title=title, labels=labels)
        instance = on_host(SELF, self.host)
        key = task_key(US, instance, task_id)
        if problem is None and key not in self._open:
            return
        verdict = Verdict(
            condition=condition,
            truth=Truth.FALSE if problem is None else Truth.TRUE,
            reason=problem or well_again,
        )
        watched = Watched(task_key=key, task=task, source=SELF, instance=instance)
        self._say_about(watched, (verdict,), self.clock.now())

    def _judge_reading(self, reading: SourceReading) -> None:
        now = self.clock.now()
        mark = self._mark_of(reading, now)
        seen: set[str] = set()
        for observed in reading.tasks:
            task = observed.task
            key = task_key(task.runtime, observed.instance, task.task_id)
            if key in seen:
                continue
            seen.add(key)
            self.tally.looked_at += 1
            if key not in self._open and _ended_before(task, mark.baseline_at):
                continue
            settings = settings_for(self.watchdog, task, source=reading.source)
            verdicts = judge(self._sight(observed, reading, now), settings, now)
            note_unknown(self.tally, reading, task, verdicts)
            watched = Watched(task_key=key, task=task, source=reading.source, instance=observed.instance)
            self._say_about(watched, verdicts, now, horizon=mark.horizon_at)
        if reading.complete:
            for key, version in self._open.items():
                if key not in seen and _is_of(version, reading):
                    self._end(version, ResolvedBy.GONE, "no longer visible in its source", now)

    def _note_unread(self, readings: Sequence[SourceReading]) -> None:
        """Note what stays open since nobody could look: it is unknown, neither well nor worse."""
        reasons = {each.source: each.unreadable for each in readings if each.unreadable is not None}
        shown = {(each.source, each.instance) for each in readings if each.unreadable is None}
        for version in self._open.values() if reasons else ():
            body = version.body or {}
            reason = reasons.get(body["source"])
            if reason is None or (body["source"], body["instance"]) in shown:
                continue
            self.tally.not_judged.extend(
                NotJudged(
                    task_id=body["task"]["task_id"],
                    source=body["source"],
                    condition=name,
                    reason=f"its source cannot be read: {reason}",
                )
                for name, entry in sorted(body["conditions"].items())
                if is_open(entry)
            )

    def _mark_of(self, reading: SourceReading, now: datetime) -> SourceMark:
        """Return the mark of a source; at its first reading, write it: what ended before is never told."""
        for mark in self._marks:
            if (mark.source, mark.instance) == (reading.source, reading.instance):
                return mark
        mark = SourceMark(
            mark_id=derive_id("src", reading.source, reading.instance),
            source=reading.source,
            instance=reading.instance,
            baseline_at=now,
        )
        self.batch.add(mark_group(mark, None, self.watch))
        return mark

    def _sight(self, observed: ObservedTask, reading: SourceReading, now: datetime) -> Sight:
        hold = self.own.hold_here(now)
        # After a step of our own clock it may be ours that was wrong; `clock_set_at` deals with that.
        limit = now + timedelta(seconds=2 * self.watchdog.tick_seconds)
        ahead = {} if self.own.clock_set_at is not None else dated_ahead(observed.task, limit)
        return Sight(
            task=observed.task,
            hold=hold.reason,
            hold_after=hold.after,
            clock_set_at=self.own.clock_set_at,
            resolution_seconds=observed.liveness_resolution_seconds,
            facts={
                name: Fact(truth=_TRUTHS[fact.known], since=fact.since, reason=fact.reason)
                for name, fact in observed.facts.items()
            },
            unknown={**reading.cannot_see, **ahead, **observed.unknown},
        )

    def _say_about(
        self, watched: Watched, verdicts: Sequence[Verdict], now: datetime, *, horizon: datetime | None = None
    ) -> None:
        key, finished = watched.task_key, watched.task.status in FINISHED
        version = self._open.get(key)
        entries = version.body["conditions"] if version is not None and version.body is not None else {}
        changes = transitions(key, entries, verdicts, finished=finished, now=now)
        if not changes:
            return
        if version is None:
            # Only now, so that a task with nothing to say costs no look at what is over.
            version = load_version(self.store, self.watch, key)
            if version is None:
                return
            if version.body is not None:
                changes = transitions(key, version.body["conditions"], verdicts, finished=finished, now=now)
            elif horizon is not None and any(each.anchor < format_time(horizon) for each in changes):
                self.tally.stale += 1
                return
        self._commit(version, watched, changes, now)

    def _end_what_is_unwatched(self, readings: Sequence[SourceReading], own_tasks: set[str]) -> None:
        """End the episodes of sources that are not configured, and of installations that no source shows any more."""
        now = self.clock.now()
        names = {each.source for each in readings}
        for version in self._nobodys:
            self._end(version, ResolvedBy.UNWATCHED, "from now on each host tells of what it sees itself", now)
        unsure = {each.source for each in readings if not each.complete}
        shown = {(each.source, each.instance) for each in readings}
        for version in self._open.values():
            body = version.body or {}
            source, instance = body["source"], body["instance"]
            if source == SELF:
                if body["task"]["task_id"].startswith(_SELF_SOURCE) and body["task"]["task_id"] not in own_tasks:
                    self._end(version, ResolvedBy.UNWATCHED, "the source is not configured or not there any more", now)
            elif source not in names:
                reason = f"the source {source} is not configured or not there any more"
                self._end(version, ResolvedBy.UNWATCHED, reason, now)
            elif source not in unsure and (source, instance) not in shown:
                self._end(version, ResolvedBy.GONE, f"{instance} is no longer shown by its source", now)

    def _end(self, version: TaskVersion, by: ResolvedBy, reason: str, now: datetime) -> None:
        body = version.body or {}
        try:
            task = parse_task(body["task"], source=str(version.name))
        except UNFORESEEN as fault:
            note_unforeseen(self.tally, version.key, str(body["source"]), fault)
            return
        watched = Watched(task_key=version.key, task=task, source=body["source"], instance=body["instance"])
        self._commit(version, watched, resolve_all(body["conditions"], by, reason, now), now)

    def _commit(self, version: TaskVersion, watched: Watched, changes: Sequence[Transition], now: datetime) -> None:
        """Add what the transitions say; a view with nothing open becomes a tombstone."""
        if not changes:
            return
        if needs_episodes(changes) and self._episodes is None:
            self._episodes = self.store.listing(Folder.EPISODES)
        change = TaskChange(version, about=(version.key, watched.task.agent_id))
        add_transitions(change, watched, changes, self._episodes, now=now)
        entries = (change.body or {})["conditions"].values()
        folder = Folder.WATCH if any(map(is_open, entries)) else Folder.PAST
        self.batch.add(change.group(folder, FAR_FUTURE), say(watched.task.task_id, watched.source, changes))


def _is_of_a_scan(body: Mapping[str, Any]) -> bool:
    task_id = str(body["task"]["task_id"])
    return body["source"] != SELF or task_id == PROFILE_TASK or task_id.startswith(_SELF_SOURCE)


def _self_task_id(label: str) -> str:
    return f"{_SELF_SOURCE}{label}"


def _ended_before(task: TaskState, baseline_at: datetime) -> bool:
    if task.status not in FINISHED:
        return False
    ended = task.finished_at or task.status_changed_at or task.last_activity_at
    return ended is None or ended < baseline_at


def _is_of(version: TaskVersion, reading: SourceReading) -> bool:
    body = version.body or {}
    return bool(body["source"] == reading.source and body["instance"] == reading.instance)
