"""scan: what is overdue, silent, lost, gone or well again becomes evidence and events."""

from collections.abc import Sequence

from reporting_governance.adapters.interface import TaskSource
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.scan_native import scan_native
from reporting_governance.stages.scan_report import Batch, ScanReport, Tally
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
    scan_native(store, profile.watchdog, clock, batch, tally, marks=watch)
    if sources or watch.names:
        from reporting_governance.stages.scan_sources import scan_sources

        scan_sources(store, sources, profile.watchdog, clock, batch, tally, listing=watch)
    return tally.report()
