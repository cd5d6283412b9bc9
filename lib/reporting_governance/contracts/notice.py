"""Something one receiver shall be told.  Shape: notice.schema.json."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.notification_settings import EscalationStep, Until
from reporting_governance.contracts.record import OrderedEnum, Record


class Urgency(OrderedEnum):
    """How soon somebody should look."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@frozen(kw_only=True)
class Rung(Record):
    """Which step of an escalation a notice is."""

    schema: ClassVar[str] = "notice"
    writes_defaults: ClassVar[bool] = True
    step: int  #: from 1, as the ladder lists them
    of: int  #: how many the ladder has
    began_at: datetime  #: what the steps count from: the first telling of the firing, or its first attempt
    until: Until  #: `resolved`: an ack ends neither the step nor the repeats that follow it


@frozen(kw_only=True)
class Notice(Record):
    """One telling of one receiver.

    `thread_key` is what PagerDuty or a chat thread joins on; it is never used to drop a notice.
    Its delivery state is derived from later records and never stored.  Values quoted in its texts are cut short, so
    that they hold nothing that could have been erased elsewhere.
    """

    schema: ClassVar[str] = "notice"
    notice_id: str
    thread_key: str  #: `ids.thread_id` of the episode (or of the event, where there is no episode) and the receiver
    phase: Phase
    number: int  #: of this phase, from 1
    receiver: str  #: a name in the profile
    urgency: Urgency
    subject: str
    body: str
    facts: Mapping[str, Any]  #: what the message is about: task_id, agent_id, condition, due_at ...
    must_reference: tuple[str, ...]
    created_at: datetime
    decision_id: str | None = None  #: the parent, unless the episode or another notice is
    episode_id: str | None = None
    stands_in_for: str | None = None  #: the notice this fallback replaces
    expires_at: datetime | None = None
    route: int | None = None  #: the profile's route that named the receiver, from 1
    ladder: tuple[EscalationStep, ...] = ()  #: the steps as they were when they began; on one firing notice of several
    rung: Rung | None = None  #: of an escalation
