"""bridge: due spool items are handed to their senders, and what that proved is recorded.

Before anything leaves, an attempt stands in the journal; after it, a receipt.  Killed in between, the next run finds an
attempt without a receipt and says so: in doubt.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from reporting_governance.adapters.interface import Sender
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.contracts.times import due_name
from reporting_governance.stages.bridge_report import BridgeReport
from reporting_governance.stages.bridge_run import BridgeRun
from reporting_governance.stages.bridge_ways import in_batches, one_by_one
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.commit_size import COMMIT
from reporting_governance.stages.host import Host
from reporting_governance.stages.sending import Copies, Work
from reporting_governance.stages.shares import give_back, portions
from reporting_governance.storage.interface import Store

if TYPE_CHECKING:
    from reporting_governance.contracts.deployment_profile import ProfileSpec

__all__ = ["BridgeReport", "run_bridge"]


def _never() -> bool:
    return False


def run_bridge(
    store: Store,
    senders: Mapping[str, Sender],
    profile: "ProfileSpec",
    *,
    clock: Clock,
    host: Host,
    limit: int = 10_000,
    max_seconds: float = 50.0,
    parallel: int = 8,
    stop: Callable[[], bool] = _never,
    copies: Copies | None = None,
) -> BridgeReport:
    """Hand due items to their senders.  Safe to start twice: only who recorded the attempt sends.

    Where several hosts share the store each takes a portion at a time, so that they do not all try the same items.

    Args:
        senders: by `receiver/target`; a target that is missing here is gone.
        limit: most sends of this run.
        max_seconds: no send begins that could end later than this after the start.
        parallel: most sends in flight at once.
        stop: asked between sends; when true nothing new begins, and what runs is waited for.
    """
    store.ready()
    run = BridgeRun(
        store=store,
        senders=senders,
        profile=profile,
        clock=clock,
        host=host,
        limit=limit,
        ends_at=clock.monotonic() + max_seconds,
        max_seconds=max_seconds,
        parallel=parallel,
        stop=stop,
        copies=copies,
    )
    while run.goes_on() and _one_pass(run):
        pass
    return run.report()


def _one_pass(run: BridgeRun) -> bool:
    """Go once through what is due; return whether anything changed, so that another pass may find more."""
    spool = run.store.listing(Folder.SPOOL)
    names = [each for each in spool.due(due_name(run.clock.now())) if each not in run.looked_at]
    if not names:
        return False
    before = len(run.items)
    left = run.ends_at - run.clock.monotonic()  # what this run does not get to is not kept from others
    for mine in portions(run.store, names, clock=run.clock, first=2 * run.parallel, most=COMMIT, seconds=left):
        done = len(run.items)
        _one_portion(run, mine)
        if not run.goes_on() or (run.is_late and len(run.items) == done):
            break  # what this run has no time for is left to others, and not taken from them first
    return len(run.items) > before


def _one_portion(run: BridgeRun, names: Sequence[ViewName]) -> None:
    threads = run.threads()
    before = len(run.items)
    alone: list[Work] = []
    for start in range(0, len(names), COMMIT):
        if not run.goes_on():
            break
        works = list(run.load(names[start : start + COMMIT], threads))
        run.settle_unsent(works)
        alone += in_batches(run, works)
    if alone:
        one_by_one(run, alone)
    begun = run.tried.union(each.spool_id for each in run.items[before:])
    give_back(run.store, [each for each in names if each.id not in begun], run.clock)
