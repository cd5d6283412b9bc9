"""One run of our own.  Shape: job.schema.json."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record


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
    changed_at: datetime
    lease: Lease | None = None
    result: Mapping[str, Any] | None = None
    error: str | None = None
