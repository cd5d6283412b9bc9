"""jobs run: takes what is due, and what dead runners have left, one job after the other.

Any number of runners may be at work: a beginning consumes the exact version that was read, so of two one is refused.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.job import Job, JobState
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.contracts.times import due_name
from reporting_governance.core.jobs import LEASE_SECONDS
from reporting_governance.errors import ExitCode, GovernanceError
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.job_records import PREFIX, open_job
from reporting_governance.stages.job_steps import Gate, JobSteps
from reporting_governance.stages.shares import give_back, portions
from reporting_governance.storage.interface import Listing, Store

if TYPE_CHECKING:
    from reporting_governance.adapters.jobs.interface import JobHost

_PAUSE_SECONDS = 0.5
_FRESH_SECONDS = 5.0  #: a listing older than this is taken anew before the next job
_KEPT_SECONDS = 10  #: a job that this runner will begin soon is kept so long from the runners of other hosts
_SHORT_JOBS = 16  #: taken at once at most, when those before were over quickly
_FEW = 1_000  #: so many open jobs are looked at whatever their time: a clock that stepped back hides no dead runner


@frozen(kw_only=True)
class JobsRun:
    """What one runner did: each job as it left it, in the order of their ends."""

    ran: tuple[Job, ...]

    @property
    def exit_code(self) -> ExitCode:
        """How the command ends: NO when a job failed for good or was refused, PARTIAL when one waits for a retry."""
        states = set({job.job_id: job.state for job in self.ran}.values())
        if states & {JobState.FAILED, JobState.BLOCKED}:
            return ExitCode.NO
        return ExitCode.PARTIAL if JobState.QUEUED in states else ExitCode.DONE


def run_jobs(
    store: Store,
    host: "JobHost",
    *,
    clock: Clock,
    limit: int,
    stop: Callable[[], bool] = lambda: False,
    pause: Callable[[float], None] | None = None,
    only: str | None = None,
    gate: Gate | None = None,
) -> JobsRun:
    """Run what is due until nothing is, or `limit` attempts were begun, or `stop` says so.

    Args:
        pause: waits for so many seconds; given one, jobs that are not due yet and those of other runners are waited
            for, until none is open.
        only: the id of the one job to run.
        gate: asked about each queued job before it is begun; what it refuses is blocked.

    Raises: Busy, StorageError; then jobs that were begun here are taken over once this process is gone.
    """
    steps = JobSteps(store, host, clock=clock, stop=stop, gate=gate)
    left = limit
    while left > 0 and not stop():
        store.ready()
        listing = store.listing(Folder.JOBS)
        begun = _pass(store, steps, listing, clock, only, stop, left)
        left -= begun
        if begun:
            continue
        if pause is None or not _is_open(listing, only):
            break
        pause(_PAUSE_SECONDS)
    return JobsRun(ran=tuple(steps.ran))


def _pass(
    store: Store,
    steps: JobSteps,
    listing: Listing,
    clock: Clock,
    only: str | None,
    stop: Callable[[], bool],
    limit: int,
) -> int:
    """Go once through what a listing shows; return how many attempts were begun."""
    begun = 0
    ends_at = clock.monotonic() + _FRESH_SECONDS
    try:
        with closing(_names(store, listing, clock, only)) as names:
            for name in names:
                view = store.read(name)
                found = None if view is None else open_job(view, listing.names)
                taken = None if found is None else steps.take(found)
                if taken is not None:
                    begun += 1
                    steps.run(taken)
                if begun == limit or stop() or (begun and clock.monotonic() > ends_at):
                    break
    finally:
        steps.flush()
    return begun


def _names(store: Store, listing: Listing, clock: Clock, only: str | None) -> Generator[ViewName]:
    """Yield what may be taken: our share of what is due, oldest first, then what runs and may have lost its runner.

    The latter is nobody's share: only on the runner's own host it is known at once.  What was not asked for at the end
    is free for others at once.
    """
    if only is not None:
        if only in listing.names:
            yield listing.names[only]
        return
    now = clock.now()
    due = [name for name in listing.due(due_name(now)) if name.id.startswith(PREFIX)]
    for mine in portions(store, due, clock=clock, first=1, most=_SHORT_JOBS, seconds=_KEPT_SECONDS):
        left = iter(mine)
        try:
            yield from left
        finally:
            with suppress(GovernanceError):  # else it is free when its time is over
                give_back(store, list(left), clock)
    yield from _perhaps_left(listing, due, clock)


def _perhaps_left(listing: Listing, due: list[ViewName], clock: Clock) -> Iterator[ViewName]:
    """Yield what is not due and may be running: its lease ends within the time that leases last."""
    from datetime import timedelta

    latest = due_name(clock.now() + timedelta(seconds=LEASE_SECONDS))
    seen = {name.id for name in due}
    waiting = listing.starting(PREFIX, limit=_FEW + 1)
    if len(waiting) > _FEW:
        waiting = [name for name in listing.due(latest) if name.id.startswith(PREFIX)]
    yield from (name for name in waiting if name.id not in seen)


def _is_open(listing: Listing, only: str | None) -> bool:
    if only is not None:
        return only in listing.names
    return bool(listing.starting(PREFIX, limit=1))
