"""What a gate answers, before a host's own words are made of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple


class AnswerKind(StrEnum):
    """What the host is to do with what the agent wanted to say or do."""

    PASS = "pass"
    REWRITE = "rewrite"
    BLOCK = "block"


class GateAnswer(NamedTuple):
    """One answer.  Never stored: the event and the decision behind it are."""

    kind: AnswerKind
    reason: str = ""  #: for the agent: what is missing; empty where it may simply go on
    message: str | None = None  #: of a rewrite: the whole text that takes the place of the original
    decision: str = "allow"  #: the kind of the decision
    policy_id: str | None = None
    decision_id: str | None = None  #: None: nothing was recorded
    notices: int = 0  #: how many the operator is told with
    degraded: tuple[str, ...] = ()  #: what was wanted and this host, or this moment, did not allow
    advice: str = ""  #: for the person at the host, when it passes although something is not right

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data, in the form of the host `generic`."""
        return {
            "kind": self.kind.value,
            "message": self.message,
            "reason": self.reason,
            "decision": self.decision,
            "policy_id": self.policy_id,
            "decision_id": self.decision_id,
            "notices": self.notices,
            "degraded": list(self.degraded),
        }
