"""What an agent tells us: one document of the inbox, one line on standard input, or one call of `report`.

Shape: schemas/reporting-governance/check-in.schema.json.  It is no record: the events and the evidence made of it are.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from reporting_governance.contracts.event_envelope import OperatorContext
from reporting_governance.contracts.evidence import EvidenceClass
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record, free_text, named
from reporting_governance.contracts.task_state import CheckpointPromise, TaskMode

#: of a structured report; one that a report leaves out is not said
REPORT_FIELDS = (
    "current_status",
    "completed_this_segment",
    "next_step",
    "next_report_condition",
    "operator_intervention_needed",
)


class Verb(StrEnum):
    """What an agent does when it checks in."""

    START = "start"
    CHECKPOINT = "checkpoint"
    EVIDENCE = "evidence"
    COMPLETE = "complete"
    FAIL = "fail"
    WAIT = "wait"
    BLOCK = "block"
    PAUSE = "pause"
    RESUME = "resume"
    CHILD = "child"
    HEARTBEAT = "heartbeat"


class ChildStep(StrEnum):
    """What happened to a child of the task."""

    SPAWNED = "spawned"
    FAILED = "failed"  #: it could not be started
    FINISHED = "finished"
    FORWARDED = "forwarded"  #: the operator was shown its result, or told that it could not be started


class ClaimKind(StrEnum):
    """What a piece of evidence is meant to support."""

    PROGRESS = "progress"
    COMPLETION = "completion"
    FORWARDING = "forwarding"


class ReportClaim(StrEnum):
    """What a report claims of the task."""

    NONE = "none"  #: nothing: an agent that only says where things stand
    PROGRESS = "progress"
    COMPLETION = "completion"
    FORWARDING = "forwarding"


@frozen(kw_only=True)
class OfferedEvidence(Record):
    """A piece of evidence as the agent offers it; how much it proves is graded by us."""

    schema: ClassVar[str] = "check-in"
    evidence_class: EvidenceClass = named("class")
    summary: str = free_text()
    refs: tuple[Mapping[str, Any], ...] = ()  #: evidenceRefs: `kind`, `ref`, and for files `sha256`
    claims: tuple[ClaimKind, ...] = ()
    captured_at: datetime | None = None
    exit_status: int | None = None  #: of a check that ran
    command: str = ""  #: the command line that ran
    changed_at: datetime | None = None  #: when what the check covers was last changed


@frozen(kw_only=True)
class CheckIn(Record):
    """One check-in.  `task` is the agent's own id of its task; only a start needs `agent`."""

    schema: ClassVar[str] = "check-in"
    verb: Verb
    task: str
    agent: str | None = None
    runtime: str | None = None
    id: str | None = None  #: the caller's own id of this call; sent again, it is recorded once
    at: datetime | None = None  #: when it happened; None: when it is read
    message: str = free_text(default="")
    report: Mapping[str, Any] | None = None  #: the five fields of a structured report
    claim: ReportClaim | None = None  #: what the report claims; None: its verb, fields and text say so
    status: str | None = None  #: a status word; with start, checkpoint and fail only
    evidence: tuple[OfferedEvidence, ...] = ()
    child: str | None = None
    step: ChildStep | None = None
    title: str = free_text(default="")
    mode: TaskMode | None = None
    checkpoint: CheckpointPromise | None = None
    deadline_at: datetime | None = None
    report_anchor: str | None = None
    parent_task_id: str | None = None
    correlation_id: str | None = None
    labels: Mapping[str, str] | None = None
    expects_forwarding: bool | None = None
    operator_context: OperatorContext | None = None

    def __post_init__(self) -> None:
        for name, text in (("task", self.task), ("agent", self.agent), ("child", self.child), ("id", self.id)):
            if text is not None and not 0 < len(text) <= _LONGEST_ID:
                raise ValueError(f"{name} has 1 to {_LONGEST_ID} characters")
        given = (self.child is not None) + (self.step is not None)
        if given != (2 if self.verb is Verb.CHILD else 0):
            raise ValueError("child and step belong to the verb child, which needs both")
        if self.verb is Verb.HEARTBEAT and (self.evidence or self.claim is not None or self.report is not None):
            raise ValueError("a heartbeat is not recorded; evidence, claim and report go with checkpoint")
        if self.verb is Verb.EVIDENCE and not self.evidence:
            raise ValueError("the verb evidence needs evidence")
        if len(self.evidence) > MOST_EVIDENCE:
            raise ValueError(f"evidence has at most {MOST_EVIDENCE} pieces; say the rest with the next check-in")
        for ref in (ref for each in self.evidence for ref in each.refs):
            if not isinstance(ref.get("kind"), str) or not isinstance(ref.get("ref"), str):
                raise ValueError("a reference of evidence has the texts kind and ref")
        if self.status is not None and self.verb not in (Verb.START, Verb.CHECKPOINT, Verb.FAIL):
            raise ValueError(f"{self.verb.value} says the status itself; status is for start, checkpoint and fail")


_LONGEST_ID = 512
MOST_EVIDENCE = 32  #: pieces that come with one check-in: they are recorded whole or not at all
