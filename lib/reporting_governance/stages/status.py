"""status: what is watched, what is open, and what was told to whom, from the views."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from reporting_governance.adapters.interface import TaskSource
from reporting_governance.contracts.capability_descriptor import DeliveryState
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.receipt import Reason
from reporting_governance.contracts.times import parse_time
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.check_in_rules import NATIVE
from reporting_governance.core.delivery import last_word
from reporting_governance.core.delivery_state import ItemHistory, item_state
from reporting_governance.core.threads import ONLY_A_TEST
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.loss_watch import Loss, open_loss
from reporting_governance.stages.newest import read_all
from reporting_governance.stages.reviewing import OpenReview, open_reviews
from reporting_governance.stages.self_change import JOURNAL_KEY
from reporting_governance.stages.source_reading import read_source
from reporting_governance.stages.targets import TargetTrouble, troubled
from reporting_governance.stages.tellings import Telling, telling_of
from reporting_governance.stages.waiting import WaitingNotice, WaitState, waiting_notices
from reporting_governance.stages.watched_task import CANNOT_SEE, NO_PROMISE, WatchedTask, watched_task
from reporting_governance.storage.interface import Listing, Store, View, expand

__all__ = [
    "NO_PROMISE",
    "OpenEpisode",
    "StatusReport",
    "StuckItem",
    "Telling",
    "WatchedSource",
    "WatchedTask",
    "run_status",
]


@frozen(kw_only=True)
class OpenEpisode:
    """One open episode and who was told."""

    episode_id: str
    task_id: str
    agent_id: str
    title: str
    status: str
    condition: str
    due_at: str
    late_by_seconds: int
    unknown: str | None  #: why nobody can say now whether it still holds; None: it was judged
    tellings: tuple[Telling, ...]


@frozen(kw_only=True)
class StuckItem:
    """An item or notice that needs a person: blocked, or in doubt."""

    id: str
    state: str
    reason: str
    target: str
    subject: str


@frozen(kw_only=True)
class WatchedSource:
    """One task source: what it shows, and what it can never show."""

    source: str
    instance: str | None  #: None: it could not be read
    unreadable: str | None
    tasks: int | None
    watched_since: str | None  #: what ended before is not told; None: not scanned yet
    cannot_see: Mapping[str, str]  #: condition -> why it cannot be judged


@frozen(kw_only=True)
class StatusReport:
    """Everything that is open now."""

    at: datetime
    log_id: str | None
    lines: int
    native_tasks: int
    native_cannot_see: Mapping[str, str]  #: condition -> why check-ins cannot show it
    foreign_tasks: int
    undecided_events: int
    notices: Mapping[str, int]  #: by delivery state: queued held dispatched pending_external_send blocked
    oldest_pending_seconds: int | None
    episodes: tuple[OpenEpisode, ...]
    stuck: tuple[StuckItem, ...]
    without_promise: int | None  #: tasks of ours that owe no check-in; None: not counted
    tasks: tuple[WatchedTask, ...]  #: only when asked for
    sources: tuple[WatchedSource, ...]
    last_run_at: datetime | None  #: when `run` began last; None: never, as far as is known
    clock_set_at: str | None  #: when the clock was last set, or the host slept or started
    gap: Mapping[str, str] | None  #: the newest time in which nobody watched: `began_at`, `ended_at`
    targets: tuple[TargetTrouble, ...] = ()  #: those that are down, full or refused what they got last
    log_loss: Loss | None = None  #: what the journal lost, until a person acknowledges it
    reviews: tuple[OpenReview, ...] = ()  #: what people are asked and nobody has answered
    waiting: tuple[WaitingNotice, ...] = ()  #: notices in the queue, and why; without a profile it is not said


def run_status(
    store: Store,
    sources: Sequence[TaskSource] = (),
    *,
    clock: Clock,
    watchdog: Watchdog | None = None,
    with_tasks: bool = False,
    last_run_at: datetime | None = None,
    profile: ProfileSpec | None = None,
    hosts: Mapping[str, datetime] | None = None,
) -> StatusReport:
    """Return what is open.  Reads every open view, so it costs as much as there is open; it writes nothing.

    Args:
        sources: read once each, to say what they show and what they cannot see.
        watchdog: the profile's thresholds: a task may owe check-ins without having promised them itself.
        with_tasks: also read every task of ours.
        last_run_at: when `run` began last.
        profile: what queued notices are judged by.
        hosts: when each host was last at work, by name; None: not known.
    """
    head = store.ready()
    now = clock.now()
    folders: dict[Folder, Listing] = {each: store.listing(each) for each in Folder if each is not Folder.PAST}
    open_work = folders[Folder.EPISODES].names
    telling = read_all(store, (name for key, name in open_work.items() if key.startswith("thr_")))
    threads = _by_episode(telling)
    opened = read_all(store, (name for key, name in open_work.items() if key.startswith("epi_")))
    episodes = [view for view in opened if view.body["event"]["payload"]["condition"] not in ONLY_A_TEST]
    items = read_all(store, folders[Folder.SPOOL].names.values())
    blocked = [view for prefix in ("spl_", "ntc_") for key in store.past_names(prefix) if (view := store.past(key))]
    in_doubt = [view for view in items if _state_of(view) is DeliveryState.PENDING_EXTERNAL_SEND]
    watched = folders[Folder.WATCH].names
    marks = [
        view.body["source-mark"]
        for view in read_all(store, (watched[key] for key in watched if key.startswith("src_")))
    ]
    tasks = (
        [
            watched_task(store, view, watchdog or Watchdog(), now)
            for view in read_all(store, folders[Folder.TASKS].names.values())
        ]
        if with_tasks
        else []
    )
    shown = tuple(_source(each, marks, now) for each in sources)
    own = next((mark.get("cursor") or {} for mark in marks if mark["source"] == NATIVE), {})
    waiting = () if profile is None else waiting_notices(store, profile, now=now)
    held = {each.notice_id for each in waiting if each.state is WaitState.HELD}
    return StatusReport(
        at=now,
        log_id=head.log_id,
        lines=head.seq,
        native_tasks=len(folders[Folder.TASKS].names),
        native_cannot_see=CANNOT_SEE,
        foreign_tasks=sum(1 for key in watched if key.startswith("tsk_") and key != JOURNAL_KEY),
        undecided_events=len(folders[Folder.EVENTS].names),
        notices={
            "queued": len(folders[Folder.QUEUE].names) - len(held),
            "held": len(held),
            "dispatched": len(items) - len(in_doubt),
            "pending_external_send": len(in_doubt),
            "blocked": len(blocked),
        },
        oldest_pending_seconds=_oldest(store, folders, items, held, now),
        episodes=tuple(
            sorted((_episode(store, view, threads, shown, now) for view in episodes), key=lambda each: each.due_at)
        ),
        stuck=tuple(_stuck(store, view) for view in (*blocked, *filter(_is_doubtful, in_doubt))),
        targets=tuple(troubled(store, profile.notification, now, hosts)) if profile is not None else (),
        without_promise=sum(each.promise == NO_PROMISE for each in tasks) if with_tasks else None,
        tasks=tuple(tasks),
        sources=shown,
        last_run_at=last_run_at,
        clock_set_at=own.get("clock_set_at"),
        gap=own.get("gap"),
        log_loss=open_loss(store),
        waiting=waiting,
        reviews=open_reviews(store, telling),
    )


def _by_episode(threads: Iterable[View]) -> Mapping[str, list[View]]:
    """Return each episode's threads, in the order of their receivers' names: the same at every look."""
    found: dict[str, list[View]] = {}
    for thread in sorted(threads, key=lambda each: str(each.body["receiver"])):
        found.setdefault(str(thread.body["episode_id"]), []).append(thread)
    return found


def _episode(
    store: Store, view: View, threads: Mapping[str, list[View]], sources: Sequence[WatchedSource], now: datetime
) -> OpenEpisode:
    event = expand(store, view.body["event"])
    payload = event["payload"]
    task = payload.get("task") or {}
    late = int((now - parse_time(payload["due_at"])).total_seconds())
    return OpenEpisode(
        episode_id=view.name.id,
        task_id=event["task_id"],
        agent_id=event["agent_id"],
        title=task.get("title") or "",
        status=task.get("status") or "unknown",
        condition=payload["condition"],
        due_at=payload["due_at"],
        late_by_seconds=max(0, late),
        unknown=_unknown(payload, sources),
        tellings=tuple(telling_of(thread) for thread in threads.get(view.name.id, ())),
    )


def _unknown(payload: Mapping[str, Any], sources: Sequence[WatchedSource]) -> str | None:
    """Return why nobody can say whether an episode still holds: its source cannot be read, and no other shows it."""
    mine = [each for each in sources if each.source == payload["source"]]
    if any(each.unreadable is None and each.instance == payload["instance"] for each in mine):
        return None
    return next((f"its source cannot be read: {each.unreadable}" for each in mine if each.unreadable), None)


def _state_of(view: View) -> DeliveryState:
    """Return an open item's state by the one rule: an attempt under way counts more than an older receipt."""
    body = view.body
    return item_state(ItemHistory(body["item"], list(body["attempts"]), list(body["receipts"])))


