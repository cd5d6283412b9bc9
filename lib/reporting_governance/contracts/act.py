"""What a person did.  Shape: act.schema.json."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record, free_text


class ActKind(StrEnum):
    """What a person can do."""

    ACK = "ack"
    UNACK = "unack"
    RETRY = "retry"
    CANCEL = "cancel"
    APPROVE = "approve"
    REJECT = "reject"
    SILENCE_END = "silence_end"


@frozen(kw_only=True)
class Act(Record):
    """One act of a person on a subject: an episode, notice, item, review, silence or job."""

    schema: ClassVar[str] = "act"
    act_id: str  #: random
    what: ActKind
    subject: str
    actor: str  #: who did it: the operating system's name, or, where somebody vouches for it, an address
    acted_at: datetime
    vouched_by: str | None = None  #: who says that it was the actor, and on what ground; None: the operating system
    comment: str = free_text(default="")
