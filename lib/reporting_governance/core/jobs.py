"""What may become of a job: pure, so that every back end and every runner decides alike.

queued -> running -> succeeded | failed | skipped | queued again, for another attempt
queued -> blocked (a gate refused) | skipped (cancelled)
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.ids import derive_id
from reporting_governance.contracts.job import Job, JobState, Lease
from reporting_governance.core.job_kinds import is_final

REQUIRED_ACTION: Final = "orchestration.run"  #: what somebody has to be allowed who enqueues, runs or cancels jobs
DEFAULT_ATTEMPTS: Final = 3
DEFAULT_DEADLINE_SECONDS: Final = 3600
LEASE_SECONDS: Final = 120  #: how long a job is a runner's without a word from it
RENEW_SECONDS: Final = 40  #: a third: a lease outlives two renewals that did not come through
FIRST_WAIT_SECONDS: Final = 10
LONGEST_WAIT_SECONDS: Final = 360
CANCELLED: Final = "cancelled"
SETTLED: Final = frozenset((JobState.SUCCEEDED, JobState.FAILED, JobState.BLOCKED, JobState.SKIPPED))
TRANSITIONS: Final[Mapping[JobState, frozenset[JobState]]] = {
    JobState.QUEUED: frozenset((JobState.RUNNING, JobState.BLOCKED, JobState.SKIPPED)),
    JobState.RUNNING: frozenset((JobState.QUEUED, *SETTLED)),
    **dict.fromkeys(SETTLED, frozenset()),
}


class NotAllowed(ValueError):
    """A transition that there is none of: the caller's fault."""


class Place(NamedTuple):
    """A process, as another one recognises it."""

    host: str
    boot_id: str
    pid: int
    start_ticks: int | None = None
    pid_namespace: int | None = None
    is_among_others: bool = False  #: other hosts share the jobs, and one of them may have the same name

    def lease(self, until: datetime) -> Lease:
        """Return the lease of this process."""
        return Lease(
            host=self.host,
            pid=self.pid,
            boot_id=self.boot_id,
            until=until,
            start_ticks=self.start_ticks,
            pid_namespace=self.pid_namespace,
        )


@frozen(kw_only=True)
class Ended:
    """How one attempt ended."""

    exit_status: int | None = None  #: of the program; None when it has none
    error: str | None = None  #: why the attempt failed; None when it did not
    skipped: str | None = None  #: why there was nothing to do; then nothing was started
    result: Mapping[str, Any] | None = None


def retry_wait_seconds(attempts: int) -> int:
    """Return how long a job waits after its `attempts`-th attempt failed: 10, 20, 40 ... at most 360 seconds.

    Raises: ValueError for less than one attempt.
    Source: Kubernetes, "Pod backoff failure policy" of a Job: 10 s, doubled each time, capped at six minutes.
    """
    if attempts < 1:
        raise ValueError(f"attempts must be at least 1, got {attempts}")
    doublings = min(attempts - 1, LONGEST_WAIT_SECONDS.bit_length())  # beyond, the cap holds anyway
    return min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS << doublings)


def started(job: Job, place: Place, now: datetime) -> Job:
    """Return the job as it is once a runner has taken it: one more attempt."""
    lease = place.lease(now + timedelta(seconds=LEASE_SECONDS))
    return _become(job, JobState.RUNNING, now, attempts=job.attempts + 1, lease=lease)


def renewed(job: Job, now: datetime) -> Job:
    """Return a running job with a lease that begins anew."""
    if job.lease is None:
        raise NotAllowed(f"{job.job_id} has no lease")
    return replace(job, lease=replace(job.lease, until=now + timedelta(seconds=LEASE_SECONDS)))


def settled(job: Job, ended: Ended, now: datetime) -> Job:
    """Return a running job as the end of its attempt leaves it."""
    if ended.skipped is not None:
        return _become(job, JobState.SKIPPED, now, reason=ended.skipped, result=ended.result)
    if ended.error is None:
        return _become(job, JobState.SUCCEEDED, now, result=ended.result)
    final = ended.exit_status is not None and is_final(job.kind, ended.exit_status)
    if final or job.attempts >= job.max_attempts:
        return _become(job, JobState.FAILED, now, error=ended.error, result=ended.result)
    due_at = now + timedelta(seconds=retry_wait_seconds(job.attempts))
    return _become(job, JobState.QUEUED, now, error=ended.error, result=ended.result, due_at=due_at)


def abandoned(job: Job, why: str, now: datetime) -> Job:
    """Return a running job whose runner is gone: queued and due at once while it has attempts left, else failed."""
    if job.attempts >= job.max_attempts:
        return _become(job, JobState.FAILED, now, error=why)
    return _become(job, JobState.QUEUED, now, error=why, due_at=now)


def cancelled(job: Job, now: datetime) -> Job:
    """Return a job that is not wanted any more."""
    return _become(job, JobState.SKIPPED, now, reason=CANCELLED)


def blocked(job: Job, why: str, now: datetime) -> Job:
    """Return a job that a gate refused."""
    return _become(job, JobState.BLOCKED, now, reason=why)


def takeover_reason(lease: Lease, *, here: Place, is_there: bool | None, now: datetime) -> str | None:
    """Return why a running job may be taken over, None while it is its runner's.

    Args:
        here: this process.
        is_there: whether the lease's process is there, by its id and its start; None: cannot be seen from here.
    """
    if lease.host == here.host and lease.boot_id != here.boot_id and not here.is_among_others:
        return "its runner's host was started anew"
    if may_be_seen(lease, here) and is_there is False:
        return "its runner is gone"
    return "its lease is past" if now >= lease.until else None


def may_be_seen(lease: Lease, here: Place) -> bool:
    """Tell whether the process ids of a lease mean anything here: the same host, boot and namespace."""
    same_boot = lease.host == here.host and lease.boot_id == here.boot_id
    return same_boot and lease.pid_namespace == here.pid_namespace


def key_view(key: str) -> str:
    """Return the id of the view that holds a key while a job with it is queued or running."""
    return derive_id("jky", key)


def _become(job: Job, state: JobState, now: datetime, **changes: Any) -> Job:
    if state not in TRANSITIONS[job.state]:
        raise NotAllowed(f"{job.job_id}: from {job.state.value} to {state.value}")
    fresh: dict[str, Any] = {"lease": None, "due_at": None, "error": None, "result": None, "reason": None}
    return replace(job, state=state, changed_at=now, **(fresh | changes))
