"""How closely one task is watched: the profile's thresholds, after the first selector that matches the task."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.contracts.watch_settings import Calendar, Selector, StatusLimits, Watchdog
from reporting_governance.core.routing import matches


@frozen(kw_only=True)
class WatchSettings:
    """The thresholds in force for one task; whole seconds, None: not watched."""

    every_seconds: int | None = None
    calendar: Calendar | None = None
    grace_seconds: int = 300
    silence_seconds: int | None = 1800
    start_grace_seconds: int = 900
    forward_within_seconds: int = 600
    verify_within_seconds: int = 3600
    limits: Mapping[str, int | None] = field(default_factory=dict)  #: by status: how long a task may stay so


def settings_for(watchdog: Watchdog, task: TaskState, *, source: str) -> WatchSettings:
    """Return the thresholds for a task.  What the task itself promised goes before them; see `conditions`.

    Args:
        source: the name of the task source that saw it; a selector may match on it.
    """
    if not watchdog.selectors:
        return _settings(watchdog, None)
    facts = {
        "task_id": task.task_id,
        "agent_id": task.agent_id,
        "runtime": task.runtime,
        "title": task.title,
        "mode": task.mode.value,
        "source": source,
        "labels": task.labels or {},
    }
    for selector in watchdog.selectors:
        if matches(facts, selector.match):
            return _settings(watchdog, selector)
    return _settings(watchdog, None)


def _settings(watchdog: Watchdog, selector: Selector | None) -> WatchSettings:
    every, calendar = watchdog.every_seconds, watchdog.calendar
    if selector is not None and (selector.every_seconds is not None or selector.calendar is not None):
        every, calendar = selector.every_seconds or None, selector.calendar  # 0 says: no promise
    return WatchSettings(
        every_seconds=every,
        calendar=calendar,
        grace_seconds=_chosen(watchdog, selector, "grace_seconds"),
        silence_seconds=_chosen(watchdog, selector, "silence_seconds"),
        start_grace_seconds=_chosen(watchdog, selector, "start_grace_seconds"),
        forward_within_seconds=_chosen(watchdog, selector, "forward_within_seconds"),
        verify_within_seconds=_chosen(watchdog, selector, "verify_within_seconds"),
        limits=_limits(watchdog.limits, selector),
    )


def _chosen(watchdog: Watchdog, selector: Selector | None, name: str) -> Any:
    own = None if selector is None else getattr(selector, name)
    return getattr(watchdog, name) if own is None else own


def _limits(limits: StatusLimits, selector: Selector | None) -> Mapping[str, int | None]:
    own = selector.limits if selector is not None else None
    return {
        name: getattr(limits, name) if own is None or getattr(own, name) is None else getattr(own, name)
        for name in ("waiting_user", "paused", "blocked")
    }
