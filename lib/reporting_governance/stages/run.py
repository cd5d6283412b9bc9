"""run: the whole chain in order.  What has nothing to do is not even imported."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import due_name
from reporting_governance.stages.clock import Clock
from reporting_governance.storage.interface import Store

if TYPE_CHECKING:
    from reporting_governance.stages.bridge import BridgeReport
    from reporting_governance.stages.bridge_due import DueItem
    from reporting_governance.stages.dispatch import DispatchReport
    from reporting_governance.stages.enqueue import EnqueueReport
    from reporting_governance.stages.inbox_report import InboxReport
    from reporting_governance.stages.scan_report import ScanReport


class Steps(NamedTuple):
    """The stages, with everything but the order bound; each is called only when its folder has something due."""

    inbox: "Callable[[], InboxReport | None]"  #: None: nothing was dropped
    scan: "Callable[[], ScanReport]"
    enqueue: "Callable[[], EnqueueReport]"
    dispatch: "Callable[[], DispatchReport]"
    bridge: "Callable[[], BridgeReport | tuple[DueItem, ...]]"  #: a dry run only lists what is due
    self_watch: "Callable[[], object] | None" = None  #: what is said about the telling itself


class RunReport(NamedTuple):
    """What each stage did; None for a stage that had nothing due."""

    inbox: "InboxReport | None"
    scan: "ScanReport"
    enqueue: "EnqueueReport | None"
    dispatch: "DispatchReport | None"
    bridge: "BridgeReport | tuple[DueItem, ...] | None"


def run_chain(store: Store, steps: Steps, *, clock: Clock, stop: Callable[[], bool]) -> RunReport:
    """Take the inbox in, scan, enqueue, dispatch, bridge.

    Args:
        stop: asked between stages; once true, later stages are left to the next run.
    """
    inbox = steps.inbox()
    scan = steps.scan()
    if steps.self_watch is not None and not stop():
        steps.self_watch()
    enqueue = dispatch = bridge = None
    if not stop() and (_due(store, Folder.EVENTS, clock) or _due(store, Folder.EPISODES, clock)):
        enqueue = steps.enqueue()
    if not stop() and (_due(store, Folder.QUEUE, clock) or _due(store, Folder.SILENCES, clock)):
        dispatch = steps.dispatch()
    if not stop() and _due(store, Folder.SPOOL, clock):
        bridge = steps.bridge()
    return RunReport(inbox=inbox, scan=scan, enqueue=enqueue, dispatch=dispatch, bridge=bridge)


def _due(store: Store, folder: Folder, clock: Clock) -> bool:
    return store.listing(folder).is_any_due(due_name(clock.now()))
