"""Answers as Claude Code's hooks understand them.  The facts: `hook`."""

from __future__ import annotations

import json
from typing import Any

from reporting_governance.adapters.hosts.interface import Spoken
from reporting_governance.contracts.gate_answer import AnswerKind, GateAnswer
from reporting_governance.contracts.report_attempt import HookPoint


def spoken(answer: GateAnswer, hook: HookPoint | None) -> Spoken:
    """Return the answer; what was printed before a stop cannot be changed, so a rewrite is a block with its reason."""
    document: dict[str, Any] = {}
    if answer.kind is not AnswerKind.PASS:
        document = _held(answer, hook)
    elif answer.advice:
        document = {"systemMessage": answer.advice}
    if not document and hook is HookPoint.TOOL:
        return Spoken("", 0)  # nothing said: the host asks as it would have without us
    return Spoken(json.dumps(document, ensure_ascii=True), 0)


def _held(answer: GateAnswer, hook: HookPoint | None) -> dict[str, Any]:
    reason = answer.reason or "held back by reporting-governance"
    if hook is HookPoint.TOOL:
        return {
            "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": reason,
            }
        }
    return {"decision": "block", "reason": reason}
