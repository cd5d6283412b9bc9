"""What one runner does to one job: takes it, keeps it while it runs, and records how it ended.

The end of one job and the beginning of the next stand in one commit, which halves what a short job costs.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from reporting_governance.contracts.job import Job, JobState
from reporting_governance.core.jobs import (
    RENEW_SECONDS,
    SETTLED,
    Ended,
    abandoned,
    blocked,
    may_be_seen,
    renewed,
    settled,
    started,
    takeover_reason,
)
from reporting_governance.errors import Busy
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.job_records import (
    OpenJob,
    Refusal,
    blocked_line,
    ended_line,
    renewed_line,
    started_line,
)
from reporting_governance.storage.interface import Added, Group, Store

if TYPE_CHECKING:
    from reporting_governance.adapters.jobs.interface import Attempt, Guard, JobHost

Gate = Callable[[Job], Refusal | None]  #: says why a job may not be run, None when it may

LOOK_SECONDS = 1.0  #: how often a runner looks whether a job that runs is still its own
_TRIES = 3  #: of a commit that others kept waiting; each waits for itself


class Taken(NamedTuple):
    """A job that this runner has begun."""

    open: OpenJob
    guard: "Guard"


class _Unrecorded(NamedTuple):
    """A job whose end is known and not recorded yet."""

    job: Job
    group: Group
    guard: "Guard"


class JobSteps:
    """One runner's steps.  `ran` holds each job as its last attempt here, or its refusal, has left it."""

    def __init__(
        self, store: Store, host: "JobHost", *, clock: Clock, stop: Callable[[], bool], gate: Gate | None
    ) -> None:
        self.ran: list[Job] = []
        self._store = store
        self._host = host
        self._clock = clock
        self._stop = stop
        self._gate = gate
        self._unrecorded: _Unrecorded | None = None
        self._last_seq = 0

    def take(self, found: OpenJob) -> Taken | None:
        """Begin an attempt of a job that is due, or whose runner is gone; None when it is not to be had."""
        now = self._clock.now()
        why = self._why_taken(found.job, now)
        if why is None:
            return None
        refusal = self._gate(found.job) if self._gate is not None and found.job.state is JobState.QUEUED else None
        if refusal is not None:
            self._block(found, refusal, now)
            return None
        guard = self._host.guard(found.job, ended_attempts=self._ended_attempts(found.job))
        if guard is None:
            return None
        group, job = self._begin(found, why, now)
        if not self._commits(group):
            guard.release(is_over=False)
            return None
        if job.state is not JobState.RUNNING:  # it had no attempt left
            guard.release(is_over=True)
            self.ran.append(job)
            return None
        return Taken(found.moved(job, self._last_seq), guard)

    def run(self, taken: Taken) -> None:
        """See an attempt through to its end, which `flush` or the next job's beginning records."""
        current = taken.open
        ended = self._host.begin(current.job, taken.guard)
        if not isinstance(ended, Ended):
            current, end = self._watched(current, ended)
            if end is None:
                self._lost(current, taken.guard)
                return
            ended = end
        job = settled(current.job, ended, self._clock.now())
        group = Group(additions=(ended_line(job, current.consumed(job)),))
        self._unrecorded = _Unrecorded(job, group, taken.guard)

    def flush(self) -> None:
        """Record what is known and not recorded yet.  Raises: Busy, StorageError."""
        if self._unrecorded is not None:
            self._commits(None)

    # -- beginning

    def _why_taken(self, job: Job, now: datetime) -> str | None:
        if job.lease is None:
            return "it is due" if job.due_at is None or job.due_at <= now else None
        here = self._host.place
        is_there = self._host.is_there(job.lease) if may_be_seen(job.lease, here) else None
        return takeover_reason(job.lease, here=here, is_there=is_there, now=now)

    def _ended_attempts(self, job: Job) -> int:
        """Return up to which attempt nothing may be left.  One whose runner lives is not ours to end."""
        lease = job.lease
        if lease is None:
            return job.attempts
        lives = may_be_seen(lease, self._host.place) and self._host.is_there(lease)
        return job.attempts - 1 if lives else job.attempts

    def _begin(self, found: OpenJob, why: str, now: datetime) -> tuple[Group, Job]:
        """Return the group that begins the next attempt, or ends a job of which nobody knows how its last one went."""
        if found.job.lease is None:
            job = started(found.job, self._host.place, now)
            return Group(additions=(started_line(job, found.consumed(job)),)), job
        left = abandoned(found.job, why, now)
        gone = ended_line(left, found.consumed(left))
        if left.state in SETTLED:
            return Group(additions=(gone,)), left
        job = started(left, self._host.place, now)
        return Group(additions=(gone, started_line(job, ()))), job

    def _block(self, found: OpenJob, refusal: Refusal, now: datetime) -> None:
        job = blocked(found.job, refusal.reason, now)
        if self._commits(Group(additions=(blocked_line(job, found.consumed(job), refusal),))):
            self.ran.append(job)

    # -- while it runs

    def _watched(self, current: OpenJob, attempt: "Attempt") -> tuple[OpenJob, Ended | None]:
        """Wait for an attempt and renew its lease; no end when the job is not ours any more."""
        try:
            renew_at = self._clock.monotonic() + RENEW_SECONDS
            while (ended := attempt.wait(LOOK_SECONDS)) is None:
                if self._stop():
                    return current, attempt.stop("its runner was asked to end")
                if self._store.read(current.name) is None:
                    attempt.stop("the job is not this runner's any more")
                    return current, None
                if self._clock.monotonic() >= renew_at:
                    renew_at = self._clock.monotonic() + RENEW_SECONDS
                    current = self._renewed(current)
        except BaseException:
            attempt.stop("its runner broke off")
            raise
        return current, ended

    def _renewed(self, current: OpenJob) -> OpenJob:
        """Renew a lease; where that is refused the next look finds out, and where others wrote, the next renewal."""
        now = self._clock.now()
        job = renewed(current.job, now)
        group = Group(additions=(renewed_line(job, current.consumed(job)),))
        try:
            (answer,) = self._store.commit([group], now=now)
        except Busy:
            return current
        return current.moved(job, answer.seqs[-1]) if isinstance(answer, Added) else current

    def _lost(self, current: OpenJob, guard: "Guard") -> None:
        past = self._store.past(current.job.job_id)
        guard.release(is_over=past is not None)
        if past is not None:
            self.ran.append(Job.parse(past.body["job"]))

    # -- recording

    def _commits(self, group: Group | None) -> bool:
        """Record what is waiting to be recorded, and a group beside it; tell whether that was added."""
        waiting = self._unrecorded
        groups = [each for each in (None if waiting is None else waiting.group, group) if each is not None]
        answers = self._tried(groups)
        if waiting is not None:
            self._unrecorded = None
            if isinstance(answers[0], Added):
                self.ran.append(waiting.job)
                waiting.guard.release(is_over=waiting.job.state in SETTLED)
            else:
                waiting.guard.release(is_over=self._store.past(waiting.job.job_id) is not None)
        last = answers[-1]
        if group is None or not isinstance(last, Added):
            return False
        self._last_seq = last.seqs[-1]
        return True

    def _tried(self, groups: list[Group]) -> list[object]:
        for left in reversed(range(_TRIES)):
            try:
                return list(self._store.commit(groups, now=self._clock.now()))
            except Busy:
                if not left:
                    raise
        raise AssertionError("unreachable")
