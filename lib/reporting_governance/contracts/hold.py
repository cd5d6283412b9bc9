"""Why a queued notice is not sent now.  Shape: hold.schema.json."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record


class HoldReason(StrEnum):
    """What keeps a notice back, in the order in which it is asked."""

    INHIBITED = "inhibited"  #: what causes it is open, and told to the same receiver
    MUTED = "muted"  #: by a calendar of the profile
    SILENCED = "silenced"  #: by a person, for a while


@frozen(kw_only=True)
class Hold(Record):
    """A notice waits.  Written when the reason or the cause is another than before, never for going on waiting.

    It settles nothing: the notice stays due in the queue and is judged anew at each run.
    """

    schema: ClassVar[str] = "hold"
    hold_id: str
    notice_id: str
    reason: HoldReason
    cause: str  #: id of the episode or the silence, or the name of the mute time
    held_at: datetime
    until: datetime | None = None  #: as it was known then; None: until the cause is over
