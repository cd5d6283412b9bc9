"""What a check-in is answered with: what its task owes now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.conditions import Sight, Truth, Verdict, checkpoint_overdue
from reporting_governance.core.promises import counted_check_in
from reporting_governance.core.watch_settings import WatchSettings, settings_for
from reporting_governance.stages.task_version import parse_task


@frozen(kw_only=True)
class Owed:
    """What the agent owes after its check-in."""

    request_id: str | None  #: an open checkpoint request: somebody waits for a check-in now
    asked_at: str | None
    asked_because: str | None  #: why that check-in is asked; a person's words where a person asks
    next_due_at: datetime | None  #: of the next promised check-in; None: nothing is promised
    counted: bool | None  #: whether the last check-in answers the next due time; None: cannot be told
    reason: str


def what_is_owed(body: Mapping[str, Any], watchdog: Watchdog, now: datetime) -> Owed:
    """Return what a task owes, from its view."""
    task = parse_task(body["task"], source="task view")
    settings = settings_for(watchdog, task, source=body["source"])
    verdict = checkpoint_overdue(Sight(task=task), settings, now)
    request = body["request"] or {}
    counted, reason = _counted(task, settings, verdict)
    return Owed(
        request_id=request.get("request_id"),
        asked_at=request.get("asked_at"),
        asked_because=request.get("reason"),
        next_due_at=verdict.due_at,
        counted=counted,
        reason=reason,
    )


def _counted(task: TaskState, settings: WatchSettings, verdict: Verdict) -> tuple[bool | None, str]:
    if verdict.truth is Truth.UNKNOWN:
        return None, verdict.reason
    if verdict.due_at is None:
        return False, verdict.reason
    by_calendar = counted_check_in(task, settings)
    if by_calendar is not None:
        return by_calendar.counted, by_calendar.reason
    return True, "the promise runs anew from the last check-in"
