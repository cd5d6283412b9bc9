"""From a decision to a plan: the strongest way this runtime can honestly carry out each action.

A gap is never hidden: what was wanted and cannot be done stands in the receipt, beside what is done instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from reporting_governance.contracts.capability import (
    EffectiveCapabilities,
    PlannedAction,
    PowerReason,
    SupportLevel,
)
from reporting_governance.contracts.decision import (
    ActionKind,
    Decision,
    DecisionDeliveryState,
    DecisionKind,
    DecisionReceipt,
    ReceiptStatus,
    RequiredAction,
)
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.actions import (
    FORCE_CHECKPOINT,
    POWER_OF,
    QUEUE_ITEMS,
    emitted_type,
    is_weaker,
    power_of,
)


class PlannedPath(StrEnum):
    """How a decision is carried out, strongest first."""

    INLINE_BLOCK = "inline_block"
    STATUS_DOWNGRADE_AND_REVIEW = "status_downgrade_and_review"
    BRIDGE_MEDIATED_SEND = "bridge_mediated_send"
    QUEUE_ONLY_NOTICE = "queue_only_notice"
    BLOCKED_WITH_GAP = "blocked_with_gap"
    RECORD_ONLY = "record_only"  #: nothing but records was asked for


#: actions that are carried out by notices to the operator
_TELLING: frozenset[str | None] = frozenset({ActionKind.NOTIFY_OPERATOR, ActionKind.RAISE_ESCALATION})


@frozen
class Plan:
    """What is done about a decision on this runtime."""

    actions: tuple[PlannedAction, ...]
    path: PlannedPath
    tell_operator: bool  #: a notice for each receiver of the profile's routes
    request_checkpoint: bool  #: the agent is asked at its next contact
    receipt: DecisionReceipt

    def dump(self) -> dict[str, Any]:
        """Return the path that was taken, and what is done about each action that was wanted, as plain JSON data."""
        return {"path": self.path.value, "actions": [_dump_action(each) for each in self.actions]}


def _dump_action(planned: PlannedAction) -> dict[str, Any]:
    return {
        "wanted": planned.wanted,
        "action": planned.action,
        "mandatory": planned.mandatory,
        "power": planned.power,
        "level": planned.level.value,
        "reason": planned.reason,
    }


def plan_action(
    wanted: str, powers: EffectiveCapabilities, *, mandatory: bool = True, fallbacks: Sequence[str] | None = None
) -> PlannedAction:
    """Choose the action itself, or the first fallback that this runtime can honestly carry out.

    Args:
        wanted: an action, or `force_checkpoint`.
        fallbacks: what may stand in, in order; none takes the profile's.  One that is not weaker is passed over.
    """
    standing_in = powers.fallbacks.get(wanted, ()) if fallbacks is None else fallbacks
    reason = None
    for candidate in (wanted, *standing_in):
        if candidate != wanted and not is_weaker(candidate, wanted):
            continue
        power = power_of(candidate, powers)
        level = _level(candidate, power, powers)
        if level is not SupportLevel.NONE:
            return _planned(wanted, candidate, mandatory, power, level, reason)
        reason = reason or _why_not(power, powers)
    return _planned(wanted, None, mandatory, power_of(wanted, powers), SupportLevel.NONE, reason)


def _level(action: str, power: str | None, powers: EffectiveCapabilities) -> SupportLevel:
    if power is None:  # a record is its own deed; an unknown action is none
        return SupportLevel.FULL if action in POWER_OF else SupportLevel.NONE
    return powers.support(power)


def _planned(
    wanted: str, action: str | None, mandatory: bool, power: str | None, level: SupportLevel, reason: str | None = None
) -> PlannedAction:
    return PlannedAction(wanted=wanted, action=action, mandatory=mandatory, power=power, level=level, reason=reason)


def _why_not(power: str | None, powers: EffectiveCapabilities) -> str:
    known = None if power is None else powers.powers.get(power)
    return f"{power or 'no power'}: {PowerReason.NOT_DECLARED if known is None else known.reason}"


def plan_decision(decision: Decision, powers: EffectiveCapabilities) -> Plan:
    """Return what is done about a decision.

    Nothing is sent yet when this is planned, so the receipt is planned, degraded or blocked, never acked.
    """
    wanted: list[tuple[str, bool, RequiredAction | None]] = [
        (each.action.value, each.mandatory, each) for each in decision.required_actions
    ]
    if decision.notifies() and all(name != ActionKind.NOTIFY_OPERATOR for name, _, _ in wanted):
        wanted.append((ActionKind.NOTIFY_OPERATOR.value, True, None))
    planned = [_plan(name, mandatory, source, powers) for name, mandatory, source in wanted]
    sources = [source for _, _, source in wanted]
    if decision.decision is DecisionKind.FORCE_CHECKPOINT:
        # A notice may stand in only where the decision tells the operator at all: what is due is the agent's business.
        instead = None if decision.notifies() else ()
        planned.insert(0, plan_action(FORCE_CHECKPOINT, powers, fallbacks=instead))
        sources.insert(0, None)
    done = {each.action for each in planned}
    tell = bool(done & _TELLING)
    receipt = _receipt(decision, powers, planned, sources, tell=tell)
    return Plan(tuple(planned), _path(done, powers), tell, FORCE_CHECKPOINT in done, receipt)


def _plan(name: str, mandatory: bool, source: RequiredAction | None, powers: EffectiveCapabilities) -> PlannedAction:
    if name == ActionKind.EMIT_EVENT and source is not None and emitted_type(source.details) is None:
        named = (source.details or {}).get("event_type")
        return _planned(name, None, mandatory, None, SupportLevel.NONE, f"no decision can make the event {named}")
    return plan_action(name, powers, mandatory=mandatory)


def _path(done: set[str | None], powers: EffectiveCapabilities) -> PlannedPath:
    if ActionKind.BLOCK_TRANSITION in done:
        return PlannedPath.INLINE_BLOCK
    if ActionKind.SET_STATUS in done or ActionKind.REQUEST_REVIEW in done:
        return PlannedPath.STATUS_DOWNGRADE_AND_REVIEW
    if done & {*_TELLING, ActionKind.DISPATCH_MESSAGE}:
        bridged = powers.support("notification_path.sender_binding") is not SupportLevel.NONE
        return PlannedPath.BRIDGE_MEDIATED_SEND if bridged else PlannedPath.QUEUE_ONLY_NOTICE
    return PlannedPath.BLOCKED_WITH_GAP if None in done else PlannedPath.RECORD_ONLY


def _receipt(
    decision: Decision,
    powers: EffectiveCapabilities,
    planned: Sequence[PlannedAction],
    sources: Sequence[RequiredAction | None],
    *,
    tell: bool,
) -> DecisionReceipt:
    intent = [_intent(each, source) for each, source in zip(planned, sources, strict=True) if each.action is not None]
    blocked = [_blocked(each) for each in planned if _is_blocked(each)]
    status, state = _status(intent, blocked, powers, tell=tell)
    return DecisionReceipt(
        policy_id=decision.policy_id,
        decision=decision.decision,
        status=status,
        delivery_state=state,
        enforcement_intent=tuple(intent),
        blocked_actions=tuple(blocked),
        operator_notice_required=tell or decision.notifies(),
        notes=tuple(_notes(planned)),
    )


def _is_blocked(planned: PlannedAction) -> bool:
    """Whether the wanted action itself counts as blocked.

    A forced checkpoint that a notice stands in for is deferred, not blocked: the operator is told, and nobody claims
    more (the specification's example of queue and bridge only).
    """
    if planned.gap is None:
        return False
    return planned.action is None or planned.wanted != FORCE_CHECKPOINT


def _intent(planned: PlannedAction, source: RequiredAction | None) -> Mapping[str, Any]:
    intent: dict[str, Any] = {"action": str(planned.action), "mandatory": planned.mandatory}
    if source is not None and planned.gap is None:
        intent["target"] = source.target.value
        if source.details is not None:
            intent["details"] = dict(source.details)
    if planned.power is not None:
        intent["power"] = planned.power
        intent["level"] = planned.level.value
    if planned.gap is not None:
        intent["fallback_for"] = planned.gap
    return intent


def _blocked(planned: PlannedAction) -> Mapping[str, Any]:
    blocked: dict[str, Any] = {
        "action": planned.wanted,
        "mandatory": planned.mandatory,
        "reason": planned.reason or PowerReason.NOT_DECLARED.value,
    }
    if planned.action is not None:
        blocked["fallback"] = planned.action
    return blocked


def _status(
    intent: Sequence[Mapping[str, Any]],
    blocked: Sequence[Mapping[str, Any]],
    powers: EffectiveCapabilities,
    *,
    tell: bool,
) -> tuple[ReceiptStatus, DecisionDeliveryState]:
    if blocked and not intent:
        return ReceiptStatus.BLOCKED, DecisionDeliveryState.BLOCKED
    if blocked:
        return ReceiptStatus.DEGRADED, DecisionDeliveryState.PARTIAL
    if not tell:
        return ReceiptStatus.PLANNED, DecisionDeliveryState.PREPARED
    outside = powers.support("notification_path.direct_send") is SupportLevel.NONE
    if outside and powers.pending_external_send_supported:
        return ReceiptStatus.PLANNED, DecisionDeliveryState.PENDING_EXTERNAL_SEND
    return ReceiptStatus.PLANNED, DecisionDeliveryState.QUEUED


def _notes(planned: Sequence[PlannedAction]) -> list[str]:
    notes = []
    for each in planned:
        if each.gap is not None and each.action is not None:
            notes.append(f"{each.wanted} is not available ({each.reason}); {each.action} stands in")
        elif each.gap is not None:
            notes.append(f"{each.wanted} is not available ({each.reason}); nothing stands in")
        elif each.level is SupportLevel.PARTIAL and each.power != QUEUE_ITEMS:
            notes.append(f"{each.wanted} is possible within limits only")
    return notes
