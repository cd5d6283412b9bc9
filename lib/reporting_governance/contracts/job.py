"""One run of our own.  Shape: job.schema.json."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record

MOST_ATTEMPTS = 100  #: that anybody may ask for
LONGEST_DEADLINE_SECONDS = 7 * 24 * 3600  #: of one attempt


class JobState(StrEnum):
    """Where a job stands; the specification's six words."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    BLOCKED = "blocked"
    SKIPPED = "skipped"


@frozen(kw_only=True)
class Lease(Record):
    """Who runs a job, and until when."""

    schema: ClassVar[str] = "job"
    host: str
    pid: int
    boot_id: str
    until: datetime
    start_ticks: int | None = None  #: of the process, since boot; None where the system does not say
    pid_namespace: int | None = None  #: that `pid` counts in; None where there are none


@frozen(kw_only=True)
class Job(Record):
    """A job and its newest state."""

    schema: ClassVar[str] = "job"
    job_id: str
    key: str
    kind: str
    arguments: tuple[str, ...]
    state: JobState
    attempts: int
    max_attempts: int
    enqueued_at: datetime
    changed_at: datetime
    due_at: datetime | None = None  #: of a queued job: not to be started before
    deadline_seconds: int | None = None  #: of one attempt
    folder: str | None = None  #: where it runs
    lease: Lease | None = None
    result: Mapping[str, Any] | None = None
    error: str | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        if (self.lease is not None) is not (self.state is JobState.RUNNING):
            raise ValueError("a job has a lease while it is running, and only then")
        if not 1 <= self.max_attempts <= MOST_ATTEMPTS:
            raise ValueError(f"max_attempts is between 1 and {MOST_ATTEMPTS}")
        if not 0 <= self.attempts <= self.max_attempts:
            raise ValueError("attempts is between 0 and max_attempts")
        if self.due_at is not None and self.state is not JobState.QUEUED:
            raise ValueError("only a queued job is due")
