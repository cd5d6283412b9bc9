"""The intent to send, recorded before anything leaves.  Shape: attempt.schema.json."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record


@frozen(kw_only=True)
class Attempt(Record):
    """Reserves an item until `deadline_at`; past it without a receipt the outcome is unknown.

    The fencing token is the journal seq of its line, which the view's name carries.
    """

    schema: ClassVar[str] = "attempt"
    attempt_id: str
    spool_id: str
    number: int  #: of this item, from 1
    sender: str
    started_at: datetime
    start_by: datetime  #: nothing is sent later than this
    deadline_at: datetime
    host: str
    pid: int
    boot_id: str
    monotonic_ms: int  #: the deadline on the boot's monotonic clock
    request_digest: str  #: SHA-256 of what the sender is given, secrets left out
    rate_limit: Mapping[str, int] | None = None  #: `messages` and `per_seconds` in force, where it counts against one
    target_mark: Mapping[str, Any] | None = None  #: what the sender needs to look later, such as the outbox's size
