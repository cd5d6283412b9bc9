"""Policy packs: rules as they are written.  Shape: schemas/reporting-governance/policy-pack.schema.json.

The names are the specification's; ours are `priority`, `on_unknown`, `on_unknown_reason` and `examples` of a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from reporting_governance.contracts.decision import (
    ActionKind,
    DecisionKind,
    RequiredAction,
    Severity,
    SuggestedStatus,
)
from reporting_governance.contracts.event_envelope import EventType
from reporting_governance.contracts.evidence import EvidenceClass, Quality
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record, named
from reporting_governance.core.actions import FORCE_CHECKPOINT

KIND = "PolicyPack"


class EvaluationMode(StrEnum):
    """How rules of a pack come together."""

    ANY_RULE_MATCH = "any_rule_match"


class OnUnknown(StrEnum):
    """What a rule does that can be said neither to hold nor not to hold."""

    REQUIRE_REVIEW = "require_review"
    ESCALATE = "escalate"
    BLOCK = "block"
    SKIP = "skip"  #: nothing; the rule has to say why that is safe


class WorkflowShape(StrEnum):
    """Whether a task works alone."""

    SINGLE_AGENT = "single-agent"
    PARENT_CHILD = "parent-child"


@frozen(kw_only=True)
class AppliesTo(Record):
    """What a pack is meant for; an empty list means everything."""

    runtimes: tuple[str, ...] = ()
    task_modes: tuple[str, ...] = ()
    workflow_shapes: tuple[WorkflowShape, ...] = ()
    channels: tuple[str, ...] = ()


@frozen(kw_only=True)
class PackMetadata(Record):
    """Which pack it is."""

    id: str
    title: str
    version: str
    summary: str
    owner: str
    severity_default: Severity  #: of rules that name none
    applies_to: AppliesTo | None = None
    tags: tuple[str, ...] = ()


@frozen(kw_only=True)
class Triggers(Record):
    """What makes a rule look at an event: any one of these is enough."""

    event_types: tuple[EventType, ...] = ()
    derived_signals: tuple[str, ...] = ()
    claim_types: tuple[str, ...] = ()


@frozen(kw_only=True)
class EvidenceRequirement(Record):
    """What evidence would satisfy the rule; told to the agent.  The conditions decide, not this."""

    min_new_items_since_last_checkpoint: int | None = None
    allowed_quality_floor: Quality | None = None
    min_quality: Quality | None = None
    must_reference_event_types: tuple[EventType, ...] = ()
    must_reference_evidence_classes: tuple[EvidenceClass, ...] = ()


@frozen(kw_only=True)
class NoticeOutput(Record):
    """The operator notice a rule asks for; `message` may hold slots."""

    required: bool
    channel: str
    urgency: Severity
    message: str | None = None
    must_reference: tuple[str, ...] = ()
    deadline: str | None = None


@frozen(kw_only=True)
class DecisionOutput(Record):
    """The decision of a rule that holds, without its `policy_id`; the texts may hold slots."""

    decision: DecisionKind
    severity: Severity | None = None  #: none: the pack's default
    reason: str
    rewritten_message: str | None = None
    suggested_status: SuggestedStatus | None = None
    required_actions: tuple[RequiredAction, ...] = ()
    operator_notice: NoticeOutput | None = None


@frozen(kw_only=True)
class ExampleExpectation(Record):
    """What an example must come to."""

    decision: DecisionKind
    policy_id: str
    notice: bool | None = None  #: whether the operator is told; none: not asked


@frozen(kw_only=True)
class RuleExample(Record):
    """An event and the decision it must lead to.  What the event leaves out is filled in: policy_examples.py."""

    title: str
    event: Mapping[str, Any]
    expect: ExampleExpectation
    task: Mapping[str, Any] | None = None
    evidence: tuple[Mapping[str, Any], ...] | None = ()  #: none: it could not be read
    now: datetime | None = None  #: none: the time of the event


@frozen(kw_only=True)
class Rule(Record):
    """One rule: when it looks, what must hold, and what follows."""

    id: str
    title: str
    intent: str
    triggers: Triggers
    conditions: Mapping[str, Any]
    decision_output: DecisionOutput
    evidence_requirements: Mapping[str, EvidenceRequirement] | None = None
    operator_message_templates: Mapping[str, str] | None = None
    priority: int = 0  #: among rules of equal decision and severity the highest wins
    on_unknown: OnUnknown = OnUnknown.REQUIRE_REVIEW
    on_unknown_reason: str | None = None
    examples: tuple[RuleExample, ...] = ()


@frozen(kw_only=True)
class PackSpec(Record):
    """The rules."""

    evaluation_mode: EvaluationMode
    rules: tuple[Rule, ...]


@frozen(kw_only=True)
class PolicyPack(Record):
    """One file of rules."""

    schema: ClassVar[str] = "policy-pack"

    api_version: str = named("apiVersion")
    kind: str
    metadata: PackMetadata
    spec: PackSpec
    editor_schema: str | None = named("$schema", default=None)

    def required_actions(self) -> frozenset[str]:
        """Return every action that any rule may require, with `force_checkpoint` and what `on_unknown` asks for."""
        wanted: set[str] = set()
        for rule in self.spec.rules:
            output = rule.decision_output
            wanted.update(action.action for action in output.required_actions)
            wanted.update(UNKNOWN_ACTIONS[rule.on_unknown])
            if output.decision is DecisionKind.FORCE_CHECKPOINT:
                wanted.add(FORCE_CHECKPOINT)
            if output.operator_notice is not None and output.operator_notice.required:
                wanted.add(ActionKind.NOTIFY_OPERATOR)
        return frozenset(wanted)


#: what has to be done when a rule is unknown, strongest first
UNKNOWN_ACTIONS: Mapping[OnUnknown, tuple[ActionKind, ...]] = {
    OnUnknown.REQUIRE_REVIEW: (ActionKind.REQUEST_REVIEW, ActionKind.NOTIFY_OPERATOR),
    OnUnknown.ESCALATE: (ActionKind.RAISE_ESCALATION, ActionKind.NOTIFY_OPERATOR),
    OnUnknown.BLOCK: (ActionKind.BLOCK_TRANSITION, ActionKind.NOTIFY_OPERATOR),
    OnUnknown.SKIP: (),
}
