"""Heartbeats and a clock that people set: what was noted by another clock is put right by whoever sees it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from reporting_governance.core.episodes import is_open
from reporting_governance.core.verdicts import Condition
from reporting_governance.stages.newest import newest_view
from reporting_governance.storage.interface import Listing, Store


def note_heartbeat(store: Store, task: str, at: datetime, now: datetime) -> None:
    """Note that a task was heard; a beat that was handed in late takes nothing back.

    A known time that lies ahead is no reason to leave a true one out: it was noted before the clock was set back.
    """
    known = store.heartbeats([task])[task]
    if known is None or known > now or known < at:
        store.heartbeat(task, at)


def heard_by(store: Store, tasks: Iterable[str], now: datetime) -> Mapping[str, datetime | None]:
    """Return when tasks were last heard.

    What still lies ahead was noted while the clock was wrong and nobody looked.  When it truly was, nobody can say;
    it counts from now on as heard now, so that it hides a silence no longer than any other beat does.
    """
    heard = dict(store.heartbeats(tasks))
    for task, at in heard.items():
        if at is not None and at > now:
            store.heartbeat(task, now)
            heard[task] = now
    return heard


def move_heartbeats(store: Store, tasks: Listing, stepped: timedelta, now: datetime) -> None:
    """Give beats from before the clock was set the times that the clock of now would have given them.

    A beat may also have come after the clock was set and before that was seen: one that does not lie ahead after a step
    back, or would after a step forward, stays.  So does the last one before a silence that is open: dated anew it would
    look like a sign of life.
    """
    forward = stepped > timedelta()
    for task, at in store.heartbeats(tasks.names).items():
        if at is None or at + stepped > now or not (forward or at > now):
            continue
        if not (forward and _is_silent(store, tasks, task)):
            store.heartbeat(task, at + stepped)


def _is_silent(store: Store, tasks: Listing, task: str) -> bool:
    view = newest_view(store, tasks, task)
    return view is not None and is_open(view.body["conditions"].get(Condition.SILENCE_TIMEOUT.value))
