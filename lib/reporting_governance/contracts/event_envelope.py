"""An observation about a task, in the specification's envelope.  Shape: event-envelope.schema.json."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record


class EventType(StrEnum):
    """What was observed; the payload of each has its schema in the event catalog."""

    TASK_STARTED = "task_started"
    TASK_CHECKPOINT_DUE = "task_checkpoint_due"
    TASK_CHECKPOINT_SENT = "task_checkpoint_sent"
    TASK_STATUS_CHANGED = "task_status_changed"
    TASK_CLAIMED_COMPLETE = "task_claimed_complete"
    TASK_EVIDENCE_ATTACHED = "task_evidence_attached"
    SUBAGENT_SPAWNED = "subagent_spawned"
    SUBAGENT_SPAWN_FAILED = "subagent_spawn_failed"
    SUBAGENT_COMPLETED = "subagent_completed"
    SUBAGENT_RESULT_FORWARDED = "subagent_result_forwarded"
    SUBAGENT_RESULT_NOT_FORWARDED = "subagent_result_not_forwarded"
    SILENCE_TIMEOUT = "silence_timeout"
    WATCHDOG_FIRED = "watchdog_fired"
    OPERATOR_REVIEW_REQUESTED = "operator_review_requested"
    REPORT_ANCHOR_MISSING = "report_anchor_missing"
    FORCED_OPERATOR_UPDATE = "forced_operator_update"


class Phase(StrEnum):
    """Where an episode stands when an event or a notice speaks of it."""

    DUE = "due"  #: the agent owes a check-in; nobody else is told
    FIRING = "firing"
    REPEAT = "repeat"
    RESOLVED = "resolved"
    ESCALATION = "escalation"
    FALLBACK = "fallback"
    REVIEW = "review"


@frozen(kw_only=True)
class OperatorContext(Record):
    """Where the operator of a task can be reached and what they see; all optional."""

    schema: ClassVar[str] = "event-envelope"
    channel: str | None = None
    target: str | None = None
    report_anchor: str | None = None  #: the message the operator sees
    locale: str | None = None
    time_zone: str | None = None


@frozen(kw_only=True)
class Event(Record):
    """One observation.  `payload` of an event that a condition caused holds `condition episode due_at ... phase`."""

    schema: ClassVar[str] = "event-envelope"
    event_id: str
    event_type: EventType
    runtime: str
    adapter_version: str
    agent_id: str
    task_id: str
    correlation_id: str
    timestamp: datetime
    payload: Mapping[str, Any]
    evidence_refs: tuple[Mapping[str, Any], ...]
    operator_context: OperatorContext = field()
