"""scan: what is overdue, silent, lost, gone or well again becomes evidence and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import due_name
from reporting_governance.stages.scan_report import ScanReport
from reporting_governance.stages.self_change import has_watched_tasks
from reporting_governance.stages.watch_mark import load_own_mark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reporting_governance.adapters.interface import TaskSource
    from reporting_governance.contracts.watch_settings import Watchdog
    from reporting_governance.stages.clock import Clock
    from reporting_governance.stages.watch_mark import Gap, Timing
    from reporting_governance.storage.interface import Store


class Thresholds(Protocol):
    """What scan reads of a profile."""

    @property
    def watchdog(self) -> Watchdog:
        """When a task is late."""
        ...


def run_scan(
    store: Store,
    profile: Thresholds,
    sources: Sequence[TaskSource],
    *,
    clock: Clock,
    refused: str | None = None,
    timing: Timing | None = None,
    last_scan_at: datetime | None = None,
    boot_id: str | None = None,
    host: str | None = None,
    away: Gap | None = None,
) -> ScanReport:
    """Look at every task that may be due, and say what changed since it was looked at last.

    Safe to start twice, also at the same time: everything said consumes the exact version it was seen in.

    Args:
        sources: the configured task sources beside our own tasks; all of them, also those that cannot be read now.
        refused: why the profile that was asked for is not in force; then `profile` is the last good one, by which an
            episode about ourselves is told.
        timing: what a tick with nothing due needs of the thresholds, where that is cheaper to get than all of them.
        last_scan_at: when the last scan was made, so that a time in which nobody watched is seen; None: not known.
        boot_id: of this host's boot, where other hosts share the store: their uptimes tell nothing about its clock.
        host: the name of this host, where others share the store: what they see they end themselves.
        away: when this host was away last, while others may have watched: what only it sees waits for one grace.
    """
    store.ready()
    watch = store.listing(Folder.WATCH)
    tasks = store.listing(Folder.TASKS)
    is_alone = not sources and not refused and not has_watched_tasks(watch)
    if is_alone and not tasks.names:
        return ScanReport()
    own = load_own_mark(store, watch, timing or profile.watchdog, clock, last_scan_at=last_scan_at, boot_id=boot_id)
    if is_alone and own.is_current and not tasks.is_any_due(due_name(clock.now())):
        return ScanReport()
    from reporting_governance.stages.scan_work import look_at_all

    return look_at_all(
        store,
        profile.watchdog,
        sources,
        clock,
        own=own._replace(away=away),
        watch=watch,
        tasks=tasks,
        refused=refused,
        host=host,
    )
