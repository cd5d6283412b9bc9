"""prune: retire the oldest segments of the journal, and thin out old log checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.times import format_time

if TYPE_CHECKING:
    from reporting_governance.contracts.retention import RetirementPlan
    from reporting_governance.stages.clock import Clock

DENSE_DAYS = 30  #: of log checkpoints that are older the last one of each day stays


class Keeper(Protocol):
    """What takes out of a state what is to be kept no longer."""

    def plan(self, before: datetime) -> RetirementPlan:
        """Return what could be retired of the lines that are older than a time.  Changes nothing."""
        ...

    def finish(self) -> tuple[list[int], int]:
        """Remove what a killed process left of retired segments; return them, and how many blobs went."""
        ...

    def retire(self, before: datetime, *, reason: str, approver: str, now: datetime) -> tuple[RetirementPlan, int, int]:
        """Retire what can be; return the plan, the line that says so (0: none) and how many blobs went."""
        ...

    def log_checkpoints_to_thin(self, before: datetime) -> list[int]:
        """Return the sizes whose log checkpoint another one of the same day stands in for, on days before a time."""
        ...

    def drop_log_checkpoints(self, sizes: Sequence[int]) -> None:
        """Remove log checkpoints."""
        ...


@frozen(kw_only=True)
class PruneReport:
    """What was retired, or would be."""

    before: str  #: lines that are older
    plan: RetirementPlan
    seq: int  #: of the line that says so; 0: nothing was retired, or it is a dry run
    blobs: int  #: long texts and large values that went with the lines
    finished: int  #: segments that an earlier prune had retired and not removed
    log_checkpoints: int  #: signed heads that went: another one of their day stays


def run_prune(
    keeper: Keeper, *, keep: timedelta, reason: str, approver: str, clock: Clock, dry_run: bool = False
) -> PruneReport:
    """Retire whole segments whose lines are all older than `keep`, unless something open has a line there.

    Log checkpoints are thinned first, as long as the lines say of which day they are.

    Raises: StorageError, NotOurState, Busy.
    """
    now = clock.now()
    before = now - keep
    thin = keeper.log_checkpoints_to_thin(now - timedelta(days=DENSE_DAYS))
    if dry_run:
        plan = keeper.plan(before)
        return PruneReport(
            before=format_time(before),
            plan=plan,
            seq=0,
            blobs=len(plan.blobs),
            finished=0,
            log_checkpoints=len(thin),
        )
    finished, old_blobs = keeper.finish()
    keeper.drop_log_checkpoints(thin)
    plan, seq, blobs = keeper.retire(before, reason=reason, approver=approver, now=clock.now())
    return PruneReport(
        before=format_time(before),
        plan=plan,
        seq=seq,
        blobs=blobs + old_blobs,
        finished=len(finished),
        log_checkpoints=len(thin),
    )
