"""The end of what one receiver is told about one episode.  Shape: thread-close.schema.json."""

from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record


@frozen(kw_only=True)
class ThreadClose(Record):
    """Nothing more is told in this thread."""

    schema: ClassVar[str] = "thread-close"
    thread: str  #: id of the thread
    reason: str
    told: bool  #: whether anybody was ever told
