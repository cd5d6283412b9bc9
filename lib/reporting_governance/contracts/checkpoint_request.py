"""A check-in that a decision asks of an agent.  Shape: checkpoint-request.schema.json."""

from datetime import datetime
from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record, free_text


@frozen(kw_only=True)
class CheckpointRequest(Record):
    """The agent's next contact is answered with it; its next check-in closes it."""

    schema: ClassVar[str] = "checkpoint-request"
    request_id: str
    decision_id: str
    task_key: str
    asked_at: datetime
    reason: str | None = free_text(default=None)  #: why; a person's words where a person asks
