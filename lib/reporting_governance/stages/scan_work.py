"""The part of scan that has something to look at; a tick without it does not even import this."""

from collections.abc import Sequence
from datetime import timedelta

from reporting_governance.adapters.interface import TaskSource
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.heartbeats import move_heartbeats
from reporting_governance.stages.scan_batch import Batch, Tally
from reporting_governance.stages.scan_native import NativeScan
from reporting_governance.stages.scan_report import ScanReport
from reporting_governance.stages.self_change import has_watched_tasks
from reporting_governance.stages.source_marks import own_mark_group
from reporting_governance.stages.watch_mark import OwnMark
from reporting_governance.storage.interface import Listing, Store


def look_at_all(
    store: Store,
    watchdog: Watchdog,
    sources: Sequence[TaskSource],
    clock: Clock,
    *,
    own: OwnMark,
    watch: Listing,
    tasks: Listing,
    refused: str | None = None,
    host: str | None = None,
) -> ScanReport:
    """Put wrong names right, look at every native task that may be due, then read the sources."""
    tally = Tally()
    batch = Batch(store, clock, tally)
    native = NativeScan(store, watchdog, clock, batch, tally, own)
    if own.stepped_ms:
        move_heartbeats(store, tasks, timedelta(milliseconds=own.stepped_ms), clock.now())
    if not own.is_current:
        if own.names_are_wrong:
            native.date_anew(tasks)
            tasks = store.listing(Folder.TASKS)
        # Last, so that a pass that was cut short is done again.
        batch.add(own_mark_group(own, watch, clock.now()))
        batch.flush()
    native.look_at_due(tasks)
    if sources or refused or has_watched_tasks(watch):
        from reporting_governance.stages.scan_sources import SourceScan

        SourceScan(store, watchdog, clock, batch, tally, own, watch, host).look_at(sources, refused=refused)
    return tally.report()
