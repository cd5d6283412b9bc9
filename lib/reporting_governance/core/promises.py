"""What a task promised: when it owes check-ins, when it made the last one, and what that one counts for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.task_state import TaskState, TaskStatus
from reporting_governance.contracts.watch_settings import Calendar
from reporting_governance.core.verdicts import latest

if TYPE_CHECKING:
    from datetime import datetime

    from reporting_governance.core.calendar_check_ins import Counted
    from reporting_governance.core.watch_settings import WatchSettings


@frozen(kw_only=True)
class Promise:
    """When a task owes check-ins: every so many seconds, or by a calendar; neither: never."""

    every_seconds: int | None
    calendar: Calendar | None
    grace_seconds: int


def promise_of(task: TaskState, settings: WatchSettings) -> Promise:
    """Return what a task owes: its own promise goes before what the settings say of it."""
    own = task.checkpoint
    if own is None:
        return Promise(
            every_seconds=settings.every_seconds, calendar=settings.calendar, grace_seconds=settings.grace_seconds
        )
    calendar = None if own.schedule is None else Calendar(schedule=own.schedule, time_zone=own.time_zone or "")
    grace = settings.grace_seconds if own.grace_seconds is None else own.grace_seconds
    return Promise(every_seconds=own.every_seconds, calendar=calendar, grace_seconds=grace)


def last_check_in(task: TaskState) -> datetime | None:
    """Return when a task last said how it stands; its start and each change of its status say so too."""
    return latest(task.last_checkpoint_at, task.started_at, task.status_changed_at)


def counted_check_in(task: TaskState, settings: WatchSettings) -> Counted | None:
    """Return whether an active task's last check-in counts for a due time of its calendar.

    None: there is no question, since it has no calendar, or owes nothing.
    """
    promise, last = promise_of(task, settings), last_check_in(task)
    if promise.calendar is None or last is None or task.status is not TaskStatus.ACTIVE:
        return None
    from reporting_governance.core.calendar_check_ins import Counted, counted_for
    from reporting_governance.core.calendar_text import WrongCalendar

    try:
        return counted_for(promise.calendar, last, promise.grace_seconds)
    except WrongCalendar as fault:
        return Counted(False, str(fault))
