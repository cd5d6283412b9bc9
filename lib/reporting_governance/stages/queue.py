"""The queue as one look sees it, and what becomes of each notice in it.  Read by `dispatch`, `status` and `explain`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.silence import Silence
from reporting_governance.core.dispatching import Judgement, Queued, judge_queue
from reporting_governance.core.holding import Quiet, active_silences, open_mutes
from reporting_governance.stages.causes import Causes
from reporting_governance.stages.newest import newest_view, read_all
from reporting_governance.storage.interface import Listing, Store, View, expand


@dataclass(frozen=True, slots=True)
class Entry:
    """A queued notice with the exact versions it stands on."""

    queued: Queued
    name: ViewName
    thread: View | None = field(default=None)
    hold: Mapping[str, Any] | None = field(default=None)  #: the newest, as recorded

    @property
    def notice(self) -> Notice:
        """The notice itself."""
        return self.queued.notice

    @property
    def about(self) -> tuple[str, ...]:
        """What filters select the notice's records by."""
        facts = self.notice.facts
        parts = (facts.get("task_key"), facts.get("agent_id"), self.notice.notice_id)
        return tuple(str(each) for each in parts if each is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """What was loaded, by notice id, and how it is judged."""

    entries: Mapping[str, Entry]
    threads: Listing
    judgement: Judgement


def judged_queue(
    store: Store, profile: ProfileSpec, queue: Listing, names: Sequence[ViewName], *, now: datetime
) -> Queue:
    """Read queued notices and judge them."""
    threads = store.listing(Folder.EPISODES)
    causes = Causes(store, profile, queue=queue, threads=threads)
    entries = {entry.notice.notice_id: entry for entry in _load(store, names, threads, causes)}
    judgement = judge_queue(
        (entry.queued for entry in entries.values()),
        quiet_now(store, profile, now),
        group_by=profile.notification.group_by,
        wait_seconds=profile.notification.group_wait_seconds,
        now=now,
    )
    return Queue(entries=entries, threads=threads, judgement=judgement)


def quiet_now(store: Store, profile: ProfileSpec, now: datetime) -> Quiet:
    """Return which calendars and silences keep notices back now."""
    views = read_all(store, store.listing(Folder.SILENCES).names.values())
    silences = (silence_of(store, view) for view in views)
    return Quiet(
        mutes=open_mutes(profile.notification.mute_times, now),
        silences=active_silences(silences, now),
        receivers=profile.notification.receivers.keys(),
    )


def silence_of(store: Store, view: View) -> Silence:
    """Return a silence; what was erased of its comment reads as nothing."""
    document = expand(store, view.body["silence"])
    return Silence.parse({**document, "comment": document.get("comment") or ""}, source=str(view.name))


def _load(store: Store, names: Sequence[ViewName], threads: Listing, causes: Causes) -> Iterator[Entry]:
    for name in names:
        view = store.read(name)
        if view is None:
            continue
        notice = Notice.parse(expand(store, view.body["notice"]), source=str(name))
        thread = newest_view(store, threads, notice.thread_key)
        queued = Queued(notice, thread.body if thread else None, causes.of(notice.receiver, notice.facts))
        yield Entry(queued, name, thread, view.body.get("hold"))
