"""One watched task as `status` shows it: what it promised, when it owes a check-in, what the last one counts for."""

from datetime import datetime

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.contracts.times import format_time, parse_due
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.check_in_rules import NATIVE
from reporting_governance.core.conditions import Sight, checkpoint_overdue
from reporting_governance.core.promises import counted_check_in, promise_of
from reporting_governance.core.watch_settings import WatchSettings, settings_for
from reporting_governance.stages.task_version import parse_task
from reporting_governance.storage.interface import Store, View, expand

NO_PROMISE = "no promise"
#: What check-ins can never show: condition -> why.
CANNOT_SEE = {
    "owner_dead": "an agent that checks in does not say which process it is",
    "delivery_failed": "an agent that checks in does not say what its host delivered",
}


@frozen(kw_only=True)
class WatchedTask:
    """One task of ours, and what it owes."""

    task_id: str
    agent_id: str
    status: str
    promise: str
    last_check_in_at: str | None
    due_at: str | None  #: when the next check-in is owed, by what the last one counts for; None: none is
    counted: bool | None  #: whether the last check-in counts for a time of the calendar; None: there is no calendar
    counted_because: str | None  #: for which one, or why not
    looked_at_from: str | None  #: no condition can become true before


def _promise(task: TaskState, settings: WatchSettings) -> str:
    """Return what a task owes: its own promise, else what the profile says of it."""
    promise = promise_of(task, settings)
    by = "" if task.checkpoint is not None else ", by the profile"
    if promise.calendar is not None:
        return f"by calendar: {promise.calendar.schedule} ({promise.calendar.time_zone}){by}"
    return NO_PROMISE if promise.every_seconds is None else f"every {promise.every_seconds} s{by}"


def watched_task(store: Store, view: View, watchdog: Watchdog, now: datetime) -> WatchedTask:
    """Return one task of ours, from its view."""
    document = expand(store, view.body["task"])
    task = parse_task(document, source=str(view.name))
    settings = settings_for(watchdog, task, source=NATIVE)
    due_at = checkpoint_overdue(Sight(task=task), settings, now).due_at
    counted = counted_check_in(task, settings)
    due = parse_due(view.name.due)
    return WatchedTask(
        task_id=task.task_id,
        agent_id=task.agent_id,
        status=task.status.value,
        promise=_promise(task, settings),
        last_check_in_at=document.get("last_checkpoint_at"),
        due_at=None if due_at is None else format_time(due_at),
        counted=None if counted is None else counted.counted,
        counted_because=None if counted is None else counted.reason,
        looked_at_from=None if due is None else due.isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
