"""What a gate that could not write the journal leaves in the inbox: the next `run` records and tells it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from reporting_governance.commands._gate_input import say
from reporting_governance.contracts.report_attempt import Answered, ReportAttempt, ToolUse
from reporting_governance.errors import GovernanceError

if TYPE_CHECKING:
    from reporting_governance.contracts.gate_answer import GateAnswer

UNREAD = "unread"  #: the session of calls of which not even the session could be read
_MOST_TEXT = 64 * 1024


def leave(
    state: str, host: str, attempt: ReportAttempt | None, answer: GateAnswer, why: str, *, said: str = ""
) -> None:
    """Leave an attempt in the inbox, best effort; what cannot be left is said on stderr."""
    if not os.path.isdir(state):
        return
    try:
        from reporting_governance.commands._clock import SystemClock
        from reporting_governance.commands._elsewhere import hand_in

        known = attempt or ReportAttempt(host=host, session_id=UNREAD)
        left = replace(
            known,
            message=(known.message or said)[-_MOST_TEXT:],
            tool=None if known.tool is None else ToolUse(name=known.tool.name),
            answered=Answered(kind=answer.kind.value, why=why, at=SystemClock().now()),
        )
        hand_in(state, left.dump(), may_be_ours=True)
    except (GovernanceError, OSError, ValueError) as fault:
        say(f"nobody could be told of this: {fault}")
