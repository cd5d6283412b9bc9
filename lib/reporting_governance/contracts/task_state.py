"""What a task's source says about it now.  Shape: task-state.schema.json.  No record: the fold of a task's events."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from reporting_governance.contracts.event_envelope import OperatorContext
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record, free_text


class TaskStatus(StrEnum):
    """What a task says of itself.  `in_progress` is read as `active`; vague words are refused."""

    EXPECTED = "expected"
    ACTIVE = "active"
    WAITING_USER = "waiting_user"
    PAUSED = "paused"
    BLOCKED = "blocked"
    PENDING_VERIFICATION = "pending_verification"
    AWAITING_REVIEW = "awaiting_review"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED})


class TaskMode(StrEnum):
    """Whether somebody sees the task's own output."""

    INTERACTIVE = "interactive"
    SILENT = "silent"


@frozen(kw_only=True)
class CheckpointPromise(Record):
    """When a task owes a check-in: every so many seconds, or at a calendar's times in a zone."""

    schema: ClassVar[str] = "task-state"
    every_seconds: int | None = None
    schedule: str | None = None  #: a cron expression or systemd OnCalendar text
    time_zone: str | None = None  #: IANA name; needed with `schedule`
    grace_seconds: int | None = None  #: None: the profile's

    def __post_init__(self) -> None:
        if (self.every_seconds is None) == (self.schedule is None):
            raise ValueError("a checkpoint promise has either every_seconds or schedule")
        if self.every_seconds is not None and self.every_seconds <= 0:
            raise ValueError("every_seconds must be positive")
        if self.grace_seconds is not None and self.grace_seconds < 0:
            raise ValueError("grace_seconds must not be negative")


@frozen(kw_only=True)
class ChildTask(Record):
    """A child that a task started, and what became of its result."""

    schema: ClassVar[str] = "task-state"
    task_id: str
    status: TaskStatus
    spawned_at: datetime | None = None
    finished_at: datetime | None = None
    forwarded_at: datetime | None = None  #: the operator was shown the result
    spawn_failed_at: datetime | None = None
    told_at: datetime | None = None  #: the operator was told that the spawn failed


@frozen(kw_only=True)
class TaskState(Record):
    """One watched task.  `status` is what the task says; what is proven stands in the records."""

    schema: ClassVar[str] = "task-state"
    task_id: str
    agent_id: str
    runtime: str
    status: TaskStatus
    title: str = free_text(default="")
    mode: TaskMode = TaskMode.INTERACTIVE
    started_at: datetime | None = None
    status_changed_at: datetime | None = None
    finished_at: datetime | None = None
    last_checkpoint_at: datetime | None = None
    last_activity_at: datetime | None = None
    last_evidence_at: datetime | None = None
    checkpoint: CheckpointPromise | None = None
    deadline_at: datetime | None = None
    report_anchor: str | None = None
    parent_task_id: str | None = None
    correlation_id: str | None = None
    children: tuple[ChildTask, ...] = ()
    labels: Mapping[str, str] | None = None
    expects_forwarding: bool = False
    operator_context: OperatorContext | None = None
