"""The end of what one receiver is told about one episode.  Shape: thread-close.schema.json."""

from dataclasses import dataclass
from typing import ClassVar

from reporting_governance.contracts.record import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadClose(Record):
    """Nothing more is told in this thread."""

    schema: ClassVar[str] = "thread-close"
    thread: str  #: id of the thread
    reason: str
    told: bool  #: whether anybody was ever told
