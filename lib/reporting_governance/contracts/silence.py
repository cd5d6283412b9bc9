"""A person's wish not to be told for a while.  Shape: silence.schema.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from reporting_governance.contracts.record import Record, free_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence(Record):
    """Mutes matching notices from `starts_at` to `ends_at`."""

    schema: ClassVar[str] = "silence"
    silence_id: str
    matcher: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str = free_text(default="")

    def __post_init__(self) -> None:
        if self.ends_at <= self.starts_at:
            raise ValueError("a silence ends after it starts")
