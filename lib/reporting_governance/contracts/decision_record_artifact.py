"""A decision as it is kept.  Shape: decision-record-artifact.schema.json."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record

API_VERSION = "reporting-governance/v1alpha1"


@frozen(kw_only=True)
class DecisionMetadata(Record):
    """Which decision, about what."""

    schema: ClassVar[str] = "decision-record-artifact"
    record_id: str
    recorded_at: datetime
    policy_id: str
    decision: str
    correlation_id: str | None
    task_id: str | None
    event_id: str | None


@frozen(kw_only=True)
class DecisionRecord(Record):
    """`spec` holds `decision receipt source evaluations original_message`."""

    schema: ClassVar[str] = "decision-record-artifact"
    kind: str = "DecisionRecordArtifact"
    apiVersion: str = API_VERSION  # noqa: N815 (the specification's name)
    metadata: DecisionMetadata
    spec: Mapping[str, Any]

    def __post_init__(self) -> None:
        if (self.kind, self.apiVersion) != ("DecisionRecordArtifact", API_VERSION):
            raise ValueError(f"kind is DecisionRecordArtifact and apiVersion is {API_VERSION}")

    def dump(self) -> dict[str, Any]:
        """Return the artifact as plain JSON data; kind and version always stand in it."""
        return {
            "kind": self.kind,
            "apiVersion": self.apiVersion,
            "metadata": self.metadata.dump(),
            "spec": dict(self.spec),
        }
