"""Which power each action stands on, and which action is weaker than which.

`force_checkpoint` is no required action of its own: it is what the decision of that name asks of the runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts.capability import EffectiveCapabilities
from reporting_governance.contracts.decision import ActionKind, DecisionKind
from reporting_governance.contracts.event_envelope import EventType

FORCE_CHECKPOINT = DecisionKind.FORCE_CHECKPOINT.value

QUEUE_ITEMS = "notification_path.queue_items"

#: the power an action stands on; none: it needs none, the record itself is the deed
POWER_OF: Mapping[str, str | None] = {
    ActionKind.REWRITE_MESSAGE: "enforcement.rewrite_message",
    ActionKind.RECORD_PLACEHOLDER: "enforcement.annotate_placeholder",
    ActionKind.SET_STATUS: "enforcement.downgrade_status",
    ActionKind.REQUEST_REVIEW: "enforcement.request_review",
    ActionKind.RAISE_ESCALATION: "enforcement.escalate",
    ActionKind.BLOCK_TRANSITION: "enforcement.block_transition",
    ActionKind.NOTIFY_OPERATOR: QUEUE_ITEMS,
    ActionKind.DISPATCH_MESSAGE: QUEUE_ITEMS,
    ActionKind.EMIT_EVENT: None,
    ActionKind.APPEND_AUDIT_NOTE: None,
    FORCE_CHECKPOINT: "enforcement.force_checkpoint",
}

#: events that a decision can cause; every other one says what somebody else has done or seen
EMITTED: frozenset[str] = frozenset({EventType.FORCED_OPERATOR_UPDATE, EventType.OPERATOR_REVIEW_REQUESTED})

#: strongest first; a fallback stands after what it replaces
STRONGEST_FIRST: tuple[str, ...] = (
    ActionKind.BLOCK_TRANSITION,
    ActionKind.REWRITE_MESSAGE,
    FORCE_CHECKPOINT,
    ActionKind.SET_STATUS,
    ActionKind.RECORD_PLACEHOLDER,
    ActionKind.RAISE_ESCALATION,
    ActionKind.REQUEST_REVIEW,
    ActionKind.DISPATCH_MESSAGE,
    ActionKind.NOTIFY_OPERATOR,
    ActionKind.EMIT_EVENT,
    ActionKind.APPEND_AUDIT_NOTE,
)
_PLACE: Mapping[str, int] = {action: place for place, action in enumerate(STRONGEST_FIRST)}


def is_weaker(fallback: str, wanted: str) -> bool:
    """Whether an action may stand in for another; unknown names may not."""
    return fallback in _PLACE and wanted in _PLACE and _PLACE[fallback] > _PLACE[wanted]


def power_of(action: str, powers: EffectiveCapabilities) -> str | None:
    """Return the power an action stands on where these powers were claimed; none: it needs none, or is unknown."""
    return powers.tied.get(action, POWER_OF.get(action))


def emitted_type(details: Mapping[str, Any] | None) -> str | None:
    """Return the event that an action `emit_event` makes; None: no decision may make the one that it names.

    Without a name it is an update that the operator has to get.
    """
    named = (details or {}).get("event_type", EventType.FORCED_OPERATOR_UPDATE.value)
    return str(named) if named in EMITTED else None
