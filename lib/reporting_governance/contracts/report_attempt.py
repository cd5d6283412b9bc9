"""What an agent is about to report, or to do, and asks to be let through.

Shape: schemas/reporting-governance/report-attempt.schema.json.  It is the generic JSON that `gate` reads, what every
host's own words become, and, with `answered`, what a gate leaves in the inbox when it could not write the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from reporting_governance.contracts.check_in import MOST_EVIDENCE, REPORT_FIELDS, OfferedEvidence, ReportClaim
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record, free_text

LONGEST_ID = 200
GENERIC = "generic"  #: the host that speaks our own JSON


class HookPoint(StrEnum):
    """The point at which a host asks."""

    FINISH = "finish"  #: the agent wants to stop
    CHILD_FINISH = "child_finish"  #: a sub-agent wants to stop
    TOOL = "tool"  #: the agent wants to use a tool
    MESSAGE = "message"  #: a message is about to be sent


@frozen(kw_only=True)
class StatedClaim(Record):
    """What the agent says that its report claims."""

    schema: ClassVar[str] = "report-attempt"
    kind: ReportClaim


@frozen(kw_only=True)
class ToolUse(Record):
    """A tool that the agent is about to use."""

    schema: ClassVar[str] = "report-attempt"
    name: str
    input: Mapping[str, Any] | None = None  #: as the host has it


@frozen(kw_only=True)
class Answered(Record):
    """What a gate that could not write the journal has answered."""

    schema: ClassVar[str] = "report-attempt"
    kind: str  #: of a GateAnswer
    why: str = free_text()  #: why it was not judged, or not recorded
    at: datetime


@frozen(kw_only=True)
class ReportAttempt(Record):
    """One attempt.  Who has no task of ours works on its session: that is the task then."""

    schema: ClassVar[str] = "report-attempt"
    session_id: str
    hook: HookPoint = HookPoint.FINISH
    host: str = GENERIC
    agent_id: str | None = None  #: None: the host
    child_id: str | None = None  #: the sub-agent whose work it is
    task_id: str | None = None  #: of a task of ours; None, or not known to us: the session is the task
    claim: StatedClaim | None = None  #: None: fields and text say what is claimed
    message: str = free_text(default="")
    report: Mapping[str, Any] | None = None  #: the five fields of a structured report
    tool: ToolUse | None = None
    evidence: tuple[OfferedEvidence, ...] = ()
    transcript: str | None = None  #: path of the host's own record of the session
    folder: str | None = None  #: where the agent works
    blocked_before: bool = False  #: the host says that it asks again since the last answer was a block
    answered: Answered | None = None  #: only of what is handed in

    def __post_init__(self) -> None:
        named = (("session_id", self.session_id), ("agent_id", self.agent_id), ("child_id", self.child_id))
        for name, text in (*named, ("host", self.host), ("task_id", self.task_id)):
            if text is not None and not 0 < len(text) <= LONGEST_ID:
                raise ValueError(f"{name} has 1 to {LONGEST_ID} characters")
        for name, said in (self.report or {}).items():
            allowed = (str, bool) if name == "operator_intervention_needed" else (str,)
            if name in REPORT_FIELDS and said is not None and type(said) not in allowed:
                raise ValueError(f"report: {name} is a text")
        if len(self.evidence) > MOST_EVIDENCE:
            raise ValueError(f"evidence has at most {MOST_EVIDENCE} pieces")
        if (self.hook is HookPoint.TOOL) != (self.tool is not None):
            raise ValueError("tool belongs to the hook tool, which needs it")
