"""One change of one task's view, as one group: what report and scan have in common."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from reporting_governance.contracts.checkpoint_request import CheckpointRequest
from reporting_governance.contracts.event_envelope import Event
from reporting_governance.contracts.evidence import Evidence
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.task_state import FINISHED
from reporting_governance.contracts.times import FAR_FUTURE, FIRST, due_name
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.conditions import Sight
from reporting_governance.core.episodes import is_open, next_look
from reporting_governance.core.self_events import is_about_us
from reporting_governance.core.sessions import judge_ours, kept_until
from reporting_governance.core.task_fold import fold_task
from reporting_governance.core.watch_settings import settings_for
from reporting_governance.stages.task_version import Body, TaskVersion, parse_task
from reporting_governance.storage.interface import Addition, Group


class TaskChange:
    """Collects the records of one change; the view's new body grows with them."""

    def __init__(self, version: TaskVersion, *, about: tuple[str, ...]) -> None:
        self.version = version
        self.body: Body | None = version.body
        self._about = about
        self._drafts: list[tuple[RecordLine, bool]] = []

    def __len__(self) -> int:
        return len(self._drafts)

    def event(
        self,
        event: Event,
        *,
        parents: Sequence[str] = (),
        consumes: Sequence[ViewName] = (),
        episode: str | None = None,
    ) -> None:
        """Add an event; `episode` is the id of the episode's view that it opens."""
        document = event.dump()
        views = _views_of(document, event, episode)
        self._add("event-envelope", event.event_id, document, parents, views, consumes, touches=True)

    def evidence(self, item: Evidence, event: Event, *, episode: str | None = None, own: bool = True) -> None:
        """Add evidence for an event.  `own`: it is the task's, not scan's about the task."""
        views = _views_of(event.dump(), event, episode)
        self._add("evidence", item.evidence_id, item.dump(), (event.event_id,), views, (), touches=own)

    def request(
        self, request: CheckpointRequest, *, parents: Sequence[str] = (), consumes: Sequence[ViewName] = ()
    ) -> None:
        """Add a check-in that is asked of the agent; `consumes`: the request that it takes the place of."""
        views = [ViewKey(Folder.DECISIONS, request.request_id, FAR_FUTURE)]
        kind = CheckpointRequest.schema
        self._add(kind, request.request_id, request.dump(), parents, views, consumes, touches=True)

    def dated_anew(self, digest: str) -> None:
        """Add the record that only gives the view another name, since the settings changed."""
        body = {"task_key": self.version.key, "watch_settings": digest}
        self._add("task-due", f"{self.version.key}@{digest[:16]}", body, (), [], (), touches=True)

    def _add(
        self,
        kind: str,
        identity: str,
        body: Body,
        parents: Sequence[str],
        views: Sequence[ViewKey],
        consumes: Sequence[ViewName],
        *,
        touches: bool,
    ) -> None:
        record = RecordLine(
            kind=kind,
            id=identity,
            body=body,
            parents=tuple(parents),
            consumes=tuple(consumes),
            views=tuple(views),
            about=self._about,
        )
        self._drafts.append((record, touches))
        if touches:
            self.body = fold_task(self.body, record)

    def group(self, folder: Folder, due: str) -> Group:
        """Return the group; the view's new version lies in `folder`."""
        view = ViewKey(folder, self.version.key, "" if folder is Folder.PAST else due)
        records = [
            replace(record, views=(*record.views, view)) if touches else record for record, touches in self._drafts
        ]
        if self.version.name is not None:
            records[0] = replace(records[0], consumes=(self.version.name, *records[0].consumes))
        return Group(
            additions=tuple(Addition(record=record) for record in records),
            absences=() if self.version.absence is None else (self.version.absence,),
        )

    def native_group(self, watchdog: Watchdog, now: datetime, *, clock_set_at: datetime | None = None) -> Group:
        """Return the group, with the view of a native task where and when it has to be looked at again."""
        folder, due = native_place(self.body or {}, watchdog, now, clock_set_at=clock_set_at)
        if self.version.name is not None and self.version.name.folder is Folder.PAST and _is_finished(self.body):
            folder = Folder.PAST  # what comes late is recorded, and opens nothing
        return self.group(folder, due)


def _views_of(document: Body, event: Event, episode: str | None) -> list[ViewKey]:
    """Return the views of an event and of the episode that it opens.

    What we say about ourselves is decided first.  What a decision or a person's act caused is not judged, so it never
    waits for a decision.
    """
    due = FIRST if is_about_us(document) else due_name(event.timestamp)
    judged = event.payload.get("caused_by") is None
    views = [ViewKey(Folder.EVENTS, event.event_id, due)] if judged else []
    if episode is not None:
        views.append(ViewKey(Folder.EPISODES, episode, FAR_FUTURE))
    return views


def native_place(
    body: Body, watchdog: Watchdog, now: datetime, *, clock_set_at: datetime | None = None
) -> tuple[Folder, str]:
    """Return the folder and the due part of a native task's view.

    Heartbeats are left out on purpose: they can only move the time later, so the name stays a lower bound.
    """
    task = parse_task(body["task"], source="task view")
    sight = Sight(task=task, clock_set_at=clock_set_at)
    verdicts = judge_ours(body, sight, settings_for(watchdog, task, source="native"), now)
    look = next_look(body["conditions"], verdicts, now)
    if look is None and not any(map(is_open, body["conditions"].values())):
        until = kept_until(body, task)
        if task.status in FINISHED or (until is not None and until <= now):
            return Folder.PAST, ""
        look = until
    return Folder.TASKS, due_name(look)


def _is_finished(body: Body | None) -> bool:
    return body is not None and body["task"]["status"] in FINISHED
