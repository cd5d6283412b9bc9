"""Answers as the plugin understands them: `kind`, and as far as there are any `text`, `reason`, `decision_id`."""

from __future__ import annotations

import json

from reporting_governance.adapters.hosts.interface import Spoken
from reporting_governance.contracts.gate_answer import AnswerKind, GateAnswer
from reporting_governance.contracts.report_attempt import HookPoint

_MOST_WHY = 500  #: characters of the reason that the receiver of a message is told


def spoken(answer: GateAnswer, hook: HookPoint | None) -> Spoken:
    """Return the answer.

    A message that is held back gets a text in its place: whoever waits for it would otherwise see nothing at all, and
    silence looks like an agent that is still at work.
    """
    text = answer.message
    if answer.kind is AnswerKind.BLOCK and hook is HookPoint.MESSAGE:
        text = text or _withheld(answer)
    document = {"kind": answer.kind.value, "text": text, "reason": answer.reason, "decision_id": answer.decision_id}
    told = {
        key: value for key, value in document.items() if value and (key == "kind" or answer.kind is not AnswerKind.PASS)
    }
    return Spoken(json.dumps(told, ensure_ascii=True), 0)


def _withheld(answer: GateAnswer) -> str:
    why = answer.reason.partition("\n")[0][:_MOST_WHY] or "it is not shown to be so."
    kept = f"  Original: decision {answer.decision_id}" if answer.decision_id else ""
    return f"[A report of this agent was held back: {why}{kept}]"
