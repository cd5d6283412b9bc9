"""What was decided about one event, and what the runtime can carry out of it.

Shapes: schemas/reporting-governance/decision.schema.json and decision-record-artifact.schema.json.
The names are those of the specification and must not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import OrderedEnum, Record, free_text
from reporting_governance.contracts.times import parse_time

IMMEDIATE = "immediate"  #: the deadline of a notice that must leave with the next run


class DecisionKind(StrEnum):
    """What happens to the event that was judged.  Which one wins over which: core/policy_evaluator.py."""

    ALLOW = "allow"
    REWRITE = "rewrite"
    BLOCK = "block"
    REQUIRE_REVIEW = "require_review"
    FORCE_CHECKPOINT = "force_checkpoint"
    ESCALATE = "escalate"
    DOWNGRADE_STATUS = "downgrade_status"
    ANNOTATE_PLACEHOLDER = "annotate_placeholder"


class Severity(OrderedEnum):
    """How much it matters; also the urgency of a notice."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class SuggestedStatus(StrEnum):
    """The status a task should have after a decision."""

    IN_PROGRESS = "in_progress"
    PENDING_VERIFICATION = "pending_verification"
    BLOCKED = "blocked"
    FAILED = "failed"
    AWAITING_REVIEW = "awaiting_review"
    COMPLETED = "completed"


class ActionKind(StrEnum):
    """What a decision may require to be done."""

    NOTIFY_OPERATOR = "notify_operator"
    EMIT_EVENT = "emit_event"
    APPEND_AUDIT_NOTE = "append_audit_note"
    REWRITE_MESSAGE = "rewrite_message"
    SET_STATUS = "set_status"
    BLOCK_TRANSITION = "block_transition"
    RECORD_PLACEHOLDER = "record_placeholder"
    REQUEST_REVIEW = "request_review"
    RAISE_ESCALATION = "raise_escalation"
    DISPATCH_MESSAGE = "dispatch_message"


class ActionTarget(StrEnum):
    """What a required action acts on."""

    OPERATOR_CHANNEL = "operator_channel"
    EVENT_STREAM = "event_stream"
    TASK_RECORD = "task_record"
    OUTGOING_REPORT = "outgoing_report"
    STATUS_TRANSITION = "status_transition"
    DISPATCH_GATE = "dispatch_gate"


@frozen(kw_only=True)
class RequiredAction(Record):
    """One thing to do, in the order it is listed."""

    action: ActionKind
    target: ActionTarget
    mandatory: bool
    details: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class OperatorNotice(Record):
    """What the operator has to be told.  Who that is, the profile's routes say."""

    required: bool
    channel: str
    urgency: Severity
    message: str | None  #: one line; the notice record carries the whole text
    must_reference: tuple[str, ...]  #: event types that the text has to name
    deadline: str | None  #: `immediate`, an RFC 3339 time, or none

    def __post_init__(self) -> None:
        if self.deadline is not None and self.deadline != IMMEDIATE:
            parse_time(self.deadline)


@frozen(kw_only=True)
class Decision(Record):
    """Exactly eight keys.  When it rewrites or annotates, the original wording stays in the decision record."""

    schema: ClassVar[str] = "decision"

    decision: DecisionKind
    policy_id: str  #: the rule that decided, or `default.allow`, `default.resolved`, `default.caused`
    severity: Severity
    reason: str
    rewritten_message: str | None = free_text()
    suggested_status: SuggestedStatus | None
    required_actions: tuple[RequiredAction, ...]
    operator_notice: OperatorNotice | None

    def __post_init__(self) -> None:
        if not self.policy_id:
            raise ValueError("policy_id is empty")
        if not self.reason:
            raise ValueError("reason is empty")

    def notifies(self) -> bool:
        """Whether the operator has to be told."""
        return self.operator_notice is not None and self.operator_notice.required


class Truth(StrEnum):
    """How a rule or a leaf turned out.  Unknown never satisfies a rule, and never its negation."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


@frozen(kw_only=True)
class LeafValue(Record):
    """One fact that a rule looked at."""

    fact: str
    operator: str
    truth: Truth
    value: Any  #: the fact's value in JSON; long text and long lists are cut; null when unknown
    wanted: Any = None  #: what it was compared with, as the rule has it; none in records of before it was kept
    reason: str | None = None  #: why the leaf is unknown


@frozen(kw_only=True)
class Evaluation(Record):
    """How one rule turned out on one event, with what stood behind it."""

    rule_id: str
    truth: Truth
    leaves: tuple[LeafValue, ...]
    outcome: DecisionKind | None = None  #: what the rule asked for: its decision, or its `on_unknown`
    reason: str | None = None  #: why the rule is unknown


class ReceiptStatus(StrEnum):
    """How much of a decision can be carried out."""

    PLANNED = "planned"
    ACKED = "acked"
    BLOCKED = "blocked"
    DEGRADED = "degraded"
    FAILED = "failed"


class DecisionDeliveryState(StrEnum):
    """How far the consequences of a decision have come."""

    PREPARED = "prepared"
    QUEUED = "queued"
    DISPATCHED = "dispatched"
    PENDING_EXTERNAL_SEND = "pending_external_send"
    ACKED = "acked"
    BLOCKED = "blocked"
    FAILED = "failed"
    PARTIAL = "partial"


#: which delivery states each status allows; anything else is refused
ALLOWED_DELIVERY_STATES: Mapping[ReceiptStatus, frozenset[DecisionDeliveryState]] = {
    ReceiptStatus.PLANNED: frozenset(
        {
            DecisionDeliveryState.PREPARED,
            DecisionDeliveryState.QUEUED,
            DecisionDeliveryState.DISPATCHED,
            DecisionDeliveryState.PENDING_EXTERNAL_SEND,
            DecisionDeliveryState.PARTIAL,
        }
    ),
    ReceiptStatus.ACKED: frozenset({DecisionDeliveryState.ACKED}),
    ReceiptStatus.BLOCKED: frozenset({DecisionDeliveryState.BLOCKED}),
    ReceiptStatus.DEGRADED: frozenset(
        {DecisionDeliveryState.PARTIAL, DecisionDeliveryState.FAILED, DecisionDeliveryState.BLOCKED}
    ),
    ReceiptStatus.FAILED: frozenset({DecisionDeliveryState.FAILED}),
}


@frozen(kw_only=True)
class DecisionReceipt(Record):
    """What became of a decision when it was planned.  Not a delivery receipt: nothing is sent yet."""

    policy_id: str
    decision: DecisionKind
    status: ReceiptStatus
    delivery_state: DecisionDeliveryState
    enforcement_intent: tuple[Mapping[str, Any], ...]  #: each: action, mandatory, and what it stands on
    blocked_actions: tuple[Mapping[str, Any], ...]  #: each: action, mandatory, reason
    operator_notice_required: bool
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.delivery_state not in ALLOWED_DELIVERY_STATES[self.status]:
            raise ValueError(f"status {self.status} does not allow delivery state {self.delivery_state}")
        if self.delivery_state is DecisionDeliveryState.PARTIAL and not (
            self.blocked_actions and self.enforcement_intent
        ):
            raise ValueError("partial needs both blocked_actions and enforcement_intent")
        for field_name in ("enforcement_intent", "blocked_actions"):
            for each in getattr(self, field_name):
                if not isinstance(each.get("action"), str) or not isinstance(each.get("mandatory"), bool):
                    raise ValueError(f"every item of {field_name} needs action and mandatory")
