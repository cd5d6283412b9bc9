"""scan: what is overdue, silent, lost, gone or well again becomes evidence and events."""

from collections.abc import Sequence

from reporting_governance.adapters.interface import TaskSource
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.scan_native import NativeScan
from reporting_governance.stages.scan_report import Batch, ScanReport, Tally
from reporting_governance.stages.watch_mark import NATIVE_MARK, load_own_mark, own_mark_group
from reporting_governance.storage.interface import Store


def run_scan(store: Store, profile: ProfileSpec, sources: Sequence[TaskSource], *, clock: Clock) -> ScanReport:
    """Look at every task that may be due, and say what changed since it was looked at last.

    Safe to start twice, also at the same time: everything said consumes the exact version it was seen in.

    Args:
        sources: the configured task sources beside our own tasks; all of them, also those that cannot be read now.
    """
    store.ready()
    tally = Tally()
    batch = Batch(store, clock, tally)
    watch = store.listing(Folder.WATCH)
    tasks = store.listing(Folder.TASKS)
    if not tasks.names and not sources and not watch.names.keys() - {NATIVE_MARK}:
        return tally.report()
    own = load_own_mark(store, watch, profile.watchdog, clock)
    native = NativeScan(store, profile.watchdog, clock, batch, tally, own)
    if not own.is_current:
        if own.names_are_wrong:
            native.date_anew(tasks)
            tasks = store.listing(Folder.TASKS)
        # Last, so that a pass that was cut short is done again.
        batch.add(own_mark_group(own, watch, clock.now()))
        batch.flush()
    native.look_at_due(tasks)
    if sources or watch.names.keys() - {NATIVE_MARK}:
        from reporting_governance.stages.scan_sources import SourceScan

        SourceScan(store, profile.watchdog, clock, batch, tally, own, watch).look_at(sources)
    return tally.report()
