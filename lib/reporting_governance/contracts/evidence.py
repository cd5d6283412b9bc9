"""What supports a claim, and how well.  Shape: evidence.schema.json."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import OrderedEnum, Record, free_text, named


class EvidenceClass(StrEnum):
    """What kind of thing the evidence is."""

    TOOL_OUTPUT = "tool_output"
    FILE_CHANGE = "file_change"
    VERIFICATION_OUTPUT = "verification_output"
    DECISION_RECORD = "decision_record"
    EXTERNAL_REPLY = "external_reply"
    RUNTIME_ARTIFACT = "runtime_artifact"
    OPERATOR_MESSAGE = "operator_message"


class Quality(OrderedEnum):
    """How much a piece of evidence proves.  A completion claim needs at least moderate."""

    NONE = "none"  #: a bare assertion
    WEAK = "weak"  #: the agent's own words with a reference that cannot be opened
    MODERATE = "moderate"  #: an artifact that exists and whose digest matches
    STRONG = "strong"  #: the output of a check that ran after the last change, with its exit status
    DECISIVE = "decisive"  #: a check run by somebody else than the claiming agent


class CheckKind(StrEnum):
    """What a check looks at: `supports.check.kind`."""

    TEST = "test"  #: it runs tests
    STATIC = "static"  #: types and style
    BUILD = "build"  #: it compiles or packs
    ANY = "any"  #: a script whose name does not say which of them; it counts as each


@frozen(kw_only=True)
class Evidence(Record):
    """One item of evidence.  `supports` holds `claims task_status since` where they apply."""

    schema: ClassVar[str] = "evidence"
    evidence_id: str
    task_id: str
    correlation_id: str
    agent_id: str
    evidence_class: EvidenceClass = named("class")
    quality: Quality
    summary: str = free_text()  #: what it proves
    captured_at: datetime
    refs: tuple[Mapping[str, Any], ...]
    supports: Mapping[str, Any]
    source_event_id: str | None = None

    def __post_init__(self) -> None:
        if not self.refs:
            raise ValueError("refs needs at least one reference")