def _is_doubtful(view: View) -> bool:
    """Tell whether nobody knows, and nobody else has only still to say."""
    last = last_word(view.body)
    return last is None or last.get("reason") == Reason.IN_DOUBT


def _stuck(store: Store, view: View) -> StuckItem:
    body = expand(store, view.body)
    receipt = (body.get("receipts") or [{}])[-1]
    what = body.get("item") or body.get("notice")
    subject = what["rendered"]["subject"] if "rendered" in what else what["subject"]
    return StuckItem(
        id=view.name.id,
        state=receipt.get("outcome", "unknown"),
        reason=receipt.get("reason") or "",
        target=what.get("target") or what.get("receiver", ""),
        subject=subject or "(text erased)",
    )


def _oldest(
    store: Store, folders: Mapping[Folder, Listing], items: Iterable[View], held: Collection[str], now: datetime
) -> int | None:
    """Return the age in seconds of the oldest notice that is not settled although nothing keeps it back."""
    times = [parse_time(view.body["item"]["dispatched_at"]) for view in items]
    queued = [name for key, name in folders[Folder.QUEUE].names.items() if key not in held]
    if queued:
        first = store.read(min(queued, key=lambda name: (name.due, name.id)))
        if first is not None:
            times.append(parse_time(first.body["notice"]["created_at"]))
    return int((now - min(times)).total_seconds()) if times else None


def _source(source: TaskSource, marks: Sequence[Mapping[str, Any]], now: datetime) -> WatchedSource:
    mine = [mark for mark in marks if mark["source"] == source.name]
    baseline = min((parse_time(mark["baseline_at"]) for mark in mine), default=None)
    reading = read_source(source, now=now, baseline_at=baseline, known=frozenset())
    shown = [mark["baseline_at"] for mark in mine if mark["instance"] == reading.instance]
    return WatchedSource(
        source=source.name,
        instance=None if reading.unreadable else reading.instance,
        unreadable=reading.unreadable,
        tasks=None if reading.unreadable else len(reading.tasks),
        watched_since=min(shown, default=None),
        cannot_see=dict(reading.cannot_see),
    )
