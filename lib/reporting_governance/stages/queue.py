"""The queue as one look sees it, and what becomes of each notice in it.  Read by `dispatch`, `status` and `explain`.

All of the queue is judged at once, so of each notice only what is judged by is kept; the whole of it is read again
for those that something is done about.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, NamedTuple

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.silence import Silence
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.dispatching import Judgement, Queued, Slip, facts_judged_by, judge_queue
from reporting_governance.core.holding import Quiet, active_silences, open_mutes
from reporting_governance.core.routing import fact_of
from reporting_governance.stages.causes import Causes
from reporting_governance.stages.newest import newest_view, read_all
from reporting_governance.storage.interface import Listing, Store, View, expand

_LABELS = "labels."
_READ = 50  #: notices that are held whole at once


class SaidHold(NamedTuple):
    """Why a notice waits, as its newest hold recorded it."""

    reason: str
    cause: str
    held_at: str


@frozen
class Brief:
    """What of a queued notice is judged by, and the exact version that was judged."""

    notice_id: str
    receiver: str
    phase: Phase
    facts: Mapping[str, Any]  #: only those that `facts_judged_by` names
    created_at: datetime
    expires_at: datetime | None
    name: ViewName
    hold: SaidHold | None

    @property
    def about(self) -> tuple[str, ...]:
        """What filters select the notice's records by."""
        parts = (self.facts.get("task_key"), self.facts.get("agent_id"), self.notice_id)
        return tuple(str(each) for each in parts if each is not None)


@frozen
class Entry:
    """A queued notice, whole, with the exact versions it stands on."""

    notice: Notice
    brief: Brief
    thread: View | None = field(default=None)

    @property
    def name(self) -> ViewName:
        """The version that was judged."""
        return self.brief.name

    @property
    def about(self) -> tuple[str, ...]:
        """What filters select the notice's records by."""
        return self.brief.about


@frozen(kw_only=True)
class Queue:
    """What was judged, by notice id, and how."""

    store: Store
    briefs: Mapping[str, Brief]
    threads: Listing
    judgement: Judgement

    def entries(self, slips: Iterable[Slip], *, threads: bool = False) -> list[Entry]:
        """Read notices whole, those whose version that was judged is still there.

        Args:
            threads: with the thread of each, as it is now.
        """
        found = []
        for brief in (self.briefs[each.notice_id] for each in slips):
            view = self.store.read(brief.name)
            if view is None:
                continue
            notice = Notice.parse(expand(self.store, view.body["notice"]), source=str(brief.name))
            thread = newest_view(self.store, self.threads, notice.thread_key) if threads else None
            found.append(Entry(notice, brief, thread))
        return found


def judged_queue(
    store: Store, profile: ProfileSpec, queue: Listing, names: Sequence[ViewName], *, now: datetime
) -> Queue:
    """Read queued notices and judge them."""
    threads = store.listing(Folder.EPISODES)
    causes = Causes(store, profile, queue=queue, threads=threads)
    quiet = quiet_now(store, profile, now)
    group_by = profile.notification.group_by
    briefs: dict[str, Brief] = {}
    judgement = judge_queue(
        _load(store, names, threads, causes, facts_judged_by(quiet, group_by), briefs),
        quiet,
        group_by=group_by,
        wait_seconds=profile.notification.group_wait_seconds,
        now=now,
    )
    return Queue(store=store, briefs=briefs, threads=threads, judgement=judgement)


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


def _load(
    store: Store,
    names: Sequence[ViewName],
    threads: Listing,
    causes: Causes,
    judged_by: frozenset[str],
    briefs: dict[str, Brief],
) -> Iterator[Queued]:
    """Yield what is judged, read so many at a time, so that not all of them are held whole."""
    same: dict[str, str] = {}
    for view in _views(store, names, threads):
        name = view.name
        document = view.body["notice"]
        facts = expand(store, document["facts"])
        brief = _brief(name, document, _part_of(facts, judged_by, same), view.body.get("hold"))
        briefs[brief.notice_id] = brief
        thread = newest_view(store, threads, document["thread_key"])
        state = None if thread is None else {"resolved_at": thread.body["resolved_at"]}
        yield Queued(brief, state, causes.of(brief.receiver, facts))


def _views(store: Store, names: Sequence[ViewName], threads: Listing) -> Iterator[View]:
    for start in range(0, len(names), _READ):
        views = read_all(store, names[start : start + _READ])
        threads.several(str(view.body["notice"]["thread_key"]) for view in views)  # all by one question
        yield from views


def _brief(
    name: ViewName, document: Mapping[str, Any], facts: Mapping[str, Any], hold: Mapping[str, Any] | None
) -> Brief:
    expires_at = document.get("expires_at")
    return Brief(
        notice_id=name.id,
        receiver=document["receiver"],
        phase=Phase(document["phase"]),
        facts=facts,
        created_at=parse_time(document["created_at"]),
        expires_at=None if expires_at is None else parse_time(expires_at),
        name=name,
        hold=None if hold is None else SaidHold(hold["reason"], hold["cause"], hold["held_at"]),
    )


def _part_of(facts: Mapping[str, Any], names: frozenset[str], same: dict[str, str]) -> Mapping[str, Any]:
    """Return the facts of these names, equal texts of many notices as one."""
    found: dict[str, Any] = {}
    for name in names:
        value = fact_of(facts, name)
        if value is None:
            continue
        if isinstance(value, str):
            value = same.setdefault(value, value)
        if name.startswith(_LABELS):
            found.setdefault("labels", {})[name.removeprefix(_LABELS)] = value
        else:
            found[name] = value
    return found
