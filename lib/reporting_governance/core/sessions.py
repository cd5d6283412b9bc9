"""Sessions that a gate was asked about.  A gate sees them when they stop, and not in between: they are not watched.

Whether one hangs or is dead is seen by a task source that reads the host's own records, and told once, by that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from reporting_governance.contracts.task_state import TaskState
from reporting_governance.core.conditions import judge, last_sign_of_life
from reporting_governance.core.verdicts import Condition, Sight, Verdict, never
from reporting_governance.core.watch_settings import WatchSettings

#: how long a session that stopped stays among the tasks when nothing more is heard of it
KEPT: Final = timedelta(days=7)
_REASON = "a session is seen when it stops, and not in between"


def is_session(body: Mapping[str, Any], task: TaskState) -> bool:
    """Tell whether a task of ours is a session that promises nothing: one that checks in itself is watched like any."""
    if not (body.get("gate") or {}).get("session"):
        return False
    return task.checkpoint is None and task.deadline_at is None


def judge_ours(body: Mapping[str, Any], sight: Sight, settings: WatchSettings, now: datetime) -> tuple[Verdict, ...]:
    """Return one verdict for each condition of a task of ours; `body` is its view."""
    if is_session(body, sight.task):
        return tuple(never(condition, _REASON, watched=False) for condition in Condition)
    return judge(sight, settings, now)


def kept_until(body: Mapping[str, Any], task: TaskState) -> datetime | None:
    """Return until when a session stays among the tasks; None: the task is none, or the time is not known."""
    seen_at = last_sign_of_life(task) if is_session(body, task) else None
    return None if seen_at is None else seen_at + KEPT
