"""How what becomes of a job stands in the journal: one line for each change, with the job's newest state as its record.

Of the specification's types: enqueued, started, completed (succeeded, or skipped with its reason), failed (`will_retry`
says whether that was the last attempt), skipped_idempotent; what a gate refused is `policy.blocked`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from reporting_governance.contracts.job import Job, JobState
from reporting_governance.contracts.journal_line import Folder, LineType, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.times import FAR_FUTURE, due_name, format_time
from reporting_governance.core.jobs import REQUIRED_ACTION, SETTLED, key_view
from reporting_governance.storage.interface import Addition, View

PREFIX = "job_"


class Refusal(NamedTuple):
    """Why a gate lets a job not be run."""

    required: str
    actual: str
    reason: str


class OpenJob(NamedTuple):
    """A job that is queued or running, and the exact versions that stand for it."""

    job: Job
    name: ViewName
    key: ViewName | None  #: of its key, None when it has none but its own id

    def moved(self, job: Job, seq: int) -> "OpenJob":
        """Return it after line `seq`, which left it open."""
        return OpenJob(job, ViewName(Folder.JOBS, job.job_id, due_of(job), seq), self.key)

    def consumed(self, job: Job) -> tuple[ViewName, ...]:
        """Return the versions that are used up when it becomes `job`: of one that is settled its key's too."""
        return (self.name, self.key) if self.key is not None and job.state in SETTLED else (self.name,)


def open_job(view: View, names: Mapping[str, ViewName]) -> OpenJob | None:
    """Return the job of a view; None when its key is gone from the listing, and it with it."""
    job = job_in(view)
    if job.key == job.job_id:
        return OpenJob(job, view.name, None)
    key = names.get(key_view(job.key))
    return None if key is None else OpenJob(job, view.name, key)


def job_in(view: View) -> Job:
    """Return the job of a view.  Raises ContractError."""
    return Job.parse(view.body["job"], source=str(view.name))


def due_of(job: Job) -> str:
    """Return when a job may be looked at: a queued one when it may start, a running one when its lease is past."""
    if job.lease is not None:
        return due_name(job.lease.until)
    return due_name(job.due_at or job.enqueued_at)


def record_of(job: Job, consumes: tuple[ViewName, ...], *, births_key: bool = False) -> RecordLine:
    """Return the record of a job's newest state."""
    if job.state in SETTLED:
        views = [ViewKey(Folder.PAST, job.job_id, "")]
    else:
        views = [ViewKey(Folder.JOBS, job.job_id, due_of(job))]
    if births_key:
        views.append(ViewKey(Folder.JOBS, key_view(job.key), FAR_FUTURE))
    return RecordLine(
        kind=Job.schema,
        id=job.job_id,
        body=job.dump(),
        parents=() if job.attempts == 0 and job.state is JobState.QUEUED else (job.job_id,),
        consumes=consumes,
        views=tuple(views),
        about=(job.job_id,),
    )


def enqueued_line(job: Job) -> Addition:
    """Return the line of a new job."""
    has_key = job.key != job.job_id
    meta = {"kind": job.kind, "max_attempts": job.max_attempts, **({"key": job.key} if has_key else {})}
    return _line(LineType.JOB_ENQUEUED, job, record_of(job, (), births_key=has_key), None, meta)


def idempotent_line(job: Job) -> Addition:
    """Return the line that says that a job is there already; it changes nothing."""
    reason = f"a job with this key is {job.state.value}"
    return Addition(type=LineType.JOB_SKIPPED_IDEMPOTENT, job_id=job.job_id, reason=reason, meta={"key": job.key})


def started_line(job: Job, consumes: tuple[ViewName, ...]) -> Addition:
    """Return the line of an attempt that begins."""
    assert job.lease is not None
    meta = {"attempt": job.attempts, "max_attempts": job.max_attempts, "host": job.lease.host, "pid": job.lease.pid}
    return _line(LineType.JOB_STARTED, job, record_of(job, consumes), None, meta)


def renewed_line(job: Job, consumes: tuple[ViewName, ...]) -> Addition:
    """Return the line of a lease that begins anew."""
    return _line(LineType.RECORD_ADDED, job, record_of(job, consumes), None, None)


def ended_line(job: Job, consumes: tuple[ViewName, ...]) -> Addition:
    """Return the line of an attempt that is over, or of a job that is cancelled."""
    meta: dict[str, Any] = {"attempt": job.attempts, "state": job.state.value}
    if job.result is not None and "exit_status" in job.result:
        meta["exit_status"] = job.result["exit_status"]
    if job.error is None:
        return _line(LineType.JOB_COMPLETED, job, record_of(job, consumes), job.reason, meta)
    meta["will_retry"] = job.state is JobState.QUEUED
    if job.due_at is not None:
        meta["due_at"] = format_time(job.due_at)
    return _line(LineType.JOB_FAILED, job, record_of(job, consumes), job.error, meta)


def blocked_line(job: Job, consumes: tuple[ViewName, ...], refusal: Refusal) -> Addition:
    """Return the line of a job that a gate refused."""
    meta = {"required": refusal.required, "actual": refusal.actual}
    line = _line(LineType.POLICY_BLOCKED, job, record_of(job, consumes), refusal.reason, meta)
    return line._replace(action=REQUIRED_ACTION)


def _line(kind: LineType, job: Job, record: RecordLine, reason: str | None, meta: Mapping[str, Any] | None) -> Addition:
    return Addition(type=kind, record=record, job_id=job.job_id, reason=reason, meta=meta)
