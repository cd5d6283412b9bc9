"""scan, first half: the tasks that check in with us."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.contracts.task_state import FINISHED, TaskState
from reporting_governance.contracts.times import due_name
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.check_in_rules import NATIVE
from reporting_governance.core.conditions import Sight, Truth, Verdict, latest
from reporting_governance.core.episodes import transitions
from reporting_governance.core.event_normalizer import Watched
from reporting_governance.core.sessions import judge_ours
from reporting_governance.core.watch_settings import settings_for
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.heartbeats import heard_by
from reporting_governance.stages.scan_batch import UNFORESEEN, Batch, Tally, note_unforeseen, say
from reporting_governance.stages.scan_report import NotJudged, Said
from reporting_governance.stages.task_change import TaskChange, native_place
from reporting_governance.stages.task_version import TaskVersion, parse_task, version_of
from reporting_governance.stages.watch_change import add_transitions, needs_episodes
from reporting_governance.stages.watch_mark import OwnMark
from reporting_governance.storage.interface import Listing, Store

_CHUNK = 100  #: tasks that are read before a commit


@frozen
class NativeScan:
    """Looks at the tasks that check in with us."""

    store: Store
    watchdog: Watchdog
    clock: Clock
    batch: Batch
    tally: Tally
    own: OwnMark

    def look_at_due(self, tasks: Listing) -> None:
        """Look at every task that may be due, by its name; no other file is opened."""
        names = tasks.due(due_name(self.clock.now()))
        for start in range(0, len(names), _CHUNK):
            self._look_at(names[start : start + _CHUNK])
            self.batch.flush()

    def date_anew(self, tasks: Listing) -> None:
        """Give every task's view the name that the settings and the clock of now ask for."""
        now = self.clock.now()
        for name in tasks.names.values():
            view = self.store.read(name)
            if view is None:
                continue
            self.tally.looked_at += 1
            version = version_of(self.store, view)
            body = version.body or {}
            try:
                is_right = self._place(version, now) == (name.folder, name.due)
            except UNFORESEEN as fault:
                note_unforeseen(self.tally, version.key, NATIVE, fault)
                continue
            if not is_right:
                change = TaskChange(version, about=(version.key, body["task"]["agent_id"]))
                change.dated_anew(self.own.digest)
                self._commit(change, now, dated_anew=True)
        self.batch.flush()

    def _look_at(self, names: Sequence[ViewName]) -> None:
        now = self.clock.now()
        heard = heard_by(self.store, [name.id for name in names], now)
        episodes: Listing | None = None
        for name in names:
            view = self.store.read(name)
            if view is None:
                continue
            self.tally.looked_at += 1
            version = version_of(self.store, view)
            try:
                task, verdicts = self._judge(version, heard, now)
            except UNFORESEEN as fault:
                note_unforeseen(self.tally, version.key, NATIVE, fault)
                continue
            self._note_unknown(task, verdicts)
            entries = {} if version.body is None else version.body["conditions"]
            changes = transitions(version.key, entries, verdicts, finished=task.status in FINISHED, now=now)
            if needs_episodes(changes) and episodes is None:
                episodes = self.store.listing(Folder.EPISODES)
            change = TaskChange(version, about=(version.key, task.agent_id))
            if changes:
                seen = replace(task, last_activity_at=latest(task.last_activity_at, heard.get(version.key)))
                watched = Watched(task_key=version.key, task=seen, source=NATIVE, instance=NATIVE)
                add_transitions(change, watched, changes, episodes, now=now)
                self._commit(change, now, said=say(task.task_id, NATIVE, changes))
            elif self._says_now_for_later(version, now):
                change.dated_anew(self.own.digest)
                self._commit(change, now)

    def _judge(
        self, version: TaskVersion, heard: Mapping[str, datetime | None], now: datetime
    ) -> tuple[TaskState, tuple[Verdict, ...]]:
        task = parse_task((version.body or {})["task"], source=str(version.name))
        hold = self.own.hold(now)
        sight = Sight(
            task=task,
            heard_at=heard.get(version.key),
            hold=hold.reason,
            hold_after=hold.after,
            clock_set_at=self.own.clock_set_at,
        )
        return task, judge_ours(version.body or {}, sight, settings_for(self.watchdog, task, source=NATIVE), now)

    def _note_unknown(self, task: TaskState, verdicts: Sequence[Verdict]) -> None:
        self.tally.not_judged.extend(
            NotJudged(task_id=task.task_id, source=NATIVE, condition=each.condition.value, reason=each.reason)
            for each in verdicts
            if each.truth is Truth.UNKNOWN
        )

    def _place(self, version: TaskVersion, now: datetime) -> tuple[Folder, str]:
        return native_place(version.body or {}, self.watchdog, now, clock_set_at=self.own.clock_set_at)

    def _says_now_for_later(self, version: TaskVersion, now: datetime) -> bool:
        """Tell whether a name asks to be looked at now although nothing can happen before a later time."""
        folder, due = self._place(version, now)
        return folder is Folder.PAST or due > due_name(now)

    def _commit(
        self, change: TaskChange, now: datetime, *, said: Sequence[Said] = (), dated_anew: bool = False
    ) -> None:
        group = change.native_group(self.watchdog, now, clock_set_at=self.own.clock_set_at)
        self.batch.add(group, said, dated_anew=dated_anew)
