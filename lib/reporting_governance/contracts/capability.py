"""What a runtime can really do, what a profile asks of it, and what remains when both are laid over each other.

Shape of the descriptor: schemas/reporting-governance/capability-descriptor.schema.json.
A *power* is the dotted path of a leaf below `capabilities`, such as `enforcement.force_checkpoint`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import OrderedEnum, Record, named

API_VERSION = "reporting-governance/v1alpha1"


class SupportLevel(OrderedEnum):
    """How far a runtime supports a power."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


class Claim(StrEnum):
    """What a descriptor says about a power.  `unknown` (the leaf is absent) is planned as none and shown as unknown."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"
    UNKNOWN = "unknown"


class Observation(StrEnum):
    """What a probe found out about a claim."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"
    NOT_PROBED = "not_probed"


class Requirement(StrEnum):
    """How much a profile wants an expectation."""

    REQUIRED = "required"
    PREFERRED = "preferred"
    OFF = "off"


class PowerReason(StrEnum):
    """Why a power is effective as far as it is."""

    SUPPORTED = "supported"
    LIMITED = "limited"
    NOT_SUPPORTED = "not_supported"
    NOT_DECLARED = "not_declared"
    NOT_REQUESTED = "not_requested"
    CONTRADICTED = "contradicted"
    LET_PASS = "let_pass"  #: the gate let pass what a rule would hold, as the profile says
    NOT_OURS = "not_ours"  #: the task in hand is kept by another program, or its agent reports its status itself


#: the groups of a descriptor and their leaves; `notification_path.truth_model` stands apart, it is no power
POWERS: Mapping[str, tuple[str, ...]] = {
    "observation": (
        "task_lifecycle",
        "subagent_lifecycle",
        "checkpoint_obligations",
        "outgoing_report_attempts",
        "watchdog_state",
    ),
    "normalization": ("canonical_events",),
    "watchdog": ("watchdog_evaluation",),
    "enforcement": (
        "block_transition",
        "rewrite_message",
        "annotate_placeholder",
        "force_checkpoint",
        "request_review",
        "downgrade_status",
        "escalate",
    ),
    "notification_path": (
        "queue_items",
        "spool_handoff",
        "receipts",
        "sender_binding",
        "direct_send",
        "final_delivery_proof",
    ),
    "storage": (
        "events",
        "evidence",
        "decisions",
        "receipts",
        "queue_items",
        "spool_artifacts",
        "original_messages",
        "audit_trail",
    ),
}

#: which power each expectation of a profile asks for
EXPECTATIONS: Mapping[str, str] = {
    "emit_canonical_events": "normalization.canonical_events",
    "evaluate_watchdog_overdue": "watchdog.watchdog_evaluation",
    "create_queue_items": "notification_path.queue_items",
    "create_spool_handoff": "notification_path.spool_handoff",
    "write_bridge_receipts": "notification_path.receipts",
    "direct_sender_binding": "notification_path.sender_binding",
    "final_delivery_ack": "notification_path.final_delivery_proof",
    "inline_dispatch_blocking": "enforcement.block_transition",
}


@frozen(kw_only=True)
class EffectivePower(Record):
    """One power after profile and descriptor were laid over each other."""

    requested: Requirement | None  #: none: no expectation of a profile names this power
    claimed: Claim
    observed: Observation
    effective: SupportLevel
    fallback: tuple[str, ...]  #: actions that stand in, in order
    reason: PowerReason
    limits: tuple[str, ...]


@frozen(kw_only=True)
class EffectiveCapabilities(Record):
    """What the planner may count on; it reads nothing else."""

    schema: ClassVar[str] = "effective-capabilities"

    api_version: str = named("apiVersion")
    kind: str
    profile: str | None  #: id of the profile; none in legacy mode
    descriptor: str  #: id of the descriptor
    runtime: str
    pending_external_send_supported: bool
    powers: Mapping[str, EffectivePower]  #: by dotted path
    fallbacks: Mapping[str, tuple[str, ...]]  #: by action, strongest first
    tied: Mapping[str, str]  #: actions that stand on another power than usual, as a descriptor of upstream's has it
    notes: tuple[str, ...]

    def support(self, power: str) -> SupportLevel:
        """How far a power can be counted on; an unknown one not at all."""
        known = self.powers.get(power)
        return SupportLevel.NONE if known is None else known.effective


@frozen(kw_only=True)
class PlannedAction:
    """What is done about one required action on this runtime."""

    wanted: str
    action: str | None  #: what is done instead of or as wanted; none is a gap
    mandatory: bool
    power: str | None  #: the power it stands on; none: needs none
    level: SupportLevel
    reason: str | None = None  #: why the wanted action itself is not possible

    @property
    def gap(self) -> str | None:
        """What was wanted and is not done; none when it is done as wanted."""
        return None if self.action == self.wanted else self.wanted
