"""A question to a person that a decision asked.  Shape: review.schema.json."""

from datetime import datetime
from typing import ClassVar

from reporting_governance.contracts.decision import DecisionKind
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record, free_text
from reporting_governance.contracts.task_state import TaskStatus


@frozen(kw_only=True)
class Review(Record):
    """Open until somebody approves or rejects it."""

    schema: ClassVar[str] = "review"
    review_id: str
    decision_id: str
    subject: str = free_text()
    question: str = free_text()
    requested_at: datetime
    event_id: str | None = None
    event_type: str | None = None
    policy_id: str | None = None
    decision: DecisionKind | None = None
    task_key: str | None = None
    task_id: str | None = None
    agent_id: str | None = None
    is_ours: bool = False  #: the task checks in with us, so that closing the review changes it
    claimed_status: TaskStatus | None = None  #: what approval gives the task; None: nothing was claimed
    original: str | None = free_text(default=None)  #: what the agent wrote, unchanged
    deadline_at: datetime | None = None
