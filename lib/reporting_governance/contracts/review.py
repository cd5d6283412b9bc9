"""A question to a person that a decision asked.  Shape: review.schema.json."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from reporting_governance.contracts.record import Record, free_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Review(Record):
    """Open until somebody approves or rejects it."""

    schema: ClassVar[str] = "review"
    review_id: str
    decision_id: str
    subject: str = free_text()
    question: str = free_text()
    requested_at: datetime
