"""What one runtime says it can do.  Shape: capability-descriptor.schema.json.

A leaf that is absent means *unknown*: it is planned as none and shown as unknown.  `limits`, `probe` and `since` of a
leaf are ours; all other names are the specification's (`AdapterCapabilities`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, ClassVar

from reporting_governance.contracts.capability import API_VERSION, POWERS, SupportLevel
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record, named
from reporting_governance.contracts.resource import ResourceMetadata

KIND = "AdapterCapabilities"
PLUGIN_SPEC_VERSIONS = ("0.1.0-mainline",)  #: of the specification; the ones that we know


class RuntimeMode(StrEnum):
    """How governance is attached to a runtime."""

    HOOK = "hook"
    WATCHDOG = "watchdog"
    QUEUE = "queue"
    BRIDGE = "bridge"
    SENDER_BINDING = "sender_binding"
    ORCHESTRATOR = "orchestrator"
    HYBRID = "hybrid"


class Surface(StrEnum):
    """A part of the chain that a runtime has."""

    HOOK = "hook"
    WATCHDOG = "watchdog"
    QUEUE = "queue"
    DISPATCHER = "dispatcher"
    BRIDGE = "bridge"
    SENDER_BINDING = "sender_binding"
    ORCHESTRATOR = "orchestrator"
    SCHEDULER = "scheduler"
    STORAGE = "storage"


class DeliveryState(StrEnum):
    """How far a notice can come; `failed` and `partial` belong to decision receipts only."""

    PREPARED = "prepared"
    QUEUED = "queued"
    DISPATCHED = "dispatched"
    PENDING_EXTERNAL_SEND = "pending_external_send"
    ACKED = "acked"
    BLOCKED = "blocked"


@frozen(kw_only=True)
class RuntimeInfo(Record):
    """The runtime that is described."""

    schema: ClassVar[str] = "capability-descriptor"
    name: str
    mode: RuntimeMode
    surfaces: tuple[Surface, ...] | None = None
    entrypoint: str | None = None  #: path from the package root; that it exists is checked by `verify-descriptor`

    def __post_init__(self) -> None:
        if self.surfaces is not None and len(set(self.surfaces)) != len(self.surfaces):
            raise ValueError("surfaces names one surface twice")


@frozen(kw_only=True)
class Compatibility(Record):
    """Which versions and schemas the runtime was built against; schema paths are matched by their canonical names."""

    schema: ClassVar[str] = "capability-descriptor"
    plugin_spec_versions: tuple[str, ...] | None = None
    event_schema: str | None = None
    evidence_schema: str | None = None
    decision_schema: str | None = None
    capabilities_schema: str | None = None


@frozen(kw_only=True)
class Capability(Record):
    """One claim.  A partial one names its limits, a full one the probe that can contradict it."""

    schema: ClassVar[str] = "capability-descriptor"
    supported: bool
    level: SupportLevel
    notes: tuple[str, ...] | None = None
    limits: tuple[str, ...] | None = None
    probe: str | None = None  #: id of the probe, normally the path of the leaf
    since: str | None = None  #: version of the runtime from which on it holds

    def __post_init__(self) -> None:
        if self.supported == (self.level is SupportLevel.NONE):
            said = "true" if self.supported else "false"
            raise ValueError(f"supported: {said} contradicts level: {self.level}")


@frozen(kw_only=True)
class TruthModel(Record):
    """Which delivery states the runtime tells apart, and what `acked` means there."""

    schema: ClassVar[str] = "capability-descriptor"
    delivery_states: tuple[DeliveryState, ...] | None = None
    ack_requires_proven_send: bool | None = None
    pending_external_send_supported: bool | None = None


class _Group(Record):
    """A group of leaves; at least one stands in it."""

    __slots__ = ()

    def __post_init__(self) -> None:
        if all(getattr(self, name) is None for name, _ in self.keys()):
            raise ValueError("a group needs at least one capability")


@frozen(kw_only=True)
class ObservationGroup(_Group):
    """What the runtime lets us see."""

    schema: ClassVar[str] = "capability-descriptor"
    task_lifecycle: Capability | None = None
    subagent_lifecycle: Capability | None = None
    checkpoint_obligations: Capability | None = None
    outgoing_report_attempts: Capability | None = None
    watchdog_state: Capability | None = None


@frozen(kw_only=True)
class NormalizationGroup(_Group):
    """Whether what is seen becomes canonical events."""

    schema: ClassVar[str] = "capability-descriptor"
    canonical_events: Capability | None = None


@frozen(kw_only=True)
class WatchdogGroup(_Group):
    """Whether overdue work is found."""

    schema: ClassVar[str] = "capability-descriptor"
    watchdog_evaluation: Capability | None = None


@frozen(kw_only=True)
class EnforcementGroup(_Group):
    """What the runtime can be made to do."""

    schema: ClassVar[str] = "capability-descriptor"
    block_transition: Capability | None = None
    rewrite_message: Capability | None = None
    annotate_placeholder: Capability | None = None
    force_checkpoint: Capability | None = None
    request_review: Capability | None = None
    downgrade_status: Capability | None = None
    escalate: Capability | None = None


@frozen(kw_only=True)
class NotificationPathGroup(_Group):
    """How far a notice can be carried."""

    schema: ClassVar[str] = "capability-descriptor"
    queue_items: Capability | None = None
    spool_handoff: Capability | None = None
    receipts: Capability | None = None
    sender_binding: Capability | None = None
    direct_send: Capability | None = None
    final_delivery_proof: Capability | None = None
    truth_model: TruthModel | None = None


@frozen(kw_only=True)
class StorageGroup(_Group):
    """What is kept."""

    schema: ClassVar[str] = "capability-descriptor"
    events: Capability | None = None
    evidence: Capability | None = None
    decisions: Capability | None = None
    receipts: Capability | None = None
    queue_items: Capability | None = None
    spool_artifacts: Capability | None = None
    original_messages: Capability | None = None
    audit_trail: Capability | None = None


@frozen(kw_only=True)
class Capabilities(_Group):
    """All groups; at least one stands in a descriptor."""

    schema: ClassVar[str] = "capability-descriptor"
    observation: ObservationGroup | None = None
    normalization: NormalizationGroup | None = None
    watchdog: WatchdogGroup | None = None
    enforcement: EnforcementGroup | None = None
    notification_path: NotificationPathGroup | None = None
    storage: StorageGroup | None = None


@frozen(kw_only=True)
class CapabilityDescriptor(Record):
    """The claim of one runtime.  What may be counted on is its intersection with a profile."""

    schema: ClassVar[str] = "capability-descriptor"
    schema_uri: str | None = named("$schema", default=None)  #: for editors only
    api_version: str = named("apiVersion")
    kind: str
    metadata: ResourceMetadata
    runtime: RuntimeInfo
    compatibility: Compatibility
    capabilities: Capabilities
    defaults: Mapping[str, Any] | None = None
    notes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.api_version != API_VERSION:
            raise ValueError(f"apiVersion is {API_VERSION}, not {self.api_version}")
        if self.kind != KIND:
            raise ValueError(f"kind is {KIND}, not {self.kind}")

    def leaf(self, power: str) -> Capability | None:
        """Return what is said about a power (a dotted path such as `enforcement.escalate`); None when nothing is.

        Raises: LookupError for a path that is no power.
        """
        group_name, _, name = power.partition(".")
        if name not in POWERS.get(group_name, ()):
            raise LookupError(f"no such power: {power}")
        group = getattr(self.capabilities, group_name)
        found: Capability | None = None if group is None else getattr(group, name)
        return found

    def leaves(self) -> Iterator[tuple[str, Capability | None]]:
        """Yield every power with what is said about it."""
        for group_name, names in POWERS.items():
            for name in names:
                power = f"{group_name}.{name}"
                yield power, self.leaf(power)
